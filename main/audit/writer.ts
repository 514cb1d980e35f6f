/**
 * One log, written synchronously: what the worker thread runs and what a simulated disk drives. Every public call leaves
 * the log in a state from which recovery goes on; after an error of the disk it never writes again.
 */
import { type KeyObject } from 'node:crypto';
import { CountersignError } from '../errors.ts';
import { Batch, type Opening } from './batch.ts';
import { LogClock, type Clock } from './clock.ts';
import {
  ENDS,
  type Actor,
  type DeadLog,
  type Device,
  type LogIdentity,
  type LogPlace,
  type OpenCounts,
  type RecordedEvent,
} from './events.ts';
import { findBlob, zeroBlob } from './journal/erase.ts';
import { isFull, putFile, type Io } from './journal/io.ts';
import { Journal, SEGMENT_BYTES, type Snapshot } from './journal/journal.ts';
import { recover, type SegmentState } from './journal/recover.ts';
import { type Ledger } from './ledger.ts';
import { type Tree } from './merkle.ts';
import { type Signer } from './note.ts';
import { BLOB_GONE, failure, FULL, GIVEN_UP, NO_BLOB, type Problem } from './problem.ts';
import { type Publisher, type SignedTree } from './publish.ts';

export interface WriterOptions {
  readonly io: Io;
  readonly clock: Clock;
  readonly id: string;
  readonly signer: Signer;
  readonly blobKey: KeyObject;
  readonly app: Device;
  /** Most seconds that pass between two events. */
  readonly heartbeat?: number;
  /** Where the log lies, when it is new. */
  readonly place?: LogPlace;
  /** Set when this log is new and follows one that died. */
  readonly after?: DeadLog;
  /** The directory of another log of the same profile. */
  readonly sibling?: (log: string) => Io;
  readonly segmentBytes?: number;
  /** Entries after which a checkpoint is signed at the latest. */
  readonly checkpointEvery?: number;
  /** Newest checkpoints that stay in the log's directory; of the older ones only some. */
  readonly checkpointsKept?: number;
}

/** Proof that an event is on stable storage: its log, its index there, its RFC 6962 leaf hash (hex). */
export interface Receipt {
  readonly log: string;
  readonly index: number;
  readonly hash: string;
}

export type Reply = Receipt | { readonly problem: Problem };

export interface Erasure {
  /** Address of the blob, hex. */
  readonly blob: string;
  /** The log it lies in, where that is another one, which takes no events. */
  readonly of?: { readonly log: string };
  readonly actor: Actor;
  readonly why: { readonly reason: string };
}

/** One commit holds at most about this many bytes of blobs and entries. */
const COMMIT_BYTES = 4 * 1024 * 1024;
const CHECKPOINT_EVERY = 4096;
const HEARTBEAT = 15 * 60;
/** How often room is looked for again while the disk is full, ns. */
const RETRY_SPARE = 1_000_000_000n;

export class Writer {
  readonly #options: WriterOptions;
  readonly #opening: Opening;
  readonly #tree: Tree;
  readonly #publisher: Publisher;
  readonly #ledger: Ledger;
  readonly #journal: Journal;
  /** Set for good by the first error of the disk. */
  #failed: Problem | undefined;
  /** Recorded, and its bytes may still be there. */
  #erasing: Erasure | undefined;
  #full = false;
  #retryAt = 0n;
  #checkpointDue = false;

