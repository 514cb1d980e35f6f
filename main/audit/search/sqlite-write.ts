/** Taking events into an index in SQLite, and forgetting them. */
import { type IndexEntry } from './activity-store.ts';
import { tallyNumber } from './chart.ts';
import { type NewRow, readEntry, type Row, RUNNING, TALLIES, tallyOf } from './event-row.ts';
import { indexGap } from './rules.ts';
import { freeKeys, keyAt } from './sort-key.ts';
import { type IndexDatabase, ROW } from './sqlite-database.ts';
import { marksOf, tokenOf } from './sqlite-match.ts';
import { type Changes, neededFor, type Session, takeIn } from './take-in.ts';
import { type Term } from './terms.ts';

/** @throws CountersignError `index-gap` */
export async function addTo(database: IndexDatabase, log: string, entries: readonly IndexEntry[]): Promise<void> {
  const { get, rowOf, termsOf } = database;
  const known = get('SELECT n, indexed FROM logs WHERE id = ?', log);
  const indexed = Number(known?.['indexed'] ?? 0);
  const newest = entries.at(-1);
  if (newest === undefined) return;
  if (entries.some(({ index }, i) => index !== indexed + i)) throw indexGap(log, indexed, entries[0]?.index ?? 0);
  const n = Number(known?.['n'] ?? -1);
  const read = entries.map(readEntry);
  const needed = neededFor(read);
  const greatest = Number(get('SELECT max(key) AS key FROM events')?.['key'] ?? -1);
  const keys = await freeKeys(
    read.map(({ at }) => at),
    (milliseconds) =>
      Promise.resolve(
        new Map(
          milliseconds.flatMap((ms): [number, number][] => {
            if (greatest < keyAt(ms)) return [];
            const key = get('SELECT max(key) AS key FROM events WHERE key >= ? AND key < ?', keyAt(ms), keyAt(ms + 1));
            return typeof key?.['key'] === 'number' ? [[ms, key['key']]] : [];
          }),
        ),
      ),
  );
  const sessions = new Map<string, Session>();
  for (const id of needed.sessions) {
    const row = get('SELECT terms FROM sessions WHERE log = ? AND id = ?', n, id);
    if (row !== undefined) sessions.set(id, termsOf(row['terms']));
  }
  const events = new Map<number, Row>();
  for (const index of needed.events) {
    const row = get(`SELECT ${ROW} FROM events e WHERE log = ? AND idx = ?`, n, index);
    if (row !== undefined) events.set(index, rowOf(row));
  }
  const changes = takeIn(log, read, { sessions, events, keys });
  database.transaction(() => {
    const written = get(
      `INSERT INTO logs (id, indexed, hash) VALUES (?, ?, ?)
       ON CONFLICT (id) DO UPDATE SET indexed = excluded.indexed, hash = excluded.hash RETURNING n`,
      ...[log, newest.index + 1, newest.hash],
    );
    write(database, Number(written?.['n']), changes);
  });
}

function write(database: IndexDatabase, n: number, { rows, changed, sessions, counts }: Changes): void {
  const { run, madeIdOf } = database;
  const idsOf = (terms: readonly Term[]): string => terms.map(madeIdOf).join(' ');
  const lineOf = (row: NewRow): string =>
    [
      row.words,
      ...row.terms.filter((of) => of !== RUNNING).map((of) => tokenOf(madeIdOf(of), row.listed)),
      ...marksOf(row),
    ]
      .filter((part) => part !== '')
      .join(' ');
  const postings: [key: number, line: string][] = [];
  for (const { row, gained } of changed) {
    run(
      'UPDATE events SET running = ?, rows = ?, changed = ?, milliseconds = ?, masked = ?, terms = ? WHERE key = ?',
      ...[running(row), row.rows, row.changed, row.milliseconds, row.maskedCells, idsOf(row.terms), row.key],
    );
    run('UPDATE figures SET tally = ?, masked = ? WHERE key = ?', ...figures(row), row.key);
    postings.push([row.key, [...gained.map((of) => tokenOf(madeIdOf(of), row.listed)), ...marksOf(row)].join(' ')]);
  }
  // FTS5 begins a new segment wherever a rowid is not greater than the one before.
  postings.sort(([a], [b]) => a - b);
  for (const row of rows.toSorted((a, b) => a.key - b.key)) {
    run(
      'INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
      ...[row.key, n, row.index, row.listed ? 1 : 0, running(row), row.ref],
      ...[row.rows, row.changed, row.milliseconds, row.maskedCells, idsOf(row.terms), row.title, row.summary],
    );
    run('INSERT INTO figures VALUES (?, ?, ?)', row.key, ...figures(row));
    postings.push([row.key, lineOf(row)]);
  }
  for (const [key, line] of postings) run('INSERT INTO found (rowid, line) VALUES (?, ?)', key, line);
  for (const [id, terms] of sessions)
    run(
      'INSERT INTO sessions VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET terms = excluded.terms',
      ...[n, id, idsOf(terms)],
    );
  for (const { term, hour, verdict, tallies, maskedCells } of counts)
    run(
      `INSERT INTO rollups VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET allowed = allowed + excluded.allowed,
        refused = refused + excluded.refused, failed = failed + excluded.failed, other = other + excluded.other, masked = masked + excluded.masked`,
      ...[term === null ? 0 : madeIdOf(term), hour, verdict, n, ...TALLIES.map((tally) => tallies[tally]), maskedCells],
    );
}
/** Postings keep the keys of what is forgotten: its rows stay, empty and of no log, so that no other event gets such a key. */
export function forgetIn(database: IndexDatabase, log: string): void {
  const { get, run } = database;
  const n = get('SELECT n FROM logs WHERE id = ?', log)?.['n'];
  if (typeof n !== 'number') return;
  database.transaction(() => {
    run('DELETE FROM figures WHERE key IN (SELECT key FROM events WHERE log = ?)', n);
    run(
      "UPDATE events SET log = NULL, listed = 0, running = 0, ref = NULL, terms = '', title = '', summary = '' WHERE log = ?",
      n,
    );
    for (const table of ['sessions', 'rollups']) run(`DELETE FROM ${table} WHERE log = ?`, n);
    run('DELETE FROM logs WHERE n = ?', n);
  });
}

const running = (row: Row): number => (row.terms.includes(RUNNING) ? 1 : 0);
const figures = (row: Row): [tally: number, masked: number] => [tallyNumber(tallyOf(row.terms)), row.maskedCells ?? 0];
