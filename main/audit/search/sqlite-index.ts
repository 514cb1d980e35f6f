/** The index of one profile, in a file of its own. */
import { type SQLInputValue, type StatementSync } from 'node:sqlite';
import { CountersignError } from '../../errors.ts';
import { type ActivityFilter, type ActivityStore, type IndexEntry, type Viewer } from './activity-store.ts';
import { chartOf, type Counted, hoursOf, rollupQuestion, tallyNumber, tallyOfNumber, widthOf } from './chart.ts';
import { conditionOf, cursorOf, type Resolved, resolved } from './condition.ts';
import { type NewRow, eventOf, readEntry, type Row, RUNNING, TALLIES, tallyOf } from './event-row.ts';
import { COUNTED, facetsOf } from './facets.ts';
import { indexGap, MOST_RELATED, mayPage, maySee } from './rules.ts';
import { freeKeys, keyAt } from './sort-key.ts';
import { matchOf, tokenOf } from './sqlite-match.ts';
import { isDamage, openIndexDatabase } from './sqlite-schema.ts';
import { type Changes, neededFor, type Session, takeIn } from './take-in.ts';
import { type Term } from './terms.ts';

type Record = { readonly [column: string]: unknown };

interface Source {
  readonly from: string;
  readonly where: string;
  readonly key: string;
  readonly values: SQLInputValue[];
}

const ROW =
  'e.key, e.log, e.idx, e.listed, e.ref, e.rows, e.changed, e.milliseconds, e.masked, e.terms, e.title, e.summary';
/** Terms kept in memory, both ways. */
const KNOWN_TERMS = 100_000;

/**
 * Opens the index, made anew where it is absent, of another version or damaged.
 * @throws CountersignError `index-unavailable`; every method `index-damaged` when the file turns out not to be readable:
 * then it is to be closed, removed and opened again
 */