  /** Opens or begins the log; ends what a crash left open. @throws Damage when the log must not be continued. */
  constructor(options: WriterOptions) {
    this.#options = options;
    const clock = new LogClock(options.clock);
    const { io, id } = options;
    const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    for (const directory of ['.', 'journal', 'checkpoints']) io.makeDirectory(directory);
    io.syncDirectory('.');
    const found = recover(io, id, options.signer, options.checkpointsKept);
    this.#tree = found.tree;
    this.#ledger = found.ledger;
    this.#publisher = found.publisher;
    const behind = clock.after(found.newest ?? {});
    this.#opening = { log: id, boot: clock.id(clock.now()), blobKey: options.blobKey, clock };
    this.#journal =
      found.at === undefined || found.torn
        ? Journal.inNewSegment(io, id, segmentBytes, found.at, this.#tree.size, this.#snapshot())
        : Journal.inSegment(io, id, segmentBytes, found.at);
    for (const { blob = '', of } of found.erasing) this.#zero(blob, of?.log);
    const fresh = this.#tree.size === 0;
    const identity = fresh ? beginIdentity(options) : undefined;
    this.#commitOwn([
      ...(fresh || found.clean ? [] : this.#endings('recovered', found.torn)),
      {
        k: 'log.open',
        ...(identity === undefined ? {} : { log: identity }),
        dev: options.app,
        beat: { every: this.#every },
      },
      ...(behind === undefined ? [] : [{ k: 'clock.jump', clock: { by: behind } } as const]),
    ]);
    if (!fresh && !found.clean) this.#publisher.checkpoint(this.#tree);
  }

  /** Of the log. */
  get id(): string {
    return this.#options.id;
  }

  /** Entries on stable storage. */
  get size(): number {
    return this.#tree.size;
  }

  /** Why nothing new can be recorded, or null. */
  get trouble(): string | null {
    return this.#failed?.message ?? (this.#full ? FULL.message : null);
  }

  /** Makes the events durable, in order, in as few syncs as fit; each gets its receipt or the reason it was refused. */
  append(events: readonly RecordedEvent[]): readonly Reply[] {
    const replies: Reply[] = [];
    for (let from = 0; from < events.length;) {
      const batch = new Batch(this.#opening, this.#tree.size, this.#ledger);
      const waiting: { readonly reply: number; readonly index: number }[] = [];
      for (; from < events.length && batch.bytes < COMMIT_BYTES; from++) {
        const event = events[from];
        if (event === undefined) continue;
        const problem = this.#refusal(event.k) ?? batch.add(event);
        if (problem === undefined) waiting.push({ reply: from, index: batch.next - 1 });
        else replies[from] = { problem };
      }
      if (batch.prepared.length > 0) this.#guarded(() => this.#commit(batch));
      for (const { reply, index } of waiting) replies[reply] = this.#receipt(batch, index);
    }
    return replies;
  }

  /** Work that nobody waits for: the spare segment, tiles, a checkpoint where one is due. */
  maintain(): void {
    this.#whereRoom(() => {
      if (!this.#full) this.#journal.prepare();
      this.#publisher.flush();
      if (this.#checkpointDue || this.#tree.size - this.#publisher.checkpointed >= this.#checkpointEvery) {
        this.#publisher.checkpoint(this.#tree);
        this.#checkpointDue = false;
      }
    });
  }

  /** Signs the log as it is, durably. */
  checkpoint(): SignedTree | { readonly problem: Problem } {
    let signed: SignedTree | undefined;
    this.#whereRoom(() => {
      signed = this.#publisher.checkpoint(this.#tree);
      this.#checkpointDue = false;
    });
    return signed ?? { problem: this.#failed ?? FULL };
  }

  /** Signs the log as it is and makes its directory a complete tlog-tiles log. */
  publish(): void {
    this.#whereRoom(() => this.#publisher.publish(this.#tree));
  }

