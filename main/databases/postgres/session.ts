/**
 * One session of a person is one connection: one transaction at a time, one statement in it, by the extended protocol
 * (which refuses a second statement in a text). The statement is parsed first, inside its envelope and with its locks
 * taken; whoever decides can look at what the server made of it before anything of it runs.
 */
import { openSocket } from './connect.ts';
import { LiveSession } from './live-session.ts';
import { type CatalogMarks, type MarkScope } from './marks.ts';
import { type ColumnDescription } from './messages.ts';
import { type ServerFields } from './server-error.ts';
import { type LeftOutScans, type Probe } from './settings.ts';
import { type PostgresTarget } from './target.ts';
import { type MissingTrees, type SecondLineageState } from './trees.ts';

export { type LeftOutScans, type MissingTrees, type SecondLineageState };

/** A parameter or value in text format; null for NULL. */
export type TextValue = string | null;

export interface ResultColumn extends ColumnDescription {
  /** As format_type prints it: `numeric(10,2)`. */
  readonly type: string;
}

/**
 * What the server printed of one statement while it parsed it (debug_print_parse, debug_print_rewritten), in the format
 * of nodeToString: src/backend/nodes/outfuncs.c of its version.
 */
export interface ServerTrees {
  /** One Query, with views as relations. */
  readonly parsed: string;
  /** A list of Query, `({QUERY ...} ...)`: views and row security expanded; several, or none, where rules say so. */
  readonly rewritten: string;
}

/** A statement that the server has parsed inside an open transaction and that has not run. */
export interface Prepared {
  /** Empty for statements that give no rows. */
  readonly columns: readonly ResultColumn[];
  readonly parameterOids: readonly number[];
  /** Where the session prints trees: of the statement, or of the query inside it where there is one (EXPLAIN). */
  readonly trees?: ServerTrees;
  /** Why there are none, where trees were asked for. */
  readonly missingTrees?: MissingTrees;
  /** Of the scope that was asked for, read behind the Parse. */
  readonly marks?: CatalogMarks;
  readonly probe: Probe;
  readonly text: string;
  readonly params: readonly TextValue[];
}

export interface BeginOptions {
  readonly mode: 'read only' | 'read write';
  /** Milliseconds; 0 for none. */
  readonly statementTimeout: number;
  readonly lockTimeout: number;
  readonly text: string;
  readonly params: readonly TextValue[];
  /**
   * The statement whose trees are asked for where the session prints them: `text` itself where absent, none for null. A
   * query inside `text` is parsed a second time for them, and not run.
   */
  readonly treeOf?: string | null;
  /** Definitions whose marks are read behind the Parse. */
  readonly marks?: MarkScope;
  /** What the planner leaves out for this statement; all that it would choose by itself where absent. */
  readonly leftOut?: LeftOutScans;
  /** The statement only shows a plan: the costs in it stay those of the server. */
  readonly plansOnly?: boolean;
}

/** What holds while a statement runs. */
export interface ExecuteOptions {
  /** Marks that must still be these once the server has planned the statement, before its first row is given. */
  readonly held?: { readonly scope: MarkScope; readonly marks: CatalogMarks };
  /**
   * Code of users runs in it, which no lock keeps as it is: the marks are read once more behind the last row, so the rows
   * are good only when `execute` has resolved.
   */
  readonly userCode?: boolean;
}

/** Where rows go. The bytes are the body of a DataRow and are valid during the call only. */
export interface RowSink {
  /**
   * Takes one row. `false` means that no further row is wanted: the statement is cancelled on the server. A promise holds
   * the server back until it settles.
   */
  row(bytes: Buffer, start: number, end: number): boolean | Promise<boolean>;
}

export interface Execution {
  /** The server's command tag, `SELECT 3`; undefined where the sink wanted no more rows. */
  readonly tag: string | undefined;
  readonly rows: number;
  /** Id the transaction has taken, which a read never does (pg_current_xact_id_if_assigned); null for none. */
  readonly transactionId: string | null;
}

export interface PostgresSession {
  readonly processId: number;
  /** server_version as the server reports it, `18.4`. */
  readonly serverVersion: string;
  readonly database: string;
  readonly role: string;
  readonly encrypted: boolean;
  /** Whether `begin` brings the server's trees. */
  readonly secondLineage: SecondLineageState;
  /** False once the connection is lost or closed: it is never used again. */
  readonly usable: boolean;
  /** Replaces the listener for notices. They may hold cells. */
  onNotice(listener: (notice: ServerFields) => void): void;
  /** A small statement of the gate's own; rows as text. Inside a transaction it leaves the prepared statement alone. */
  query(text: string, params?: readonly TextValue[]): Promise<readonly (readonly TextValue[])[]>;
  /** The same, row by row without making values: for loading catalogs. */
  read(text: string, params: readonly TextValue[], sink: RowSink): Promise<void>;
  /**
   * Opens the transaction, proves its settings, parses the statement and reads the marks asked for, in one round trip.
   * Ends a transaction that is still open.
   */
  begin(options: BeginOptions, signal?: AbortSignal): Promise<Prepared>;
  /**
   * Runs what the last `begin` prepared, once, in its transaction and no other, in one round trip. A reading transaction
   * is rolled back in that same one; a writing one stays open. Aborting the signal cancels the statement on the server.
   * @throws CountersignError definitions-moved, where a mark is not what was held; the sink has had no row then, or must
   * not show what it had where code of users ran
   */
  execute(prepared: Prepared, sink: RowSink, signal: AbortSignal, options?: ExecuteOptions): Promise<Execution>;
  /** Ends the transaction, if one is open. */
  end(how: 'rollback' | 'commit'): Promise<void>;
  /** Asks the server to cancel what runs now. Resolves when the request has been delivered. */
  cancel(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connects, authenticates and pins the session's settings.
 * @throws CountersignError connection-refused, host-unknown, connection-timeout, login-refused, database-missing,
 * tls-refused, tls-unverified, password-in-clear, too-many-connections, server-not-ready, connection-failed
 */
export async function connectPostgres(target: PostgresTarget, signal: AbortSignal): Promise<PostgresSession> {
  const session = new LiveSession(target, await openSocket(target, signal));
  await session.pin();
  return session;
}
