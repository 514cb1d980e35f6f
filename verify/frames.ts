/** Frames of the journal (docs/log-format.md, "Frame"): each one commit, with its entries and the blobs that they name. */
import { createHash, hash } from 'node:crypto';
import { type MadeNodes } from './merkle.ts';

const FRAME = 64;

export interface Blob {
  readonly bytes: Buffer;
  /** Not `whole`: its bytes are not those of its address, all of them zero or only in part; only an erasure explains it. */
  readonly state: 'whole' | 'zeros' | 'broken';
}

export interface MadeHashes {
  /** Leaf hashes, joined. */
  readonly leaves: Buffer;
  readonly nodes: MadeNodes;
}

/** Events that came to the record together. */
export interface Run {
  readonly where: string;
  readonly first: number;
  readonly entries: readonly Buffer[];
  /** The same entries as an entry bundle has them: u16 length, bytes. */
  readonly packed: Buffer;
  /** Their hashes, where somebody has made them already. */
  readonly made?: MadeHashes;
  /** By address: SHA-256 of the sealed bytes, hex. */
  readonly blobs: Map<string, Blob>;
}

/** Room of zeros to compare with: comparing is much faster than looking at each byte. */
const ZEROS = Buffer.alloc(1 << 16);
export function zeros(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (!part.equals(ZEROS.subarray(0, part.length))) return false;
  }
  return true;
}

export const u64 = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64BE(at));

/** How it is found whether bytes of a segment are those that their hashes say. */
export interface FrameHashes {
  /** Is `sum` the checksum of a frame that begins at byte `at`, over its parts. */
  frame(at: number, parts: readonly [Buffer, Buffer], sum: Buffer): boolean;
  /** Does the blob that begins at byte `at` have this address. */
  blob(at: number, blob: Buffer, address: string): boolean;
}

export const COMPUTED: FrameHashes = {
  frame: (_, [header, rest], sum) => createHash('sha256').update(header).update(rest).digest().equals(sum),
  blob: (_, blob, address) => hash('sha256', blob, 'hex') === address,
};

/** Splits entries as bundles, chunks and frames have them; null when they do not end where they must. */
export function splitEntries(packed: Buffer): Buffer[] | null {
  const entries: Buffer[] = [];
  for (let from = 0; from < packed.length;) {
    if (from + 2 > packed.length) return null;
    const to = from + 2 + packed.readUInt16BE(from);
    if (to > packed.length) return null;
    entries.push(packed.subarray(from + 2, to));
    from = to;
  }
  return entries;
}

/**
 * A sentence about what is wrong with the frame at `at`, or the frame with its length. A blob that is not whole may have
 * been erased in a sealed segment; in the open one it is an unfinished write.
 */
export function parseFrame(
  bytes: Buffer,
  at: number,
  where: string,
  sealed: boolean,
  hashes: FrameHashes = COMPUTED,
): (Run & { readonly length: number }) | string {
  if (at + FRAME > bytes.length || bytes.toString('latin1', at, at + 4) !== 'CSFR') return 'No frame begins here.';
  const table = at + FRAME + bytes.readUInt32BE(at + 4);
  const bodies = table + bytes.readUInt32BE(at + 20) * 36;
  const end = bodies + u64(bytes, at + 24);
  if (end > bytes.length) return 'The frame is longer than the segment.';
  const parts = [bytes.subarray(at, at + 32), bytes.subarray(at + FRAME, bodies)] as const;
  if (!hashes.frame(at, parts, bytes.subarray(at + 32, at + FRAME))) return 'The checksum of the frame is wrong.';
  const packed = bytes.subarray(at + FRAME, table);
  const entries = splitEntries(packed);
  if (entries === null) return 'An entry is longer than its frame.';
  if (entries.length !== bytes.readUInt32BE(at + 16)) return 'The frame holds another number of entries than it says.';
  if (entries.length === 0) return 'The frame holds no entry.';
  const blobs = new Map<string, Blob>();
  let body = bodies;
  for (let row = table; row < bodies; row += 36) {
    const blob = bytes.subarray(body, body + bytes.readUInt32BE(row + 32));
    if (body + blob.length > end) return 'The blobs of the frame have another length than it says.';
    const address = bytes.toString('hex', row, row + 32);
    const whole = hashes.blob(body, blob, address);
    body += blob.length;
    if (!whole && !sealed) return 'An encrypted blob was changed.';
    blobs.set(address, { bytes: blob, state: whole ? 'whole' : zeros(blob) ? 'zeros' : 'broken' });
  }
  if (body !== end) return 'The blobs of the frame have another length than it says.';
  return { where, first: u64(bytes, at + 8), entries, packed, blobs, length: end - at };
}
