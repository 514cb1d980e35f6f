import { unwatchFile, watchFile } from 'node:fs';

/** How often a file is looked at, ms: what another process takes away is to end within a second. */
const EVERY_MS = 400;

/**
 * Calls back when one of the files was changed, made or removed, by whichever process; by looking, because notices of changes
 * are not to be had on every file system. Keeps no process alive. Gives what ends it.
 */
export function watchFiles(paths: readonly string[], changed: () => void): () => void {
  const listener = (): void => changed();
  for (const path of paths) watchFile(path, { interval: EVERY_MS, persistent: false }, listener);
  return () => {
    for (const path of paths) unwatchFile(path, listener);
  };
}
