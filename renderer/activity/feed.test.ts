import { describe, expect, it } from 'vitest';
import { type ActivityPageView, type ActivityRowView } from '../../shared/views.ts';
import { createFeed, type Feed, mergeNewest } from './feed.ts';

const row = (index: number, change: Partial<ActivityRowView> = {}): ActivityRowView => ({
  log: 'log',
  index,
  kind: 'stmt.intent',
  at: index * 1000,
  person: 'https://id.example ana',
  personName: 'Ana',
  agent: null,
  connection: 'shop',
  environment: 'production',
  title: 'read',
  summary: 'SELECT 1',
  verdict: 'allow',
  status: 'done',
  rows: 1,
  changed: null,
  milliseconds: 1,
  maskedCells: 0,
  classes: [],
  ...change,
});

/** Events 0 to `count` - 1, newest first, paged by index; `count` may grow. */
function record(count: number) {
  const rows = Array.from({ length: count }, (_, n) => row(n));
  const asked: (string | null)[] = [];
  let trouble: Error | null = null;
  return {
    rows,
    asked,
    fail: (error: Error | null) => (trouble = error),
    ask: (before: string | null, limit: number): Promise<ActivityPageView> => {
      asked.push(before);
      if (trouble !== null) return Promise.reject(trouble);
      const found = rows.filter(({ index }) => before === null || index < Number(before)).toReversed();
      const events = found.slice(0, limit);
      return Promise.resolve({ events, next: found.length > limit ? String(events.at(-1)?.index) : null });
    },
  };
}

const indexes = (feed: Feed): number[] => feed.state.get().rows.map(({ index }) => index);
const unreadable = Object.assign(new Error('The index cannot be read.'), { code: 'index-unreadable' });

async function started(count: number, page = 3, most = 100) {
  const source = record(count);
  const feed = createFeed({ ask: source.ask, page, most });
  await feed.start();
  return { source, feed };
}

describe('paging through events', () => {
  it('goes from newest to oldest without a gap or a repetition, and says when these are all', async () => {
    const { feed } = await started(8);
    expect(feed.state.get().older).toBe('there');
    await feed.more();
    await feed.more();
    await feed.more();
    expect(indexes(feed)).toEqual([7, 6, 5, 4, 3, 2, 1, 0]);
    expect(feed.state.get().older).toBe('none');
  });

  it('asks for a page once however often it is wished for meanwhile', async () => {
    const { source, feed } = await started(8);
    await Promise.all([feed.more(), feed.more(), feed.more()]);
    expect(source.asked).toEqual([null, '5']);
  });

  it('stops at the most it holds and says so', async () => {
    const { feed } = await started(8, 3, 5);
    await feed.more();
    expect(feed.state.get().older).toBe('too-many');
    await feed.more();
    expect(indexes(feed)).toHaveLength(6);
  });

  it('keeps what is there when an older page cannot be read, and reads it when asked again', async () => {
    const { source, feed } = await started(8);
    source.fail(unreadable);
    await feed.more();
    expect(feed.state.get()).toMatchObject({ older: 'failed', olderTrouble: { code: 'index-unreadable' } });
    source.fail(null);
    await feed.more();
    expect(indexes(feed)).toEqual([7, 6, 5, 4, 3, 2]);
  });

  it('says why there is nothing when the first page cannot be read', async () => {
    const { source, feed } = await started(8);
    source.fail(unreadable);
    await feed.start();
    expect(feed.state.get()).toMatchObject({ rows: [], trouble: { code: 'index-unreadable' }, loading: false });
  });

  it('lets an answer go that something newer was asked after', async () => {
    const held: ((page: ActivityPageView) => void)[] = [];
    const feed = createFeed({ ask: () => new Promise((resolve) => held.push(resolve)), page: 3, most: 100 });
    const both = [feed.start(), feed.start()];
    held[1]?.({ events: [row(2)], next: null });
    held[0]?.({ events: [row(1)], next: null });
    await Promise.all(both);
    expect(indexes(feed)).toEqual([2]);
  });
});

describe('events that are new', () => {
  it('wait while somebody reads, and come to the top when they are shown', async () => {
    const { source, feed } = await started(4);
    source.rows.push(row(4), row(5));
    await feed.refresh(false);
    expect(indexes(feed)).toEqual([3, 2, 1]);
    expect(feed.state.get().fresh.map(({ index }) => index)).toEqual([5, 4]);
    await feed.showFresh();
    expect(indexes(feed)).toEqual([5, 4, 3, 2, 1]);
    expect(feed.state.get().fresh).toEqual([]);
  });

  it('come at once while nobody reads', async () => {
    const { source, feed } = await started(4);
    source.rows.push(row(4));
    await feed.refresh(true);
    expect(indexes(feed)).toEqual([4, 3, 2, 1]);
    await feed.more();
    expect(indexes(feed)).toEqual([4, 3, 2, 1, 0]);
  });

  it('begin the list anew when there are more than one page of them, so that none is left out', async () => {
    const { source, feed } = await started(4);
    for (let index = 4; index < 20; index++) source.rows.push(row(index));
    await feed.refresh(false);
    expect(feed.state.get().freshCut).toBe(true);
    await feed.showFresh();
    await feed.more();
    expect(indexes(feed)).toEqual([19, 18, 17, 16, 15, 14]);
  });

  it('are the first ones where there was nothing, with the older ones still to be had', async () => {
    const { source, feed } = await started(0);
    for (let index = 0; index < 5; index++) source.rows.push(row(index));
    await feed.refresh(false);
    await feed.more();
    expect(indexes(feed)).toEqual([4, 3, 2, 1, 0]);
  });

  it('let the oldest go once the list holds the most it may', async () => {
    const { source, feed } = await started(4, 4, 5);
    for (let index = 4; index < 8; index++) {
      source.rows.push(row(index));
      await feed.refresh(true);
    }
    expect(indexes(feed)).toEqual([7, 6, 5, 4, 3]);
    expect(feed.state.get().older).toBe('too-many');
  });

  it('bring the end of a statement that ran to its line', async () => {
    const { source, feed } = await started(3);
    source.rows[1] = row(1, { status: 'failed' });
    await feed.refresh(false);
    expect(feed.state.get().rows[1]?.status).toBe('failed');
    expect(feed.state.get().fresh).toEqual([]);
  });

  it('leave everything as it is when they cannot be read', async () => {
    const { source, feed } = await started(3);
    const before = feed.state.get();
    source.fail(unreadable);
    await feed.refresh(true);
    expect(feed.state.get()).toBe(before);
  });

  it('are read once more when more come while they are read', async () => {
    const { source, feed } = await started(3);
    await Promise.all([feed.refresh(true), feed.refresh(true), feed.refresh(true)]);
    expect(source.asked).toHaveLength(3);
  });
});

describe('the newest page beside what is known', () => {
  it('counts an event of a log that was taken in late as new', () => {
    const late = row(7, { log: 'other', at: 2500 });
    const merged = mergeNewest([row(3), row(2)], { events: [row(3), late, row(2)], next: null });
    expect(merged.fresh).toEqual([late]);
    expect(merged.cut).toBe(false);
  });

  it('keeps the list itself where nothing changed, so that nothing is drawn again', () => {
    const known = [row(3), row(2)];
    expect(mergeNewest(known, { events: [row(3), row(2)], next: null }).updated).toBe(known);
  });
});
