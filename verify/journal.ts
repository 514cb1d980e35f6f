/**
 * Reads the journal of a log as docs/log-format.md describes it: segments, seals, frames. Stops at the first place that
 * does not read as it must, because nothing behind it has a known index.
 */
import { createHash, hash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isDirectory, listDirectory, readFile } from './files.ts';
import { digest, type Digest } from './merkle.ts';
import { type Reporter } from './report.ts';

const HEADER = 160;
const FRAME = 64;
/** Longer than any commit needs: the longest blob is 32 MiB, and one commit takes a few MiB besides. */
const SEGMENT_LIMIT = 512 * 1024 * 1024;
const NO_TAIL: Digest = '\0'.repeat(32);

export interface Blob {
  readonly bytes: Buffer;
  /** Not `whole`: its bytes are not those of its address, all of them zero or only in part; only an erasure explains it. */
  readonly state: 'whole' | 'zeros' | 'broken';
}

/** Events that came to the record together. */
export interface Run {
  readonly where: string;
  readonly first: number;
  readonly entries: readonly Buffer[];
  /** The same entries as an entry bundle has them: u16 length, bytes. */
  readonly packed: Buffer;
  /** By address: SHA-256 of the sealed bytes, hex. */
  readonly blobs: Map<string, Blob>;
}

export interface Segment {
  readonly where: string;
  readonly first: number;
  readonly root: Digest;
  /** JSON text of the state that a reader may start from. */
  readonly state: string;
}

/** What is given lies in memory that the next segment takes: it counts until the call returns. */
export interface JournalVisitor {
  segment(segment: Segment): void;
  frame(frame: Run): void;
}

/** Room of zeros to compare with: comparing is much faster than looking at each byte. */
const ZEROS = Buffer.alloc(1 << 16);
function zeros(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (!part.equals(ZEROS.subarray(0, part.length))) return false;
  }
  return true;
}
const u64 = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64BE(at));

interface Header extends Segment {
  readonly length: number;
  readonly sealedLength: number;
  readonly sealedTail: Digest;
}

/** A sentence about what is wrong with the header, or the header. */
function parseHeader(bytes: Buffer, ordinal: number, logId: string, where: string): Header | string {
  if (bytes.length < HEADER || bytes.toString('latin1', 0, 8) !== 'CSLOGSEG' || bytes.readUInt32BE(8) !== 1)
    return 'It does not begin as a segment of format 1.';
  const length = HEADER + bytes.readUInt32BE(120);
  if (length > bytes.length) return 'Its header is longer than the file.';
  if (bytes.readUInt32BE(124) !== 0) return 'Its header has bytes where there are none.';
  const state = bytes.subarray(HEADER, length);
  const sum = createHash('sha256').update(bytes.subarray(0, 128)).update(state).digest();
  if (!sum.equals(bytes.subarray(128, HEADER))) return 'The checksum of its header is wrong.';
  if (bytes.readUInt32BE(12) !== ordinal) return 'Its header names another place in the journal.';
  if (bytes.toString('hex', 16, 32) !== logId.replaceAll('-', '')) return 'Its header names another log.';
  if (u64(bytes, 40) !== bytes.length) return 'The file is not as long as its header says.';
  return {
    where,
    first: u64(bytes, 32),
    sealedLength: u64(bytes, 48),
    sealedTail: bytes.toString('latin1', 56, 88),
    root: bytes.toString('latin1', 88, 120),
    state: state.toString(),
    length,
  };
}

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
function parseFrame(
  bytes: Buffer,
  at: number,
  where: string,
  sealed: boolean,
): (Run & { readonly length: number }) | string {
  if (at + FRAME > bytes.length || bytes.toString('latin1', at, at + 4) !== 'CSFR') return 'No frame begins here.';
  const table = at + FRAME + bytes.readUInt32BE(at + 4);
  const bodies = table + bytes.readUInt32BE(at + 20) * 36;
  const end = bodies + u64(bytes, at + 24);
  if (end > bytes.length) return 'The frame is longer than the segment.';
  const sum = createHash('sha256')
    .update(bytes.subarray(at, at + 32))
    .update(bytes.subarray(at + FRAME, bodies))
    .digest();
  if (!sum.equals(bytes.subarray(at + 32, at + FRAME))) return 'The checksum of the frame is wrong.';
  const packed = bytes.subarray(at + FRAME, table);
  const entries = splitEntries(packed);
  if (entries === null) return 'An entry is longer than its frame.';
  if (entries.length !== bytes.readUInt32BE(at + 16)) return 'The frame holds another number of entries than it says.';
  if (entries.length === 0) return 'The frame holds no entry.';
  const blobs = new Map<string, Blob>();
  let body = bodies;
  for (let row = table; row < bodies; row += 36) {
    const blob = bytes.subarray(body, body + bytes.readUInt32BE(row + 32));
    body += blob.length;
    if (body > end) return 'The blobs of the frame have another length than it says.';
    const address = bytes.toString('hex', row, row + 32);
    const whole = hash('sha256', blob, 'hex') === address;
    if (!whole && !sealed) return 'An encrypted blob was changed.';
    blobs.set(address, { bytes: blob, state: whole ? 'whole' : zeros(blob) ? 'zeros' : 'broken' });
  }
  if (body !== end) return 'The blobs of the frame have another length than it says.';
  return { where, first: u64(bytes, at + 8), entries, packed, blobs, length: end - at };
}

