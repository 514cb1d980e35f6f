/**
 * Brings the logs of a profile to their store: the one this process writes first, and in between and afterwards the others
 * (of processes that ended, of machines' past, given up ones), as far as they verify. One stretch of one log at a time.
 */
import { statSync } from 'node:fs';
import { z } from 'zod';
import { CountersignError } from '../../errors.ts';
import { logsBelow, readEvent } from '../journal/reader.ts';
import { type ObjectStore, type StoreWeakness } from '../store/store.ts';
import { type AnchorClock } from './clock.ts';
import { LogCopy, type Step } from './copy.ts';
import { newestSigned, openLocalLog, readSigned, signedSizes, type LocalLog, type Signed } from './local-log.ts';
import { Weaknesses } from './weaknesses.ts';
import { inWords } from './words.ts';

/** Between two looks at the other logs of the profile, ms. */
const SWEEP = 60_000;

export interface UploadsOptions {
  /** Holds all logs of the profile. */
  readonly directory: string;
  readonly store: ObjectStore;
  readonly retainDays: number;
  readonly clock: AnchorClock;
  /** Called after each stretch. */
  readonly progressed: () => void;
  /** The own log must not go on. Gives the one that does. */
  readonly conflict: (found: Exclude<Step, { readonly kind: 'even' | 'more' }>) => Promise<void>;
  /** The store does not promise this; it was not known before. */
  readonly weak: (code: string) => void;
}

interface Other {
  readonly copy: LogCopy;
  /** The checkpoint to which it is copied: the greatest signed, or of a damaged log, one that may verify. */
  newest: Signed | null;
  /** Size of a checkpoint that the journal no longer leads to; infinite where none is known. */
  unreadable: number;
  /** Where the log's journal and checkpoints were when `newest` was read. */
  stamp: string;
  /** Nothing more of it can be copied: what is in the store is not it. */
  over: boolean;
  /** What people should know of it; nothing of a log that was given up. */
  trouble: string | null;
  since: number | null;
}

export class Uploads {
  readonly #options: UploadsOptions;
  readonly #weaknesses: Weaknesses;
  readonly #others = new Map<string, Other>();
  #own: LogCopy;
  #swept = -Infinity;
  /** Why what was erased here is still in the store. */
  #unerased: string | null = null;

  constructor(options: UploadsOptions, own: LocalLog) {
    this.#options = options;
    this.#weaknesses = new Weaknesses(options.store, options.directory, options.clock);
    this.#own = this.#copyOf(own);
    // What waits counts before the store has answered once.
    this.#sweep();
  }

  get own(): LogCopy {
    return this.#own;
  }

  get weaknesses(): readonly StoreWeakness[] {
    return this.#weaknesses.known;
  }

  /** What hinders something that nothing waits for: another log of the profile, the erasure of a text. */
  get aside(): string | null {
    return this.#unerased ?? [...this.#others.values()].find(({ trouble }) => trouble !== null)?.trouble ?? null;
  }

  /** From here on this process writes that log. */
  begin(log: LocalLog): void {
    this.#own = this.#copyOf(log);
  }

  /** Events of other logs that wait, and since when the oldest does (ms). */
  waiting(): { readonly events: number; readonly since: number | null } {
    let events = 0;
    let since: number | null = null;
    for (const { copy, newest, over, since: own } of this.#others.values()) {
      if (over || newest === null || newest.size <= copy.presumed) continue;
      events += newest.size - copy.presumed;
      if (own !== null) since = Math.min(since ?? own, own);
    }
    return { events, since };
  }

