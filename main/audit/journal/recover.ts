/**
 * Reads a log back from its directory. Only what a crash can have touched is read: the open segment, the one it seals, and
 * as many more as are needed to write again the tiles that were not yet durable. Reading everything is the verifier's
 * work.
 *
 * The rule: a torn tail in the open segment is not damage; anything else that does not read as it was written is, and so
 * is a log that is shorter than a checkpoint it signed, or has another root at that size. A damaged log is never
 * continued.
 */
import { signedCheckpoints } from '../checkpoints.ts';
import { Ledger, type LedgerState } from '../ledger.ts';
import { type LeafKey } from '../leaf.ts';
import { leafHash, splitHashes, Tree, TILE_WIDTH } from '../merkle.ts';
import { checkpointText, type Signer } from '../note.ts';
import { Publisher } from '../publish.ts';
import { Shelf } from '../shelf.ts';
import { hasFrameBehind, isZero, readFrame } from './frame.ts';
import { type Io } from './io.ts';
import { type Position } from './journal.ts';
import { settle } from './settle.ts';
import { SEGMENT_NAME, segmentHeader, segmentPath, tailDigest, type ReadHeader } from './segment.ts';

/** Why a log cannot be continued, and the newest state it signed. */
export class Damage extends Error {
  readonly reason: string;
  readonly size: number;
  readonly root: string;
  constructor(reason: string, size: number, root: string) {
    super(reason);
    this.reason = reason;
    this.size = size;
    this.root = root;
  }
}

/** The JSON in a segment header: what a reader must know to start at that segment. */
export interface SegmentState {
  /** Hashes of the newest, not full tile of each level, joined, hex. */
  readonly tiles: readonly string[];
  /** Entries below this had all their full tiles on stable storage. */
  readonly published: number;
  readonly open: LedgerState;
}

export interface Recovered {
  readonly tree: Tree;
  readonly ledger: Ledger;
  readonly publisher: Publisher;
  /** Undefined for a log that has no segment yet. */
  readonly at: Position | undefined;
  /** Newest event; undefined where nothing but headers had to be read. */
  readonly newest: LeafKey | undefined;
  /** Events of the newest frame that erase a blob: a crash may have come before it was gone. */
  readonly erasing: readonly LeafKey[];
  /** Did its last writer close it, so that the open segment can be used on. */
  readonly clean: boolean;
  /** Bytes behind the good end of the open segment that are not zero: an unfinished write. */
  readonly torn: boolean;
}

