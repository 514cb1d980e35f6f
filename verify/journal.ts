/**
 * Reads the journal of a log as docs/log-format.md describes it: segments, seals, frames. Stops at the first place that
 * does not read as it must, because nothing behind it has a known index.
 */
import { createHash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isDirectory, listDirectory, readFile } from './files.ts';
import { COMPUTED, parseFrame, u64, zeros, type Run } from './frames.ts';
import { digest, type Digest } from './merkle.ts';
import { OWN, readAhead, type ReadAhead } from './read-ahead.ts';
import { Reporter } from './report.ts';

const HEADER = 160;
/** Longer than any commit needs: the longest blob is 32 MiB, and one commit takes a few MiB besides. */
const SEGMENT_LIMIT = 512 * 1024 * 1024;
const NO_TAIL: Digest = '\0'.repeat(32);

export interface Segment {
  readonly where: string;
  readonly first: number;
  readonly root: Digest;
  /** JSON text of the state that a reader may start from. */
  readonly state: string;
}

/** What of the log is known beside its journal. */
export interface JournalState {
  /** The log was given up: its last segment counts as sealed, because blobs in it may be erased. */
  readonly dead: boolean;
  /** Nobody writes it meanwhile: what does not read is looked at once. */
  readonly atRest: boolean;
}

/** What is given lies in memory that the next segment takes: it counts until the call returns. */
export interface JournalVisitor {
  segment(segment: Segment): void;
  frame(frame: Run): void;
}

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

const segmentName = (ordinal: number): string => `${String(ordinal).padStart(8, '0')}.seg`;
const PAUSE = new Int32Array(new SharedArrayBuffer(4));

/**
 * Walks the whole journal of the log in order. Gives false when it had to stop.
 */
export function walkJournal(
  log: string,
  logId: string,
  state: JournalState,
  visitor: JournalVisitor,
  report: Reporter,
): boolean {
  const directory = join(log, 'journal');
  const names = (isDirectory(directory) ? listDirectory(directory) : [])
    .map(({ name }) => name)
    .filter((name) => name !== 'spare' && name !== 'large')
    .sort();
  const reading = readAhead(names.map((name) => join(directory, name)));
  try {
    return walk(log, logId, state, names, reading, visitor, report);
  } finally {
    reading?.close();
  }
}

/** Those of the blobs that the journal holds whole now. */
export function wholeBlobs(
  log: string,
  logId: string,
  state: JournalState,
  wanted: ReadonlySet<string>,
): ReadonlySet<string> {
  const found = new Set<string>();
  const frame = ({ blobs }: Run): void => {
    for (const [address, { state }] of blobs) if (state === 'whole' && wanted.has(address)) found.add(address);
  };
  walkJournal(log, logId, state, { segment: () => undefined, frame }, new Reporter());
  return found;
}

function walk(
  log: string,
  logId: string,
  { dead, atRest }: JournalState,
  names: readonly string[],
  reading: ReadAhead | undefined,
  visitor: JournalVisitor,
  report: Reporter,
): boolean {
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
    let ahead = ordinal === 0 ? undefined : reading?.take(ordinal);
    let bytes = ahead?.bytes ?? readFile(file, { limit: SEGMENT_LIMIT, room });
    if (ahead === undefined) room = bytes.length > room.length ? bytes : room;
    const header = parseHeader(bytes, ordinal, logId, where);
    if (typeof header === 'string') return stop('segment-header', header, where);
    if (!sealHolds(header, before))
      return stop('seal', 'Its header does not seal the segment before it as it is.', where);
    if (header.first !== size)
      return stop('index-gap', `It begins at event ${header.first}, but ${size} come before it.`, where);
    visitor.segment(header);

    const last = ordinal === count - 1;
    // Without the one that seals it a segment ends, like the open one, where zeros begin.
    let open = last || (ordinal + 1 < names.length && names[ordinal + 1] !== segmentName(ordinal + 1));
    let at = header.length;
    // A sealed segment ends where the next header says; that is compared when the next one is read.
    let until = open ? bytes.length : nextSeal(next, bytes.length);
    let own = ordinal === 0 && reading !== undefined;
    for (let tries = 0; at < until;) {
      if (own && at >= OWN) {
        own = false;
        ahead = reading?.take(0);
        // What was appended since the segment was read is not looked at, nor what was changed taken for hashed.
        if (ahead?.from === at && ahead.bytes.length === bytes.length) bytes = ahead.bytes;
        else ahead = undefined;
      }
      const hashes = ahead !== undefined && at < ahead.until ? ahead : COMPUTED;
      const frame = parseFrame(bytes.subarray(0, until), at, `${where} byte ${at}`, dead || !last || !open, hashes);
      if (typeof frame === 'string') {
        if (open && zeros(bytes.subarray(at, until))) break;
        // The writer may be in the middle of this very write: a frame that is being written becomes whole. Or it has gone
        // on in a further segment meanwhile, and this one is sealed.
        if (open && !atRest && tries < 10) {
          tries++;
          Atomics.wait(PAUSE, 0, 0, 5);
          bytes = readFile(file, { limit: SEGMENT_LIMIT });
          ahead = undefined; // Its hashes are of what was read before.
          if (lstatSync(next, { throwIfNoEntry: false }) === undefined) continue;
          open = false;
          count = ordinal + 2;
          until = nextSeal(next, bytes.length);
          continue;
        }
        // A log that was given up may have been left in the middle of a write, like a copy of one in use.
        if (open && dead && !hasFrameBehind(bytes, at, size)) {
          report.notChecked(`What an unfinished write at the end of the journal of ${logId} was to be.`);
          break;
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
      const made = hashes === COMPUTED ? undefined : ahead?.made(frame.first, frame.entries.length);
      visitor.frame(made === undefined ? frame : { ...frame, made });
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

/** Does a whole frame of a later event stand behind the place that does not read: then it is no unfinished write. */
function hasFrameBehind(bytes: Buffer, from: number, size: number): boolean {
  let looked = 0;
  for (let at = bytes.indexOf('CSFR', from + 1); at >= 0; at = bytes.indexOf('CSFR', at + 1)) {
    // So many beginnings of frames are no unfinished write either.
    if (++looked > 1000) return true;
    const frame = parseFrame(bytes, at, '', true);
    if (typeof frame !== 'string' && frame.first >= size) return true;
  }
  return false;
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
