/**
 * Reads the journal of a log as docs/log-format.md describes it: segments, seals, frames. Stops at the first place that
 * does not read as it must, because nothing behind it has a known index.
 */
import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { sha256 } from './merkle.ts';
import { type Reporter } from './report.ts';

const HEADER = 160;
const FRAME = 64;
const NO_TAIL = Buffer.alloc(32);

export interface Blob {
  /** SHA-256 of the sealed bytes, hex. */
  readonly address: string;
  readonly bytes: Buffer;
  /** All bytes are zero: the blob has been erased. */
  readonly zeroed: boolean;
}

export interface Frame {
  readonly where: string;
  readonly first: number;
  readonly entries: readonly Buffer[];
  readonly blobs: readonly Blob[];
}

export interface Segment {
  readonly where: string;
  readonly first: number;
  readonly root: Buffer;
  /** JSON text of the state that a reader may start from. */
  readonly state: string;
}

export interface JournalVisitor {
  segment(segment: Segment): void;
  frame(frame: Frame): void;
}

function readFile(path: string, most = Infinity): Buffer {
  const fd = openSync(path, 'r');
  try {
    const bytes = Buffer.allocUnsafe(Math.min(most, fstatSync(fd).size));
    let done = 0;
    for (let n = 1; n > 0 && done < bytes.length; done += n) n = readSync(fd, bytes, done, bytes.length - done, done);
    return bytes.subarray(0, done);
  } finally {
    closeSync(fd);
  }
}

const zeros = (bytes: Buffer): boolean => bytes.equals(Buffer.alloc(bytes.length));
const u64 = (bytes: Buffer, at: number): number => Number(bytes.readBigUInt64BE(at));

interface Header extends Segment {
  readonly length: number;
  readonly sealedLength: number;
  readonly sealedTail: Buffer;
}

/** A sentence about what is wrong with the header, or the header. */
function parseHeader(bytes: Buffer, ordinal: number, logId: string, where: string): Header | string {
  if (bytes.length < HEADER || bytes.toString('latin1', 0, 8) !== 'CSLOGSEG' || bytes.readUInt32BE(8) !== 1)
    return 'It does not begin as a segment of format 1.';
  const length = HEADER + bytes.readUInt32BE(120);
  if (length > bytes.length) return 'Its header is longer than the file.';
  const state = bytes.subarray(HEADER, length);
  if (!sha256(bytes.subarray(0, 128), state).equals(bytes.subarray(128, HEADER)))
    return 'The checksum of its header is wrong.';
  if (bytes.readUInt32BE(12) !== ordinal) return 'Its header names another place in the journal.';
  if (bytes.toString('hex', 16, 32) !== logId.replaceAll('-', '')) return 'Its header names another log.';
  if (u64(bytes, 40) !== bytes.length) return 'The file is not as long as its header says.';
  return {
    where,
    first: u64(bytes, 32),
    sealedLength: u64(bytes, 48),
    sealedTail: bytes.subarray(56, 88),
    root: bytes.subarray(88, 120),
    state: state.toString(),
    length,
  };
}

/**
 * A sentence about what is wrong with the frame at `at`, or the frame with its length. Zeros in place of a blob are an
 * erased blob in a sealed segment; in the open one they are an unfinished write.
 */
function parseFrame(
  bytes: Buffer,
  at: number,
  where: string,
  sealed: boolean,
): (Frame & { readonly length: number }) | string {
  if (at + FRAME > bytes.length || bytes.toString('latin1', at, at + 4) !== 'CSFR') return 'No frame begins here.';
  const table = at + FRAME + bytes.readUInt32BE(at + 4);
  const blobCount = bytes.readUInt32BE(at + 20);
  const bodies = table + blobCount * 36;
  const end = bodies + u64(bytes, at + 24);
  if (end > bytes.length) return 'The frame is longer than the segment.';
  if (
    !sha256(bytes.subarray(at, at + 32), bytes.subarray(at + FRAME, bodies)).equals(bytes.subarray(at + 32, at + FRAME))
  )
    return 'The checksum of the frame is wrong.';
  const entries: Buffer[] = [];
  for (let from = at + FRAME; from < table;) {
    const to = from + 2 + bytes.readUInt16BE(from);
    if (to > table) return 'An entry is longer than its frame.';
    entries.push(bytes.subarray(from + 2, to));
    from = to;
  }
  if (entries.length !== bytes.readUInt32BE(at + 16)) return 'The frame holds another number of entries than it says.';
  const blobs: Blob[] = [];
  let body = bodies;
  for (let row = table; row < bodies; row += 36) {
    const blob = bytes.subarray(body, body + bytes.readUInt32BE(row + 32));
    const zeroed = zeros(blob);
    if (!(zeroed && sealed) && !sha256(blob).equals(bytes.subarray(row, row + 32)))
      return 'An encrypted blob was changed.';
    blobs.push({ address: bytes.toString('hex', row, row + 32), bytes: blob, zeroed });
    body += blob.length;
  }
  if (body !== end) return 'The blobs of the frame have another length than it says.';
  return { where, first: u64(bytes, at + 8), entries, blobs, length: end - at };
}