  /** Records that nothing happened, where nothing did for long enough. Gives the ms until that may be so again. */
  beat(): number {
    const left = BigInt(Math.round(this.#every * 1e9)) - this.#opening.clock.silence();
    if (left > 0n) return Math.ceil(Number(left) / 1e6);
    // While the disk is full the room that is left is for the ends of what runs.
    if (!this.#full) this.#guarded(() => this.#commitOwn([{ k: 'heartbeat', beat: { every: this.#every } }]));
    return this.#every * 1000;
  }

  /**
   * Erases the content of a blob: the event that says so first, then its bytes. One in the open segment is sealed first,
   * because there bytes that are not those of their address are what a crash leaves.
   */
  erase(erasure: Erasure): Reply {
    const { blob, of } = erasure;
    const refused = this.#refusal('blob.erased');
    if (refused !== undefined) return { problem: refused };
    const place = findBlob(this.#files(of?.log), of?.log ?? this.#options.id, blob);
    if (place === null || place.state === 'erased') return { problem: place === null ? NO_BLOB : BLOB_GONE };
    if (of === undefined && place.ordinal === this.#journal.ordinal) {
      this.#whereRoom(() => this.#journal.roll(this.#tree.size, this.#snapshot()));
      if (this.#full) return { problem: FULL };
    }
    let reply: Reply | undefined;
    this.#guarded(() => {
      reply = this.#commitOwn([{ k: 'blob.erased', ...erasure }]);
      this.#erasing = erasure;
      zeroBlob(this.#files(of?.log), place);
      this.#erasing = undefined;
    });
    return this.#failed === undefined && reply !== undefined ? reply : { problem: this.#failed ?? FULL };
  }

  /**
   * Lets go of the log as it stands: no event and no signature goes into it any more. Gives what is open in it; after an
   * error of the disk nobody can tell.
   */
  abandon(): { readonly open?: OpenCounts } {
    const { intents, sessions } = this.#ledger;
    const known = this.#failed === undefined;
    this.#failed ??= GIVEN_UP;
    this.#journal.close();
    this.#finishErasing();
    return known ? { open: { intents: intents.length, sessions: sessions.length } } : {};
  }

  /** No opening of this log will write the zeros again that an error kept from the disk: this is the last attempt. */
  #finishErasing(): void {
    try {
      if (this.#erasing !== undefined) this.#zero(this.#erasing.blob, this.#erasing.of?.log);
    } catch {
      // Who asked for it has been told that it failed, and can ask the next log.
    }
  }

  /** Ends what is open, signs, publishes. After a failure only lets go of the files. */
  close(): void {
    this.#guarded(() => this.#commitOwn([...this.#endings('closed', false), { k: 'log.close' }]));
    this.publish();
    this.#journal.close();
  }

  get #every(): number {
    return this.#options.heartbeat ?? HEARTBEAT;
  }

  get #checkpointEvery(): number {
    return this.#options.checkpointEvery ?? CHECKPOINT_EVERY;
  }

  /** The ends of everything open, and in recovery the count of them. */
  #endings(reason: 'recovered' | 'closed', torn: boolean): readonly RecordedEvent[] {
    const { intents, sessions } = this.#ledger;
    return [
      ...intents.map(({ i, h, s }): RecordedEvent => ({
        k: 'stmt.closed',
        s,
        ref: { i, h },
        out: { status: 'unknown' },
      })),
      ...sessions.map((s): RecordedEvent => ({ k: 'session.end', s, why: { reason } })),
      ...(reason === 'recovered'
        ? [{ k: 'log.recovered', rec: { intents: intents.length, sessions: sessions.length, torn } } as const]
        : []),
    ];
  }

  /** Why an event of this kind cannot be taken now. */
  #refusal(kind: RecordedEvent['k']): Problem | undefined {
    if (this.#failed === undefined && ENDS.has(kind)) return undefined;
    if (this.#full && this.#options.clock.monotonic() >= this.#retryAt) this.#retry();
    return this.#failed ?? (this.#full ? FULL : undefined);
  }

  /** The disk was full: is there room for a spare segment again. */
  #retry(): void {
    this.#full = false;
    this.#whereRoom(() => this.#journal.prepare());
  }

  /** Runs work that may wait for room on the disk: a full disk stops new statements, not the ends of those that run. */
  #whereRoom(work: () => void): void {
    this.#guarded(() => {
      try {
        work();
      } catch (error) {
        if (!isFull(error)) throw error;
        this.#full = true;
        this.#retryAt = this.#options.clock.monotonic() + RETRY_SPARE;
      }
    });
  }

  /** One write, one sync; only then are tree and ledger moved on. */
  #commit(batch: Batch): void {
    this.#journal.append(batch.frame(), () => this.#snapshot());
    batch.commit();
    for (const { entry, hash, kind } of batch.prepared) {
      this.#publisher.add(this.#tree.size, entry, this.#tree.append(hash));
      this.#checkpointDue ||= kind === 'session.end';
    }
  }

  /** Events of the log itself, which nothing refuses; gives the receipt of the last one. */
  #commitOwn(events: readonly RecordedEvent[]): Reply {
    const batch = new Batch(this.#opening, this.#tree.size, this.#ledger);
    for (const event of events) {
      const problem = batch.add(event);
      if (problem !== undefined) throw new CountersignError(problem.code, problem.message);
    }
    this.#commit(batch);
    return this.#receipt(batch, batch.next - 1);
  }

  #receipt(batch: Batch, index: number): Reply {
    if (this.#failed !== undefined) return { problem: this.#failed };
    const hash = batch.prepared[index - batch.first]?.hash.toString('hex') ?? '';
    return { log: this.#options.id, index, hash };
  }

  /** The files of this log, or of another one of the profile. */
  #files(log: string | undefined): Io {
    const { io, sibling } = this.#options;
    return log === undefined || sibling === undefined ? io : sibling(log);
  }

  /**
   * A crash may have come after the event that erases a blob and before its bytes were gone. Zeros that are read may, after
   * a failed sync, not be on the disk: they are written again.
   */
  #zero(blob: string, log: string | undefined): void {
    const place = findBlob(this.#files(log), log ?? this.#options.id, blob);
    if (place !== null) zeroBlob(this.#files(log), place);
  }

  #snapshot(): Snapshot {
    const state: SegmentState = {
      tiles: this.#tree.levels.map((hashes) => Buffer.concat(hashes).toString('hex')),
      published: this.#publisher.durable,
      open: this.#ledger.snapshot(),
    };
    return { root: this.#tree.root(), state: JSON.stringify(state) };
  }

  /** Runs what touches the disk. The first error is final: a failed sync tells nothing about what is on the disk. */
  #guarded(work: () => void): void {
    if (this.#failed !== undefined) return;
    try {
      work();
    } catch (error) {
      this.#failed = failure(error);
    }
  }
}

/** What the log is: as log.json says where a first opening came that far, and otherwise written there before leaf 0. */
function beginIdentity({ io, id, signer, place, after }: WriterOptions): LogIdentity {
  const known = io.read('log.json');
  if (known !== null) return JSON.parse(known.toString()) as LogIdentity;
  const identity = {
    id,
    origin: signer.name,
    key: signer.vkey,
    ...(place === undefined ? {} : { place }),
    ...(after === undefined ? {} : { after }),
  };
  putFile(io, 'log.json', Buffer.from(`${JSON.stringify(identity, null, 2)}\n`), { durable: true });
  return identity;
}
