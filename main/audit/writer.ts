/**
 * One log, written synchronously: what the worker thread runs and what a simulated disk drives. Every public call leaves
 * the log in a state from which recovery goes on; after an error of the disk it never writes again.
 */
import { type KeyObject } from 'node:crypto';
import { CountersignError } from '../errors.ts';
import { MAX_BLOB, sealBlob, type SealedBlob } from './blob.ts';
import { ENDS, type DeadLog, type Device, type LogIdentity, type RecordedEvent } from './events.ts';
import { MAX_ENTRY } from './journal/frame.ts';
import { errorCode, isFull, putFile, type Io } from './journal/io.ts';
import { Journal, SEGMENT_BYTES, type Snapshot } from './journal/journal.ts';
import { recover, type SegmentState } from './journal/recover.ts';
import { type Ledger } from './ledger.ts';
import { encodeLeaf, uuid7 } from './leaf.ts';
import { leafHash, type Tree } from './merkle.ts';
import { type Signer } from './note.ts';
import { type Publisher, type SignedTree } from './publish.ts';

export interface Clock {
  /** Wall time, ms since 1970 UTC. */
  wall(): number;
  /** Monotonic time, ns. */
  monotonic(): bigint;
}

export interface WriterOptions {
  readonly io: Io;
  readonly clock: Clock;
  readonly id: string;
  readonly signer: Signer;
  readonly blobKey: KeyObject;
  readonly app: Device;
  /** Set when this log is new and follows one that died. */
  readonly after?: DeadLog;
  readonly segmentBytes?: number;
  /** Entries after which a checkpoint is signed at the latest. */
  readonly checkpointEvery?: number;
}

/** An error as it crosses from the worker. */
export interface Problem {
  readonly code: string;
  readonly message: string;
  readonly next?: string;
}

/** Proof that an event is on stable storage: its log, its index there, its RFC 6962 leaf hash (hex). */
export interface Receipt {
  readonly log: string;
  readonly index: number;
  readonly hash: string;
}

export type Reply = Receipt | { readonly problem: Problem };

/** One commit holds at most about this many bytes of blobs and entries. */
const COMMIT_BYTES = 4 * 1024 * 1024;
const CHECKPOINT_EVERY = 4096;
/** How often room is looked for again while the disk is full, ns. */
const RETRY_SPARE = 1_000_000_000n;

const FULL: Problem = {
  code: 'audit-disk-full',
  message: 'The disk is full: nothing new can be recorded, so nothing new can run.',
  next: 'Free at least 32 MB on the disk that holds the profile, then run it again.',
};

interface Prepared {
  readonly entry: Buffer;
  readonly hash: Buffer;
  readonly blobs: readonly SealedBlob[];
  readonly kind: RecordedEvent['k'];
}

export class Writer {
  readonly #options: WriterOptions;
  readonly #boot = uuid7(Date.now());
  readonly #opened: bigint;
  readonly #tree: Tree;
  readonly #publisher: Publisher;
  #ledger: Ledger;
  readonly #journal: Journal;
  /** Set for good by the first error of the disk. */
  #failed: Problem | undefined;
  #full = false;
  #retryAt = 0n;
  #checkpointDue = false;

