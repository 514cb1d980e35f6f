/**
 * Settings that change how a statement is read, what it may see or how values are written. They are set at connect, read
 * back in every transaction, and watched: a session whose pins have moved is closed, because what was decided about a
 * text holds only under them (standard_conforming_strings and client_encoding each let a DROP pass as one SELECT).
 */
import { type MarkScope, markValues, SCOPE_SETTINGS } from './marks.ts';
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
    ['debug_print_parse', 'off'],
    ['debug_print_rewritten', 'off'],
    ['debug_print_plan', 'off'],
    ['debug_pretty_print', 'off'],
  ]);
}

/** Read at connect and proven like a pin, but never set: whether the session's trees would be written to the server's log. */
export const LOG_LEVEL = 'log_min_messages';

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
  /** Pinned settings as the server has them inside the transaction, in their order, each behind a SEPARATOR. */
  readonly settings: string;
}

/** Unit separator: stands in no setting that a server prints. */
export const SEPARATOR = '\x1f';

/** What a transaction may take, what it is asked for, and whether the server prints the trees of what is parsed in it. */
export interface Envelope {
  /** Milliseconds; 0 for none. */
  readonly statementTimeout: number;
  readonly lockTimeout: number;
  readonly trees: boolean;
  /** What the marks that are read in it are of. */
  readonly marks?: MarkScope;
}

/** What a session's probe depends on besides its pins. */
export interface ProbeKind {
  readonly serverMajor: number;
  /** Trees are printed only where the server's log does not get them. */
  readonly onlyWhenQuiet: boolean;
}

/** Levels at which the server writes no LOG message to its log (PostgreSQL documentation 19.8.2, log_min_messages). */
export const QUIET = ['fatal', 'panic'] as const;

/**
 * The first query of every transaction. It reads the settings back, sets the bounds for this transaction only, and being
 * a query at all makes SET TRANSACTION READ WRITE an error from then on (PostgreSQL: must be called before any query).
 * Its parameters are those of `probeValues`.
 */
export function probeText(names: readonly string[], { serverMajor, onlyWhenQuiet }: ProbeKind): string {
  const setLocal = (name: string, value: string): string => `pg_catalog.set_config('${name}', ${value}, true)`;
  const printing = onlyWhenQuiet
    ? `CASE WHEN pg_catalog.current_setting('${LOG_LEVEL}') IN (${QUIET.map((level) => `'${level}'`).join(', ')}) THEN $5 ELSE 'off' END`
    : '$5';
  const set = [
    setLocal('statement_timeout', '$1'),
    setLocal('lock_timeout', '$2'),
    serverMajor >= 17 ? setLocal('transaction_timeout', '$3') : '$3::pg_catalog.text',
    setLocal(ENVELOPE, '$4'),
    setLocal('debug_print_parse', printing),
    setLocal('debug_print_rewritten', printing),
    setLocal('client_min_messages', '$6'),
    ...SCOPE_SETTINGS.map((name, i) => setLocal(name, `$${String(7 + i)}`)),
  ];
  const columns = [
    'pg_catalog.pg_backend_pid()',
    'current_user',
    'session_user',
    'pg_catalog.current_database()',
    "pg_catalog.current_setting('transaction_read_only')",
    // Before anything is set: the columns of a row are computed in their order.
    `pg_catalog.concat(${names.map((name) => `pg_catalog.chr(31), pg_catalog.current_setting('${name}')`).join(', ')})`,
    // Nobody wants to know again what was just set.
    `pg_catalog.num_nulls(${set.join(', ')})`,
  ];
  return `SELECT ${columns.join(', ')}`;
}

/** Milliseconds that a transaction may last beyond its statement: for confirming what was decided, and for slow readers. */
const AROUND_STATEMENT = 60_000;

const NOTHING = SCOPE_SETTINGS.map(() => '');

