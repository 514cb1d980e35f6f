import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CountersignError } from '../../errors.ts';
import { sha256 } from '../merkle.ts';
import { type Checkpoint, parseCheckpoint } from './checkpoint.ts';
import { cosignedAt } from './cosignature.ts';
import { parseNote, type SignedNote } from './signed-note.ts';
import { type VerifierKey } from './verifier-key.ts';

/** The newest checkpoint of a log that the witness cosigned. */
export interface Cosigned {
  readonly checkpoint: Checkpoint;
  /** With the log's own signature and the witness's. */
  readonly note: SignedNote;
  /** Seconds since 1970. */
  readonly time: number;
}

/** Two checkpoints of one size with two roots, each signed by the log: what no honest log can have. */
export interface Contradiction {
  readonly origin: string;
  readonly size: number;
  /** Signed notes: the one that was cosigned, and the one that was refused. */
  readonly cosigned: string;
  readonly refused: string;
}

/** What a decision leaves behind. */
export interface Decision<T> {
  readonly answer: T;
  /** Signed note with the cosignature that the answer holds: from now on the newest of its log. */
  readonly cosigned?: { readonly note: string; readonly time: number };
  readonly contradiction?: Contradiction;
}

/** What a witness must never forget. */
export interface WitnessState {
  /**
   * Decides about one log as one step: nobody else decides, in this process or another, between what `decide` is told and
   * the moment when what it leaves behind is on stable storage. `newest` is the newest time ever signed, 0 before.
   * @throws CountersignError `witness-state-unwritten`, `witness-state-damaged`: then the answer must not leave this machine.
   */
  decide<T>(origin: string, decide: (known: Cosigned | null, newest: number) => Decision<T>): T;
  /** The newest cosigned checkpoint of the log whose origin has this SHA-256 (hex), or null. */
  byOriginHash(hash: string): string | null;
  /** Newest checkpoint of each log, in the order of their origins. */
  logs(): readonly Cosigned[];
  contradictions(): readonly Contradiction[];
  close(): void;
}

/** Marks a file as a witness's memory, so that an empty or foreign file is never taken for one. */
const APPLICATION_ID = 0x43_53_57_53;
const FORMAT = 1;
/** Contradictions kept for one log: one proves it, more only fill the disk. */
const MAX_CONTRADICTIONS = 20;
/** How long another process may take for its step, ms. */
const BUSY_MS = 5_000;

const SCHEMA = `
  CREATE TABLE witness (key TEXT NOT NULL, newest INTEGER NOT NULL, cosigned INTEGER NOT NULL) STRICT;
  CREATE TABLE log (
    origin TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, note TEXT NOT NULL, ordinal INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE contradiction (
    origin TEXT NOT NULL, size INTEGER NOT NULL, cosigned TEXT NOT NULL, refused TEXT NOT NULL,
    PRIMARY KEY (origin, size)
  ) STRICT;
`;

/**
 * Makes the memory of a new witness.
 * @throws CountersignError `witness-exists` where a file is; `witness-state-unwritten`.
 */
export function createWitnessState(path: string, key: VerifierKey): void {
  if (existsSync(path)) {
    throw new CountersignError('witness-exists', `${path} is there already.`, {
      next: 'Make the new witness in a directory of its own.',
    });
  }
  try {
    const database = openDurable(path);
    try {
      database.exec('BEGIN IMMEDIATE');
      database.exec(`${SCHEMA} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}`);
      database.prepare('INSERT INTO witness (key, newest, cosigned) VALUES (?, 0, 0)').run(key.text);
      database.exec('COMMIT');
    } finally {
      database.close();
    }
  } catch (cause) {
    throw unwritten(path, cause);
  }
}

/**
 * Opens the memory of the witness that signs with `key`. A file that is missing, empty, another's or damaged is an error and
 * never a new memory: a witness that forgets would sign a second history.
 * @throws CountersignError `witness-state-missing`, `witness-state-damaged`, `witness-state-unwritten`.
 */
export function openWitnessState(path: string, key: VerifierKey): WitnessState {
  if (!existsSync(path)) {
    throw new CountersignError('witness-state-missing', `The memory of this witness, ${path}, is not there.`, {
      next: 'A witness that has forgotten must not go on under its key: put the file back if nothing was cosigned since, or make a new witness with a new key.',
    });
  }
  let database: DatabaseSync;
  try {
    database = openDurable(path);
    examine(database, key);
  } catch (cause) {
    throw cause instanceof CountersignError ? cause : damaged(path, cause);
  }
  return stateOf(database, path, key);
}

/** One file beside which nothing is needed; a commit returns when file and directory are on stable storage. */
function openDurable(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: BUSY_MS, enableForeignKeyConstraints: false });
  database.exec(
    'PRAGMA journal_mode = DELETE; PRAGMA synchronous = EXTRA; PRAGMA fullfsync = ON; PRAGMA trusted_schema = OFF',
  );
  return database;
}

