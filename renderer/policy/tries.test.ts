import { describe, expect, it, vi } from 'vitest';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type ClassificationProposalView, type SimulationView } from '../../shared/views.ts';
import { confirmedOf, createClassification, MOST_AT_ONCE } from './classification.ts';
import { createSimulation } from './simulation.ts';

const found = (part: Partial<SimulationView>): SimulationView => ({
  examined: 0,
  same: 0,
  skipped: [],
  nowAllowed: 0,
  nowRefused: 0,
  otherwiseBound: 0,
  changed: [],
  cut: false,
  done: false,
  ...part,
});

const simulating = (simulate: (input: unknown, signal: AbortSignal) => AsyncIterable<SimulationView>) =>
  createSimulation({ 'policy.simulate': simulate } as unknown as Client<Desktop>, () => 100 * 86_400_000);

describe('a simulation', () => {
  it('looks back as far as it was asked to and shows how far it is', async () => {
    const inputs: unknown[] = [];
    const states: (number | undefined)[] = [];
    const simulation = simulating(async function* (input) {
      inputs.push(input);
      yield found({ examined: 10 });
      yield found({ examined: 20, done: true });
    });
    simulation.state.subscribe(() => states.push(simulation.state.get().found?.examined));
    simulation.choose('day');
    await simulation.start('text');
    expect(inputs).toEqual([{ text: 'text', since: 99 * 86_400_000 }]);
    expect(states).toEqual(expect.arrayContaining([10, 20]));
    expect(simulation.state.get()).toMatchObject({ state: 'done', text: 'text' });
  });

  it('never passes for whole when it ended before its last word', async () => {
    const simulation = simulating(async function* () {
      yield found({ examined: 10 });
    });
    await simulation.start('text');
    expect(simulation.state.get().state).toBe('stopped');
  });

  it('can be stopped, and what comes after that is not shown', async () => {
    let release: () => void = () => undefined;
    const simulation = simulating(async function* (_, signal) {
      yield found({ examined: 1 });
      await new Promise<void>((resolve) => (release = resolve));
      expect(signal.aborted).toBe(true);
      yield found({ examined: 2, done: true });
    });
    const running = simulation.start('text');
    await vi.waitFor(() => expect(simulation.state.get().found?.examined).toBe(1));
    simulation.stop();
    release();
    await running;
    expect(simulation.state.get()).toMatchObject({ state: 'stopped', found: { examined: 1 } });
  });

  it('says why it failed', async () => {
    const simulation = simulating(() => {
      throw Object.assign(new Error('Only reviewers simulate.'), { code: 'not-reviewer' });
    });
    await simulation.start('text');
    expect(simulation.state.get()).toMatchObject({ state: 'failed', trouble: { message: 'Only reviewers simulate.' } });
  });
});

const proposal = (column: string): ClassificationProposalView => ({
  connection: 'shop',
  column,
  class: 'email',
  share: 1,
});

function classifying(proposed: readonly ClassificationProposalView[]) {
  const accept = vi.fn(async () => null);
  const columns = vi.fn(async () => []);
  const classification = createClassification({
    'classification.columns': columns,
    'classification.suggest': async function* () {
      yield* proposed;
    },
    'classification.accept': accept,
  } as unknown as Client<Desktop>);
  classification.choose('shop');
  return { classification, accept, columns };
}

describe('a classification', () => {
  it('writes what is ticked and nothing else', async () => {
    const { classification, accept, columns } = classifying([proposal('a.b.c'), proposal('a.b.d')]);
    await classification.suggest();
    await classification.accept();
    expect(accept).not.toHaveBeenCalled();
    classification.toggle('a.b.d');
    await classification.accept();
    expect(accept).toHaveBeenCalledWith({ connection: 'shop', columns: [{ column: 'a.b.d', class: 'email' }] });
    expect(classification.proposals.get().found.map(({ column }) => column)).toEqual(['a.b.c']);
    expect(classification.proposals.get().ticked.size).toBe(0);
    expect(columns).toHaveBeenCalledTimes(2);
  });

  it('names no column that was not proposed, whatever is ticked', () => {
    const ticked = new Set(['a.b.c', 'somewhere.else']);
    expect(confirmedOf({ state: 'done', found: [proposal('a.b.c')], ticked, trouble: null })).toEqual([
      { column: 'a.b.c', class: 'email' },
    ]);
  });

  it('confirms as many at once as one call may name', () => {
    const all = Array.from({ length: MOST_AT_ONCE + 20 }, (_, n) => proposal(`s.t.c${String(n)}`));
    const ticked = new Set(all.map(({ column }) => column));
    expect(confirmedOf({ state: 'done', found: all, ticked, trouble: null })).toHaveLength(MOST_AT_ONCE);
  });

  it('forgets what was ticked for one connection when another is looked at', async () => {
    const { classification, accept } = classifying([proposal('a.b.c')]);
    await classification.suggest();
    classification.tick(['a.b.c'], true);
    classification.choose('billing');
    await classification.accept();
    expect(accept).not.toHaveBeenCalled();
  });

  it('keeps what is ticked when it could not be written', async () => {
    const { classification, accept } = classifying([proposal('a.b.c')]);
    await classification.suggest();
    classification.tick(['a.b.c'], true);
    accept.mockRejectedValueOnce(Object.assign(new Error('Only administrators.'), { code: 'not-administrator' }));
    await classification.accept();
    expect(classification.proposals.get()).toMatchObject({ trouble: { message: 'Only administrators.' } });
    expect(classification.proposals.get().ticked.size).toBe(1);
  });
});
