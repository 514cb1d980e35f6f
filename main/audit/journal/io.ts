import fs from 'node:fs';
import { dirname, join } from 'node:path';

/** A file held open for writing in place. */
export interface JournalFile {
  /** Writes all of `bytes` at `position`. Not durable before `sync`. */
  write(bytes: Uint8Array, position: number): void;
  /** fdatasync: returns only when everything written is on stable storage. An error is final: never call it again. */
  sync(): void;
  /** Does it still have a name: what is written to a file that was removed is lost, and no sync says so. */
  hasName(): boolean;
  close(): void;
}

/**
 * The few file operations the log is built on, all synchronous, paths relative to one log's directory. A simulated disk
 * implements the same port and drives the same code.
 */
export interface Io {
  /** Names in a directory; none where it does not exist. */
  list(directory: string): readonly string[];
  /** Bytes of a file, or null where it does not exist. */
  size(path: string): number | null;
  /** The bytes from `position`, at most `length`; null where the file does not exist. */
  read(path: string, position?: number, length?: number): Buffer | null;
  /** `create` makes an empty file or empties an existing one. */
  open(path: string, how: 'create' | 'write'): JournalFile;
  /** Replaces `to`. Durable after `syncDirectory` of the directory of `to`. */
  rename(from: string, to: string): void;
  remove(path: string): void;
  makeDirectory(path: string): void;
  syncDirectory(path: string): void;
}

function absentIsNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** No room on the device, or none left of the user's quota. */
export const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(errorCode(error));

/** The real thing: files below `root`, readable by their owner alone. */
export function nodeIo(root: string): Io {
  const at = (path: string): string => join(root, path);
  return {
    list: (directory) => absentIsNull(() => fs.readdirSync(at(directory)).sort()) ?? [],
    size: (path) => absentIsNull(() => fs.statSync(at(path)).size),
    read: (path, position = 0, length) =>
      absentIsNull(() => {
        const fd = fs.openSync(at(path), 'r');
        try {
          const wanted = Math.max(0, Math.min(length ?? Infinity, fs.fstatSync(fd).size - position));
          const bytes = Buffer.allocUnsafe(wanted);
          let done = 0;
          for (let n = 1; done < wanted && n > 0; done += n)
            n = fs.readSync(fd, bytes, done, wanted - done, position + done);
          return bytes.subarray(0, done);
        } finally {
          fs.closeSync(fd);
        }
      }),
    open(path, how) {
      const fd = fs.openSync(at(path), how === 'create' ? 'w' : 'r+', 0o600);
      return {
        write(bytes, position) {
          for (let done = 0; done < bytes.length;)
            done += fs.writeSync(fd, bytes, done, bytes.length - done, position + done);
        },
        sync: () => fs.fdatasyncSync(fd),
        hasName: () => fs.fstatSync(fd).nlink > 0,
        close: () => fs.closeSync(fd),
      };
    },
    rename: (from, to) => fs.renameSync(at(from), at(to)),
    remove: (path) => fs.rmSync(at(path), { force: true }),
    makeDirectory: (path) => void fs.mkdirSync(at(path), { recursive: true, mode: 0o700 }),
    syncDirectory(path) {
      // Windows has no handle to a directory that could be flushed; NTFS journals its names itself.
      if (process.platform === 'win32') return;
      const fd = fs.openSync(at(path), 'r');
      try {
        fs.fsyncSync(fd);
      } finally {
        fs.closeSync(fd);
      }
    },
  };
}

/**
 * Puts a whole file in place by rename, so that a reader sees the old or the new one. `durable` also survives a power
 * cut; derived files go without, and are written again by recovery.
 */
export function putFile(io: Io, path: string, bytes: Uint8Array, how: { readonly durable: boolean }): void {
  const directory = dirname(path);
  if (directory !== '.') io.makeDirectory(directory);
  const file = io.open('tmp', 'create');
  try {
    file.write(bytes, 0);
    if (how.durable) file.sync();
  } finally {
    file.close();
  }
  io.rename('tmp', path);
  if (how.durable) io.syncDirectory(directory);
}
