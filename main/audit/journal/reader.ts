/**
 * Reads the events of a log while somebody else may be writing it: for uploads, search and proofs. It never takes the
 * lock and never writes. It takes a frame as it finds it whole; judging the log is the work of recovery and verifier.
 *
 * A frame that can be read may still be on its way to stable storage. Who tells others what it read passes the size of a
 * checkpoint as `until`: what a checkpoint covers is durable.
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { CountersignError } from '../../errors.ts';
import { FRAME_HEADER, frameLength, readFrame, type FrameAt } from './frame.ts';
import { errorCode, nodeIo, type Io } from './io.ts';
import { SEGMENT_NAME, segmentHeader, segmentPath } from './segment.ts';

/** Id of a log and name of its directory: a UUID version 7. */
export const LOG_ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

export interface EntryRun {
  /** Index of the first of `entries`. */
  readonly first: number;
  readonly entries: readonly Buffer[];
  /** All blobs of the frames read; addresses in hex. `erased`: its bytes are gone, or are being overwritten. */
  readonly blobs: readonly { readonly address: string; readonly bytes: Buffer; readonly erased: boolean }[];
}

export interface JournalReader {
  /**
   * The next whole frames from where it stands: at least one where there is one, about `bytes` bytes at most, and none
   * that goes beyond `until` entries of the log. Null when there is nothing further yet.
   * @throws CountersignError `audit-unreadable` when the journal cannot be read on: then nothing behind has a known index.
   */
  next(limits: { readonly until?: number; readonly bytes: number }): EntryRun | null;
  close(): void;
}

/** @param from index of the first entry wanted; those before it in its frame are left out. */
export function openJournalReader(logDirectory: string, from: number): JournalReader {
  const id = basename(logDirectory);
  const reader = journalReader(nodeIo(logDirectory), id, from);
  return {
    next(limits) {
      try {
        return reader.next(limits);
      } catch (error) {
        const code = errorCode(error);
        throw error instanceof CountersignError ? error : unreadable(id, `the disk answers ${code}`, error);
      }
    },
    close: () => reader.close(),
  };
}

/** One event with the sealed bytes of its frame's blobs by address (hex), without the erased ones; null where there is none yet. */
export function readEvent(
  logDirectory: string,
  index: number,
): { readonly leaf: Buffer; readonly blobs: ReadonlyMap<string, Buffer> } | null {
  const reader = openJournalReader(logDirectory, index);
  const run = reader.next({ bytes: 1 });
  reader.close();
  const [leaf] = run?.entries ?? [];
  if (run === null || leaf === undefined || run.first !== index) return null;
  return { leaf, blobs: new Map(run.blobs.filter(({ erased }) => !erased).map((blob) => [blob.address, blob.bytes])) };
}

/** All logs below a profile's directory of logs that have begun, oldest first. */
export function logsBelow(directory: string): readonly { readonly id: string; readonly path: string }[] {
  const names = statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true ? readdirSync(directory) : [];
  return names
    .filter((name) => LOG_ID.test(name))
    .sort()
    .map((id) => ({ id, path: join(directory, id) }))
    .filter(({ path }) => statSync(join(path, segmentPath(0)), { throwIfNoEntry: false }) !== undefined);
}

/** Bytes looked at together while frames before the first one wanted are passed over. */
const STRIDE = 1024 * 1024;

interface Place {
  readonly ordinal: number;
  /** Bytes of the segment's file. */
  readonly capacity: number;
  /** Where its good bytes end; undefined while no later segment seals it. */
  readonly end: number | undefined;
  /** Where the next frame begins. */
  readonly at: number;
  /** Index of that frame's first entry. */
  readonly index: number;
}

