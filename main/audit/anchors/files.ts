/** Files that anchoring adds to a log's directory, beside what its writer keeps there. */
import { randomUUID } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { nodeIo } from '../journal/io.ts';

/**
 * Puts a whole file in place by rename. The temporary name is nobody else's: the writer of the log and other processes put
 * files into the same directory. `durable` also survives a power cut.
 */
export function putLocal(path: string, bytes: Uint8Array, how: { readonly durable: boolean }): void {
  const directory = dirname(path);
  const made = mkdirSync(directory, { recursive: true, mode: 0o700 });
  const temporary = join(directory, `.${randomUUID()}.tmp`);
  try {
    const file = openSync(temporary, 'wx', 0o600);
    try {
      for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
      if (how.durable) fdatasyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (!how.durable) return;
  const top = dirname(made ?? directory);
  const io = nodeIo(top);
  // A directory that was just made is durable when the one above it was synced.
  for (let at = directory; made !== undefined && at !== top; at = dirname(at)) io.syncDirectory(relative(top, at));
  io.syncDirectory(made === undefined ? relative(top, directory) : '.');
}
