/**
 * A record's copy in a plain directory: another disk, a mounted share. Objects are files; what makes a file appear is
 * link(2), which never replaces. A file is written and synced under a temporary name first, so that a name means a whole
 * file whatever was interrupted, and the directory that got the name is synced before anything is acknowledged.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { link, lstat, mkdir, open, readdir, stat, unlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { absent, errorCode, explain, unless, wrongKind } from './directory-errors.ts';
import { isThere, sweep, syncDirectory, tryLinks, writeDurably } from './directory-files.ts';
import { examineDirectory } from './directory-weaknesses.ts';
import { checkErasable, checkKey, checkPrefix, isKey } from './key.ts';
import { type ObjectStore } from './store.ts';
import { LARGEST_OBJECT, tooLarge } from './trouble.ts';

const TEMPORARY = '.tmp';
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
      if (!(await stat(root)).isDirectory()) throw wrongKind('ENOTDIR');
    } else {
      const above = dirname(directory);
      await settle(above);
      await mkdir(directory, { mode: 0o700 }).catch(unless('EEXIST'));
      // A link would lead out of the store, wherever its maker likes.
      if (!(await lstat(directory)).isDirectory()) throw wrongKind('ENOTDIR');
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
          if (!found.isFile()) throw wrongKind('EISDIR');
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

/** Whether keys below the directory `name` (with its slash) can begin with `prefix` and be greater than `after`. */
const mayHold = (name: string, prefix: string, after: string): boolean =>
  (name.startsWith(prefix) || prefix.startsWith(name)) && (name > after || after.startsWith(name));
