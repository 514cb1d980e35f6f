/** Reading files that somebody else may have prepared: no link is followed, nothing but a regular file is read, none is too large. */
import { closeSync, constants, fstatSync, lstatSync, openSync, readdirSync, readSync, type Dirent } from 'node:fs';
import { join } from 'node:path';

/** A file that is not read although it is there: a link, a device, or longer than anything of a log can be. */
export class Unreadable extends Error {
  override readonly name = 'Unreadable';
}

const errorCode = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : undefined);
export const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(String(errorCode(error)));

// Without O_NONBLOCK a pipe that nobody writes would be waited for; Windows has neither flag.
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

export interface Reading {
  /** Read at most this many bytes of it. */
  readonly most?: number;
  /** Bytes that a file of this kind never exceeds. */
  readonly limit: number;
  /** Used for the bytes where they fit, so that reading many files takes the room of one. */
  readonly room?: Buffer;
}

/** @throws Unreadable, or the error of the file system. */
export function readFile(path: string, { most = Infinity, limit, room }: Reading): Buffer {
  let fd: number;
  try {
    fd = openSync(path, FLAGS);
  } catch (error) {
    if (errorCode(error) === 'ELOOP') throw new Unreadable('It is a link, and links are not followed.');
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) throw new Unreadable('It is not a regular file.');
    if (stat.size > limit) throw new Unreadable(`It is longer than such a file can be (${stat.size} bytes).`);
    const length = Math.min(most, stat.size);
    const bytes = room !== undefined && length <= room.length ? room.subarray(0, length) : Buffer.allocUnsafe(length);
    let done = 0;
    for (let n = 1; n > 0 && done < bytes.length; done += n) n = readSync(fd, bytes, done, bytes.length - done, done);
    return bytes.subarray(0, done);
  } finally {
    closeSync(fd);
  }
}

/** The file's bytes; null when there is none. */
export function readIfThere(path: string, limit: number): Buffer | null {
  try {
    return readFile(path, { limit });
  } catch (error) {
    if (isAbsent(error)) return null;
    throw error;
  }
}

/** Is there a directory of this name: a link to one is none. */
export const isDirectory = (path: string): boolean =>
  lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;

export const listDirectory = (path: string): readonly Dirent[] => {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (isAbsent(error)) return [];
    throw error;
  }
};

export interface Found {
  /** Relative to the directory that was searched, with `/`. */
  readonly path: string;
  /** False for links, pipes and the like. */
  readonly regular: boolean;
}

/** Everything below a directory that is not itself a directory, each directory in the order of its names' bytes; nothing where a link stands in its place. */
export function* filesBelow(root: string, below = ''): Generator<Found> {
  if (!isDirectory(join(root, below))) return;
  const entries = listDirectory(join(root, below)).map((entry) => ({
    entry,
    // So that a directory stands where its files stand in the order of whole paths.
    order: entry.isDirectory() ? `${entry.name}/` : entry.name,
  }));
  for (const { entry } of entries.sort((a, b) => (a.order < b.order ? -1 : 1))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(root, path);
    else yield { path, regular: entry.isFile() };
  }
}
