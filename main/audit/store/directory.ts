/**
 * A record's copy in a plain directory: another disk, a mounted share. Objects are files; what makes a file appear is
 * link(2), which never replaces. A file is written and synced under a temporary name first, so that a name means a whole
 * file whatever was interrupted, and the directory that got the name is synced before anything is acknowledged.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { examineDirectory } from './directory-weaknesses.ts';
import { checkErasable, checkKey, checkPrefix, isKey } from './key.ts';
import { type ObjectStore } from './store.ts';
import { LARGEST_OBJECT, storeError, tooLarge } from './trouble.ts';

const TEMPORARY = '.tmp';
/** A temporary file this much older than one made now belongs to nobody who still writes, milliseconds. */
const ABANDONED = 60 * 60 * 1000;
/** Neither follows a link that somebody laid there nor waits for the writer of a pipe. */
const READ = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * @param path an existing directory: one that is not there may be a disk that is not mounted, and is never made here.
 * @param profile the directory the record is written in, to see whether both lie on one disk.
 */
export function createDirectoryStore(path: string, { profile }: { readonly profile?: string } = {}): ObjectStore {
  const root = resolve(path);
  const at = (key: string): string => join(root, ...key.split('/'));
  const temporaries = join(root, TEMPORARY);
  /** Directories that this process knows to be real ones, with their own names on stable storage. */
  const settled = new Set<string>();
  let opened = false;

  /** Makes the directory and those above it below the root. A directory's name is durable when the one above was synced. */
  const settle = async (directory: string): Promise<void> => {
    if (settled.has(directory)) return;
    if (directory === root) {
      if (!(await stat(root)).isDirectory()) throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
    } else {
      const above = dirname(directory);
      await settle(above);
      await mkdir(directory, { mode: 0o700 }).catch(unless('EEXIST'));
      // A link would lead out of the store, wherever its maker likes.
      if (!(await lstat(directory)).isDirectory())
        throw Object.assign(new Error('not a directory'), { code: 'ENOTDIR' });
      await syncDirectory(above);
    }
    settled.add(directory);
  };

  /**
   * Fails where the directory is not there, or not the one it was: a disk that is no longer mounted leaves an empty directory
   * of the same name, in which everything would seem never to have been uploaded.
   */
  const present = async (): Promise<void> => void (await stat(opened ? temporaries : root));

  const openForWriting = async (): Promise<void> => {
    if (opened) return present();
    await settle(temporaries);
    await sweep(temporaries).catch(() => undefined);
    opened = true;
  };

  const attempt = async (key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<'created' | 'exists'> => {
    const file = at(key);
    await openForWriting();
    await settle(dirname(file));
    if (await isThere(file)) return 'exists';
    const temporary = join(temporaries, randomUUID());
    try {
      await writeDurably(temporary, bytes);
      signal?.throwIfAborted();
      await link(temporary, file);
    } catch (error) {
      if (errorCode(error) === 'EEXIST' && (await isThere(file))) return 'exists';
      throw error;
    } finally {
      await unlink(temporary).catch(() => undefined);
    }
    await syncDirectory(dirname(file));
    return 'created';
  };

  /** Runs `work`; what the file system says becomes words. */
  const said = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      throw explain(root, what, error);
    }
  };

  async function* walk(directory: string, above: string, prefix: string, after: string): AsyncGenerator<string> {
    const entries = await readdir(directory, { withFileTypes: true }).catch(absent([]));
    // Keys are in the order of their bytes: a directory counts with its slash ("a-b" before "a/b" before "a0").
    const names = entries
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map((entry) => `${above}${entry.name}${entry.isDirectory() ? '/' : ''}`)
      .sort((one, other) => (one < other ? -1 : 1));
    for (const name of names) {
      if (!name.endsWith('/')) {
        if (name.startsWith(prefix) && name > after && isKey(name)) yield name;
      } else if (isKey(name.slice(0, -1)) && mayHold(name, prefix, after)) {
        yield* walk(at(name.slice(0, -1)), name, prefix, after);
      }
    }
  }

  return {
    name: root,
    async create(key, bytes, { signal }) {
      checkKey(key);
      return said(`${key} could not be written`, async () => {
        signal?.throwIfAborted();
        try {
          return await attempt(key, bytes, signal);
        } catch (error) {
          if (errorCode(error) !== 'ENOENT') throw error;
          // A directory or the temporary file was removed by somebody between two steps: once more, from the beginning.
          settled.clear();
          return await attempt(key, bytes, signal);
        }
      });
    },
    async read(key, signal) {
      checkKey(key);
      return said(`${key} could not be read`, async () => {
        signal?.throwIfAborted();
        await present();
        const file = await open(at(key), READ).catch(absent(null));
        if (file === null) return null;
        try {
          const found = await file.stat();
          if (!found.isFile()) throw Object.assign(new Error('not a file'), { code: 'EISDIR' });
          if (found.size > LARGEST_OBJECT) throw tooLarge(root, key);
          return await file.readFile();
        } finally {
          await file.close();
        }
      });
    },
    async *list(prefix, { after = '', signal } = {}) {
      checkPrefix(prefix);
      try {
        await present();
        for await (const key of walk(root, '', prefix, after)) {
          signal?.throwIfAborted();
          yield key;
        }
      } catch (error) {
        throw explain(root, 'could not be listed', error);
      }
    },
    async erase(key, signal) {
      checkErasable(key);
      await said(`${key} could not be removed`, async () => {
        signal?.throwIfAborted();
        await present();
        await unlink(at(key)).catch(absent(undefined));
        // Also where it was gone already: another process may have removed it and not come this far.
        await syncDirectory(dirname(at(key))).catch(absent(undefined));
      });
    },
    async examine(signal) {
      return said('could not be examined', async () => {
        signal?.throwIfAborted();
        await openForWriting();
        await tryLinks(temporaries);
        return examineDirectory(root, profile);
      });
    },
    close: () => undefined,
  };
}

