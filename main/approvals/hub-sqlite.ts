import { closeSync, existsSync, openSync, statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { CountersignError } from '../errors.ts';
import { checkEvent, type Hub, MAX_BODY, type StoredEvent } from './hub.ts';

/**
 * The layout of the file. The triggers keep honest programs honest: whoever may write the file can drop them, and finds that
 * what they change counts no more, because it is no longer what was signed.
 */
const VERSION = 1;
const SCHEMA = `
CREATE TABLE events (
  position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, topic TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE TRIGGER events_stay BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are never deleted'); END;
CREATE TRIGGER events_are_final BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are never changed'); END;
CREATE TRIGGER events_are_not_replaced BEFORE INSERT ON events
  WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id OR position = NEW.position)
  BEGIN SELECT RAISE(ABORT, 'events are never replaced'); END;
PRAGMA user_version = ${String(VERSION)};
`;

/** Milliseconds to wait for another process that writes. */
const BUSY = 2_000;
/** Milliseconds between two looks for what other processes wrote: a counter in shared memory is read, no event. */
const LOOK = 250;
/** Bytes of bodies given at once. */
const AT_ONCE = 8 * 1024 * 1024;

const READ = `
SELECT position, id, topic, body FROM events WHERE position > ? AND octet_length(body) <= ${String(MAX_BODY)}
ORDER BY position LIMIT ?`;

interface Opened {
  readonly database: DatabaseSync;
  readonly read: StatementSync;
  readonly find: StatementSync;
  readonly insert: StatementSync;
  readonly version: StatementSync;
  /** Which file it is: another one may be put in its place. */
  readonly file: string;
}

/**
 * The hub of one profile: a SQLite file that several processes share, in WAL mode and synced at every commit. It is made with
 * the first event. A file that is replaced or removed meanwhile is opened anew.
 */
export function createSqliteHub(path: string): Hub {
  const listeners = new Set<() => void>();
  let opened: Opened | undefined;
  let seen = '';
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const drop = (): void => {
    opened?.database.close();
    opened = undefined;
  };

  /** The open file; undefined where there is none and none is to be made. */
  function open(make: boolean): Opened | undefined {
    if (closed)
      throw new CountersignError('hub-closed', 'The approvals of this profile have been closed.', {
        next: 'Start the program again.',
      });
    if (opened !== undefined && opened.file !== fileAt(path)) drop();
    if (opened === undefined && (make || existsSync(path))) opened = openFile(path);
    return opened;
  }

  /** Runs work on the file, and forgets a connection that it failed on. */
  function within<T>(make: boolean, work: (file: Opened) => T, none: T): T {
    try {
      const file = open(make);
      return file === undefined ? none : work(file);
    } catch (error) {
      drop();
      throw error instanceof CountersignError ? error : troubleOf(path, error);
    }
  }

  const tell = (): void => {
    for (const listener of listeners) listener();
  };

  function look(): void {
    let now: string;
    try {
      now = within(false, ({ version, file }) => `${file} ${String(version.get()?.['data_version'])}`, 'absent');
    } catch (error) {
      now = error instanceof CountersignError ? error.code : 'unknown';
    }
    if (now === seen) return;
    seen = now;
    tell();
  }

  return {
    async append(event) {
      checkEvent(event);
      const { id, topic, body } = event;
      const position = within(
        true,
        ({ database, find, insert }) => {
          database.exec('BEGIN IMMEDIATE');
          try {
            const known = find.get(id);
            if (known !== undefined && (known['topic'] !== topic || known['body'] !== body))
              throw new CountersignError(
                'hub-event-refused',
                'The event was not taken into the approvals: there is another one of its id.',
                {
                  next: 'Try again; where that is refused too, move approvals.db away: what was granted stays in the record.',
                },
              );
            const at = Number(known?.['position'] ?? insert.run(id, topic, body).lastInsertRowid);
            database.exec('COMMIT');
            return at;
          } catch (error) {
            if (database.isTransaction) database.exec('ROLLBACK');
            throw error;
          }
        },
        0,
      );
      await Promise.resolve();
      tell();
      return { position };
    },
    async since(position, limit) {
      await Promise.resolve();
      return within<readonly StoredEvent[]>(false, ({ read }) => bounded(read.iterate(position, limit)), []);
    },
    subscribe(changed) {
      const listener = (): void => changed();
      listeners.add(listener);
      timer ??= setInterval(look, LOOK).unref();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    async close() {
      clearInterval(timer);
      listeners.clear();
      drop();
      closed = true;
      await Promise.resolve();
    },
  };
}

function bounded(rows: Iterable<Record<string, unknown>>): readonly StoredEvent[] {
  const events: StoredEvent[] = [];
  let bytes = 0;
  for (const { position, id, topic, body } of rows) {
    events.push({ position: Number(position), id: String(id), topic: String(topic), body: String(body) });
    bytes += Buffer.byteLength(String(body));
    if (bytes >= AT_ONCE) break;
  }
  return events;
}

function openFile(path: string): Opened {
  // SQLite gives the files that it puts beside this one the same permissions.
  closeSync(openSync(path, 'a', 0o600));
  const file = fileAt(path);
  const database = new DatabaseSync(path, { timeout: BUSY });
  try {
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    makeTable(database, path);
    return {
      database,
      file,
      read: database.prepare(READ),
      find: database.prepare('SELECT position, topic, body FROM events WHERE id = ?'),
      insert: database.prepare('INSERT INTO events (id, topic, body) VALUES (?, ?, ?)'),
      version: database.prepare('PRAGMA data_version'),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

function makeTable(database: DatabaseSync, path: string): void {
  const versionOf = (): unknown => database.prepare('PRAGMA user_version').get()?.['user_version'];
  if (versionOf() === VERSION) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have made it meanwhile.
    const version = versionOf();
    if (version === 0) database.exec(SCHEMA);
    else if (version !== VERSION)
      throw new CountersignError('hub-newer', `${path} was written by a newer version of Countersign.`, {
        next: 'Use that version with this profile.',
      });
    database.exec('COMMIT');
  } catch (error) {
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

/** Which file stands at a path: device and inode. */
function fileAt(path: string): string {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found === undefined ? '' : `${String(found.dev)} ${String(found.ino)}`;
}

const DISK = 'Check the disk that holds the profile, and that this account may write there.';

type Trouble = readonly [code: string, what: string, next: string];
const DAMAGED: Trouble = [
  'hub-damaged',
  'is damaged, so nothing in it counts',
  'Move it away: grants can then be taken anew, and the record keeps what was granted.',
];

/** By SQLite's primary result codes (https://sqlite.org/rescode.html): ERROR (no such column), BUSY, CORRUPT, FULL, NOTADB. */
const TROUBLES: ReadonlyMap<number, Trouble> = new Map([
  [1, DAMAGED],
  [5, ['hub-busy', 'is being written by another process', 'Try again in a moment.']],
  [11, DAMAGED],
  [13, ['hub-full', 'cannot grow: the disk is full', 'Free some space, then try again.']],
  [26, DAMAGED],
]);

function troubleOf(path: string, cause: unknown): CountersignError {
  const number = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) & 0xff : -1;
  const [code, what, next] = TROUBLES.get(number) ?? ['hub-unavailable', 'cannot be read or written', DISK];
  return new CountersignError(code, `The file of grants and approvals, ${path}, ${what}.`, { next, cause });
}
