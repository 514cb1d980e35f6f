/**
 * One log under judgement, whatever it is read from: takes its signatures first and its events in order, recomputes the
 * tree, and lets every rule look at every event.
 */
import { AnchorCheck, type AnchorFiles } from './anchors.ts';
import { type BlobPlace, type Erasures } from './erasures.ts';
import { type CheckedEvent, type EventCheck, type NewEventCheck, type Opened } from './event-check.ts';
import { type Blob, type Run } from './frames.ts';
import { type Segment } from './journal.ts';
import { at, fileText, isObject, parseText, type Json } from './json.ts';
import { LeafHashes } from './leaf-hashes.ts';
import { CompactRange, digestBytes, digestHex, hashLeaf, type Digest } from './merkle.ts';
import { openCheckpoint, parseVerifierKey, type Checkpoint, type VerifierKey } from './note.ts';
import { type Reporter, type VerifiedLog } from './report.ts';
import { Rules } from './rules.ts';
import { SealedParts } from './sealed.ts';
import { type StampTrust } from './stamp.ts';
import { type DeadMark, type LateOutcome, type Link } from './succession.ts';
import { TileCheck, type TileFiles } from './tiles.ts';
import { Timeline } from './timeline.ts';
import { type Trust } from './trust.ts';

/** Whom to trust and with what to look. */
export interface CheckOptions {
  readonly trust: Trust;
  /** What it is when too few of the trusted witnesses have cosigned a log. */
  readonly unwitnessed: 'finding' | 'said';
  readonly authorities: StampTrust;
  /** 32 bytes, or undefined where there is none for that log: decrypts blobs, to compare them with their commitments. */
  readonly blobKeyOf: (log: string) => Uint8Array | undefined;
  /** Nobody writes the logs meanwhile. */
  readonly atRest: boolean;
  /** Further checks over the events of each log. */
  readonly checks: readonly NewEventCheck[];
}

/** What lies beside the events of a log. */
export interface LogFiles extends AnchorFiles, BlobPlace {
  readonly id: string;
  readonly logJson: Buffer | null;
  /** Signed notes by the size in their names. */
  readonly notes: ReadonlyMap<number, Buffer>;
  /** Where `notes` lie, for findings. */
  readonly notesBelow: string;
  /** The note of the tlog-tiles view, where the layout has one beside the kept ones. */
  readonly published: Buffer | null;
  readonly tiles: TileFiles;
}

export interface LogResult extends VerifiedLog {
  readonly link: Link;
}

const padded = (size: number): string => String(size).padStart(20, '0');

export class LogCheck {
  readonly #files: LogFiles;
  readonly #options: CheckOptions;
  readonly #report: Reporter;
  readonly #hashes = new LeafHashes();
  readonly #rules: Rules;
  readonly #timeline: Timeline;
  readonly #sealed: SealedParts;
  readonly #tiles: TileCheck;
  readonly #tree: CompactRange;
  readonly #anchors: AnchorCheck;
  readonly #checks: readonly EventCheck[];
  readonly #checkpoints = new Map<number, Checkpoint>();
  readonly #dead: DeadMark | null;
  readonly #erasures: Erasures;
  readonly #late: LateOutcome[] = [];
  /** Events of erasures since the log was opened. */
  readonly #erasing: string[] = [];
  #rootWhenDead: string | null = null;
  #identity: Json | undefined;
  #key: VerifierKey | null = null;
  #signed = 0;
  #published: Checkpoint | null = null;

  constructor(files: LogFiles, options: CheckOptions, dead: DeadMark | null, erasures: Erasures, report: Reporter) {
    const { id } = files;
    this.#dead = dead;
    this.#files = files;
    this.#options = options;
    this.#report = report;
    this.#rules = new Rules(report, id, this.#hashes);
    this.#timeline = new Timeline(report, id);
    this.#sealed = new SealedParts(report, id, options.blobKeyOf(id), erasures, erasures.keptOf(id, files));
    this.#tiles = new TileCheck(id, files.tiles, report);
    this.#tree = new CompactRange((height, position, hash) => this.#tiles.node(height, position, hash));
    this.#anchors = new AnchorCheck(report, id, files, options);
    this.#checks = options.checks.map((check) => check(report, id));
    this.#erasures = erasures;
  }

