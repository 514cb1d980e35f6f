import { createHmac, timingSafeEqual } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Counts cannot be read or written, or were changed by somebody else: nothing that is counted may run. */
export class CountsUnavailable extends Error {
  override readonly name = 'CountsUnavailable';
}

/** Milliseconds to wait for another process that is counting. */
const BUSY = 2_000;

/** Opened for each use: another process may have moved the file away. What was not committed goes when it is closed. */
export function within<T>(
  path: string,
  options: { readonly readOnly?: boolean },
  run: (database: DatabaseSync) => T,
): T {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: BUSY, ...options });
    return run(database);
  } catch (cause) {
    if (cause instanceof CountsUnavailable) throw cause;
    throw new CountsUnavailable(`counts in ${path} cannot be used`, { cause });
  } finally {
    database?.close();
  }
}

/** Makes the file where it is not there, for its owner alone. */
export function makePrivate(path: string): void {
  try {
    closeSync(openSync(path, 'a', 0o600));
  } catch (cause) {
    throw new CountsUnavailable(`${path} cannot be made`, { cause });
  }
}

/** What a count is stored with, so that a number that somebody else wrote is not taken for one. */
export function sealOf(key: Uint8Array, parts: readonly (string | number)[]): Buffer {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest();
}

/** The count of a row, where `seal` is that of `parts` and it. @throws CountsUnavailable */
export function sealedCount(
  path: string,
  key: Uint8Array,
  parts: readonly (string | number)[],
  { count, seal }: { readonly count: unknown; readonly seal: unknown },
): number {
  const sealed = typeof count === 'number' ? sealOf(key, [...parts, count]) : undefined;
  if (typeof count !== 'number' || sealed === undefined || !(seal instanceof Uint8Array) || !isSame(seal, sealed))
    throw new CountsUnavailable(`a count in ${path} was not written here`);
  return count;
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
