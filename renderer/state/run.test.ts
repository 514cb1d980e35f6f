import { describe, expect, it } from 'vitest';
import { type Desktop } from '../../shared/contract.ts';
import { type Client, type Input } from '../../shared/rpc/types.ts';
import { type RunEvent, type VerdictView } from '../../shared/views.ts';
import { type StepUp } from '../account/step-up.ts';
import { allowed } from '../gallery/sample-verdicts.ts';
import { type RunModel } from '../results/run-model.ts';
import { type Asked } from './asked.ts';
import { askedOf, forgetAsked, putAsked, runAgain, runAsked, runPart } from './run.ts';
import { createStore } from './store.ts';
import { type LiveVerdict, type Workbench } from './workbench.ts';
import { emptyWorkspace, type Workspace } from './workspace.ts';

const TEXT = 'SELECT 1';
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const tab = { id: 't', title: 't', connection: 'shop', text: TEXT, cursor: 0 };

type Needs = VerdictView['needs'];
const wants = (needs: Needs): VerdictView => ({
  ...allowed,
  verdict: needs.length > 0 ? 'refuse' : 'allow',
  needs,
  reasons: needs.map((need) => ({ code: `${need}-needed`, sentence: need, next: null, span: null })),
});

/** A workbench with the parts that running touches; a gate that asks for what `needs` says of each request. */
function bench(
  needs: (request: Input<Desktop['query.run']>, times: number) => Needs,
  stepUp: () => boolean = () => true,
) {
  const sent: Input<Desktop['query.run']>[] = [];
  let stepUps = 0;
  const client = {
    'query.run': async function* (request: Input<Desktop['query.run']>): AsyncGenerator<RunEvent> {
      sent.push(request);
      await settled();
      const verdict = wants(needs(request, sent.length));
      yield { kind: 'verdict', statement: { start: request.offset, end: request.offset + 8 }, verdict };
      if (verdict.verdict === 'allow')
        yield { kind: 'done', tag: 'SELECT 1', rows: 1, bytes: 1, milliseconds: 1, cut: null, maskedCells: 0 };
    },
  } as unknown as Client<Desktop>;
  const step: Pick<StepUp, 'begin'> = {
    begin: async () => {
      stepUps += 1;
      await settled();
      return stepUp();
    },
  };
  const workbench = {
    client,
    workspace: createStore<Workspace>({ ...emptyWorkspace, tabs: [tab], active: 't' }),
    runs: createStore<ReadonlyMap<string, RunModel>>(new Map()),
    asked: createStore<ReadonlyMap<string, Asked>>(new Map()),
    live: createStore<LiveVerdict | null>(null),
    account: { stepUp: step },
  } as unknown as Workbench;
  const say = (said: Partial<Asked>): void => {
    const asked = askedOf(workbench, 't');
    if (asked === undefined) throw new Error('Nothing is asked.');
    putAsked(workbench, 't', { ...asked, ...said });
  };
  return { workbench, sent, say, stepUps: () => stepUps };
}

const unlessReason = ({ reason }: Input<Desktop['query.run']>): Needs => (reason === undefined ? ['reason'] : []);

describe('a statement that asks for a reason', () => {
  it('runs with it once it is said, and keeps it for the next time', async () => {
    const { workbench, sent, say } = bench(unlessReason);
    runPart(workbench, tab, TEXT, 0);
    await settled();
    await settled();
    say({ reason: ' an audit ', ticket: 'T-1' });
    await runAsked(workbench, 't');
    await settled();
    await settled();
    expect(askedOf(workbench, 't')).toMatchObject({ answered: true });
    runPart(workbench, tab, TEXT, 0);
    runAgain(workbench, 't');
    expect(sent.map(({ reason, ticket }) => [reason, ticket])).toEqual([
      [undefined, undefined],
      ['an audit', 'T-1'],
      ['an audit', 'T-1'],
      ['an audit', 'T-1'],
    ]);
  });

  it('is not sent at all where it is known that it asks', () => {
    const { workbench, sent } = bench(unlessReason);
    workbench.live.set({
      connection: 'shop',
      statement: { start: 0, end: 8 },
      text: TEXT,
      verdict: wants(['reason']),
    });
    runPart(workbench, tab, TEXT, 0);
    expect(sent).toEqual([]);
    expect(askedOf(workbench, 't')).toMatchObject({ needs: ['reason'] });
  });

  it('is not sent with a reason that says nothing, however often it is tried', async () => {
    const { workbench, sent, say } = bench(unlessReason);
    runPart(workbench, tab, TEXT, 0);
    await settled();
    await settled();
    say({ reason: ' \u200b \u200b ' });
    await runAsked(workbench, 't');
    runPart(workbench, tab, TEXT, 0);
    expect(sent).toHaveLength(1);
  });

  it('never takes the reason of another statement', async () => {
    const { workbench, sent, say } = bench(unlessReason);
    runPart(workbench, tab, TEXT, 0);
    await settled();
    await settled();
    say({ reason: 'an audit' });
    runPart(workbench, tab, 'SELECT 2', 0);
    expect(sent.at(-1)).toEqual({ connection: 'shop', text: 'SELECT 2', offset: 0 });
    expect(askedOf(workbench, 't')).toBeUndefined();
  });

  it('does not run what does not stand in the tab any more', async () => {
    const { workbench, sent, say } = bench(unlessReason);
    runPart(workbench, tab, TEXT, 0);
    await settled();
    await settled();
    say({ reason: 'an audit' });
    workbench.workspace.update((workspace) => ({ ...workspace, tabs: [{ ...tab, text: 'DELETE FROM t' }] }));
    await runAsked(workbench, 't');
    expect(sent).toHaveLength(1);
    expect(askedOf(workbench, 't')).toBeUndefined();
  });
});