/** @param kept newest checkpoints that stay in the log's directory. */
export function recover(io: Io, logId: string, signer: Signer, kept?: number): Recovered {
  const signed = signedCheckpoints(io, signer);
  const damage = (reason: string): Damage => new Damage(reason, signed.newest, signed.newestRoot);

  const headers = readHeaders(io, logId, damage);
  const last = headers.at(-1);
  const published = publishedSize(io, signer);
  if (last === undefined) {
    if (signed.newest > 0) throw damage(`the journal is empty, but ${signed.newest} entries were signed`);
    return {
      tree: new Tree(),
      ledger: new Ledger(),
      publisher: new Publisher(io, signer, 0, new Shelf(io, [], kept), published),
      at: undefined,
      newest: undefined,
      erasing: [],
      clean: false,
      torn: false,
    };
  }

  const lastState = JSON.parse(last.state) as SegmentState;
  // Start where the newest bundle and every tile that may be missing can be made again.
  const from = Math.min(lastState.published, last.first - (last.first % TILE_WIDTH));
  const start =
    headers.findLast((header) => header.first <= from && header.ordinal < Math.max(1, last.ordinal)) ?? last;
  const state = JSON.parse(start.state) as SegmentState;
  const tree = new Tree(state.tiles.map((joined) => splitHashes(Buffer.from(joined, 'hex'))));
  const ledger = Ledger.from(state.open);
  const publisher = new Publisher(io, signer, lastState.published, new Shelf(io, signed.sizes, kept), published);

  const compare = (): void => {
    if (signed.has(tree.size) && signed.contradicts(tree.size, checkpointText(signer.name, tree.size, tree.root())))
      throw damage(`its root at ${tree.size} entries is not the one it signed`);
  };

  let at: Position | undefined;
  let torn = false;
  let newest: LeafKey | undefined;
  let erasing: readonly LeafKey[] = [];
  const unlike: { readonly address: string; readonly ordinal: number }[] = [];
  for (const header of headers.slice(start.ordinal)) {
    const next = headers[header.ordinal + 1];
    const bytes = io.read(segmentPath(header.ordinal)) ?? Buffer.alloc(0);
    if (tree.size !== header.first || !tree.root().equals(header.root))
      throw damage(`segment ${header.ordinal} does not continue the one before it`);
    compare();
    const end = next === undefined ? bytes.length : next.sealedLength;
    let position = header.length;
    while (position < end) {
      const frame = readFrame(bytes.subarray(0, end), position, next !== undefined);
      if (frame === null || frame.first !== tree.size) break;
      const leaves = frame.entries.map((entry) => JSON.parse(entry.toString()) as LeafKey);
      for (const [i, leaf] of leaves.entries()) {
        const entry = frame.entries[i] ?? Buffer.alloc(0);
        const index = tree.size;
        const hash = leafHash(entry);
        ledger.apply(index, hash.toString('hex'), leaf);
        publisher.add(index, entry, tree.append(hash));
        compare();
      }
      newest = leaves.at(-1);
      erasing = leaves.filter(({ k }) => k === 'blob.erased');
      for (const { address, bytes: blob, whole } of frame.blobs)
        if (!whole && !isZero(blob)) unlike.push({ address: address.toString('hex'), ordinal: header.ordinal });
      position += frame.length;
    }
    const tail = tailDigest(bytes.subarray(position));
    if (next !== undefined) {
      if (position !== end || !tail.equals(next.sealedTail))
        throw damage(`segment ${header.ordinal} was changed after it was sealed`);
      continue;
    }
    if (hasFrameBehind(bytes, position, tree.size))
      throw damage(`segment ${header.ordinal} is unreadable at byte ${position}, with whole events behind it`);
    torn = !tail.equals(Buffer.alloc(32));
    at = { ordinal: header.ordinal, length: position, capacity: header.capacity, tail };
  }
  for (const { address, ordinal } of unlike)
    if (!erasing.some(({ blob, of }) => blob === address && of === undefined))
      throw damage(`segment ${ordinal} was changed after it was sealed`);
  if (signed.contradictsLength(tree.size))
    throw damage(`it has ${tree.size} entries, but ${signed.newest} were signed`);
  const clean = newest?.k === 'log.close' && !torn && signed.has(tree.size);
  // The published checkpoint is written last, when every tile under it is on the disk.
  if (clean && published === tree.size) publisher.trust(tree.size);
  if (!clean && at !== undefined) settle(io, segmentPath(at.ordinal));
  return { tree, ledger, publisher, at, newest, erasing, clean, torn };
}

function readHeaders(io: Io, logId: string, damage: (reason: string) => Damage): readonly ReadHeader[] {
  const headers: ReadHeader[] = [];
  for (const name of io.list('journal')) {
    const ordinal = Number(SEGMENT_NAME.exec(name)?.[1] ?? NaN);
    if (Number.isNaN(ordinal)) continue;
    if (ordinal !== headers.length) throw damage(`segment ${headers.length} is missing`);
    const header = segmentHeader(io, ordinal, logId);
    const before = headers.at(-1);
    if (header === null || header.ordinal !== ordinal || header.capacity !== io.size(segmentPath(ordinal)))
      throw damage(`the header of segment ${ordinal} is not what was written`);
    if (before === undefined ? header.first !== 0 : header.first < before.first)
      throw damage(`segment ${ordinal} does not continue the one before it`);
    headers.push(header);
  }
  return headers;
}

/** Size of the checkpoint that the tlog-tiles view was last published for. */
function publishedSize(io: Io, signer: Signer): number {
  const text = signer.openNote((io.read('checkpoint') ?? Buffer.alloc(0)).toString());
  return text === null ? 0 : Number(text.split('\n')[1]);
}
