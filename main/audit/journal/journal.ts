import { CountersignError } from '../../errors.ts';
import { encodeFrame, type Frame } from './frame.ts';
import { isFull, type Io, type JournalFile } from './io.ts';
import { encodeHeader, segmentPath } from './segment.ts';

/** Bytes of a segment unless one commit needs more. */
export const SEGMENT_BYTES = 16 * 1024 * 1024;
const SPARE = 'journal/spare';
const LARGE = 'journal/large';
const ZEROS = Buffer.alloc(1024 * 1024);

/** Where the log ends: the open segment and how much of it counts. */
export interface Position {
  readonly ordinal: number;
  /** Bytes that count. */
  readonly length: number;
  /** Bytes of the file. */
  readonly capacity: number;
  /** Digest of the bytes behind `length` (see segment.ts). */
  readonly tail: Buffer;
}

/** What the header of a new segment says of everything before it. */
export interface Snapshot {
  readonly root: Buffer;
  readonly state: string;
}

/** The open segment's file was removed behind the journal's back. */
class SegmentRemoved extends Error {
  readonly code = 'ENOENT';
}

/** Writes `bytes` zeros to a file and brings them to stable storage, so that later commits change no metadata. */
function preallocate(io: Io, path: string, bytes: number): void {
  const file = io.open(path, 'create');
  try {
    for (let at = 0; at < bytes; at += ZEROS.length)
      file.write(ZEROS.subarray(0, Math.min(ZEROS.length, bytes - at)), at);
    file.sync();
  } finally {
    file.close();
  }
}

/**
 * Appends frames to preallocated segments: one write and one fdatasync each, no new file on the way. One spare segment is
 * kept ready; while none can be had (disk full) the caller refuses what is not an end, and the rest of the open segment
 * is the reserve for ends. After any error the journal is dead: the next opening reads from the disk what is there.
 */
export class Journal {
  readonly #io: Io;
  readonly #logId: string;
  readonly #segmentBytes: number;
  #file: JournalFile | undefined;
  #at: Position | undefined;
  #spare: boolean;

  private constructor(io: Io, logId: string, segmentBytes: number) {
    this.#io = io;
    this.#logId = logId;
    this.#segmentBytes = segmentBytes;
    this.#spare = false;
  }

  /** Goes on behind `at` in a new segment, which seals the one before; the first segment where there is none. */
  static inNewSegment(
    io: Io,
    logId: string,
    segmentBytes: number,
    at: Position | undefined,
    first: number,
    snapshot: Snapshot,
  ): Journal {
    const journal = new Journal(io, logId, segmentBytes);
    journal.#at = at;
    journal.#roll(first, 0, snapshot);
    return journal;
  }

  /** Goes on in the open segment, which must end cleanly at `at`. */
  static inSegment(io: Io, logId: string, segmentBytes: number, at: Position): Journal {
    const journal = new Journal(io, logId, segmentBytes);
    journal.#at = at;
    journal.#file = io.open(segmentPath(at.ordinal), 'write');
    return journal;
  }

  /** Is a spare segment ready. */
  get hasSpare(): boolean {
    return this.#spare;
  }

  /** Makes the frame durable. `snapshot` describes the log before it and is asked only when a new segment begins. */
  append(frame: Frame, snapshot: () => Snapshot): void {
    const bytes = encodeFrame(frame);
    if (this.#at === undefined || this.#at.length + bytes.length > this.#at.capacity)
      this.#roll(frame.first, bytes.length, snapshot());
    const { file, at } = this.#open();
    file.write(bytes, at.length);
    file.sync();
    if (!file.hasName()) throw new SegmentRemoved();
    this.#at = { ...at, length: at.length + bytes.length };
  }

  /** Ordinal of the open segment. */
  get ordinal(): number {
    return this.#open().at.ordinal;
  }

  /** Seals the open segment and goes on in a new one. */
  roll(first: number, snapshot: Snapshot): void {
    this.#roll(first, 0, snapshot);
  }

  /** Has a spare segment ready. @throws ENOSPC, EDQUOT where there is no room: then nothing is left behind. */
  prepare(): void {
    if (this.#spare) return;
    try {
      preallocate(this.#io, SPARE, this.#segmentBytes);
      this.#io.syncDirectory('journal');
    } catch (error) {
      if (isFull(error)) this.#io.remove(SPARE);
      throw error;
    }
    this.#spare = true;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #open(): { readonly file: JournalFile; readonly at: Position } {
    if (this.#file === undefined || this.#at === undefined)
      throw new CountersignError('audit-closed', 'The audit log is closed.');
    return { file: this.#file, at: this.#at };
  }

  /** Header first, on stable storage under its final name, before any frame goes in. */
  #roll(first: number, needed: number, snapshot: Snapshot): void {
    const before = this.#at;
    const ordinal = before === undefined ? 0 : before.ordinal + 1;
    const header = (capacity: number): Buffer =>
      encodeHeader({
        ordinal,
        logId: this.#logId,
        first,
        capacity,
        sealedLength: before?.length ?? 0,
        sealedTail: before?.tail ?? Buffer.alloc(32),
        ...snapshot,
      });
    const least = header(0).length + needed;
    const large = least > this.#segmentBytes;
    const path = large ? LARGE : SPARE;
    const capacity = Math.max(least, this.#segmentBytes);
    if (large) preallocate(this.#io, LARGE, capacity);
    else this.prepare();
    const file = this.#io.open(path, 'write');
    file.write(header(capacity), 0);
    file.sync();
    this.#io.rename(path, segmentPath(ordinal));
    this.#io.syncDirectory('journal');
    if (!large) this.#spare = false;
    this.#file?.close();
    this.#file = file;
    this.#at = { ordinal, length: header(capacity).length, capacity, tail: Buffer.alloc(32) };
  }
}
