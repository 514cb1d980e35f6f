/**
 * Settings that change how a statement is read, what it may see or how values are written. They are set at connect, read
 * back in every transaction, and watched: a session whose pins have moved is closed, because what was decided about a
 * text holds only under them (standard_conforming_strings and client_encoding each let a DROP pass as one SELECT).
 */
import { type PostgresTarget } from './target.ts';

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/**
 * pg_catalog is left out because the server then searches it first anyway, while new tables still go to the first schema
 * named. pg_temp is named last: unnamed, it would be searched first for relations (PostgreSQL documentation 5.10.5).
 */
export const searchPath = (schemas: readonly string[]): string => [...schemas.map(quoted), 'pg_temp'].join(', ');

export function pins(target: Pick<PostgresTarget, 'searchPath'>): ReadonlyMap<string, string> {
  return new Map([
    ['client_encoding', 'UTF8'],
    ['standard_conforming_strings', 'on'],
    ['search_path', searchPath(target.searchPath)],
    ['row_security', 'on'],
    ['transform_null_equals', 'off'],
    ['DateStyle', 'ISO'],
    ['IntervalStyle', 'postgres'],
    ['extra_float_digits', '1'],
    ['bytea_output', 'hex'],
    ['default_transaction_isolation', 'read committed'],
    ['client_min_messages', 'notice'],
  ]);
}

/** Reported by the server of its own accord (ParameterStatus); `search_path` since PostgreSQL 18. */
export const WATCHED: ReadonlySet<string> = new Set([
  'client_encoding',
  'standard_conforming_strings',
  'search_path',
  'DateStyle',
  'IntervalStyle',
  'session_authorization',
  'is_superuser',
]);

/** Sets the pins for the session; one row, one column a pin, in the order of the map. */
export function pinQuery(settings: ReadonlyMap<string, string>): {
  readonly text: string;
  readonly params: readonly string[];
} {
  const calls = [...settings.keys()].map(
    (_, i) => `pg_catalog.set_config($${String(2 * i + 1)}, $${String(2 * i + 2)}, false)`,
  );
  return { text: `SELECT ${calls.join(', ')}`, params: [...settings].flat() };
}

/**
 * A setting of our own that lives as long as the transaction: where it is gone after a statement, so is the transaction
 * that was opened for it, even if another one is open now (COMMIT AND CHAIN).
 */
const ENVELOPE = 'countersign.envelope';

/** Asked right behind the statement: the transaction's id, if it has taken one, and its envelope. */
export const AFTERWARDS = `SELECT pg_catalog.pg_current_xact_id_if_assigned(), pg_catalog.current_setting('${ENVELOPE}', true)`;

/** What the gate's own first query in a transaction tells: the proof that text and envelope are what was decided on. */
export interface Probe {
  readonly processId: number;
  readonly role: string;
  readonly sessionRole: string;
  readonly database: string;
  readonly readOnly: boolean;
  /** Pinned settings as the server has them inside the transaction. */
  readonly settings: ReadonlyMap<string, string>;
}

/**
 * The first query of every transaction. It sets the bounds for this transaction only, and being a query at all makes
 * SET TRANSACTION READ WRITE an error from then on (PostgreSQL: must be called before any query).
 */
export function probeQuery(
  settings: ReadonlyMap<string, string>,
  bounds: { readonly statementTimeout: number; readonly lockTimeout: number },
  envelope: string,
): { readonly text: string; readonly params: readonly string[] } {
  const local = [
    ['statement_timeout', String(bounds.statementTimeout)],
    ['lock_timeout', String(bounds.lockTimeout)],
    [ENVELOPE, envelope],
  ].flat();
  const current = [...settings.keys()].map((_, i) => `pg_catalog.current_setting($${String(local.length + i + 1)})`);
  return {
    text: `SELECT pg_catalog.pg_backend_pid(), current_user, session_user, pg_catalog.current_database(), pg_catalog.current_setting('transaction_read_only'), pg_catalog.set_config($1, $2, true), pg_catalog.set_config($3, $4, true), pg_catalog.set_config($5, $6, true), ${current.join(', ')}`,
    params: [...local, ...settings.keys()],
  };
}

/** Columns before the settings in the probe's row. */
const FIRST_SETTING = 8;

export function readProbe(settings: ReadonlyMap<string, string>, row: readonly (string | null)[]): Probe {
  return {
    processId: Number(row[0]),
    role: row[1] ?? '',
    sessionRole: row[2] ?? '',
    database: row[3] ?? '',
    readOnly: row[4] === 'on',
    settings: new Map([...settings.keys()].map((name, i) => [name, row[FIRST_SETTING + i] ?? ''])),
  };
}
