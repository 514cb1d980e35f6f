import { type ActivityChartView } from '../../shared/views.ts';

/** What the chart draws: one entry a bar, gaps filled with zeros, so that nothing happening looks like nothing happening. */
export interface Bars {
  /** Width of a bar, ms; a multiple of the gate's own where there would be too many. */
  readonly bucket: number;
  /** Starts, ms since 1970 UTC. */
  readonly at: readonly number[];
  readonly refused: readonly number[];
  readonly failed: readonly number[];
  readonly allowed: readonly number[];
  readonly other: readonly number[];
  readonly maskedCells: readonly number[];
}

export const series = ['refused', 'failed', 'allowed', 'other'] as const;
export type Series = (typeof series)[number];

/** More bars than this are narrower than their gaps on a small window. */
const MOST_BARS = 200;

/**
 * @param from ms since 1970 UTC; 0 for "whenever the first event was".
 * @param to ms; exclusive.
 */
export function barsOf(view: ActivityChartView, from: number, to: number): Bars {
  const { bucket } = view;
  const points = view.points
    .filter((point) => point.at < to && point.at + bucket > from)
    .toSorted((a, b) => a.at - b.at);
  const first = points[0];
  const last = points.at(-1);
  // Where nothing happened at all, an open beginning has no first bar.
  const start = from > 0 ? Math.floor(from / bucket) * bucket : (first?.at ?? 0);
  const end =
    first === undefined && from === 0 ? start : Math.max(Math.ceil(to / bucket) * bucket, (last?.at ?? 0) + bucket);
  const buckets = Math.round((end - start) / bucket);
  const together = Math.max(1, Math.ceil(buckets / MOST_BARS));
  const width = bucket * together;
  const count = Math.ceil(buckets / together);
  const zeros = (): number[] => Array.from({ length: count }, () => 0);
  const sums = { refused: zeros(), failed: zeros(), allowed: zeros(), other: zeros(), maskedCells: zeros() };
  for (const point of points) {
    const bar = Math.max(0, Math.floor((point.at - start) / width));
    for (const [name, sum] of Object.entries(sums)) sum[bar] = (sum[bar] ?? 0) + point[name as keyof typeof sums];
  }
  return { bucket: width, at: Array.from({ length: count }, (_, bar) => start + bar * width), ...sums };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export type Totals = Readonly<Record<Series | 'maskedCells' | 'events', number>>;

export function totalsOf(bars: Bars): Totals {
  const [refused, failed, allowed, other] = [sum(bars.refused), sum(bars.failed), sum(bars.allowed), sum(bars.other)];
  return {
    refused,
    failed,
    allowed,
    other,
    maskedCells: sum(bars.maskedCells),
    events: refused + failed + allowed + other,
  };
}

/** The series one on another, from the ground up: what must be seen stands on the ground, where bars compare best. */
export function stacked(bars: Bars): Readonly<Record<Series, readonly number[]>> {
  const floor = bars.at.map(() => 0);
  const tops = {} as Record<Series, readonly number[]>;
  for (const name of series) {
    bars[name].forEach((value, bar) => (floor[bar] = (floor[bar] ?? 0) + value));
    tops[name] = [...floor];
  }
  return tops;
}

/** The times that bars `from` to `to` stand for, both included, in whichever order they were marked; null outside. */
export function timesOf(bars: Bars, from: number, to: number): { readonly from: number; readonly to: number } | null {
  const first = bars.at[Math.max(0, Math.min(from, to))];
  const last = bars.at[Math.min(bars.at.length - 1, Math.max(from, to))];
  return first === undefined || last === undefined ? null : { from: first, to: last + bars.bucket };
}

/** The bar that a time falls in, the nearest where it falls in none; -1 where there is no bar. */
export function barAt(bars: Bars, time: number): number {
  const bar = Math.floor((time - (bars.at[0] ?? 0)) / bars.bucket);
  return Math.max(bars.at.length === 0 ? -1 : 0, Math.min(bars.at.length - 1, bar));
}
