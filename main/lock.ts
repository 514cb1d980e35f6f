import { DatabaseSync } from 'node:sqlite';

/**
 * A lock that the operating system releases when its holder dies, on every platform Node runs on: SQLite's exclusive
 * file lock, held by an open transaction. Node itself has no flock.
 */
export interface Lock {
  release(): void;
}

/** Takes the lock at `path` (created if absent) or returns null when another process, or this one, holds it. */
export function tryLock(path: string): Lock | null {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    if (/database is locked/.test(String(error))) return null;
    throw error;
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
