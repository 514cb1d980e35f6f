/** The two clocks of a log: wall time, which people set, and monotonic time, which nobody does. */
import { timeOf, uuid7 } from './leaf.ts';

export interface Clock {
  /** Wall time, ms since 1970 UTC. */
  wall(): number;
  /** Monotonic time, ns. */
  monotonic(): bigint;
}

/** When an event was recorded, by both clocks. */
export interface Moment {
  /** ms since 1970 UTC */
  readonly wall: number;
  /** ns */
  readonly monotonic: bigint;
}

/** Clocks that part by more than this, ms, are said to. */
const JUMP = 2000;
/** Latest time that a UUIDv7 can carry, ms. */
const LATEST = 2 ** 48 - 1;

export class LogClock {
  readonly #clock: Clock;
  readonly #opened: bigint;
  /** The newest event of this opening. */
  #newest: Moment;
  /** Time in the newest id, ms. */
  #identified = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#newest = { wall: clock.wall(), monotonic: clock.monotonic() };
    this.#opened = this.#newest.monotonic;
  }

  now(): Moment {
    return { wall: this.#clock.wall(), monotonic: this.#clock.monotonic() };
  }

  /** Nanoseconds since the log was opened. */
  sinceOpened({ monotonic }: Moment): number {
    return Number(monotonic - this.#opened);
  }

  /** Nanoseconds since the newest event. */
  silence(now = this.now()): bigint {
    return now.monotonic - this.#newest.monotonic;
  }

  /** By how many ms the wall clock has been moved since the newest event; undefined where it has not. */
  jump(now: Moment): number | undefined {
    const by = now.wall - this.#newest.wall - Number(this.silence(now)) / 1e6;
    return Math.abs(by) > JUMP ? Math.round(by) : undefined;
  }

  /** An event was recorded, or will be before any other: the next is compared with this one. */
  passed(moment: Moment): void {
    this.#newest = moment;
  }

  /** The newest event of the opening before: gives by how many ms the wall clock is behind it, as a negative number. */
  after({ id, t }: { readonly id?: string; readonly t?: number }): number | undefined {
    if (id === undefined || t === undefined) return undefined;
    this.#identified = Math.max(this.#identified, timeOf(id));
    const by = Math.round(this.#newest.wall - t / 1000);
    return by < -JUMP ? by : undefined;
  }

  /** A UUIDv7 whose time is not before that of the one given out last, whatever the wall clock says. */
  id(now: Moment): string {
    this.#identified = Math.min(LATEST, Math.max(this.#identified, Math.floor(now.wall)));
    return uuid7(this.#identified);
  }
}
