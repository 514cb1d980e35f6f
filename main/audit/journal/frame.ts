/**
 * A frame is one group commit: entries exactly as they become the C2SP entry bundle (u16 length + bytes), then the sealed
 * blobs they commit to. All numbers are big-endian.
 *
 *     0  magic "CSFR"          4  u32 bytes of entries     8  u64 index of the first entry
 *    16  u32 entries          20  u32 blobs               24  u64 bytes of blobs
 *    32  SHA-256 of bytes 0..31 + entries + blob table
 *    64  entries              then the blob table (SHA-256, u32 length each), then the blobs
 *
 * The digest covers the blobs by their addresses only, so that a blob can be erased (zeroed) later in a sealed segment
 * and every proof stays good.
 */
import { sha256 } from '../merkle.ts';
import { hasDigest } from './digest.ts';

const MAGIC = Buffer.from('CSFR');
/** Bytes before a frame's entries. */
export const FRAME_HEADER = 64;
const DIGESTED = 32;
/** Bytes of one row of the blob table. */
export const TABLE_ROW = 36;
/** Longest entry, bytes: its length is a u16 (C2SP tlog-tiles). */
export const MAX_ENTRY = 65_535;

export interface Frame {
  readonly first: number;
  readonly entries: readonly Buffer[];
  readonly blobs: readonly { readonly address: Buffer; readonly bytes: Buffer }[];
}

export interface FrameAt extends Frame {
  /** `whole`: the bytes are those of the address. In a sealed segment they may have been erased. */
  readonly blobs: readonly { readonly address: Buffer; readonly bytes: Buffer; readonly whole: boolean }[];
  /** Bytes of the whole frame. */
  readonly length: number;
}

/** u16 length + bytes of each entry, joined: also the C2SP entry bundle. */
export function packEntries(entries: readonly Buffer[]): Buffer {
  const packed = Buffer.allocUnsafe(entries.reduce((sum, entry) => sum + 2 + entry.length, 0));
  let at = 0;
  for (const entry of entries) {
    at = packed.writeUInt16BE(entry.length, at);
    at += entry.copy(packed, at);
  }
  return packed;
}

export function encodeFrame(frame: Frame): Buffer {
  const entries = packEntries(frame.entries);
  const table = Buffer.allocUnsafe(frame.blobs.length * TABLE_ROW);
  frame.blobs.forEach(({ address, bytes }, i) => {
    address.copy(table, i * TABLE_ROW);
    table.writeUInt32BE(bytes.length, i * TABLE_ROW + 32);
  });
  const header = Buffer.alloc(DIGESTED);
  MAGIC.copy(header);
  header.writeUInt32BE(entries.length, 4);
  header.writeBigUInt64BE(BigInt(frame.first), 8);
  header.writeUInt32BE(frame.entries.length, 16);
  header.writeUInt32BE(frame.blobs.length, 20);
  header.writeBigUInt64BE(BigInt(frame.blobs.reduce((sum, blob) => sum + blob.bytes.length, 0)), 24);
  const digest = sha256(Buffer.concat([header, entries, table]));
  return Buffer.concat([header, digest, entries, table, ...frame.blobs.map((blob) => blob.bytes)]);
}

function splitEntries(packed: Buffer, count: number): Buffer[] | null {
  const entries: Buffer[] = [];
  let at = 0;
  while (at + 2 <= packed.length) {
    const end = at + 2 + packed.readUInt16BE(at);
    if (end > packed.length) return null;
    entries.push(packed.subarray(at + 2, end));
    at = end;
  }
  return at === packed.length && entries.length === count ? entries : null;
}

/** Bytes of the frame whose header stands at `at`; null where none does. Says nothing of what follows the header. */
export function frameLength(bytes: Buffer, at: number): number | null {
  if (at + FRAME_HEADER > bytes.length || !bytes.subarray(at, at + 4).equals(MAGIC)) return null;
  const table = bytes.readUInt32BE(at + 20) * TABLE_ROW;
  return FRAME_HEADER + bytes.readUInt32BE(at + 4) + table + Number(bytes.readBigUInt64BE(at + 24));
}

/**
 * The whole, well-summed frame at `at`, or null. Blobs that are not what their address says make it null, except where
 * the segment is `sealed`: there they may have been erased, but in the open one that is what a torn write leaves.
 */
export function readFrame(segment: Buffer, at: number, sealed: boolean): FrameAt | null {
  const length = frameLength(segment, at);
  if (length === null || at + length > segment.length) return null;
  const table = at + FRAME_HEADER + segment.readUInt32BE(at + 4);
  const blobCount = segment.readUInt32BE(at + 20);
  const bodies = table + blobCount * TABLE_ROW;
  const digested = Buffer.concat([segment.subarray(at, at + DIGESTED), segment.subarray(at + FRAME_HEADER, bodies)]);
  if (!hasDigest(digested, segment.subarray(at + DIGESTED, at + FRAME_HEADER))) return null;
  const entries = splitEntries(segment.subarray(at + FRAME_HEADER, table), segment.readUInt32BE(at + 16));
  if (entries === null) return null;
  const blobs: FrameAt['blobs'][number][] = [];
  let body = bodies;
  for (let i = 0; i < blobCount; i++) {
    const address = segment.subarray(table + i * TABLE_ROW, table + i * TABLE_ROW + 32);
    const bytes = segment.subarray(body, body + segment.readUInt32BE(table + i * TABLE_ROW + 32));
    const whole = hasDigest(bytes, address);
    if (!whole && !sealed) return null;
    blobs.push({ address, bytes, whole });
    body += bytes.length;
  }
  if (body !== at + length) return null;
  return { first: Number(segment.readBigUInt64BE(at + 8)), entries, blobs, length };
}

/** Is there, anywhere behind `at`, a whole frame of an index not below `expected`: then what stands at `at` is damage. */
export function hasFrameBehind(segment: Buffer, at: number, expected: number): boolean {
  for (let next = segment.indexOf(MAGIC, at + 1); next >= 0; next = segment.indexOf(MAGIC, next + 1)) {
    const frame = readFrame(segment, next, false);
    if (frame !== null && frame.first >= expected) return true;
  }
  return false;
}

const ZEROS = Buffer.alloc(64 * 1024);

export function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (!part.equals(ZEROS.subarray(0, part.length))) return false;
  }
  return true;
}
