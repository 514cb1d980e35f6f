import { describe, expect, it } from 'vitest';
import { type Clock, createSaver } from './saver.ts';

/** A clock moved by hand. */
function handClock(): Clock & { advance(ms: number): void } {
  let now = 0;
  let timers: { at: number; callback: () => void }[] = [];
  return {
    after: (delay, callback) => {
      const timer = { at: now + delay, callback };
      timers.push(timer);
      return () => {
        timers = timers.filter((other) => other !== timer);
      };
    },
    advance: (ms) => {
      now += ms;
      const due = timers.filter((timer) => timer.at <= now);
      timers = timers.filter((timer) => timer.at > now);
      for (const timer of due) timer.callback();
    },
  };
}

function setup(save: (text: string) => Promise<unknown> = () => Promise.resolve()) {
  const clock = handClock();
  const saved: string[] = [];
  const troubles: unknown[] = [];
  const state = { text: '' };
  const saver = createSaver({
    clock,
    delay: 400,
    retry: 2000,
    current: () => state.text,
    save: (text) => {
      saved.push(text);
      return save(text);
    },
    onTrouble: (error) => troubles.push(error),
  });
  const type = (text: string): void => {
    state.text = text;
    saver.changed();
  };
  return { clock, saved, troubles, saver, type };
}

describe('saving the workspace', () => {
  it('waits a moment and then writes the newest text once', () => {
    const { clock, saved, type } = setup();
    type('s');
    type('se');
    clock.advance(399);
    expect(saved).toEqual([]);
    clock.advance(1);
    expect(saved).toEqual(['se']);
  });

  it('does not put saving off while somebody keeps typing', () => {
    const { clock, saved, type } = setup();
    for (const text of ['a', 'ab', 'abc', 'abcd']) {
      type(text);
      clock.advance(150);
    }
    expect(saved).toEqual(['abc']);
  });

  it('writes at once on flush, and nothing when nothing changed', async () => {
    const { saved, saver, type } = setup();
    type('x');
    await saver.flush();
    await saver.flush();
    expect(saved).toEqual(['x']);
  });

  it('never runs two saves at once: what changes during one goes with the next', async () => {
    let release: () => void = () => undefined;
    const { saved, saver, type } = setup(() => new Promise<void>((resolve) => (release = resolve)));
    type('one');
    const flushed = saver.flush();
    type('two');
    void saver.flush();
    expect(saved).toEqual(['one']);
    release();
    await Promise.resolve();
    await Promise.resolve();
    await Promise.resolve();
    release();
    await flushed;
    expect(saved).toEqual(['one', 'two']);
  });

  it('writes nothing of what was let go, not even on the next flush', async () => {
    const { clock, saved, saver, type } = setup();
    type('of somebody else');
    saver.forget();
    clock.advance(5000);
    await saver.flush();
    expect([saved, saver.dirty()]).toEqual([[], false]);
  });

  it('keeps the text after a failed save, says so, and tries again', async () => {
    let broken = true;
    const { clock, saved, troubles, saver, type } = setup(() =>
      broken ? Promise.reject(new Error('disk full')) : Promise.resolve(),
    );
    type('kept');
    await saver.flush();
    expect(troubles).toHaveLength(1);
    broken = false;
    clock.advance(2000);
    await saver.flush();
    expect(saved).toEqual(['kept', 'kept']);
    expect(troubles.at(-1)).toBeNull();
  });
});
