import { existsSync } from 'node:fs';
import { type DatabaseSync } from 'node:sqlite';
import { CountersignError } from '../../errors.ts';
import { type Usage } from '../usage.ts';
import { CountsUnavailable, makePrivate, sealedCount, sealOf, within } from './sealed-counts.ts';

/**
 * Rows by asker and minute, in a file that all processes of a profile share. The hour before a moment takes in every minute
 * that lies in it, if only in part, and every later one: where the clock was set back, what was had before still counts.
 * Whoever may write the file can delete it, and counts then start at zero; what is in the record tells.
 */
const TABLE = `
CREATE TABLE IF NOT EXISTS had (
  asker TEXT NOT NULL, minute INTEGER NOT NULL, rows INTEGER NOT NULL, seal BLOB NOT NULL, PRIMARY KEY (asker, minute)
) STRICT, WITHOUT ROWID`;
const READ = 'SELECT minute, rows, seal FROM had WHERE asker = ? AND minute >= ? ORDER BY minute';
const WRITE = 'INSERT OR REPLACE INTO had VALUES (?, ?, ?, ?)';
const FORGET = 'DELETE FROM had WHERE minute < ?';

const MINUTE = 60_000;
/** Minutes. */
const HOUR = 60;
/** Minutes that counts are kept, so that a clock that is set back by less finds them. */
const KEPT = 24 * HOUR;

interface Bucket {
  readonly minute: number;
  readonly rows: number;
}

/** @param key seals each count */
export function createUsage(path: string, key: Uint8Array): Usage {
  const minuteOf = (now: Date): number => Math.floor(now.getTime() / MINUTE);

  function buckets(database: DatabaseSync, asker: string, from: number): readonly Bucket[] {
    return database
      .prepare(READ)
      .all(asker, from)
      .map(({ minute, rows, seal }) => {
        const parts = [asker, Number(minute)];
        return { minute: Number(minute), rows: sealedCount(path, key, parts, { count: rows, seal }) };
      });
  }

  /** All of it is on stable storage when this returns; what is older than a day is forgotten. */
  function change<T>(
    now: number,
    work: (database: DatabaseSync, add: (asker: string, minute: number, rows: number) => void) => T,
  ): T {
    makePrivate(path);
    return within(path, {}, (database) => {
      // EXTRA: the directory is synced too, so that a journal that was deleted does not come back after a power cut.
      database.exec(`PRAGMA synchronous = EXTRA; BEGIN IMMEDIATE; ${TABLE}`);
      database.prepare(FORGET).run(now - KEPT);
      const write = database.prepare(WRITE);
      const given = work(database, (asker, minute, rows) => {
        const before = buckets(database, asker, minute).find((bucket) => bucket.minute === minute)?.rows ?? 0;
        const count = Math.max(0, before + rows);
        write.run(asker, minute, count, sealOf(key, [asker, minute, count]));
      });
      database.exec('COMMIT');
      return given;
    });
  }

  return {
    rowsLastHour: (asker, now) =>
      available(() => {
        if (!existsSync(path)) return 0;
        return within(path, { readOnly: true }, (database) => sum(buckets(database, asker, minuteOf(now) - HOUR)));
      }),
    reserve: (asker, wanted, perHour, now) =>
      available(() => {
        const minute = minuteOf(now);
        const nothing = { rows: 0, freesAt: undefined };
        const { rows, freesAt } =
          wanted === 0
            ? nothing
            : change(minute, (database, add) => {
                const had = buckets(database, asker, minute - HOUR);
                const set = Math.max(0, Math.min(wanted, perHour - sum(had)));
                if (set > 0) add(asker, minute, set);
                const oldest = had.find((bucket) => bucket.rows > 0);
                return {
                  rows: set,
                  freesAt: oldest === undefined ? undefined : new Date((oldest.minute + HOUR + 1) * MINUTE),
                };
              });
        return {
          rows,
          freesAt,
          settle: (came, then) =>
            available(() => {
              if (came === rows && minuteOf(then) === minute) return;
              change(minuteOf(then), (_, add) => {
                if (rows > 0) add(asker, minute, -rows);
                if (came > 0) add(asker, minuteOf(then), came);
              });
            }),
        };
      }),
  };
}

const sum = (buckets: readonly Bucket[]): number => buckets.reduce((total, { rows }) => total + rows, 0);

function available<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof CountsUnavailable)) throw cause;
    throw new CountersignError('usage-unavailable', 'The rows of the last hour cannot be counted now.', {
      next: 'Ask your administrator to look at usage.db in the profile directory: it must be writable, and nobody else may have changed it.',
      cause,
    });
  }
}
