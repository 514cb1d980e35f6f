import { describe, expect, it, vi } from 'vitest';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type PolicyCheckView, type PolicyStateView } from '../../shared/views.ts';
import { isBehind } from './draft.ts';
import { createPolicy } from './policy.ts';
import { openSave, whyNotSaved } from './saving.ts';

const file = (text: string, change: Partial<PolicyStateView> = {}): PolicyStateView => ({
  text,
  revision: `of ${text}`,
  inForce: `hash of ${text}`,
  since: '2026-11-21T20:00:00Z',
  rules: 1,
  trouble: null,
  problems: [],
  locked: null,
  ...change,
});

/** Texts with `bad` in them have an error, those with `untrue` a test that fails. */
const checked = (text: string): PolicyCheckView => ({
  problems: text.includes('bad') ? [{ line: 1, column: 1, message: 'No.', choices: [] }] : [],
  warnings: [],
  hash: null,
  rules: 1,
  tests: [{ line: 1, title: 'a', passed: !text.includes('untrue'), differences: [] }],
});

function gate() {
  const waiting: ((view: PolicyStateView) => void)[] = [];
  const ready: PolicyStateView[] = [];
  const tell = (view: PolicyStateView): void => {
    const next = waiting.shift();
    if (next === undefined) ready.push(view);
    else next(view);
  };
  const calls = {
    'policy.state': async function* () {
      for (;;) yield ready.shift() ?? (await new Promise<PolicyStateView>((resolve) => waiting.push(resolve)));
    },
    'policy.check': vi.fn(async ({ text }: { text: string }) => checked(text)),
    'policy.matrix': vi.fn(async ({ text }: { text: string }) => ({ who: [], places: [], actions: [text], cells: [] })),
    'policy.diff': vi.fn(async () => ({ same: false, rules: { added: [], removed: [], changed: [] }, changes: [] })),
    'policy.save': vi.fn(async ({ text }: { text: string; revision: string }) => file(text)),
  };
  return { calls, client: calls as unknown as Client<Desktop>, tell };
}

/** The view on `first`, with a clock on which no time passes before what is due. */
async function opened(first = file('one')) {
  const source = gate();
  const clock = {
    after: (_: number, callback: () => void) => {
      let off = false;
      queueMicrotask(() => {
        if (!off) callback();
      });
      return () => {
        off = true;
      };
    },
  };
  const policy = createPolicy(source.client, () => 1_000_000_000, clock);
  const end = policy.follow();
  source.tell(first);
  const answered = (): Promise<void> =>
    vi.waitFor(() => expect(policy.check.answer.get()).toMatchObject({ of: policy.draft.get()?.text, asking: false }));
  await vi.waitFor(() => expect(policy.state.get()).not.toBeNull());
  await answered();
  return { ...source, policy, end, answered };
}

