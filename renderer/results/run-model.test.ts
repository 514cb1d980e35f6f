import { describe, expect, it, vi } from 'vitest';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type RunEvent, type VerdictView } from '../../shared/views.ts';
import { createRun, excerpt, inTab, type RunModel } from './run-model.ts';

const verdict = (answer: VerdictView['verdict']): VerdictView => ({
  verdict: answer,
  action: 'read',
  title: 'Read',
  effects: [],
  objects: [],
  columns: [],
  functions: [],
  operators: [],
  casts: [],
  types: [],
  outputs: [],
  masks: [],
  rules: [],
  reasons: [],
  limits: null,
  groupSize: null,
  permitted: [],
  unordered: false,
  approvers: [],
  secondLineage: null,
  needs: [],
  grants: [],
  leaving: { kind: 'yes', sentence: null },
  watermark: null,
  cut: false,
});

const judged = (answer: VerdictView['verdict']): RunEvent => ({
  kind: 'verdict',
  statement: { start: 104, end: 128 },
  verdict: verdict(answer),
});
const columns: RunEvent = {
  kind: 'columns',
  result: 'r1',
  columns: [{ name: 'id', type: 'int8', numeric: true, mask: null }],
};
const progress = (rows: number): RunEvent => ({ kind: 'progress', rows, bytes: rows * 10 });
const done: RunEvent = {
  kind: 'done',
  tag: 'SELECT 5',
  rows: 5,
  bytes: 50,
  milliseconds: 41,
  cut: 'rows',
  maskedCells: 2,
};

/** A run whose events the test writes; ends like a link does: with the signal, an error or the last event. */
function scripted(events: readonly RunEvent[], ending: 'end' | 'hang' | Error = 'end') {
  const release = vi.fn(() => Promise.resolve(null));
  const run = vi.fn(async function* (_input: unknown, signal?: AbortSignal) {
    yield* events;
    if (ending instanceof Error) throw ending;
    if (ending === 'hang') {
      await new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(new Error('aborted'))));
    }
  });
  const client = { 'query.run': run, 'result.release': release } as unknown as Client<Desktop>;
  const model = createRun(
    client,
    { connection: 'shop', text: '-- \nSELECT id FROM customers', offset: 100 },
    () => 1000,
  );
  return { model, release, run };
}

const settled = (model: RunModel): Promise<void> =>
  vi.waitFor(() => {
    if (model.snapshot().state === 'running') throw new Error('still running');
  });

describe('a run', () => {
  it('goes from the verdict over rows to done', async () => {
    const { model } = scripted([
      judged('allow'),
      { kind: 'recorded', index: 18_204 },
      columns,
      progress(2),
      progress(4),
      done,
    ]);
    const states: string[] = [];
    model.subscribe(() => states.push(`${model.snapshot().state} ${model.snapshot().rows}`));
    await settled(model);
    expect(states).toEqual(['running 0', 'running 0', 'running 0', 'running 2', 'running 4', 'done 5']);
    expect(model.snapshot()).toMatchObject({
      recorded: 18_204,
      result: 'r1',
      milliseconds: 41,
      cut: 'rows',
      maskedCells: 2,
    });
  });

  it.each([
    ['refuse', 'refused'],
    ['ask', 'asked'],
  ] as const)('stops at the verdict %s', async (answer, state) => {
    const { model } = scripted([judged(answer)]);
    await settled(model);
    expect(model.snapshot().state).toBe(state);
    expect(model.snapshot().result).toBeNull();
  });

  it('takes no rows after a refusal, whatever the other side sends', async () => {
    const { model } = scripted([judged('refuse'), columns, progress(9), done]);
    await settled(model);
    expect(model.snapshot()).toMatchObject({ state: 'refused', result: null, rows: 0 });
  });

  it('takes the number of the record after a refusal', async () => {
    const { model } = scripted([judged('refuse'), { kind: 'recorded', index: 7 }]);
    await vi.waitFor(() => expect(model.snapshot()).toMatchObject({ state: 'refused', recorded: 7 }));
  });

  it('says where in the tab an error stands', async () => {
    const { model } = scripted([
      judged('allow'),
      {
        kind: 'failed',
        error: { code: '42703', message: 'There is no column nam.', next: null, span: { start: 7, end: 9 } },
      },
    ]);
    await settled(model);
    expect(model.snapshot().error?.span).toEqual({ start: 111, end: 113 });
    expect(inTab(model.snapshot(), { start: 0, end: 1 })).toEqual({ start: 104, end: 105 });
    expect(excerpt(model.snapshot(), { start: 0, end: 6 })).toBe('SELECT');
  });

  it('keeps the rows that came before an error', async () => {
    const { model } = scripted([
      judged('allow'),
      columns,
      progress(300),
      {
        kind: 'failed',
        error: { code: '57014', message: 'The statement took too long.', next: null, span: null },
      },
    ]);
    await settled(model);
    expect(model.snapshot()).toMatchObject({ state: 'failed', rows: 300, result: 'r1' });
  });

  it('is cancelled by the person, also when the link only ends', async () => {
    const { model } = scripted([judged('allow'), columns, progress(3)], 'hang');
    await vi.waitFor(() => expect(model.snapshot().rows).toBe(3));
    model.cancel();
    await settled(model);
    expect(model.snapshot()).toMatchObject({ state: 'cancelled', milliseconds: 0, rows: 3 });
  });

  it('shows the error of a link that broke with its next step', async () => {
    const broken = Object.assign(new Error('The gate process stopped.'), {
      code: 'link-closed',
      next: 'Run it again.',
    });
    const { model } = scripted([judged('allow')], broken);
    await settled(model);
    expect(model.snapshot().error).toEqual({
      code: 'link-closed',
      message: 'The gate process stopped.',
      next: 'Run it again.',
      span: null,
    });
  });

  it('does not pretend to be done when the stream ends without an end', async () => {
    const { model } = scripted([judged('allow'), columns]);
    await settled(model);
    expect(model.snapshot().state).toBe('failed');
  });

  it('never counts rows backwards', async () => {
    const { model } = scripted([judged('allow'), columns, progress(10), progress(4)], 'hang');
    const seen: number[] = [];
    model.subscribe(() => seen.push(model.snapshot().rows));
    await vi.waitFor(() => expect(seen).toEqual([0, 0, 10, 10]));
    model.dispose();
  });

  it('releases its result once when it is put away', async () => {
    const { model, release } = scripted([judged('allow'), columns, done]);
    await settled(model);
    model.dispose();
    model.dispose();
    expect(release).toHaveBeenCalledExactlyOnceWith({ result: 'r1' });
  });

  it('keeps the last thousand of a flood of notices', async () => {
    const { model } = scripted([
      judged('allow'),
      ...Array.from({ length: 1500 }, (_, i): RunEvent => ({ kind: 'notice', severity: 'NOTICE', text: `n${i}` })),
      done,
    ]);
    await settled(model);
    expect(model.snapshot().notices).toHaveLength(1000);
    expect(model.snapshot().notices.at(-1)?.text).toBe('n1499');
  });
});
