import { join, resolve } from 'node:path';
import { filesBelow, isAbsent, listDirectory, readFile, Unreadable } from './files.ts';
import { type StoreReader, type StoredObject } from './store.ts';

/** A store that is a plain directory: one file for each object. */
export function directoryStore(path: string): StoreReader {
  const root = resolve(path);
  return {
    name: root,
    folders: () =>
      Promise.resolve(
        listDirectory(root)
          .filter((entry) => entry.isDirectory())
          .map(({ name }) => name),
      ),

    async *list(prefix): AsyncGenerator<StoredObject> {
      for (const { path: key, regular } of filesBelow(root, prefix.replace(/\/$/, '')))
        yield { key, version: null, overlaid: 0, hidden: false, readable: regular };
    },
    read: (key, _version, limit) => {
      try {
        return Promise.resolve(readFile(join(root, ...key.split('/')), { limit }));
      } catch (error) {
        return isAbsent(error) || error instanceof Unreadable ? Promise.resolve(null) : Promise.reject(error as Error);
      }
    },
    shortcomings: () => [
      'That nobody removed or replaced files of the copy: a plain directory keeps no versions and no retention.',
    ],
  };
}
