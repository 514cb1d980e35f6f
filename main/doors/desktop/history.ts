import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { z } from 'zod';
import { type HistoryEntry } from '../../../shared/views.ts';

/** What one person ran on this machine: statements and verdicts, never rows. Kept for convenience; the record is the log. */
export interface History {
  add(entry: HistoryEntry): void;
  /** Newest first; `text` is a substring, case-insensitive for ASCII, of the statement. */
  list(text: string, limit: number): readonly HistoryEntry[];
  close(): void;
}

const KEPT_ENTRIES = 10_000;
/** Longer statements are kept only up to here: history is for finding, not for archiving dumps. UTF-16 units. */
const KEPT_TEXT = 100_000;

const entry = z.object({
  at: z.string(),
  connection: z.string(),
  text: z.string(),
  verdict: z.enum(['allow', 'refuse', 'ask', 'failed']),
  rows: z.number().nullable(),
  milliseconds: z.number().nullable(),
});

const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS history (
    id INTEGER PRIMARY KEY, at TEXT NOT NULL, connection TEXT NOT NULL, text TEXT NOT NULL, verdict TEXT NOT NULL, rows INTEGER, milliseconds INTEGER
  ) STRICT`;

/** Where the file cannot be used (a full disk, a damaged file), the history lasts as long as the window: nobody is kept out by it. */
export function openHistory(directory: string): History {
  const database = openFileOrMemory(join(directory, 'history.sqlite'));
  const insert = database.prepare(
    'INSERT INTO history (at, connection, text, verdict, rows, milliseconds) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const trim = database.prepare('DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - ?');
  const select = database.prepare(
    'SELECT at, connection, text, verdict, rows, milliseconds FROM history WHERE instr(lower(text), lower(?)) > 0 ORDER BY id DESC LIMIT ?',
  );
  return {
    add(run) {
      try {
        insert.run(run.at, run.connection, run.text.slice(0, KEPT_TEXT), run.verdict, run.rows, run.milliseconds);
        trim.run(KEPT_ENTRIES);
      } catch {
        // A statement that ran is not reported as failed because its text could not be kept for convenience.
      }
    },
    list: (text, limit) => select.all(text, limit).map((row) => entry.parse(row)),
    close: () => database.close(),
  };
}

function openFileOrMemory(path: string): DatabaseSync {
  try {
    return openDatabase(path);
  } catch {
    return openDatabase(':memory:');
  }
}

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec(SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}
