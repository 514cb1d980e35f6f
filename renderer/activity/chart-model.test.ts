import { describe, expect, it } from 'vitest';
import { type ActivityChartView } from '../../shared/views.ts';
import { barAt, barsOf, stacked, timesOf, totalsOf } from './chart-model.ts';

const HOUR = 3_600_000;
const point = (at: number, change: Partial<ActivityChartView['points'][number]> = {}) => ({
  at: at * HOUR,
  allowed: 0,
  refused: 0,
  failed: 0,
  other: 0,
  maskedCells: 0,
  ...change,
});
const view = (...points: ActivityChartView['points']): ActivityChartView => ({ bucket: HOUR, points });

describe('the bars of the chart', () => {
  it('stand for every hour of the times, also for those in which nothing happened', () => {
    const bars = barsOf(view(point(12, { allowed: 3 }), point(10, { refused: 1 })), 10.5 * HOUR, 13.2 * HOUR);
    expect(bars.at).toEqual([10, 11, 12, 13].map((hour) => hour * HOUR));
    expect(bars.allowed).toEqual([0, 0, 3, 0]);
    expect(bars.refused).toEqual([1, 0, 0, 0]);
  });

  it('begin with the first event where the beginning is open, and are none where nothing ever happened', () => {
    expect(barsOf(view(point(100, { other: 1 })), 0, 101 * HOUR).at).toEqual([100 * HOUR]);
    expect(barsOf(view(), 0, 101 * HOUR).at).toEqual([]);
    expect(barsOf(view(), 99 * HOUR, 101 * HOUR).at).toHaveLength(2);
  });

  it('leave out what lies outside of the times', () => {
    const bars = barsOf(view(point(1, { allowed: 5 }), point(20, { allowed: 7 })), 10 * HOUR, 12 * HOUR);
    expect(totalsOf(bars).events).toBe(0);
  });

  it('are put together where there would be too many, and count the same', () => {
    const points = Array.from({ length: 5000 }, (_, hour) => point(hour, { allowed: 2, maskedCells: 3 }));
    const bars = barsOf(view(...points), 0, 5000 * HOUR);
    expect(bars.at.length).toBeLessThanOrEqual(200);
    expect(bars.bucket).toBe(25 * HOUR);
    expect(totalsOf(bars)).toMatchObject({ events: 10_000, maskedCells: 15_000 });
  });

  it('hold a clock that was set back 50 years without drawing half a million bars', () => {
    const bars = barsOf(view(point(1, { other: 1 }), point(495_000, { allowed: 1 })), 0, 495_001 * HOUR);
    expect(bars.at.length).toBeLessThanOrEqual(200);
    expect(totalsOf(bars).events).toBe(2);
  });

  it('stack with refusals on the ground, and each top counts what is below it', () => {
    const bars = barsOf(view(point(1, { refused: 1, failed: 2, allowed: 4, other: 8 })), HOUR, 2 * HOUR);
    expect(stacked(bars)).toEqual({ refused: [1], failed: [3], allowed: [7], other: [15] });
  });
});

describe('brushing over bars', () => {
  const bars = barsOf(view(point(10, { allowed: 1 })), 10 * HOUR, 14 * HOUR);

  it.each([
    ['from left to right', 1, 2],
    ['from right to left', 2, 1],
  ])('%s gives the times of both ends, whole bars', (_, from, to) => {
    expect(timesOf(bars, from, to)).toEqual({ from: 11 * HOUR, to: 13 * HOUR });
  });

  it('past the ends gives the ends, and nothing where there is no bar', () => {
    expect(timesOf(bars, -5, 99)).toEqual({ from: 10 * HOUR, to: 14 * HOUR });
    expect(timesOf(barsOf(view(), 0, HOUR), 0, 0)).toBeNull();
  });

  it('finds the bar of a time, the nearest where there is none', () => {
    expect([9, 10.9, 12, 99].map((hour) => barAt(bars, hour * HOUR))).toEqual([0, 0, 2, 3]);
  });
});