  /**
   * Brings everything to the store that there is: `newest` gives the greatest checkpoint of the own log whenever it is
   * asked, null while it has none.
   * @throws CountersignError what keeps the own log from going on
   */
  async pass(newest: () => Signed | null, signal: AbortSignal): Promise<void> {
    const { clock, weak } = this.#options;
    const now = clock.now();
    const due = Math.abs(now - this.#swept) < SWEEP ? [] : this.#sweep();
    for (const code of await this.#weaknesses.examine(signal)) weak(code);
    this.#unerased = null;
    await this.#bringOwn(newest, signal);
    for (const other of due) {
      for (let more = true; more;) {
        try {
          more = await this.#bringOther(other, signal);
        } catch (error) {
          if (isOfStore(error)) throw error;
          if (!other.copy.log.dead) other.trouble = inWords(error);
          more = isDamage(error) && this.#retreat(other);
        }
        await this.#bringOwn(newest, signal);
      }
    }
    if (Math.abs(now - this.#swept) >= SWEEP) this.#swept = now;
  }

  async #bringOwn(newest: () => Signed | null, signal: AbortSignal): Promise<void> {
    for (;;) {
      const to = newest();
      if (to === null) return;
      const step = await this.#own.step(to, signal);
      if (step.kind === 'ahead' || step.kind === 'forked') await this.#options.conflict(step);
      this.#options.progressed();
      if (step.kind === 'even') break;
    }
    await this.#eraseFrom(this.#own, signal);
  }

  /** Does one stretch of another log; says whether there is more to do. */
  async #bringOther(other: Other, signal: AbortSignal): Promise<boolean> {
    if (other.newest === null || other.over) return false;
    const step = await other.copy.step(other.newest, signal);
    if (step.kind === 'ahead' || step.kind === 'forked') {
      // Signed on meanwhile by the process that writes it, it may be longer than what was last seen here.
      const newer = newestSigned(other.copy.log);
      other.over = newer === null || newer.size <= other.newest.size;
      other.newest = newer;
      // Who writes it finds that out too and gives it up; of what is only an older copy, the store has everything.
      if (other.over && step.kind === 'forked' && !other.copy.log.dead)
        other.trouble = `The store holds another log under the name of ${other.copy.log.id}, which is in this profile: both go on in two places.`;
      return !other.over;
    }
    if (step.kind === 'even') await this.#eraseFrom(other.copy, signal);
    other.since = eventTime(other.copy.log.path, other.copy.presumed);
    this.#options.progressed();
    return step.kind === 'more' || (other.unreadable < Infinity && this.#retreat(other));
  }

  /**
   * A log that no longer reads as it was signed is copied as far as it does: halving finds the greatest checkpoint that it
   * still leads to. False where there is none left to try.
   */
  #retreat(other: Other): boolean {
    const { copy, newest } = other;
    const uploaded = copy.uploaded ?? 0;
    if (newest !== null && newest.size > uploaded) other.unreadable = Math.min(other.unreadable, newest.size);
    const left = signedSizes(copy.log, uploaded).filter((size) => size < other.unreadable);
    const size = left[Math.floor(left.length / 2)];
    other.newest = size === undefined ? null : readSigned(copy.log, size);
    other.over = other.newest === null;
    return !other.over;
  }

  /** The other logs that have something to copy, as far as can be seen here. */
  #sweep(): readonly Other[] {
    const due: Other[] = [];
    for (const { id, path } of logsBelow(this.#options.directory)) {
      if (id === this.#own.log.id) continue;
      const stamp = ['checkpoints', 'dead.json'].map((name) => modified(`${path}/${name}`)).join();
      let other = this.#others.get(id);
      if (other?.stamp !== stamp) {
        const log = openLocalLog(path);
        if (log === null) continue;
        const copy = other === undefined || other.copy.log.dead !== log.dead ? this.#copyOf(log) : other.copy;
        other = {
          copy,
          newest: newestSigned(log),
          unreadable: Infinity,
          stamp,
          over: false,
          trouble: null,
          since: eventTime(path, copy.presumed),
        };
        this.#others.set(id, other);
      }
      due.push(other);
    }
    return due.filter(
      ({ copy, newest }) =>
        newest !== null &&
        (copy.toErase.length > 0 ||
          (copy.uploaded === undefined ? !copy.isPresumedEven(newest.size) : copy.uploaded < newest.size)),
    );
  }

  async #eraseFrom(copy: LogCopy, signal: AbortSignal): Promise<void> {
    if (copy.toErase.length === 0) return;
    try {
      await copy.erase(
        logsBelow(this.#options.directory).map(({ id }) => id),
        signal,
      );
    } catch (error) {
      if (!(error instanceof CountersignError) || error.code !== 'store-refused') throw error;
      // Taking something away may be the right of somebody else: the record goes on without.
      this.#unerased = `What was erased here is still in the store: ${inWords(error)}`;
    }
  }

  #copyOf(log: LocalLog): LogCopy {
    const { store, retainDays, clock } = this.#options;
    return new LogCopy({ log, store, retainDays, clock });
  }
}

const recorded = z.object({ t: z.number() });

/** When the event was recorded, ms since 1970; null where there is no such event, or none that can be read. */
export function eventTime(path: string, index: number): number | null {
  try {
    const event = recorded.safeParse(JSON.parse(readEvent(path, index)?.leaf.toString() ?? 'null'));
    return event.success ? event.data.t / 1000 : null;
  } catch {
    return null;
  }
}

const modified = (path: string): number => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

const isDamage = (error: unknown): boolean =>
  error instanceof CountersignError && ['audit-unreadable', 'upload-damaged'].includes(error.code);

const isOfStore = (error: unknown): boolean => !(error instanceof CountersignError) || error.code.startsWith('store-');