  /** Opens or begins the log; ends what a crash left open. @throws Damage when the log must not be continued. */
  constructor(options: WriterOptions) {
    this.#options = options;
    this.#opened = options.clock.monotonic();
    const { io, id } = options;
    const segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    for (const directory of ['.', 'journal', 'checkpoints']) io.makeDirectory(directory);
    io.syncDirectory('.');
    const found = recover(io, id, options.signer);
    this.#tree = found.tree;
    this.#ledger = found.ledger;
    this.#publisher = found.publisher;
    this.#journal =
      found.at === undefined || found.torn
        ? Journal.inNewSegment(io, id, segmentBytes, found.at, this.#tree.size, this.#snapshot())
        : Journal.inSegment(io, id, segmentBytes, found.at);
    const fresh = this.#tree.size === 0;
    const identity = fresh ? beginIdentity(options) : undefined;
    this.#commitOwn([
      ...(fresh || found.clean ? [] : this.#endings('recovered', found.torn)),
      { k: 'log.open', ...(identity === undefined ? {} : { log: identity }), dev: options.app },
    ]);
    if (!fresh && !found.clean) this.#publisher.checkpoint(this.#tree);
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
      const first = this.#tree.size;
      const staged = this.#ledger.clone();
      const batch: Prepared[] = [];
      const waiting: number[] = [];
      for (let bytes = 0; from < events.length && bytes < COMMIT_BYTES; from++) {
        const event = events[from];
        if (event === undefined) continue;
        const prepared = this.#refusal(event) ?? this.#prepare(event, first + batch.length, staged);
        if ('problem' in prepared) {
          replies[from] = prepared;
          continue;
        }
        waiting.push(from);
        batch.push(prepared);
        bytes += prepared.entry.length + prepared.blobs.reduce((sum, blob) => sum + blob.bytes.length, 0);
      }
      if (batch.length > 0) this.#guarded(() => this.#commit(batch, staged));
      for (const [i, at] of waiting.entries())
        replies[at] =
          this.#failed === undefined
            ? { log: this.#options.id, index: first + i, hash: batch[i]?.hash.toString('hex') ?? '' }
            : { problem: this.#failed };
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

  /** Ends what is open, signs, publishes. After a failure only lets go of the files. */
  close(): void {
    this.#guarded(() => this.#commitOwn([...this.#endings('closed', false), { k: 'log.close' }]));
    this.publish();
    this.#journal.close();
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

  #refusal(event: RecordedEvent): { readonly problem: Problem } | undefined {
    if (this.#failed === undefined && ENDS.has(event.k)) return undefined;
    if (this.#full && this.#options.clock.monotonic() >= this.#retryAt) this.#retry();
    const problem = this.#failed ?? (this.#full ? FULL : undefined);
    return problem === undefined ? undefined : { problem };
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

  /** Encodes one event for `index` and books it in `staged`, so that the next one is judged with it in place. */
  #prepare(event: RecordedEvent, index: number, staged: Ledger): Prepared | { readonly problem: Problem } {
    const s = 's' in event ? event.s : undefined;
    const n = s === undefined ? undefined : staged.next(s, event.k);
    if (s !== undefined && n === undefined) return { problem: noSession(event.k) };
    if ((event.k === 'stmt.outcome' || event.k === 'stmt.closed') && !staged.isOpen(event.ref.i))
      return { problem: ENDED };
    const now = this.#options.clock.wall();
    const stamp = {
      id: uuid7(Math.floor(now)),
      t: Math.round(now * 1000),
      m: Number(this.#options.clock.monotonic() - this.#opened),
      b: this.#boot,
      ...(n === undefined ? {} : { n }),
    };
    const blobs: SealedBlob[] = [];
    let tooLong = false;
    const entry = encodeLeaf(event, stamp, (content) => {
      tooLong ||= content.length > MAX_BLOB;
      const blob = sealBlob(tooLong ? Buffer.alloc(0) : content, this.#options.blobKey, this.#options.id);
      blobs.push(blob);
      return blob.commitment;
    });
    if (tooLong || entry.length > MAX_ENTRY) return { problem: TOO_LONG };
    const hash = leafHash(entry);
    staged.apply(index, hash.toString('hex'), event);
    return { entry, hash, blobs, kind: event.k };
  }

  /** One write, one sync; only then are tree and ledger moved on. */
  #commit(batch: readonly Prepared[], staged: Ledger): void {
    const frame = {
      first: this.#tree.size,
      entries: batch.map(({ entry }) => entry),
      blobs: batch.flatMap(({ blobs }) => blobs),
    };
    this.#journal.append(frame, () => this.#snapshot());
    this.#ledger = staged;
    for (const { entry, hash, kind } of batch) {
      this.#publisher.add(this.#tree.size, entry, this.#tree.append(hash));
      this.#checkpointDue ||= kind === 'session.end';
    }
  }

  /** Events of the log itself, which nothing refuses. */
  #commitOwn(events: readonly RecordedEvent[]): void {
    const staged = this.#ledger.clone();
    const batch: Prepared[] = [];
    for (const event of events) {
      const prepared = this.#prepare(event, this.#tree.size + batch.length, staged);
      if ('problem' in prepared) throw new CountersignError(prepared.problem.code, prepared.problem.message);
      batch.push(prepared);
    }
    this.#commit(batch, staged);
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
function beginIdentity({ io, id, signer, after }: WriterOptions): LogIdentity {
  const known = io.read('log.json');
  if (known !== null) return JSON.parse(known.toString()) as LogIdentity;
  const identity = { id, origin: signer.name, key: signer.vkey, ...(after === undefined ? {} : { after }) };
  putFile(io, 'log.json', Buffer.from(`${JSON.stringify(identity, null, 2)}\n`), { durable: true });
  return identity;
}

const ENDED: Problem = {
  code: 'audit-intent-ended',
  message: 'The statement has already been ended in the record.',
};
const TOO_LONG: Problem = {
  code: 'audit-too-long',
  message: `The statement is too long to be recorded (at most ${MAX_BLOB / 1024 / 1024} MB).`,
  next: 'Split it into smaller statements.',
};
const noSession = (kind: string): Problem => ({
  code: 'audit-session',
  message: `The event ${kind} does not belong to a session that is open in this log.`,
  next: 'Sign in again.',
});
const failure = (error: unknown): Problem => ({
  code: isFull(error) ? 'audit-disk-full' : 'audit-failed',
  message: `The audit log could not be written (${errorCode(error) || 'internal error'}): nothing can run until it is opened again.`,
  next: 'Check the disk that holds the profile, then start the program again.',
});