describe('the Policy view', () => {
  it('checks the file and every text after it', async () => {
    const { policy, calls, answered, end } = await opened();
    policy.edit('two');
    await answered();
    expect(calls['policy.check'].mock.calls.map(([{ text }]) => text)).toEqual(['one', 'two']);
    end();
  });

  it('asks for the matrix and for what changes only while they are looked at', async () => {
    const { policy, calls, answered, end } = await opened();
    policy.edit('two');
    await answered();
    expect(calls['policy.matrix']).not.toHaveBeenCalled();
    policy.tab.set('matrix');
    await vi.waitFor(() => expect(policy.matrix.answer.get()).toMatchObject({ of: 'two', asking: false }));
    policy.tab.set('changes');
    await vi.waitFor(() => expect(policy.diff.answer.get()).toMatchObject({ of: 'two', asking: false }));
    expect(calls['policy.matrix']).toHaveBeenCalledTimes(1);
    end();
  });

  it('keeps the matrix of the last text without errors while there is an error', async () => {
    const { policy, answered, end } = await opened();
    policy.tab.set('matrix');
    await vi.waitFor(() => expect(policy.matrix.answer.get().of).toBe('one'));
    policy.edit('bad');
    await answered();
    expect(policy.matrix.answer.get()).toMatchObject({ of: 'one', asking: false, trouble: null });
    end();
  });

  it('follows the file where nothing is typed, and says so where something is', async () => {
    const { policy, tell, end } = await opened();
    tell(file('newer'));
    await vi.waitFor(() => expect(policy.draft.get()?.text).toBe('newer'));
    policy.edit('mine');
    tell(file('newest'));
    await vi.waitFor(() => expect(policy.state.get()?.text).toBe('newest'));
    expect(policy.draft.get()?.text).toBe('mine');
    expect(whyNotSaved(policy)).toMatch(/changed meanwhile/);
    policy.revert();
    expect(policy.draft.get()?.text).toBe('newest');
    end();
  });

  it('compares anew when another policy comes into force', async () => {
    const { policy, calls, tell, end } = await opened();
    policy.tab.set('changes');
    await vi.waitFor(() => expect(calls['policy.diff']).toHaveBeenCalledTimes(1));
    tell(file('one', { inForce: 'another' }));
    await vi.waitFor(() => expect(calls['policy.diff']).toHaveBeenCalledTimes(2));
    end();
  });

  it('says why the file is not followed any more, and follows it again on demand', async () => {
    const { client, tell } = gate();
    let fails = true;
    const failing = {
      ...client,
      'policy.state': (_: undefined, signal?: AbortSignal) => {
        if (!fails) return client['policy.state'](undefined, signal);
        throw Object.assign(new Error('The link is lost.'), { code: 'link-lost' });
      },
    } as unknown as Client<Desktop>;
    const policy = createPolicy(failing);
    const end = policy.follow();
    await vi.waitFor(() => expect(policy.trouble.get()).toMatchObject({ message: 'The link is lost.' }));
    fails = false;
    policy.again();
    tell(file('one'));
    await vi.waitFor(() => expect(policy.state.get()?.text).toBe('one'));
    expect(policy.trouble.get()).toBeNull();
    end();
  });

  it('goes on with a text of an earlier start, and notices that the file is another one by now', async () => {
    const { client, tell } = gate();
    const policy = createPolicy(client);
    policy.restore({ text: 'mine', revision: 'of older' });
    const end = policy.follow();
    tell(file('one'));
    await vi.waitFor(() => expect(policy.state.get()).not.toBeNull());
    const [draft, state] = [policy.draft.get(), policy.state.get()];
    expect(draft?.text).toBe('mine');
    expect(draft !== null && state !== null && isBehind(draft, state)).toBe(true);
    end();
  });

  it('holds nothing of one person for the next', async () => {
    const { policy, end } = await opened();
    policy.edit('secret thoughts');
    policy.question.update((question) => ({ ...question, sql: 'SELECT 1' }));
    end();
    policy.clear();
    expect(policy.draft.get()).toBeNull();
    expect(policy.state.get()).toBeNull();
    expect(policy.check.answer.get().value).toBeNull();
    expect(policy.question.get().sql).toBe('');
  });
});

describe('saving a policy', () => {
  it('writes the text onto the revision it was made from, and is done', async () => {
    const { policy, calls, answered, end } = await opened();
    policy.edit('two');
    await answered();
    openSave(policy);
    expect(policy.dialog.get()).toBe('save');
    await policy.save();
    expect(calls['policy.save']).toHaveBeenCalledWith({ text: 'two', revision: 'of one' });
    expect(policy.dialog.get()).toBeNull();
    expect(whyNotSaved(policy)).toMatch(/nothing to save/);
    end();
  });

  it.each([
    ['nothing was typed', file('one'), null, /nothing to save/],
    ['it has an error', file('one'), 'bad', /an error/],
    ['one of its own tests fails', file('one'), 'untrue', /1 of 1 test fails/],
    ['the person may not', file('one', { locked: 'Only administrators save it.' }), 'two', /Only administrators/],
  ])('is not begun where %s', async (_, first, text, why) => {
    const { policy, answered, end } = await opened(first);
    if (text !== null) policy.edit(text);
    await answered();
    expect(whyNotSaved(policy)).toMatch(why);
    openSave(policy);
    expect(policy.dialog.get()).toBeNull();
    end();
  });

  it('is not begun before the text is checked', async () => {
    const { policy, end } = await opened();
    policy.edit('two');
    expect(whyNotSaved(policy)).toMatch(/being checked/);
    end();
  });

  it('keeps the text and says why where the gate refuses', async () => {
    const { policy, calls, answered, end } = await opened();
    policy.edit('two');
    await answered();
    openSave(policy);
    calls['policy.save'].mockRejectedValueOnce(Object.assign(new Error('Changed.'), { code: 'policy-changed' }));
    await policy.save();
    expect(policy.saving.get()).toMatchObject({ state: 'failed', trouble: { message: 'Changed.' } });
    expect(policy.dialog.get()).toBe('save');
    expect(policy.draft.get()?.text).toBe('two');
    end();
  });

  it('of mine over a newer file needs that somebody said so', async () => {
    const { policy, calls, tell, answered, end } = await opened();
    policy.edit('mine');
    tell(file('theirs'));
    await vi.waitFor(() => expect(policy.state.get()?.text).toBe('theirs'));
    await answered();
    openSave(policy);
    expect(policy.dialog.get()).toBeNull();
    policy.keep();
    openSave(policy);
    await policy.save();
    expect(calls['policy.save']).toHaveBeenCalledWith({ text: 'mine', revision: 'of theirs' });
    end();
  });
});
