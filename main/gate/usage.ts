import { CountersignError } from '../errors.ts';

/** Rows that somebody has had: counted for each person, for each of their agents, and for each service by itself. */
export interface Usage {
  /** Rows that came out within the hour before `now`, with what running statements have set aside. @throws CountersignError `usage-unavailable` */
  rowsLastHour(asker: string, now: Date): number;
  /**
   * Sets rows aside for a statement that is about to run: as many of `wanted` as `perHour` leaves. Durable when it returns.
   * `settle` gives back what did not come out; a statement whose end nobody saw keeps what it set aside.
   */
  reserve(
    asker: string,
    wanted: number,
    perHour: number,
    now: Date,
  ): { readonly rows: number; settle(rows: number): void };
}

/** For a gate that has nowhere to count: whatever is bound by a count does not run. */
export const noUsage: Usage = {
  rowsLastHour() {
    throw new CountersignError('usage-unavailable', 'There is nowhere to count rows.');
  },
  reserve() {
    throw new CountersignError('usage-unavailable', 'There is nowhere to count rows.');
  },
};