/** Whether a file of this name is there, and if so, durably: whoever made it may have died before it was. */
async function isThere(file: string): Promise<boolean> {
  const found = await lstat(file).catch(absent(null));
  if (found === null) return false;
  if (!found.isFile()) throw Object.assign(new Error('not a file'), { code: 'EISDIR' });
  await syncDirectory(dirname(file));
  return true;
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o400);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  // Windows has no handle to a directory that could be flushed; NTFS journals its names itself.
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** Links a file, and then another to the same name: a file system on which the second succeeds, or the first fails, is no store. */
async function tryLinks(directory: string): Promise<void> {
  const [one, other, name] = [randomUUID(), randomUUID(), randomUUID()].map((file) => join(directory, file)) as [
    string,
    string,
    string,
  ];
  try {
    await writeDurably(one, Buffer.from('one'));
    await writeDurably(other, Buffer.from('other'));
    await link(one, name);
    const again = await link(other, name).then(() => 'replaced', errorCode);
    if (again !== 'EEXIST') throw Object.assign(new Error('a second link was not refused'), { code: 'ENOTSUP' });
  } finally {
    for (const file of [one, other, name]) await unlink(file).catch(() => undefined);
  }
}

/** Removes temporary files that a crash left behind; of other processes that write here now, none. */
async function sweep(directory: string): Promise<void> {
  // Ages go by the file system's own clock: a share's is not ours.
  const file = join(directory, randomUUID());
  await writeDurably(file, Buffer.alloc(0));
  const now = (await lstat(file)).mtimeMs;
  await unlink(file);
  for (const name of await readdir(directory)) {
    const found = await lstat(join(directory, name)).catch(absent(null));
    if (found !== null && now - found.mtimeMs > ABANDONED) await rm(join(directory, name), { force: true });
  }
}

/** Whether keys below the directory `name` (with its slash) can begin with `prefix` and be greater than `after`. */
const mayHold = (name: string, prefix: string, after: string): boolean =>
  (name.startsWith(prefix) || prefix.startsWith(name)) && (name > after || after.startsWith(name));

const errorCode = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');

const unless =
  (...codes: readonly string[]) =>
  (error: unknown): void => {
    if (!codes.includes(errorCode(error))) throw error;
  };

const absent =
  <T>(value: T) =>
  (error: unknown): T => {
    if (errorCode(error) !== 'ENOENT') throw error;
    return value;
  };

/** What keeps a file operation from working, by the system's error code: what it is, and what to do. */
function explain(root: string, what: string, error: unknown): unknown {
  const of = (code: Parameters<typeof storeError>[0], why: string, next: string): Error =>
    storeError(code, `${root}: ${what}: ${why}.`, next, error);
  switch (errorCode(error)) {
    case 'ENOENT':
      return of('store-unreachable', 'the directory is not there', 'Mount the disk it is on, or make the directory.');
    case 'EIO':
    case 'ENXIO':
    case 'ENODEV':
    case 'ESTALE':
    case 'ENOTCONN':
    case 'EHOSTDOWN':
    case 'ETIMEDOUT':
      return of(
        'store-unreachable',
        'the disk or share does not answer',
        'Connect it again; what waits is uploaded then.',
      );
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return of('store-full', 'there is no room left', 'Make room on that disk; what waits is uploaded then.');
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return of(
        'store-refused',
        errorCode(error) === 'EROFS' ? 'the disk is mounted read-only' : 'this account may not',
        'Give the account that runs Countersign the right to write there, on a file system with hard links.',
      );
    case 'ENOTSUP':
    case 'EOPNOTSUPP':
    case 'ENOSYS':
    case 'EXDEV':
    case 'EMLINK':
      return of(
        'store-refused',
        'this file system cannot make a name that never replaces another (a hard link)',
        'Take one that can (ext4, XFS, APFS, NTFS, NFS), or S3-compatible storage.',
      );
    case 'ENOTDIR':
    case 'EISDIR':
    case 'ELOOP':
      return of(
        'store-refused',
        'something other than a plain file or directory has its name',
        'Look who else writes to this directory; a record has it for itself.',
      );
    default:
      // What is no error of the system's (an abort, one of ours) has its own words.
      return error instanceof Error && 'syscall' in error
        ? of('store-unreachable', `the system says ${errorCode(error)}`, 'Look after that disk or share.')
        : error;
  }
}