export function probeValues(
  { statementTimeout, lockTimeout, trees, marks }: Envelope,
  envelope: string,
): readonly string[] {
  return [
    String(statementTimeout),
    String(lockTimeout),
    String(statementTimeout === 0 ? 0 : statementTimeout + AROUND_STATEMENT),
    envelope,
    trees ? 'on' : 'off',
    trees ? 'log' : 'notice',
    ...(marks === undefined ? NOTHING : markValues(marks)),
  ];
}

/** Behind the asker's Parse: nothing that runs prints trees any more. */
export const STOP_PRINTING =
  "SELECT pg_catalog.set_config('debug_print_parse', 'off', true), pg_catalog.set_config('debug_print_rewritten', 'off', true), pg_catalog.set_config('client_min_messages', 'notice', true)";

/** Scans that the planner is to leave out of a statement's plan: rows would come in the order of the index. */
export type LeftOutScans = 'index-only' | 'index';

const setLocally = (settings: Readonly<Record<string, string>>): string =>
  `SELECT ${Object.entries(settings)
    .map(([name, value]) => `pg_catalog.set_config('${name}', '${value}', true)`)
    .join(', ')}`;

/** The planner makes no index-only scan then (check_index_only in optimizer/path/indxpath.c). */
export const WITHOUT_INDEX_ONLY_SCANS = setLocally({ enable_indexonlyscan: 'off' });

/**
 * The planner only prefers every other plan, so all that is in the others must be as it is by default: a role may have
 * sequential scans off. pg_hint_plan, where it is loaded, would take its orders from a comment.
 */
export const WITHOUT_INDEX_SCANS = setLocally({
  enable_indexonlyscan: 'off',
  enable_indexscan: 'off',
  enable_bitmapscan: 'on',
  enable_seqscan: 'on',
  enable_sort: 'on',
  enable_hashagg: 'on',
  enable_hashjoin: 'on',
  enable_mergejoin: 'on',
  enable_nestloop: 'on',
  'pg_hint_plan.enable_hint': 'off',
});

/** Every setting in the unit of costs, and those that are held against it. */
const COSTS = [
  ...['seq_page_cost', 'random_page_cost', 'cpu_tuple_cost', 'cpu_index_tuple_cost', 'cpu_operator_cost'],
  ...[
    'parallel_setup_cost',
    'parallel_tuple_cost',
    'jit_above_cost',
    'jit_inline_above_cost',
    'jit_optimize_above_cost',
  ],
];

/**
 * Before PostgreSQL 18 leaving a scan out is a cost of 1e10 on top (disable_cost in optimizer/path/costsize.c), and who
 * joins a table with itself often enough makes every other plan cost more. With everything else as cheap as this, no
 * statement does: rows are estimated at 1e100 at most. Costs are compared with one another, so that plans stay the same.
 */
export const LEAVE_OUT_STRICTLY = `SELECT ${COSTS.map(
  (name) =>
    `CASE WHEN pg_catalog.current_setting('server_version_num')::pg_catalog.int4 < 180000 THEN pg_catalog.set_config('${name}', (pg_catalog.current_setting('${name}')::pg_catalog.float8 * '1e-200'::pg_catalog.float8)::pg_catalog.text, true) END`,
).join(', ')}`;

export function readProbe(row: readonly (string | null)[]): Probe {
  return {
    processId: Number(row[0]),
    role: row[1] ?? '',
    sessionRole: row[2] ?? '',
    database: row[3] ?? '',
    readOnly: row[4] === 'on',
    settings: row[5] ?? '',
  };
}

/** Name of the first setting that differs between two probes of the same names. */
export function movedSetting(names: readonly string[], then: string, now: string): string | undefined {
  if (then === now) return undefined;
  const [before, after] = [then.split(SEPARATOR), now.split(SEPARATOR)];
  return names.find((_, i) => before[i + 1] !== after[i + 1]) ?? 'settings';
}
