import { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import { CountersignError } from './errors.ts';

/**
 * A lock that the operating system releases when its holder dies, on every platform Node runs on: SQLite's exclusive
 * file lock, held by an open transaction. Node itself has no flock.
 */
export interface Lock {
  release(): void;
}

/**
 * Takes the lock at `path` (created if absent) or returns null when another process, or this one, holds it.
 * @throws CountersignError `lock-unavailable` where no file can be made or locked there
 */
export function tryLock(path: string): Lock | null {
  let database: DatabaseSync;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
  } catch (cause) {
    throw unavailable(path, cause);
  }
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    database.close();
    if (/database is locked/.test(String(cause))) return null;
    throw unavailable(path, cause);
  }
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      database.close();
    },
  };
}

const unavailable = (path: string, cause: unknown): CountersignError =>
  new CountersignError('lock-unavailable', `The lock ${path} cannot be made or taken.`, {
    next: 'Make sure that the directory is there, that this account may write in it, and that its disk is not full.',
    cause,
  });

const RETRY_MS = 15;
/** Longer than a provider that answers each of its questions at the last moment can keep another process waiting. */
const LONGEST_WAIT_MS = 60_000;

/** Runs `work` while holding the lock at `path`, waiting for another process (or another call here) to release it first. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  let lock = tryLock(path);
  for (let waited = 0; lock === null; waited += RETRY_MS) {
    if (waited > LONGEST_WAIT_MS) {
      throw new CountersignError('profile-busy', 'Another Countersign process is using this part of the profile.', {
        next: 'Wait for it or end it, then try again.',
      });
    }
    await delay(RETRY_MS);
    lock = tryLock(path);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
