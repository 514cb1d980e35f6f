import { setTimeout as delay } from 'node:timers/promises';

export interface AnchorClock {
  /** Milliseconds since 1970 UTC. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts. Keeps the process alive only where somebody waits for that. */
  sleep(ms: number, signal: AbortSignal, keep?: 'awake'): Promise<void>;
}

export const systemClock: AnchorClock = {
  now: () => Date.now(),
  sleep: (ms, signal, keep) => delay(ms, undefined, { signal, ref: keep === 'awake' }).catch(() => undefined),
};

/** Somebody waits to be told that there is something to do. Rung while nobody waits, it is heard by whoever comes next. */
export class Bell {
  #rung = false;
  #wake: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves when it rings, after `ms`, or when the signal aborts. */
  async wait(clock: AnchorClock, ms: number, signal: AbortSignal): Promise<void> {
    if (!this.#rung && !signal.aborted) {
      const enough = new AbortController();
      const rung = new Promise<void>((resolve) => (this.#wake = resolve));
      await Promise.race([rung, clock.sleep(ms, AbortSignal.any([signal, enough.signal]))]);
      enough.abort();
      this.#wake = undefined;
    }
    this.#rung = false;
  }
}

const FIRST = 1000;
const LONGEST = 60_000;

/**
 * Milliseconds until another try after `failures` in a row: doubled each time, between half and all of it at random, so that
 * many machines do not come back at once.
 */
export function backoff(failures: number, random: () => number = Math.random): number {
  const whole = Math.min(LONGEST, FIRST * 2 ** Math.min(16, Math.max(0, failures - 1)));
  return whole * (0.5 + random() / 2);
}
