/** Those who wait for an event to reach a level, and what they are told when it does not. */
import { type CountersignError } from '../../errors.ts';
import { type Receipt } from '../writer.ts';
import { type RecordLevel } from './anchors.ts';
import { type AnchorClock } from './clock.ts';

type FarLevel = Exclude<RecordLevel, 'local'>;

interface Waiter {
  readonly receipt: Receipt;
  readonly level: FarLevel;
  readonly since: number;
  settle(error: unknown): void;
}

export class Waiters {
  readonly #waiting = new Set<Waiter>();
  readonly #clock: AnchorClock;

  constructor(clock: AnchorClock) {
    this.#clock = clock;
  }

  /** Does anybody wait for this level. */
  waitsFor(level: FarLevel): boolean {
    return [...this.#waiting].some((waiter) => waiter.level === level);
  }

  /**
   * Resolves when `arrived` says so; rejects with what `late` says after `ms`, or with the reason of the signal.
   */
  async add(
    receipt: Receipt,
    level: FarLevel,
    ms: number,
    late: () => CountersignError,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        receipt,
        level,
        since: this.#clock.now(),
        settle: (error) => {
          this.#waiting.delete(waiter);
          over.abort();
          if (error === undefined) resolve();
          else reject(error as Error);
        },
      };
      this.#waiting.add(waiter);
      signal.addEventListener('abort', () => waiter.settle(signal.reason), { once: true, signal: over.signal });
      void this.#clock.sleep(ms, either, 'awake').then(() => {
        if (!either.aborted) waiter.settle(late());
      });
    });
  }

  /** Events of this log below `size` have reached the level. */
  reached(log: string, level: FarLevel, size: number): void {
    for (const waiter of [...this.#waiting])
      if (waiter.level === level && waiter.receipt.log === log && waiter.receipt.index < size) waiter.settle(undefined);
  }

  /** Tells those that wait for it, and have done so since before `before` (ms), that they wait in vain. */
  refuse(
    error: (level: FarLevel) => CountersignError,
    only: Partial<{ level: FarLevel; log: string; before: number }>,
  ): void {
    for (const waiter of [...this.#waiting]) {
      if (only.level !== undefined && waiter.level !== only.level) continue;
      if (only.log !== undefined && waiter.receipt.log !== only.log) continue;
      if (only.before !== undefined && waiter.since >= only.before) continue;
      waiter.settle(error(waiter.level));
    }
  }
}
