import { type ActivityChart } from './activity-store.ts';
import { type Resolved } from './condition.ts';
import { TALLIES, type Tally } from './event-row.ts';
import { DAY, HOUR, keyAt, timeOf } from './sort-key.ts';
import { pairOf, spaceOf, type Term, valueOf } from './terms.ts';

/** Times of a chart in whole hours, ms, with those of the filter; null where nothing is between them. */
export function hoursOf(
  { from, to }: Pick<Resolved, 'from' | 'to'>,
  options: { readonly from: number; readonly to: number },
): { readonly from: number; readonly to: number } | null {
  const begin = Math.max(timeOf(from), Math.floor(options.from));
  const end = Math.min(timeOf(to - 1) + 1, timeOf(keyAt(options.to)));
  if (begin >= end) return null;
  return { from: Math.floor(begin / HOUR) * HOUR, to: Math.ceil(end / HOUR) * HOUR };
}

export const widthOf = (bucket: 'hour' | 'day'): number => (bucket === 'hour' ? HOUR : DAY);

/** How many events of one tally are in one bucket. */
export interface Counted {
  readonly bucket: number;
  readonly tally: Tally;
  readonly events: number;
  readonly maskedCells: number;
}

export function chartOf(width: number, counted: Iterable<Counted>): ActivityChart {
  const points = new Map<number, Record<Tally, number> & { at: number; maskedCells: number }>();
  for (const { bucket, tally, events, maskedCells } of counted) {
    if (events === 0 && maskedCells === 0) continue;
    const at = bucket * width;
    const point = points.get(at) ?? { at, allowed: 0, refused: 0, failed: 0, other: 0, maskedCells: 0 };
    point[tally] += events;
    point.maskedCells += maskedCells;
    points.set(at, point);
  }
  return { bucket: width, points: [...points.values()].sort((a, b) => a.at - b.at) };
}

export const tallyNumber = (tally: Tally): number => TALLIES.indexOf(tally);
export const tallyOfNumber = (n: number): Tally => TALLIES[n] ?? 'other';

/** The rollups that answer a chart: rows of these terms, none of which counts an event twice, and of one verdict or all. */
interface RollupQuestion {
  /** Null: of all events. */
  readonly terms: readonly (Term | null)[];
  readonly verdict: string | null;
}

/** Null where only the events themselves can tell. */
export function rollupQuestion(
  { groups, kinds, phrases }: Resolved,
  termOf: (id: number) => Term,
): RollupQuestion | null {
  if (phrases.length > 0 || (kinds !== null && kinds.ends.length > 0)) return null;
  const asked = groups.map((group) => group.map(termOf));
  const isVerdict = ([of]: readonly Term[]): boolean => of !== undefined && spaceOf(of) === 'verdict';
  const [verdict, otherVerdict] = asked.filter(isVerdict).flat();
  const others = asked.filter((group) => !isVerdict(group));
  // One event may have several terms of a group, and has one kind.
  if (otherVerdict !== undefined || others.some(({ length }) => length > 1)) return null;
  const [a = null, b = null, ...more] = new Set(others.flat());
  if (more.length > 0 || (b !== null && kinds !== null)) return null;
  const terms =
    kinds === null
      ? [a === null || b === null ? a : pairOf(a, b)]
      : kinds.listed.map((id) => (a === null ? termOf(id) : pairOf(a, termOf(id))));
  // Without a first term all events are meant, with one a pair that is not counted.
  if (a !== null && terms.includes(null)) return null;
  return { terms, verdict: verdict === undefined ? null : valueOf(verdict) };
}
