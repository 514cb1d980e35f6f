import { type KeyObject } from 'node:crypto';
import { MAX_BLOB, sealBlob, type SealedBlob } from './blob.ts';
import { type LogClock, type Moment } from './clock.ts';
import { type RecordedEvent } from './events.ts';
import { MAX_ENTRY, type Frame } from './journal/frame.ts';
import { StagedLedger, type Ledger } from './ledger.ts';
import { encodeLeaf, type LeafKey } from './leaf.ts';
import { leafHash } from './merkle.ts';
import { ENDED, noSession, TOO_LONG, type Problem } from './problem.ts';

/** What every leaf of one opening of a log has in common. */
export interface Opening {
  readonly log: string;
  /** Id of the opening. */
  readonly boot: string;
  readonly blobKey: KeyObject;
  readonly clock: LogClock;
}

interface Prepared {
  readonly entry: Buffer;
  readonly hash: Buffer;
  readonly blobs: readonly SealedBlob[];
  readonly kind: RecordedEvent['k'];
}

/** Events that become durable together: encoded, each judged with those before it in place. */
export class Batch {
  readonly first: number;
  readonly #opening: Opening;
  readonly #staged: StagedLedger;
  readonly #prepared: Prepared[] = [];
  #bytes = 0;

  /** @param first index of its first event. */
  constructor(opening: Opening, first: number, ledger: Ledger) {
    this.first = first;
    this.#opening = opening;
    this.#staged = new StagedLedger(ledger);
  }

  get prepared(): readonly Prepared[] {
    return this.#prepared;
  }

  /** Index of the next event. */
  get next(): number {
    return this.first + this.#prepared.length;
  }

  /** Bytes of entries and blobs. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Takes an event in, behind a `clock.jump` where its moment shows one; gives why it has no place in the log. */
  add(event: RecordedEvent): Problem | undefined {
    const { clock } = this.#opening;
    const now = clock.now();
    const by = clock.jump(now);
    if (by !== undefined) this.#prepare({ k: 'clock.jump', clock: { by } }, now);
    // A heartbeat says that nothing else was recorded, and now something was.
    if (by !== undefined && event.k === 'heartbeat') return undefined;
    return this.#prepare(event, now);
  }

  frame(): Frame {
    return {
      first: this.first,
      entries: this.#prepared.map(({ entry }) => entry),
      blobs: this.#prepared.flatMap(({ blobs }) => blobs),
    };
  }

  /** The events are durable: the ledger moves on. */
  commit(): void {
    this.#staged.commit();
  }

  #prepare(event: RecordedEvent, now: Moment): Problem | undefined {
    const { log, boot, blobKey, clock } = this.#opening;
    const s = 's' in event ? event.s : undefined;
    const n = s === undefined ? undefined : this.#staged.next(s, event.k);
    if (s !== undefined && n === undefined) return noSession(event.k);
    if ((event.k === 'stmt.outcome' || event.k === 'stmt.closed') && this.#staged.intent(event.ref.i)?.s !== s)
      return ENDED;
    const stamp = {
      id: clock.id(now),
      t: Math.round(now.wall * 1000),
      m: clock.sinceOpened(now),
      b: boot,
      ...(n === undefined ? {} : { n }),
    };
    const blobs: SealedBlob[] = [];
    let tooLong = false;
    const entry = encodeLeaf(event, stamp, (content) => {
      tooLong ||= content.length > MAX_BLOB;
      const blob = sealBlob(tooLong ? Buffer.alloc(0) : content, blobKey, log);
      blobs.push(blob);
      return blob.commitment;
    });
    if (tooLong || entry.length > MAX_ENTRY) return TOO_LONG;
    const hash = leafHash(entry);
    this.#staged.apply(this.next, hash.toString('hex'), event as LeafKey);
    this.#prepared.push({ entry, hash, blobs, kind: event.k });
    this.#bytes += entry.length + blobs.reduce((sum, blob) => sum + blob.bytes.length, 0);
    clock.passed(now);
    return undefined;
  }
}