describe('a statement whose grant has ended', () => {
  it('has the window ask which grants there are, once', async () => {
    const read: string[][] = [];
    const client = {
      // eslint-disable-next-line require-yield
      'query.run': async function* (): AsyncGenerator<RunEvent> {
        await settled();
        throw Object.assign(new Error('ended'), { code: 'grant-ended', next: null });
      },
    } as unknown as Client<Desktop>;
    const { workbench } = bench(() => []);
    const account = { ...workbench.account, read: (...parts: string[]) => Promise.resolve(void read.push(parts)) };
    runPart({ ...workbench, client, account } as unknown as Workbench, tab, TEXT, 0);
    await settled();
    await settled();
    expect(read).toEqual([['grants']]);
  });
});

describe('a statement that asks for a step-up', () => {
  const once = (_: unknown, times: number): Needs => (times === 1 ? ['step-up'] : []);

  it('runs by itself after it, where it stands by then', async () => {
    const { workbench, sent } = bench(once);
    runPart(workbench, tab, TEXT, 0);
    await settled();
    await settled();
    const going = runAsked(workbench, 't');
    workbench.workspace.update((workspace) => ({ ...workspace, tabs: [{ ...tab, text: `-- one\n${TEXT}` }] }));
    await going;
    await settled();
    await settled();
    expect(sent.map(({ offset }) => offset)).toEqual([0, 7]);
    expect(askedOf(workbench, 't')).toBeUndefined();
  });

  it.each<readonly [string, () => boolean, (workbench: Workbench) => void]>([
    ['was called off', () => false, () => undefined],
    ['came after the question was closed', () => true, (workbench) => forgetAsked(workbench, 't')],
    [
      'came after another statement asked',
      () => true,
      (workbench) => {
        const asked = askedOf(workbench, 't');
        if (asked !== undefined) putAsked(workbench, 't', { ...asked, text: 'SELECT 2' });
      },
    ],
  ])('does not run when it %s', async (_, stepUp, meanwhile) => {
    const { workbench, sent } = bench(once, stepUp);
    runPart(workbench, tab, TEXT, 0);
    await settled();
    await settled();
    const going = runAsked(workbench, 't');
    meanwhile(workbench);
    await going;
    expect(sent).toHaveLength(1);
  });

  it('runs once, however often Run is pressed while the browser is open', async () => {
    const { workbench, sent, stepUps } = bench(once);
    runPart(workbench, tab, TEXT, 0);
    await settled();
    await settled();
    runPart(workbench, tab, TEXT, 0);
    runPart(workbench, tab, TEXT, 0);
    await runAsked(workbench, 't');
    for (let turn = 0; turn < 4; turn++) await settled();
    expect([stepUps(), sent.length]).toEqual([1, 2]);
  });

  it('can be tried again after it was called off', async () => {
    let willing = false;
    const { workbench, sent } = bench(once, () => willing);
    runPart(workbench, tab, TEXT, 0);
    await settled();
    await settled();
    await runAsked(workbench, 't');
    willing = true;
    await runAsked(workbench, 't');
    expect(sent).toHaveLength(2);
  });

  it('asks for both in one flow, the reason first', async () => {
    const { workbench, sent, say, stepUps } = bench((_, times) => (times === 1 ? ['reason', 'step-up'] : []));
    runPart(workbench, tab, TEXT, 0);
    await settled();
    await settled();
    await runAsked(workbench, 't');
    expect(stepUps()).toBe(0);
    say({ reason: 'an emergency' });
    await runAsked(workbench, 't');
    expect([stepUps(), sent.at(-1)?.reason]).toEqual([1, 'an emergency']);
  });
});