const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/** Walks the whole journal in order. Gives false when it had to stop. */
export function walkJournal(log: string, logId: string, visitor: JournalVisitor, report: Reporter): boolean {
  const names = readdirSync(join(log, 'journal'))
    .filter((name) => name !== 'spare' && name !== 'large')
    .sort();
  let before: { readonly bytes: Buffer; readonly end: number; readonly where: string } | undefined;
  let size = 0;
  let frames = 0;
  const stop = (code: string, sentence: string, where: string): false => {
    report.finding(code, sentence, where);
    report.notChecked('What lies behind the first unreadable place of the journal.');
    return false;
  };

  for (const [ordinal, name] of names.entries()) {
    const where = `journal/${name}`;
    if (name !== `${String(ordinal).padStart(8, '0')}.seg`)
      return stop(
        'segment-missing',
        `Segment ${ordinal} should be here: one is missing, or a file does not belong.`,
        where,
      );
    let bytes = readFile(join(log, where));
    const header = parseHeader(bytes, ordinal, logId, where);
    if (typeof header === 'string') return stop('segment-header', header, where);
    if (!sealHolds(header, before))
      return stop('seal', 'Its header does not seal the segment before it as it is.', where);
    if (header.first !== size)
      return stop('index-gap', `It begins at event ${header.first}, but ${size} come before it.`, where);
    visitor.segment(header);

    const last = ordinal === names.length - 1;
    let at = header.length;
    // A sealed segment ends where the next header says; that is compared when the next one is read.
    const until = last ? bytes.length : nextSeal(join(log, `journal/${names[ordinal + 1] ?? ''}`), bytes.length);
    for (let tries = 0; at < until;) {
      const frame = parseFrame(bytes.subarray(0, until), at, `${where} byte ${at}`, !last);
      if (typeof frame === 'string') {
        if (zeros(bytes.subarray(at, until)) && last) break;
        // The writer may be in the middle of this very write: a frame that is being written becomes whole.
        if (last && tries < 10) {
          tries++;
          Atomics.wait(PAUSE, 0, 0, 5);
          bytes = readFile(join(log, where));
          continue;
        }
        return stop(
          last ? 'tail' : 'frame',
          last
            ? `${frame} An unfinished write stands here after a crash until the next start; otherwise the file was changed.`
            : frame,
          `${where} byte ${at}`,
        );
      }
      if (frame.first !== size)
        return stop('index-gap', `The frame begins at event ${frame.first}, but ${size} come before it.`, frame.where);
      visitor.frame(frame);
      size += frame.entries.length;
      frames++;
      tries = 0;
      at += frame.length;
    }
    before = { bytes, end: at, where };
  }
  report.checked(
    'segments with their headers, seals and unused bytes',
    names.length,
    'SHA-256 in the segment that follows',
  );
  report.checked('frames', frames, 'SHA-256 in the frame');
  return true;
}

function nextSeal(path: string, most: number): number {
  const header = readFile(path, HEADER);
  return header.length < HEADER ? most : Math.min(most, u64(header, 48));
}

function sealHolds(header: Header, before: { readonly bytes: Buffer; readonly end: number } | undefined): boolean {
  if (before === undefined) return header.sealedLength === 0 && header.sealedTail.equals(NO_TAIL);
  const tail = before.bytes.subarray(before.end);
  return header.sealedLength === before.end && header.sealedTail.equals(zeros(tail) ? NO_TAIL : sha256(tail));
}
