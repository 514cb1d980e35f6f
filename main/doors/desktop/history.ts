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

export function openHistory(directory: string): History {
  const database = new DatabaseSync(join(directory, 'history.sqlite'));
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    CREATE TABLE IF NOT EXISTS history (
      id INTEGER PRIMARY KEY, at TEXT NOT NULL, connection TEXT NOT NULL, text TEXT NOT NULL, verdict TEXT NOT NULL, rows INTEGER, milliseconds INTEGER
    ) STRICT`);
  const insert = database.prepare(
    'INSERT INTO history (at, connection, text, verdict, rows, milliseconds) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const trim = database.prepare('DELETE FROM history WHERE id <= (SELECT max(id) FROM history) - ?');
  const select = database.prepare(
    'SELECT at, connection, text, verdict, rows, milliseconds FROM history WHERE instr(lower(text), lower(?)) > 0 ORDER BY id DESC LIMIT ?',
  );
  return {
    add(run) {
      insert.run(run.at, run.connection, run.text.slice(0, KEPT_TEXT), run.verdict, run.rows, run.milliseconds);
      trim.run(KEPT_ENTRIES);
    },
    list: (text, limit) => select.all(text, limit).map((row) => entry.parse(row)),
    close: () => database.close(),
  };
}