const segmentName = (ordinal: number): string => `${String(ordinal).padStart(8, '0')}.seg`;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/**
 * Walks the whole journal of the log in order. Gives false when it had to stop.
 * @param dead the log was given up: its last segment counts as sealed, because blobs in it may be erased.
 */
export function walkJournal(
  log: string,
  logId: string,
  dead: boolean,
  visitor: JournalVisitor,
  report: Reporter,
): boolean {
  const directory = join(log, 'journal');
  const names = (isDirectory(directory) ? listDirectory(directory) : [])
    .map(({ name }) => name)
    .filter((name) => name !== 'spare' && name !== 'large')
    .sort();
  /** Where the segment before ends, and the digest of what lies behind. */
  let before: { readonly end: number; readonly tail: Digest } | undefined;
  // One room for all segments: what visitors are given counts until they return.
  let room: Buffer = Buffer.alloc(0);
  let size = 0;
  let frames = 0;
  const stop = (code: string, sentence: string, where: string): false => {
    report.finding(code, sentence, where);
    report.notChecked(`What lies behind the first unreadable place of the journal of ${logId}.`);
    return false;
  };

  if (names.length === 0) return stop('segment-missing', 'There is no segment.', `${logId}/journal`);
  let count = names.length;
  for (let ordinal = 0; ordinal < count; ordinal++) {
    const expected = segmentName(ordinal);
    const name = names[ordinal] ?? expected;
    const file = join(log, 'journal', name);
    const next = join(log, 'journal', segmentName(ordinal + 1));
    const where = `${logId}/journal/${name}`;
    if (name !== expected)
      return stop(
        'segment-missing',
        `Segment ${ordinal} should be here: one is missing, or a file does not belong.`,
        where,
      );
    let bytes = readFile(file, { limit: SEGMENT_LIMIT, room });
    room = bytes.length > room.length ? bytes : room;
    const header = parseHeader(bytes, ordinal, logId, where);
    if (typeof header === 'string') return stop('segment-header', header, where);
    if (!sealHolds(header, before))
      return stop('seal', 'Its header does not seal the segment before it as it is.', where);
    if (header.first !== size)
      return stop('index-gap', `It begins at event ${header.first}, but ${size} come before it.`, where);
    visitor.segment(header);

    let open = ordinal === count - 1;
    let at = header.length;
    // A sealed segment ends where the next header says; that is compared when the next one is read.
    let until = open ? bytes.length : nextSeal(next, bytes.length);
    for (let tries = 0; at < until;) {
      const frame = parseFrame(bytes.subarray(0, until), at, `${where} byte ${at}`, dead || !open);
      if (typeof frame === 'string') {
        if (open && zeros(bytes.subarray(at, until))) break;
        // The writer may be in the middle of this very write: a frame that is being written becomes whole. Or it has gone
        // on in a further segment meanwhile, and this one is sealed.
        if (open && tries < 10) {
          tries++;
          Atomics.wait(PAUSE, 0, 0, 5);
          bytes = readFile(file, { limit: SEGMENT_LIMIT });
          if (lstatSync(next, { throwIfNoEntry: false }) === undefined) continue;
          open = false;
          count = ordinal + 2;
          until = nextSeal(next, bytes.length);
          continue;
        }
        return stop(
          open ? 'tail' : 'frame',
          open
            ? `${frame} An unfinished write stands here after a crash until the next start; otherwise the file was changed.`
            : frame,
          `${where} byte ${at}`,
        );
      }
      tries = 0;
      if (frame.first !== size)
        return stop('index-gap', `The frame begins at event ${frame.first}, not ${size}.`, frame.where);
      visitor.frame(frame);
      frames++;
      size += frame.entries.length;
      at += frame.length;
    }
    before = { end: at, tail: tailOf(bytes.subarray(at)) };
  }
  report.checked('segments with their headers, seals and unused bytes', count, 'SHA-256 in the segment that follows');
  report.checked('frames', frames, 'SHA-256 in the frame');
  return true;
}

function nextSeal(path: string, most: number): number {
  const header = readFile(path, { most: HEADER, limit: SEGMENT_LIMIT });
  return header.length < HEADER ? most : Math.min(most, u64(header, 48));
}

/** Zeros are told from other bytes without hashing them. */
const tailOf = (bytes: Buffer): Digest => (zeros(bytes) ? NO_TAIL : digest(bytes));

function sealHolds(header: Header, before: { readonly end: number; readonly tail: Digest } | undefined): boolean {
  return header.sealedLength === (before?.end ?? 0) && header.sealedTail === (before?.tail ?? NO_TAIL);
}