  /** Entries taken so far. */
  get size(): number {
    return this.#tree.size;
  }

  /** A segment of the journal begins: its header must describe the events before it. */
  segment({ where, root, state }: Segment): void {
    const known = parseText(state);
    const own = JSON.stringify([this.#tiles.state(), this.#rules.openState()]);
    if (root !== this.#tree.root() || known === null || textOf([known.tiles, known.open]) !== own)
      this.#report.finding('segment-state', 'Its header does not describe the events before it.', where);
  }

  /** The next events. Gives the addresses of the blobs that they name. */
  run({ first, entries, packed, made, blobs }: Run): ReadonlySet<string> {
    const [leaf0] = entries;
    if (first === 0 && leaf0 !== undefined) this.#begin(leaf0);
    const named = new Set<string>();
    let from = 0;
    for (const [i, entry] of entries.entries()) {
      const hash = made?.leaves.toString('latin1', i * 32, i * 32 + 32) ?? hashLeaf(entry);
      this.#hashes.push(hash);
      const time = this.#event(first + i, hash, entry, blobs, named);
      const to = from + 2 + entry.length;
      this.#tiles.entry(first + i, packed, from, to);
      from = to;
      this.#tree.push(hash, made?.nodes);
      this.#compare(time);
    }
    return named;
  }

  /** @param whole false when reading had to stop: then what is open proves nothing. @param partial does a reader need partial tiles. */
  end(whole: boolean, partial: boolean): LogResult {
    const { id, source, notes } = this.#files;
    const { size } = this.#tree;
    if (whole) {
      this.#rules.end(this.#dead !== null);
      this.#timeline.end();
    }
    this.#sealed.end();
    for (const check of this.#checks) check.end();
    for (const [signed] of this.#checkpoints)
      if (signed > size) this.#report.finding('cut', `${signed} events were signed, but only ${size} can be read.`, id);
    if (size === 0 && notes.size === 0) this.#report.notChecked(`The log ${id}: it has no event yet.`);
    else if (size === 0) this.#report.finding('cut', 'Events were signed, but not one can be read.', id);
    this.#tiles.end(partial ? (this.#published?.size ?? 0) : Math.max(0, ...this.#checkpoints.keys()), partial);
    this.#report.checked('checkpoints', this.#checkpoints.size, "the log's Ed25519 key");
    this.#report.checked('events under a signed Merkle root', this.#signed, 'RFC 6962 tree hash, recomputed');
    if (this.#signed < size)
      this.#report.notChecked(
        `A signature over the newest ${size - this.#signed} events of ${id}: none has been made yet.`,
      );
    const witnessed = this.#anchors.end(size);
    const key = typeof this.#identity?.key === 'string' ? this.#identity.key : '';
    if (this.#key !== null && this.#checkpoints.size > 0)
      this.#report.vouches({
        kind: 'log',
        name: this.#key.name,
        trusted: this.#isTrusted(this.#key),
        log: id,
        size: this.#signed,
        at: null,
      });
    const log = { id, source, size, root: digestHex(this.#tree.root()), signed: this.#signed, witnessed, key };
    this.#report.log(log);
    const link: Link = {
      id,
      dead: this.#dead,
      after: this.#identity?.after,
      hashes: this.#hashes,
      open: this.#rules.openNow(),
      late: this.#late,
      rootWhenDead: this.#rootWhenDead,
    };
    return { ...log, link };
  }

  /** Judges one event by all rules; gives its wall time, µs. */
  #event(index: number, hash: Digest, entry: Buffer, blobs: ReadonlyMap<string, Blob>, named: Set<string>): number {
    const where = `${this.#files.id} event ${index}`;
    const text = entry.toString();
    const leaf = parseText(text);
    if (leaf === null || leaf.v !== 1 || typeof leaf.k !== 'string') {
      this.#report.finding('event-form', 'The event is not JSON of schema version 1.', where);
      return 0;
    }
    const kind = leaf.k;
    this.#rules.event(index, where, hash, kind, leaf);
    this.#timeline.event(where, kind, leaf);
    if (kind === 'blob.erased' && typeof leaf.blob === 'string') {
      this.#erasures.erased(this.#logOf(leaf), leaf.blob, where);
      this.#erasing.push(where);
    } else if (kind === 'log.open' || kind === 'log.close')
      for (const erasing of this.#erasing.splice(0)) this.#erasures.over(erasing);
    if (kind === 'late.outcome') this.#late.push({ where, of: leaf.of });
    this.#sealed.event(leaf, text, where, blobs, named);
    if (this.#checks.length > 0) {
      const event = new LeafEvent(index, where, kind, leaf, hash, (commitment) => this.#sealed.open(commitment, blobs));
      for (const check of this.#checks) check.event(event);
    }
    return typeof leaf.t === 'number' ? leaf.t : 0;
  }

  /** The log that an event speaks of: its own where it names none. */
  #logOf(leaf: Json): string {
    const log = at(leaf, 'of', 'log');
    return typeof log === 'string' ? log : this.#files.id;
  }

  #compare(time: number): void {
    const { size } = this.#tree;
    if (size === this.#dead?.mark?.size) this.#rootWhenDead = digestHex(this.#tree.root());
    const checkpoint = this.#checkpoints.get(size);
    if (checkpoint === undefined) return;
    if (checkpoint.root === this.#tree.root()) {
      this.#signed = size;
      this.#anchors.covered(checkpoint, this.#files.notes.get(size) ?? Buffer.alloc(0), time);
    } else
      this.#report.finding(
        'root',
        `The first ${size} events are not those that were signed.`,
        `${this.#files.id}/${this.#files.notesBelow}/${padded(size)}`,
      );
  }

  /** Leaf 0 says whose log this is: opens everything that was signed with that key. */
  #begin(leaf0: Buffer): void {
    const { id, logJson, notes, notesBelow, published } = this.#files;
    const identity = parseText(leaf0.toString())?.log;
    const key = isObject(identity) && typeof identity.key === 'string' ? parseVerifierKey(identity.key) : null;
    if (!isObject(identity) || key === null || identity.id !== id || identity.origin !== key.name)
      return this.#report.finding(
        'identity',
        'Its first event does not say which log this is and whose key signs it.',
        `${id} event 0`,
      );
    this.#identity = identity;
    this.#key = key;
    const text = fileText(identity);
    if (text === null || !logJson?.equals(Buffer.from(text)))
      this.#report.finding('identity', 'log.json is not what the first event says.', `${id}/log.json`);
    if (this.#options.trust.logs !== undefined && !this.#isTrusted(key))
      this.#report.finding('key', 'It is signed by a key that you did not name as trusted.', id);
    for (const [size, note] of notes) {
      const checkpoint = openCheckpoint(note, key);
      if (checkpoint?.size === size) this.#checkpoints.set(size, checkpoint);
      else
        this.#report.finding(
          'checkpoint',
          'It is not a checkpoint that this log signed.',
          `${id}/${notesBelow}/${padded(size)}`,
        );
    }
    if (published === null) return;
    this.#published = openCheckpoint(published, key);
    if (this.#published === null || !notes.get(this.#published.size)?.equals(published))
      this.#report.finding(
        'checkpoint',
        'The published checkpoint is not one that this log signed and kept.',
        `${id}/checkpoint`,
      );
  }

  #isTrusted({ typed }: VerifierKey): boolean {
    return this.#options.trust.logs?.some((other) => other.typed.equals(typed)) ?? false;
  }
}

function textOf(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    return null;
  }
}

class LeafEvent implements CheckedEvent {
  readonly index: number;
  readonly where: string;
  readonly kind: string;
  readonly leaf: Json;
  readonly open: (commitment: unknown) => Opened;
  readonly #hash: Digest;

  constructor(
    index: number,
    where: string,
    kind: string,
    leaf: Json,
    hash: Digest,
    open: (commitment: unknown) => Opened,
  ) {
    this.index = index;
    this.where = where;
    this.kind = kind;
    this.leaf = leaf;
    this.#hash = hash;
    this.open = open;
  }

  get hash(): Buffer {
    return digestBytes(this.#hash);
  }
}
