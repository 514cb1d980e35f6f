import { describe, expect, it } from 'vitest';
import { createAsker } from './asker.ts';

/** A clock that strikes when it is told to, and answers that come when they are told to. */
function stage() {
  const due: { callback: () => void; off: boolean }[] = [];
  const calls: { question: string; signal: AbortSignal; answer: (text: string) => void; fail: (e: Error) => void }[] =
    [];
  const clock = {
    after: (_: number, callback: () => void) => {
      const one = { callback, off: false };
      due.push(one);
      return () => {
        one.off = true;
      };
    },
  };
  const asker = createAsker<string, string>(
    clock,
    (question, signal) =>
      new Promise((answer, fail) => {
        calls.push({ question, signal, answer, fail });
      }),
  );
  const strike = (): void => {
    for (const one of due.splice(0)) if (!one.off) one.callback();
  };
  return { asker, calls, strike };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('questions that overtake each other', () => {
  it('are asked once for a burst of keystrokes, with the last text', async () => {
    const { asker, calls, strike } = stage();
    for (const text of ['v', 've', 'ver']) asker.ask(text, 100);
    expect(calls).toEqual([]);
    strike();
    expect(calls.map(({ question }) => question)).toEqual(['ver']);
  });

  it('keep the last answer on the screen until there is a newer one', async () => {
    const { asker, calls } = stage();
    asker.ask('one');
    calls[0]?.answer('1');
    await settled();
    asker.ask('two');
    expect(asker.answer.get()).toMatchObject({ of: 'one', value: '1', asking: true });
    calls[1]?.answer('2');
    await settled();
    expect(asker.answer.get()).toEqual({ of: 'two', value: '2', asking: false, trouble: null });
  });

  it('never show the answer to an older question after a newer one was asked', async () => {
    const { asker, calls } = stage();
    asker.ask('old');
    asker.ask('new');
    expect(calls[0]?.signal.aborted).toBe(true);
    calls[1]?.answer('new');
    await settled();
    calls[0]?.answer('old');
    await settled();
    expect(asker.answer.get()).toMatchObject({ of: 'new', value: 'new' });
  });

  it('are not asked twice', async () => {
    const { asker, calls } = stage();
    asker.ask('same');
    asker.ask('same');
    calls[0]?.answer('1');
    await settled();
    asker.ask('same');
    expect(calls).toHaveLength(1);
  });

  it('say why there is no answer, and are asked again on demand', async () => {
    const { asker, calls } = stage();
    asker.ask('one');
    calls[0]?.fail(Object.assign(new Error('No.'), { code: 'no', next: 'Later.' }));
    await settled();
    expect(asker.answer.get()).toMatchObject({ asking: false, trouble: { message: 'No.', next: 'Later.' } });
    asker.again();
    calls[1]?.answer('1');
    await settled();
    expect(asker.answer.get()).toEqual({ of: 'one', value: '1', asking: false, trouble: null });
  });

  it('can be called off, and then asked anew', async () => {
    const { asker, calls, strike } = stage();
    asker.ask('one', 100);
    asker.stop();
    strike();
    expect(calls).toEqual([]);
    expect(asker.answer.get().asking).toBe(false);
    asker.ask('one');
    expect(calls).toHaveLength(1);
  });

  it('leave nothing behind when they are let go of', async () => {
    const { asker, calls } = stage();
    asker.ask('one');
    calls[0]?.answer('1');
    await settled();
    asker.ask('two');
    asker.clear();
    calls[1]?.answer('2');
    await settled();
    expect(asker.answer.get()).toEqual({ of: null, value: null, asking: false, trouble: null });
  });
});
