/** One time stamp (RFC 3161) a day over the newest checkpoint: a clock that is neither the log's nor a witness's. */
import { statSync } from 'node:fs';
import { type AnchorClock } from './clock.ts';
import { keepStamp, stampedSizes, stampPath } from './late.ts';
import { type LocalLog, type Signed } from './local-log.ts';
import { inWords } from './words.ts';

export interface StampingOptions {
  /** Gives the DER TimeStampResp over the note. */
  readonly stamp: (note: string, signal: AbortSignal) => Promise<Uint8Array>;
  readonly clock: AnchorClock;
  readonly signal: AbortSignal;
  /** A stamp of this checkpoint is about to be kept. */
  readonly expect: (size: number) => void;
  /** The trouble came or went. */
  readonly changed: () => void;
}

/** Between two tries while the authority does not answer, ms. */
const AGAIN = 15 * 60_000;

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

export class Stamping {
  readonly #options: StampingOptions;
  #trouble: string | null = null;
  /** When the authority last failed, ms. */
  #failed = -Infinity;
  #busy = false;
  /** The day (UTC) of the newest stamp of this life, and the log it is of. */
  #done = '';

  constructor(options: StampingOptions) {
    this.#options = options;
  }

  /** Why the log has no stamp of today, or null. */
  get trouble(): string | null {
    return this.#trouble;
  }

  /** Has the checkpoint stamped unless one of the log was today (UTC). Never throws: a stamp holds nothing up. */
  async attempt(log: LocalLog, newest: Signed): Promise<void> {
    const { stamp, clock, signal, expect, changed } = this.#options;
    const now = clock.now();
    if (this.#busy || Math.abs(now - this.#failed) < AGAIN || this.#isDone(log, newest.size, now)) return;
    this.#busy = true;
    try {
      const answer = await stamp(newest.note, signal);
      expect(newest.size);
      keepStamp(log.path, newest.size, answer);
      this.#trouble = null;
      this.#failed = -Infinity;
      this.#done = dayOf(now) + log.id;
    } catch (error) {
      if (signal.aborted) return;
      this.#failed = now;
      this.#trouble = inWords(error);
    }
    this.#busy = false;
    changed();
  }

  /** A stamp kept today, or one of this very checkpoint. A copied directory may lose the day: then there is one stamp more. */
  #isDone(log: LocalLog, size: number, now: number): boolean {
    if (this.#done === dayOf(now) + log.id) return true;
    const last = stampedSizes(log.path).at(-1);
    if (last === undefined) return false;
    return last >= size || dayOf(statSync(stampPath(log.path, last)).mtimeMs) === dayOf(now);
  }
}
