/**
 * Where an event stands among all others: its millisecond and a place in it, as one integer that grows with time. It is
 * the primary key of both stores, so that the newest page, a range of time and the cursor are each one range of it.
 */

/** Places in one millisecond. An event that finds none moves on to the next millisecond, and counts as of then. */
const PLACES = 1024;
/** The last millisecond whose keys are exact in a double: in the year 2248. Clocks beyond it count as it. */
const LAST = 2 ** 43 - 2;

/** The least key of a moment, ms since 1970 UTC. */
export const keyAt = (ms: number): number => Math.min(Math.max(Math.ceil(ms), 0), LAST + 1) * PLACES;

/** The millisecond of a key. */
export const timeOf = (key: number): number => Math.floor(key / PLACES);

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** For each millisecond asked for, the greatest key in it; absent where it holds none. */
export type GreatestKeys = (milliseconds: readonly number[]) => Promise<ReadonlyMap<number, number>>;

/**
 * Free keys for events of these times (ms), in their order. `greatest` is asked again only where a millisecond is full.
 */
export async function freeKeys(times: readonly number[], greatest: GreatestKeys): Promise<readonly number[]> {
  const wanted = times.map((ms) => timeOf(keyAt(Math.min(Math.floor(ms), LAST))));
  const next = new Map<number, number>();
  const keys: number[] = new Array<number>(times.length).fill(-1);
  let open = wanted.map((ms, i) => ({ i, ms }));
  while (open.length > 0) {
    const unknown = [...new Set(open.map(({ ms }) => ms))].filter((ms) => !next.has(ms));
    const found = await greatest(unknown);
    for (const ms of unknown) next.set(ms, (found.get(ms) ?? ms * PLACES - 1) + 1);
    const full: typeof open = [];
    for (const { i, ms } of open) {
      const key = next.get(ms) ?? ms * PLACES;
      if (timeOf(key) === ms) {
        keys[i] = key;
        next.set(ms, key + 1);
      } else full.push({ i, ms: ms + 1 });
    }
    open = full;
  }
  return keys;
}
