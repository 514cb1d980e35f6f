import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CountersignError } from '../../errors.ts';

/** Raised with every change of what is kept or of what counts as a word: an index of another version is made anew. */
const VERSION = 2;

/**
 * `found` is one inverted index for everything: words as they are, terms as tokens that no word can be. Its rowids are the
 * keys of events, so that a filter reads its posting lists in the order of time and stops at the end of the page.
 * `figures` is what charts read of an event. A forgotten event keeps its key, which postings still name, and no log.
 */
const SCHEMA = `
  CREATE TABLE logs (n INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, indexed INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
  CREATE TABLE terms (id INTEGER PRIMARY KEY, term TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE sessions (log INTEGER NOT NULL, id TEXT NOT NULL, terms TEXT NOT NULL, PRIMARY KEY (log, id)) STRICT, WITHOUT ROWID;
  CREATE TABLE events (
    key INTEGER PRIMARY KEY, log INTEGER, idx INTEGER NOT NULL, listed INTEGER NOT NULL, running INTEGER NOT NULL, ref INTEGER,
    rows INTEGER, changed INTEGER, milliseconds INTEGER, masked INTEGER, terms TEXT NOT NULL, title TEXT NOT NULL, summary TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX event_of_log ON events (log, idx);
  CREATE INDEX event_about ON events (log, ref) WHERE ref IS NOT NULL;
  CREATE INDEX event_forgotten ON events (key) WHERE log IS NULL;
  CREATE INDEX event_running ON events (key) WHERE running = 1;
  CREATE TABLE figures (key INTEGER PRIMARY KEY, tally INTEGER NOT NULL, masked INTEGER NOT NULL) STRICT;
  CREATE TABLE rollups (
    term INTEGER NOT NULL, hour INTEGER NOT NULL, verdict TEXT NOT NULL, log INTEGER NOT NULL,
    allowed INTEGER NOT NULL, refused INTEGER NOT NULL, failed INTEGER NOT NULL, other INTEGER NOT NULL, masked INTEGER NOT NULL,
    PRIMARY KEY (term, hour, verdict, log)
  ) STRICT, WITHOUT ROWID;
  CREATE VIRTUAL TABLE found USING fts5 (line, content = '', columnsize = 0, detail = full, tokenize = 'ascii');
  PRAGMA user_version = ${String(VERSION)};
`;

const FILES = ['', '-wal', '-shm', '-journal'] as const;

/** Removes an index: it is derived, and made anew from the logs. */
export function removeSqliteIndex(file: string): void {
  for (const suffix of FILES) rmSync(`${file}${suffix}`, { force: true });
}

/**
 * The database of an index, made where there is none; one of another version, or one that cannot be read, is made anew.
 * @throws CountersignError `index-unavailable`
 */
export function openIndexDatabase(file: string): DatabaseSync {
  try {
    if (existsSync(file)) {
      const known = openIfGood(file);
      if (known !== undefined) return known;
      removeSqliteIndex(file);
    }
    return create(file);
  } catch (cause) {
    throw new CountersignError('index-unavailable', `The search index ${file} cannot be opened or made.`, {
      next: 'Make sure that this account may write there and the disk is not full; the record itself is not affected.',
      cause,
    });
  }
}

/** A writer beside us holds the lock for one batch at most. ms */
const PATIENCE = 5_000;

/**
 * Synced at checkpoints of the write-ahead log only: a power cut may lose the newest batches, which are taken in again, and
 * never leaves a file that reads wrong. Not mapped into memory: an error of the disk would end the process.
 */
const SETTINGS = `
  PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 8000;
  PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;
`;

function openIfGood(file: string): DatabaseSync | undefined {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(file, { timeout: PATIENCE });
    const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {};
    if (version === VERSION) {
      database.exec(SETTINGS);
      database.prepare('SELECT count(*) FROM logs').get();
      return database;
    }
  } catch (error) {
    if (!isDamage(error)) {
      database?.close();
      throw error;
    }
  }
  database?.close();
  return undefined;
}

function create(file: string): DatabaseSync {
  // Its other files get the permissions of the first.
  closeSync(openSync(file, 'a', 0o600));
  const database = new DatabaseSync(file, { timeout: PATIENCE });
  try {
    database.exec(SETTINGS);
    database.exec('BEGIN IMMEDIATE');
    // Somebody else may have made it between our look and our lock.
    const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {};
    if (version !== VERSION) database.exec(SCHEMA);
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** SQLITE_FULL. */
export const isFull = (error: unknown): boolean => codeOf(error) === 13;

/** SQLITE_CORRUPT, SQLITE_NOTADB, and a table that is not there: the file is not an index that can be used. */
export function isDamage(error: unknown): boolean {
  const code = codeOf(error);
  return code === 11 || code === 26 || (error instanceof Error && /no such (table|column)/.test(error.message));
}

/** The primary result code. */
const codeOf = (error: unknown): number =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : 0;
