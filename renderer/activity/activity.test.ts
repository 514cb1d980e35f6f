import { describe, expect, it, vi } from 'vitest';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type ActivityCriteria, type ActivityProgressView } from '../../shared/views.ts';
import { createActivity } from './activity.ts';

const day: ActivityCriteria = { filter: {}, range: { kind: 'last', span: 'day' } };
const over: ActivityCriteria = { filter: {}, range: { kind: 'exact', from: 1, to: 2 } };
const progress = (indexed: number): ActivityProgressView => ({
  indexed,
  recorded: indexed,
  everything: true,
  reviewers: [],
  trouble: null,
});

/** A gate whose index tells how far it is when the test says so. */
function gate() {
  const events = vi.fn(() => Promise.resolve({ events: [], next: null }));
  const chart = vi.fn(() => Promise.resolve({ bucket: 3_600_000, points: [] }));
  let tell: ((value: ActivityProgressView) => void) | null = null;
  const client = {
    'activity.events': events,
    'activity.chart': chart,
    'activity.progress': async function* (_: undefined, signal?: AbortSignal) {
      while (signal?.aborted !== true) yield await new Promise<ActivityProgressView>((resolve) => (tell = resolve));
    },
  } as unknown as Client<Desktop>;
  const told = async (indexed: number): Promise<void> => {
    await vi.waitFor(() => expect(tell).not.toBeNull());
    const next = tell;
    tell = null;
    next?.(progress(indexed));
    await vi.waitFor(() => expect(tell).not.toBeNull());
  };
  return { client, events, chart, told };
}

async function looking(criteria: ActivityCriteria) {
  const source = gate();
  const due: (() => void)[] = [];
  const clock = {
    after: (_: number, callback: () => void) => {
      due.push(callback);
      return () => void due.splice(due.indexOf(callback), 1);
    },
  };
  const activity = createActivity(source.client, () => 100_000_000_000, clock);
  activity.look(criteria);
  await vi.waitFor(() => expect(activity.feed.state.get().begun).toBe(true));
  const end = activity.follow();
  return { ...source, activity, end, due };
}

describe('what the Activity view looks at', () => {
  it('reads events and the chart once for what is looked for', async () => {
    const { events, chart, end } = await looking(day);
    expect([events, chart].map((call) => call.mock.calls.length)).toEqual([1, 1]);
    end();
  });

  it('reads what is new when the index has taken in more', async () => {
    const { events, told, end } = await looking(day);
    await told(10);
    await vi.waitFor(() => expect(events).toHaveBeenCalledTimes(2));
    end();
  });

  it('counts what came right behind the last count too, once for all that came', async () => {
    const { chart, told, due, end } = await looking(day);
    await told(10);
    await told(11);
    expect(chart).toHaveBeenCalledTimes(1);
    expect(due).toHaveLength(1);
    due[0]?.();
    expect(chart).toHaveBeenCalledTimes(2);
    expect(due).toHaveLength(0);
    end();
  });

  it('lets a count that takes its time come to its end, and counts once more for all that came meanwhile', async () => {
    const { activity, chart, told, due, end } = await looking(day);
    const answers: ((view: Awaited<ReturnType<typeof chart>>) => void)[] = [];
    chart.mockImplementation(() => new Promise((resolve) => void answers.push(resolve)));
    activity.again();
    await told(10);
    await told(11);
    expect([chart.mock.calls.length, due.length]).toEqual([2, 0]);
    answers[0]?.({ bucket: 3_600_000, points: [] });
    await vi.waitFor(() => expect(due).toHaveLength(1));
    expect(activity.bars.get().state).toBe('ready');
    end();
  });

  it('lets a count go that is due when the person is another', async () => {
    const { activity, told, due, end } = await looking(day);
    await told(10);
    activity.clear();
    expect(due).toHaveLength(0);
    end();
  });

  it('asks for nothing when the index stands where it stood', async () => {
    const { events, told, end } = await looking(day);
    await told(10);
    await told(10);
    expect(events).toHaveBeenCalledTimes(2);
    end();
  });

  it('asks for nothing new for times that are over', async () => {
    const { events, told, end } = await looking(over);
    await told(10);
    expect(events).toHaveBeenCalledTimes(1);
    end();
  });

  it('asks for nothing new while it is paused, and for all of it afterwards', async () => {
    const { activity, events, told, end } = await looking(day);
    activity.paused.set(true);
    await told(10);
    expect(events).toHaveBeenCalledTimes(1);
    activity.paused.set(false);
    expect(events).toHaveBeenCalledTimes(2);
    end();
  });

  it('says why new events do not come', async () => {
    const source = gate();
    const failing = {
      ...source.client,
      // eslint-disable-next-line require-yield
      'activity.progress': async function* () {
        throw Object.assign(new Error('The index stopped.'), { code: 'index-stopped' });
      },
    } as unknown as Client<Desktop>;
    const activity = createActivity(failing);
    activity.follow();
    await vi.waitFor(() => expect(activity.progress.get()).toMatchObject({ trouble: { code: 'index-stopped' } }));
  });

  it('holds nothing of one person for the next', async () => {
    const { activity, end } = await looking(day);
    activity.opened.set({ log: 'log', index: 4 });
    activity.clear();
    expect(activity.opened.get()).toBeNull();
    expect(activity.feed.state.get()).toMatchObject({ rows: [], begun: false });
    expect(activity.query()).toEqual({});
    end();
  });
});
