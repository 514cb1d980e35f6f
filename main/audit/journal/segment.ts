/**
 * A segment is one preallocated file `journal/NNNNNNNN.seg`, named by its ordinal. Its header seals the segment before and
 * carries the state a reader needs to start here. All numbers are big-endian.
 *
 *     0  magic "CSLOGSEG"      8  u32 format = 1           12  u32 ordinal
 *    16  log id (UUID)        32  u64 index of the first entry
 *    40  u64 bytes of this file
 *    48  u64 sealed length of the segment before: its bytes that count; 0 in the first segment
 *    56  SHA-256 of the bytes of that segment behind its sealed length; 32 zeros when all of them are zero
 *    88  root of the Merkle tree over all entries before the first
 *   120  u32 bytes of state  124  u32 zero
 *   128  SHA-256 of bytes 0..127 + state
 *   160  state (JSON), then frames, then zeros
 */
import { sha256 } from '../merkle.ts';
import { hasDigest } from './digest.ts';
import { isZero } from './frame.ts';
import { type Io } from './io.ts';

const MAGIC = Buffer.from('CSLOGSEG');
const FORMAT = 1;
/** Bytes of a header before its state, and where it says how long that is. */
const FIXED = 160;
const STATE_LENGTH = 120;
const DIGESTED = 128;

export interface SegmentHeader {
  readonly ordinal: number;
  readonly logId: string;
  readonly first: number;
  /** Bytes of the file. */
  readonly capacity: number;
  readonly sealedLength: number;
  /** 32 bytes. */
  readonly sealedTail: Buffer;
  readonly root: Buffer;
  readonly state: string;
}

export const segmentPath = (ordinal: number): string => `journal/${String(ordinal).padStart(8, '0')}.seg`;
export const SEGMENT_NAME = /^(\d{8})\.seg$/;

const idBytes = (id: string): Buffer => Buffer.from(id.replaceAll('-', ''), 'hex');

export function encodeHeader(header: SegmentHeader): Buffer {
  const state = Buffer.from(header.state);
  const fixed = Buffer.alloc(DIGESTED);
  MAGIC.copy(fixed);
  fixed.writeUInt32BE(FORMAT, 8);
  fixed.writeUInt32BE(header.ordinal, 12);
  idBytes(header.logId).copy(fixed, 16);
  fixed.writeBigUInt64BE(BigInt(header.first), 32);
  fixed.writeBigUInt64BE(BigInt(header.capacity), 40);
  fixed.writeBigUInt64BE(BigInt(header.sealedLength), 48);
  header.sealedTail.copy(fixed, 56);
  header.root.copy(fixed, 88);
  fixed.writeUInt32BE(state.length, STATE_LENGTH);
  return Buffer.concat([fixed, sha256(Buffer.concat([fixed, state])), state]);
}

/** A header as it was read, with its length in bytes. */
export type ReadHeader = SegmentHeader & { readonly length: number };

/** The header of a segment's file, and nothing else of it; null when it is not one of this log, or there is no such file. */
export function segmentHeader(io: Io, ordinal: number, logId: string): ReadHeader | null {
  const path = segmentPath(ordinal);
  const fixed = io.read(path, 0, FIXED);
  if (fixed?.length !== FIXED) return null;
  return readHeader(io.read(path, 0, FIXED + fixed.readUInt32BE(STATE_LENGTH)) ?? fixed, logId);
}

/** The header at the start of a segment's bytes; null when it is not one of this log. */
export function readHeader(bytes: Buffer, logId: string): ReadHeader | null {
  if (bytes.length < FIXED || !bytes.subarray(0, 8).equals(MAGIC) || bytes.readUInt32BE(8) !== FORMAT) return null;
  const length = FIXED + bytes.readUInt32BE(STATE_LENGTH);
  if (length > bytes.length || !bytes.subarray(16, 32).equals(idBytes(logId))) return null;
  const state = bytes.subarray(FIXED, length);
  if (!hasDigest(Buffer.concat([bytes.subarray(0, DIGESTED), state]), bytes.subarray(DIGESTED, FIXED))) return null;
  return {
    ordinal: bytes.readUInt32BE(12),
    logId,
    first: Number(bytes.readBigUInt64BE(32)),
    capacity: Number(bytes.readBigUInt64BE(40)),
    sealedLength: Number(bytes.readBigUInt64BE(48)),
    sealedTail: Buffer.from(bytes.subarray(56, 88)),
    root: Buffer.from(bytes.subarray(88, 120)),
    state: state.toString(),
    length,
  };
}

/** What a seal says of the bytes behind the good part: 32 zeros when there is nothing, else their SHA-256. */
export const tailDigest = (tail: Buffer): Buffer => (isZero(tail) ? Buffer.alloc(32) : sha256(tail));
