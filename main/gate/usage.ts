import { CountersignError } from '../errors.ts';

/** Rows that somebody has had: counted for each person, for each of their agents, and for each service by itself. */
export interface Usage {
  /** Rows that came out within the hour before `now`, with what running statements have set aside. @throws CountersignError `usage-unavailable` */
  rowsLastHour(asker: string, now: Date): number;
  /**
   * Sets rows aside for a statement that is about to run: as many of `wanted` as `perHour` leaves. Durable when it returns.
   * A statement whose end nobody saw keeps what it set aside. @throws CountersignError `usage-unavailable`
   */
  reserve(asker: string, wanted: number, perHour: number, now: Date): SetAside;
}

export interface SetAside {
  readonly rows: number;
  /** When the oldest of what counts now counts no more; undefined where nothing does. */
  readonly freesAt: Date | undefined;
  /** Counts what came out, at the moment it had, instead of what was set aside. Called once. @throws CountersignError `usage-unavailable` */
  settle(rows: number, now: Date): void;
}

/** For a gate that has nowhere to count: nothing that is bound by a count runs. */
export const noUsage: Usage = { rowsLastHour: unavailable, reserve: unavailable };

function unavailable(): never {
  throw new CountersignError('usage-unavailable', 'There is nowhere to count the rows of the last hour.', {
    next: 'Run it where the profile directory is writable.',
  });
}
