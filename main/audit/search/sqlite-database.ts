/** The file of an index with what every use of it needs: prepared statements, numbers of terms, rows as they are. */
import { type SQLInputValue, type StatementSync } from 'node:sqlite';
import { type Row } from './event-row.ts';
import { openIndexDatabase } from './sqlite-schema.ts';
import { type Term } from './terms.ts';

export type Values = { readonly [column: string]: unknown };

export interface IndexDatabase {
  all(sql: string, ...values: SQLInputValue[]): readonly Values[];
  get(sql: string, ...values: SQLInputValue[]): Values | undefined;
  run(sql: string, ...values: SQLInputValue[]): void;
  /** Nothing of what `work` does is kept unless all of it is. */
  transaction(work: () => void): void;
  /** The number of a term, where it has one. */
  idOf(of: Term): number | undefined;
  /** The number of a term, given now where it has none: in a transaction only. */
  madeIdOf(of: Term): number;
  termOf(id: number): Term;
  /** @param ids as a row has them: parted by spaces */
  termsOf(ids: unknown): readonly Term[];
  /** @param values the columns of ROW */
  rowOf(values: Values): Row;
  close(): void;
}

/** The columns of an event, from `events e`. */
export const ROW =
  'e.key, e.log, e.idx, e.listed, e.ref, e.rows, e.changed, e.milliseconds, e.masked, e.terms, e.title, e.summary';
/** Terms kept in memory, both ways. */
const KNOWN_TERMS = 100_000;

/** @throws CountersignError `index-unavailable` */
export function openDatabase(file: string): IndexDatabase {
  const database = openIndexDatabase(file);
  const statements = new Map<string, StatementSync>();
  const idOfTerm = new Map<string, number>();
  const termOfId = new Map<number, Term>();
  const logs = new Map<number, string>();

  const prepared = (sql: string): StatementSync => {
    const known = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  const get: IndexDatabase['get'] = (sql, ...values) => prepared(sql).get(...values);

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
    const id = get('SELECT id FROM terms WHERE term = ?', of)?.['id'];
    if (typeof id !== 'number') return undefined;
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
    const known = logs.get(n) ?? String(get('SELECT id FROM logs WHERE n = ?', n)?.['id']);
    logs.set(n, known);
    return known;
  }

  return {
    all: (sql, ...values) => prepared(sql).all(...values),
    get,
    run: (sql, ...values) => void prepared(sql).run(...values),
    transaction(work) {
      database.exec('BEGIN IMMEDIATE');
      try {
        work();
        database.exec('COMMIT');
      } catch (error) {
        if (database.isTransaction) database.exec('ROLLBACK');
        // Numbers that were given in it do not exist.
        idOfTerm.clear();
        termOfId.clear();
        throw error;
      }
    },
    idOf,
    madeIdOf(of) {
      const known = idOf(of);
      if (known !== undefined) return known;
      const id = Number(prepared('INSERT INTO terms (term) VALUES (?)').run(of).lastInsertRowid);
      remember(id, of);
      return id;
    },
    termOf,
    termsOf,
    rowOf: (values) => ({
      key: Number(values['key']),
      log: logOf(Number(values['log'])),
      index: Number(values['idx']),
      listed: values['listed'] === 1,
      ref: count(values['ref']),
      title: String(values['title']),
      summary: String(values['summary']),
      rows: count(values['rows']),
      changed: count(values['changed']),
      milliseconds: count(values['milliseconds']),
      maskedCells: count(values['masked']),
      terms: termsOf(values['terms']),
    }),
    close() {
      statements.clear();
      database.close();
    },
  };
}

const count = (value: unknown): number | null => (typeof value === 'number' ? value : null);