/** The same over the port that the journal is written through. */
export function journalReader(io: Io, id: string, from: number): JournalReader {
  let place: Place | undefined;

  /** The start of a segment; undefined where it does not exist. */
  const begin = (ordinal: number): Place | undefined => {
    if (io.size(segmentPath(ordinal)) === null) return undefined;
    const found = segmentHeader(io, ordinal, id);
    if (found === null) throw unreadable(id, `the header of segment ${ordinal} is not what was written`);
    const end = segmentHeader(io, ordinal + 1, id)?.sealedLength;
    return { ordinal, capacity: found.capacity, end, at: found.length, index: found.first };
  };

  /** The start of the last segment that begins at or before the first entry wanted. */
  const locate = (): Place | undefined => {
    let low = 0;
    let high = io.list('journal').filter((name) => SEGMENT_NAME.test(name)).length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((begin(middle)?.index ?? Infinity) <= from) low = middle;
      else high = middle - 1;
    }
    return begin(low);
  };

  /** Steps over frames that end at or before the first entry wanted. */
  const skip = (where: Place): Place => {
    const limit = where.end ?? where.capacity;
    let { at, index } = where;
    for (;;) {
      const bytes = io.read(segmentPath(where.ordinal), at, Math.min(STRIDE, limit - at)) ?? Buffer.alloc(0);
      let read = 0;
      for (let length: number | null; read < bytes.length; read += length) {
        length = frameLength(bytes, read);
        if (length === null || at + read + length > limit) return { ...where, at: at + read, index };
        const next = Number(bytes.readBigUInt64BE(read + 8)) + bytes.readUInt32BE(read + 16);
        if (next > from) return { ...where, at: at + read, index };
        index = next;
      }
      if (read === 0) return { ...where, at, index };
      at += read;
    }
  };

  /** Whole frames from here on, as many as are wanted. */
  const frames = (where: Place, until: number, wanted: number): readonly FrameAt[] => {
    const path = segmentPath(where.ordinal);
    const limit = (where.end ?? where.capacity) - where.at;
    const length = frameLength(io.read(path, where.at, FRAME_HEADER) ?? Buffer.alloc(0), 0);
    if (length === null || length > limit) return [];
    const bytes = io.read(path, where.at, Math.min(limit, Math.max(length, wanted))) ?? Buffer.alloc(0);
    // Nothing is written to a log that was given up: there the last segment counts as sealed, so blobs can go from it.
    const sealed = where.end !== undefined || io.size('dead.json') !== null;
    const found: FrameAt[] = [];
    for (let at = 0, index = where.index; at < bytes.length;) {
      const frame = readFrame(bytes, at, sealed);
      if (frame === null || frame.first !== index || index + frame.entries.length > until) break;
      found.push(frame);
      at += frame.length;
      index += frame.entries.length;
    }
    return found;
  };

  return {
    next({ until = Infinity, bytes }) {
      place ??= locate();
      for (;;) {
        if (place !== undefined && place.index < from) place = skip(place);
        if (place === undefined || place.index >= until) return null;
        if (place.at === place.end) {
          place = begin(place.ordinal + 1);
          continue;
        }
        const found = frames(place, until, bytes);
        const [first] = found;
        if (first !== undefined) {
          const entries = found.flatMap((frame) => frame.entries);
          place = {
            ...place,
            at: place.at + found.reduce((sum, frame) => sum + frame.length, 0),
            index: first.first + entries.length,
          };
          const wanted = Math.max(0, from - first.first);
          return {
            first: first.first + wanted,
            entries: entries.slice(wanted),
            blobs: found.flatMap((frame) =>
              frame.blobs.map((blob) => ({
                address: blob.address.toString('hex'),
                bytes: blob.bytes,
                erased: !blob.whole,
              })),
            ),
          };
        }
        // What stands here ends the open segment, unless that has been sealed meanwhile: then its end is known.
        const end = place.end === undefined ? segmentHeader(io, place.ordinal + 1, id)?.sealedLength : undefined;
        if (end === undefined) return ended(place, until);
        place = { ...place, end };
      }
    },
    close: () => undefined,
  };

  function ended(where: Place, until: number): null {
    if (where.end === undefined || where.at === where.end) return null;
    const next = frameLength(io.read(segmentPath(where.ordinal), where.at, FRAME_HEADER) ?? Buffer.alloc(0), 0);
    // A frame that goes beyond `until` is for later; anything else does not read as it was written.
    if (next !== null && frames(where, Infinity, 1).length > 0 && until < Infinity) return null;
    throw unreadable(id, `segment ${where.ordinal} is unreadable at byte ${where.at}`);
  }
}

const unreadable = (id: string, what: string, cause?: unknown): CountersignError =>
  new CountersignError('audit-unreadable', `The audit log ${id} cannot be read on: ${what}.`, {
    next: 'Run `countersign verify` on the directory of the log to see what is wrong with it.',
    cause,
  });