function examine(database: DatabaseSync, key: VerifierKey): void {
  const pragma = (name: string): unknown => Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
  if (pragma('application_id') !== APPLICATION_ID || pragma('user_version') !== FORMAT)
    throw new Error('not the memory of a witness');
  if (pragma('integrity_check') !== 'ok') throw new Error('SQLite finds the file malformed');
  const [row, ...more] = database.prepare('SELECT key, cosigned FROM witness').all();
  if (row?.['key'] !== key.text || more.length > 0) throw new Error('the memory of a witness with another key');
  // Two places for one number: a disk that lost the one page and kept the other is found out.
  const newest = database.prepare('SELECT coalesce(max(ordinal), 0) AS ordinal FROM log').get();
  if (newest?.['ordinal'] !== row['cosigned']) throw new Error('the newest checkpoint is missing');
}

function stateOf(database: DatabaseSync, path: string, key: VerifierKey): WitnessState {
  const select = database.prepare('SELECT note FROM log WHERE origin = ?');
  const selectByHash = database.prepare('SELECT note FROM log WHERE hash = ?');
  const selectTime = database.prepare('SELECT newest FROM witness');
  const advance = database.prepare(
    `INSERT INTO log (origin, hash, note, ordinal) SELECT ?, ?, ?, cosigned FROM witness WHERE true
     ON CONFLICT (origin) DO UPDATE SET note = excluded.note, ordinal = excluded.ordinal`,
  );
  const count = database.prepare('UPDATE witness SET newest = max(newest, ?), cosigned = cosigned + 1');
  const keep = database.prepare(
    `INSERT OR IGNORE INTO contradiction (origin, size, cosigned, refused)
     SELECT ?, ?, ?, ? WHERE (SELECT count(*) FROM contradiction WHERE origin = ?) < ${MAX_CONTRADICTIONS}`,
  );
  /** Set by the first write that failed: what the disk holds since then is not known before it is read again. */
  let failed: CountersignError | null = null;

  /** A row proves itself: it holds the witness's own signature over what it says. */
  function read(row: Record<string, unknown> | undefined, origin?: string): Cosigned | null {
    if (row === undefined) return null;
    const note = parseNote(String(row['note']));
    const checkpoint = note === null ? null : parseCheckpoint(note.text);
    if (note === null || checkpoint === null || (origin !== undefined && checkpoint.origin !== origin))
      throw damaged(path, 'a checkpoint that does not read');
    for (const line of note.signatures) {
      const time = cosignedAt(line, key, note.text);
      if (time !== null) return { checkpoint, note, time };
    }
    throw damaged(path, 'a checkpoint without its cosignature');
  }

  function leave(origin: string, { cosigned, contradiction }: Decision<unknown>): void {
    if (cosigned !== undefined) {
      count.run(cosigned.time);
      advance.run(origin, sha256(Buffer.from(origin)).toString('hex'), cosigned.note);
    }
    if (contradiction !== undefined)
      keep.run(origin, contradiction.size, contradiction.cosigned, contradiction.refused, origin);
  }

  function giveUp(): void {
    try {
      database.exec('ROLLBACK');
    } catch (cause) {
      failed = unwritten(path, cause);
    }
  }

  return {
    decide(origin, decide) {
      if (failed !== null) throw failed;
      try {
        database.exec('BEGIN IMMEDIATE');
      } catch (cause) {
        throw unwritten(path, cause);
      }
      try {
        const decision = decide(read(select.get(origin), origin), Number(selectTime.get()?.['newest']));
        try {
          leave(origin, decision);
          database.exec('COMMIT');
        } catch (cause) {
          failed = unwritten(path, cause);
          throw failed;
        }
        return decision.answer;
      } finally {
        if (database.isTransaction) giveUp();
      }
    },
    byOriginHash: (hash) => {
      const row = selectByHash.get(hash);
      return read(row) === null ? null : String(row?.['note']);
    },
    logs: () =>
      database
        .prepare('SELECT origin, note FROM log ORDER BY origin')
        .all()
        .map((row) => read(row, String(row['origin'])))
        .filter((cosigned) => cosigned !== null),
    contradictions: () =>
      database
        .prepare('SELECT origin, size, cosigned, refused FROM contradiction ORDER BY origin, size')
        .all()
        .map((row) => ({
          origin: String(row['origin']),
          size: Number(row['size']),
          cosigned: String(row['cosigned']),
          refused: String(row['refused']),
        })),
    close: () => database.close(),
  };
}

function damaged(path: string, cause: unknown): CountersignError {
  return new CountersignError('witness-state-damaged', `The memory of this witness, ${path}, is damaged.`, {
    next: 'Nothing is cosigned with it. Keep the file, and make a new witness with a new key.',
    cause,
  });
}

function unwritten(path: string, cause: unknown): CountersignError {
  return new CountersignError('witness-state-unwritten', `The memory of this witness, ${path}, cannot be written.`, {
    next: 'Nothing is cosigned before it can: check its disk and its owner, then start the witness again.',
    cause,
  });
}
