import { describe, expect, it } from 'vitest';
import { type ActivityRange, type ActivityRowView } from '../../shared/views.ts';
import { barsOf } from './chart-model.ts';
import { countOf, countWords } from './count.ts';
import { emptyFeed } from './feed.ts';

const HOUR = 3_600_000;
const day: ActivityRange = { kind: 'last', span: 'day' };
const within: ActivityRange = { kind: 'exact', from: 10 * HOUR + 5, to: 12 * HOUR };
const point = { at: 10 * HOUR, allowed: 7, refused: 0, failed: 0, other: 0, maskedCells: 0 };
const bars = barsOf({ bucket: HOUR, points: [point] }, 10 * HOUR, 12 * HOUR);
const rows = [{}, {}] as unknown as readonly ActivityRowView[];

describe('how many events are looked at', () => {
  it('is counted in the list where it is whole', () => {
    expect(countOf({ ...emptyFeed, rows, begun: true, older: 'none' }, bars, within, 0)).toEqual({
      events: 2,
      exact: true,
    });
  });

  it('is what the chart counted where there are older ones, and only about that within an hour', () => {
    const feed = { ...emptyFeed, rows, begun: true, older: 'there' } as const;
    expect(countOf(feed, bars, day, 0)).toEqual({ events: 7, exact: true });
    expect(countWords(countOf(feed, bars, within, 0) ?? { events: 0, exact: true })).toBe('about 7 events');
  });

  it('is not known while nothing was counted or the list could not be read', () => {
    const trouble = { code: 'x', message: 'x', next: null };
    expect(countOf({ ...emptyFeed, begun: true, trouble }, null, day, 0)).toBeNull();
    expect(countOf({ ...emptyFeed, loading: true }, null, day, 0)).toBeNull();
  });
});
