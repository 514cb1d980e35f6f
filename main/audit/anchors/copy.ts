/** One log and its copy in a store, brought on stretch by stretch. Everything it knows can be found again in the store. */
import { type ObjectStore } from '../store/store.ts';
import { type AnchorClock } from './clock.ts';
import { extend } from './extend.ts';
import { readHint, writeHint, type Hint } from './hint.ts';
import { keysOf } from './keys.ts';
import { lateSizes, pushLate } from './late.ts';
import { readSigned, signedSizes, type LocalLog, type Signed } from './local-log.ts';
import { Different } from './put.ts';
import { foreign, survey, type Standing } from './survey.ts';

/** Entries that one stretch has at most, unless a signed one is longer: about one chunk of them. */
const STRETCH = 4096;
/** The first stretch of a process: one that lives shortly brings on what waits, too. Each further one is twice as long. */
const FIRST_STRETCH = 256;
/** After this long without contact the store is looked at again before anything is added, ms. */
const PAUSE = 5 * 60_000;
const DAY = 24 * 60 * 60_000;

export interface CopyOptions {
  readonly log: LocalLog;
  readonly store: ObjectStore;
  /** Days that nobody may remove what is copied, 0 for none. */
  readonly retainDays: number;
  readonly clock: AnchorClock;
}

export type Step =
  /** Everything up to the checkpoint is there. */
  | { readonly kind: 'even' }
  /** Some of it; there is more to do. */
  | { readonly kind: 'more' }
  | Exclude<Standing, { readonly kind: 'behind' }>;

/** What the store is known to hold. */
type Known = Pick<Extract<Standing, { readonly kind: 'behind' }>, 'cursor' | 'chunks' | 'identified'>;

export class LogCopy {
  readonly log: LocalLog;
  readonly #options: CopyOptions;
  readonly #late: Set<number>;
  #hint: Hint;
  /** Undefined before the store was looked at, and whenever it must be looked at again. */
  #known: Known | undefined;
  #uploaded: number | undefined;
  #contact = 0;
  #stretch = FIRST_STRETCH;
  #differed: string | undefined;

  constructor(options: CopyOptions) {
    this.log = options.log;
    this.#options = options;
    this.#hint = readHint(options.log.path, options.store.name);
    this.#late = new Set(lateSizes(options.log.path, this.#hint.late));
  }

  /** Entries that the store has, as the store said; undefined before it was asked. */
  get uploaded(): number | undefined {
    return this.#uploaded;
  }

  /** The same, or what was noted when it was last asked. */
  get presumed(): number {
    return this.#uploaded ?? this.#hint.size;
  }

  /** Was everything of it up to `size` in the store when the store was last asked, within a day. */
  isPresumedEven(size: number): boolean {
    const { asked, size: noted } = this.#hint;
    const isRecent = Math.abs(this.#options.clock.now() - asked) < DAY;
    return isRecent && noted >= size && this.#late.size === 0;
  }

  /** Addresses of blobs that are erased here and not yet in the store. */
  get toErase(): readonly string[] {
    return this.#hint.erase;
  }

  /** A cosignature or stamp of this checkpoint is about to be put into the log's directory. */
  expectLate(size: number): void {
    if (size <= this.#hint.late) this.#note({ late: size - 1 });
    this.#late.add(size);
  }

  /** Does one stretch towards `newest`, the greatest checkpoint signed here. @throws CountersignError */
  async step(newest: Signed, signal: AbortSignal): Promise<Step> {
    const { clock } = this.#options;
    if (clock.now() - this.#contact > PAUSE) this.#known = undefined;
    const known = this.#known;
    // Whatever goes wrong from here on, what the store holds is known only when it has said so.
    this.#known = undefined;
    try {
      const step = known === undefined ? await this.#look(newest, signal) : await this.#advance(known, newest, signal);
      this.#contact = clock.now();
      return step;
    } catch (error) {
      if (!(error instanceof Different)) throw error;
      // Once, another process may have been faster; what differs again after a look is somebody else's.
      if (this.#differed === error.key) throw foreign(this.#options.store, error.key);
      this.#differed = error.key;
      return { kind: 'more' };
    }
  }

  /** Takes blobs that are erased here out of the store, in this log and in those named. */
  async erase(logs: readonly string[], signal: AbortSignal): Promise<void> {
    for (const address of this.toErase) {
      for (const log of logs) await this.#options.store.erase(keysOf(log).blob(address), signal);
      this.#note({ erase: this.toErase.filter((other) => other !== address) });
    }
  }

  async #look(newest: Signed, signal: AbortSignal): Promise<Step> {
    const standing = await survey(this.log, newest, this.#options.store, this.#hint.size, signal);
    if (standing.kind !== 'behind') {
      this.#uploaded = 0;
      return standing;
    }
    this.#uploaded = standing.size;
    this.#known = standing;
    this.#note({ size: standing.size, asked: this.#options.clock.now() });
    return { kind: 'more' };
  }

  async #advance({ cursor, chunks, identified }: Known, newest: Signed, signal: AbortSignal): Promise<Step> {
    const from = cursor.size;
    if (from < newest.size) {
      const to = this.#target(from, chunks, newest);
      await extend(this.log, this.#options.store, {
        cursor,
        chunks,
        identified,
        to,
        signal,
        retainUntil: this.#retainUntil(),
        erased: (address) => this.#note({ erase: [...new Set([...this.toErase, address])] }),
      });
      this.#differed = undefined;
      this.#uploaded = to.size;
      this.#stretch = Math.min(STRETCH, this.#stretch * 2);
      this.#note({ size: to.size, asked: this.#options.clock.now() });
    }
    await this.#pushLate(signal);
    this.#known = { cursor, chunks: Math.max(chunks, cursor.size), identified: identified || cursor.size > 0 };
    return { kind: cursor.size < newest.size ? 'more' : 'even' };
  }

  /** The end of the next stretch: a checkpoint that was signed, no further than needed and not within a chunk that is there. */
  #target(from: number, chunks: number, newest: Signed): Signed {
    if (newest.size - from <= this.#stretch) return newest;
    const sizes = signedSizes(this.log, Math.max(from, chunks - 1)).filter((size) => size < newest.size);
    const size = sizes.findLast((candidate) => candidate <= from + this.#stretch) ?? sizes[0];
    return (size === undefined ? null : readSigned(this.log, size)) ?? newest;
  }

  /** Cosignatures and stamps of checkpoints that are covered by now. */
  async #pushLate(signal: AbortSignal): Promise<void> {
    const uploaded = this.#uploaded ?? 0;
    const due = [...this.#late].filter((size) => size <= uploaded).sort((a, b) => a - b);
    for (const size of due) {
      await pushLate(this.log, this.#options.store, size, this.#retainUntil(), signal);
      this.#late.delete(size);
    }
    const done = due.at(-1);
    if (done !== undefined && done > this.#hint.late) this.#note({ late: done });
  }

  #retainUntil(): Date | undefined {
    const { retainDays, clock } = this.#options;
    return retainDays > 0 ? new Date(clock.now() + retainDays * DAY) : undefined;
  }

  #note(change: Partial<Hint>): void {
    this.#hint = { ...this.#hint, ...change };
    writeHint(this.log.path, this.#hint);
  }
}