export function openSqliteIndex(file: string): ActivityStore {
  const database = openIndexDatabase(file);
  const statements = new Map<string, StatementSync>();
  const idOfTerm = new Map<string, number>();
  const termOfId = new Map<number, Term>();
  const idOfLog = new Map<number, string>();
  let last: Promise<unknown> = Promise.resolve();

  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  const all = (sql: string, ...values: SQLInputValue[]): readonly Record[] => prepared(sql).all(...values);
  const get = (sql: string, ...values: SQLInputValue[]): Record | undefined => prepared(sql).get(...values);
  const run = (sql: string, ...values: SQLInputValue[]): void => void prepared(sql).run(...values);

  function remember(id: number, of: Term): void {
    if (termOfId.size > KNOWN_TERMS) {
      termOfId.clear();
      idOfTerm.clear();
    }
    termOfId.set(id, of);
    idOfTerm.set(of, id);
  }
  function idOf(of: Term): number | undefined {
    const known = idOfTerm.get(of);
    if (known !== undefined) return known;
    const row = get('SELECT id FROM terms WHERE term = ?', of);
    if (row === undefined) return undefined;
    remember(Number(row['id']), of);
    return Number(row['id']);
  }
  function madeIdOf(of: Term): number {
    const known = idOf(of);
    if (known !== undefined) return known;
    const id = Number(prepared('INSERT INTO terms (term) VALUES (?)').run(of).lastInsertRowid);
    remember(id, of);
    return id;
  }
  function termOf(id: number): Term {
    const known = termOfId.get(id);
    if (known !== undefined) return known;
    const of = String(get('SELECT term FROM terms WHERE id = ?', id)?.['term']) as Term;
    remember(id, of);
    return of;
  }
  const termsOf = (ids: unknown): readonly Term[] =>
    String(ids)
      .split(' ')
      .map((id) => termOf(Number(id)));
  function logOf(n: number): string {
    const known = idOfLog.get(n) ?? String(get('SELECT id FROM logs WHERE n = ?', n)?.['id']);
    idOfLog.set(n, known);
    return known;
  }

  const rowOf = (row: Record): Row => ({
    key: Number(row['key']),
    log: logOf(Number(row['log'])),
    index: Number(row['idx']),
    listed: row['listed'] === 1,
    ref: count(row['ref']),
    title: String(row['title']),
    summary: String(row['summary']),
    rows: count(row['rows']),
    changed: count(row['changed']),
    milliseconds: count(row['milliseconds']),
    maskedCells: count(row['masked']),
    terms: termsOf(row['terms']),
  });

  /** Nothing of what `work` does is kept unless all of it is. */
  function transaction(work: () => void): void {
    database.exec('BEGIN IMMEDIATE');
    try {
      work();
      database.exec('COMMIT');
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK');
      // Ids that were made in it do not exist.
      idOfTerm.clear();
      termOfId.clear();
      idOfLog.clear();
      throw error;
    }
  }

  function write(n: number, { rows, changed, sessions, counts }: Changes): void {
    const postings: [key: number, line: string][] = [];
    for (const { row, gained } of changed) {
      run(
        'UPDATE events SET running = ?, rows = ?, changed = ?, milliseconds = ?, masked = ?, terms = ? WHERE key = ?',
        ...[running(row), row.rows, row.changed, row.milliseconds, row.maskedCells, idsOf(row.terms), row.key],
      );
      run('UPDATE figures SET tally = ?, masked = ? WHERE key = ?', ...figures(row), row.key);
      postings.push([row.key, gained.map((of) => tokenOf(madeIdOf(of), row.listed)).join(' ')]);
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
        ...[
          term === null ? 0 : madeIdOf(term),
          hour,
          verdict,
          n,
          ...TALLIES.map((tally) => tallies[tally]),
          maskedCells,
        ],
      );
  }
  const idsOf = (terms: readonly Term[]): string => terms.map(madeIdOf).join(' ');
  const lineOf = (row: NewRow): string =>
    [row.words, ...row.terms.filter((of) => of !== RUNNING).map((of) => tokenOf(madeIdOf(of), row.listed))]
      .filter((part) => part !== '')
      .join(' ');

  async function add(log: string, entries: readonly IndexEntry[]): Promise<void> {
    const known = get('SELECT n, indexed FROM logs WHERE id = ?', log);
    const indexed = Number(known?.['indexed'] ?? 0);
    const newest = entries.at(-1);
    if (newest === undefined) return;
    if (entries.some(({ index }, i) => index !== indexed + i)) throw indexGap(log, indexed, entries[0]?.index ?? 0);
    const n = Number(known?.['n'] ?? Number(get('SELECT coalesce(max(n), 0) AS n FROM logs')?.['n']) + 1);
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
              const key = get(
                'SELECT max(key) AS key FROM events WHERE key >= ? AND key < ?',
                keyAt(ms),
                keyAt(ms + 1),
              );
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
    transaction(() => {
      run(
        'INSERT INTO logs VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET indexed = excluded.indexed, hash = excluded.hash',
        ...[n, log, newest.index + 1, newest.hash],
      );
      write(n, changes);
    });
  }

  function forget(log: string): void {
    const n = get('SELECT n FROM logs WHERE id = ?', log)?.['n'];
    if (typeof n !== 'number') return;
    transaction(() => {
      run('DELETE FROM figures WHERE key IN (SELECT key FROM events WHERE log = ?)', n);
      run(
        "UPDATE events SET log = NULL, listed = 0, running = 0, ref = NULL, terms = '', title = '', summary = '' WHERE log = ?",
        n,
      );
      for (const table of ['sessions', 'rollups']) run(`DELETE FROM ${table} WHERE log = ?`, n);
      run('DELETE FROM logs WHERE n = ?', n);
    });
    idOfLog.clear();
  }

  /**
   * Where a condition is read from; `key` has the order of time. As `events` each is a row of `events e`, as `figures` one
   * of `figures f`, which charts read because it is a tenth as long. A forgotten event is in neither.
   */
  function source(wanted: Resolved, as: 'events' | 'figures'): Source {
    const runningId = idOf(RUNNING);
    const [open, others] = partition(wanted.groups, (group) => runningId !== undefined && group.includes(runningId));
    const match = matchOf({ ...wanted, groups: others });
    const range = [wanted.from, wanted.to];
    const figures = as === 'figures' ? ' CROSS JOIN figures f ON f.key = e.key' : '';
    if (open.length > 0 || match === null) {
      const state = open.length > 0 ? 'e.running = 1' : 'e.listed = 1';
      return {
        from: `events e${figures}${match === null ? '' : ' CROSS JOIN found ON found.rowid = e.key'}`,
        where: `${state} AND e.key >= ? AND e.key < ?${match === null ? '' : ' AND found MATCH ?'}`,
        key: 'e.key',
        values: match === null ? range : [...range, match],
      };
    }
    const joined = as === 'figures' ? 'figures f ON f.key' : 'events e ON e.key';
    return {
      from: `found CROSS JOIN ${joined} = found.rowid`,
      where: `found MATCH ? AND found.rowid >= ? AND found.rowid < ?${as === 'figures' ? '' : ' AND e.log IS NOT NULL'}`,
      key: 'found.rowid',
      values: [match, ...range],
    };
  }

  function newest(columns: string, wanted: Resolved, limit: number): readonly Record[] {
    const { from, where, key, values } = source(wanted, 'events');
    return all(`SELECT ${columns} FROM ${from} WHERE ${where} ORDER BY ${key} DESC LIMIT ?`, ...values, limit);
  }

  function want(filter: ActivityFilter, viewer: Viewer, before?: string): Resolved | null {
    const condition = conditionOf(filter, viewer, before);
    return condition === null ? null : resolved(condition, idOf);
  }

  function countFromRollups(wanted: Resolved, hours: { from: number; to: number }, width: number): Counted[] | null {
    const verdictOf = ([id]: readonly number[]): string | null => {
      const of = id === undefined ? '' : termOf(id);
      return of.startsWith('verdict:') ? of.slice('verdict:'.length) : null;
    };
    const question = rollupQuestion(wanted, verdictOf);
    if (question === null) return null;
    const { terms, verdict } = question;
    // Numbers are bound as doubles: what divides stands in the text, so that integers are divided.
    return (terms.length === 0 ? [0] : terms).flatMap((id) =>
      all(
        `SELECT hour / ${String(width)} AS bucket, sum(allowed) AS allowed, sum(refused) AS refused, sum(failed) AS failed, sum(other) AS other, sum(masked) AS masked
         FROM rollups WHERE term = ?1 AND hour >= ?2 AND hour < ?3 AND (?4 IS NULL OR verdict = ?4) GROUP BY 1`,
        ...[id, hours.from, hours.to, verdict],
      ).flatMap((row) =>
        TALLIES.map((tally, i) => ({
          bucket: Number(row['bucket']),
          tally,
          events: Number(row[tally]),
          maskedCells: i === 0 ? Number(row['masked']) : 0,
        })),
      ),
    );
  }

  function countFromEvents(wanted: Resolved, hours: { from: number; to: number }, width: number): Counted[] {
    const { from, where, key, values } = source({ ...wanted, from: keyAt(hours.from), to: keyAt(hours.to) }, 'figures');
    return all(
      `SELECT ${key} / ${String(keyAt(width))} AS bucket, f.tally AS tally, count(*) AS events, sum(f.masked) AS masked FROM ${from} WHERE ${where} GROUP BY 1, 2`,
      ...values,
    ).map((row) => ({
      bucket: Number(row['bucket']),
      tally: tallyOfNumber(Number(row['tally'])),
      events: Number(row['events']),
      maskedCells: Number(row['masked']),
    }));
  }

  /** What the database throws when the file is not what it was is told as such; anything else stays as it is. */
  async function guarded<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (!isDamage(cause)) throw cause;
      throw new CountersignError('index-damaged', `The search index ${file} cannot be read.`, {
        next: 'It is made anew from the record by the next start; the record itself is not affected.',
        cause,
      });
    }
  }
  /** One change after the other: between looking and writing nothing else is written. */
  function inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = last.then(() => guarded(work));
    last = turn.catch(() => undefined);
    return turn;
  }

  return {
    logs: () =>
      guarded(() =>
        all('SELECT id, indexed, hash FROM logs ORDER BY n').map((row) => ({
          log: String(row['id']),
          indexed: Number(row['indexed']),
          hash: String(row['hash']),
        })),
      ),
    add: (log, entries) => inTurn(() => add(log, entries)),
    forget: (log) => inTurn(() => forget(log)),
    events: (filter, viewer, { before, limit }) =>
      guarded(() => {
        const most = mayPage(limit);
        const wanted = want(filter, viewer, before);
        const rows = wanted === null ? [] : newest(ROW, wanted, most + 1).map(rowOf);
        const page = rows.slice(0, limit);
        const end = page.at(-1);
        return { events: page.map(eventOf), next: rows.length > limit && end !== undefined ? cursorOf(end.key) : null };
      }),
    chart: (filter, viewer, { from, to, bucket }) =>
      guarded(() => {
        const wanted = want(filter, viewer);
        const width = widthOf(bucket);
        const hours = wanted === null ? null : hoursOf(wanted, { from, to });
        if (wanted === null || hours === null) return chartOf(width, []);
        return chartOf(width, countFromRollups(wanted, hours, width) ?? countFromEvents(wanted, hours, width));
      }),
    facets: (filter, viewer) =>
      guarded(() => {
        const wanted = want(filter, viewer);
        const rows = wanted === null ? [] : newest('e.terms', wanted, COUNTED);
        return facetsOf(
          rows.map((row) => String(row['terms']).split(' ')),
          (id) => termOf(Number(id)),
        );
      }),
    event: (log, index, viewer) =>
      guarded(() => {
        const n = get('SELECT n FROM logs WHERE id = ?', log)?.['n'];
        const found =
          typeof n === 'number' ? get(`SELECT ${ROW} FROM events e WHERE log = ? AND idx = ?`, n, index) : undefined;
        if (typeof n !== 'number' || found === undefined) return null;
        const row = rowOf(found);
        if (!maySee(viewer, row)) return null;
        const about = row.ref === null ? [] : all(`SELECT ${ROW} FROM events e WHERE log = ? AND idx = ?`, n, row.ref);
        const related = all(
          `SELECT ${ROW} FROM events e WHERE log = ? AND ref = ? ORDER BY idx LIMIT ?`,
          n,
          index,
          MOST_RELATED,
        );
        return {
          event: eventOf(row),
          related: [...about, ...related]
            .map(rowOf)
            .filter((other) => maySee(viewer, other))
            .map(eventOf),
        };
      }),
    async close() {
      await last;
      statements.clear();
      database.close();
    },
  };
}

function partition<T>(items: readonly T[], is: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(is), items.filter((item) => !is(item))];
}
const count = (value: unknown): number | null => (typeof value === 'number' ? value : null);
const running = (row: Row): number => (row.terms.includes(RUNNING) ? 1 : 0);
const figures = (row: Row): [tally: number, masked: number] => [tallyNumber(tallyOf(row.terms)), row.maskedCells ?? 0];
