import { Client } from 'pg';
import { type TemporaryServer } from '../../../databases/embedded/index.ts';

/**
 * What a script does on the server itself, with no gate before it: whether a corpus row is worth its place. Everything
 * runs inside one transaction that is rolled back, unless the row says that its statements cannot.
 */
export interface Outside {
  /** All that came back, on every channel of the protocol, in order. */
  readonly heard: readonly string[];
  /** SQLSTATE of the first error. */
  readonly sqlstate: string | undefined;
  /** What was left behind: a transaction id, settings, prepared statements, cursors, channels, locks. */
  readonly left: readonly string[];
}

export interface OutsideOptions {
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** `read only`: inside BEGIN READ ONLY, after a first query of somebody else, as the gate runs it. */
  readonly transaction: 'read write' | 'read only' | 'none';
  readonly params?: readonly string[];
}

/** Session state by which two moments of one session are told apart. */
const STATE = `
SELECT 'setting ' || name || '=' || setting FROM pg_settings WHERE source = 'session' AND name NOT IN ('transaction_read_only')
UNION ALL SELECT 'prepared ' || name FROM pg_prepared_statements
UNION ALL SELECT 'cursor ' || name FROM pg_cursors
UNION ALL SELECT 'channel ' || c FROM pg_listening_channels() c
UNION ALL SELECT 'advisory lock ' || objid FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()
UNION ALL SELECT 'lock ' || mode FROM pg_locks WHERE locktype = 'relation' AND pid = pg_backend_pid() AND mode NOT IN ('AccessShareLock', 'RowExclusiveLock')
UNION ALL SELECT 'role ' || current_user
UNION ALL SELECT 'isolation ' || current_setting('transaction_isolation') || ' ' || current_setting('transaction_read_only')
UNION ALL SELECT 'custom ' || coalesce(current_setting('app.x', true), '')
UNION ALL SELECT 'transaction id' WHERE pg_current_xact_id_if_assigned() IS NOT NULL
ORDER BY 1`;

/** Runs a script statement by statement, as psql would, until one fails. */
export async function runOutside(
  { host, port }: TemporaryServer,
  sql: readonly string[],
  { user, password, database, transaction, params = [] }: OutsideOptions,
): Promise<Outside> {
  const client = new Client({
    host,
    port,
    user,
    password,
    database,
    ssl: false,
    types: { getTypeParser: () => String },
  });
  const heard: string[] = [];
  client.on('notice', ({ severity, message, detail }) =>
    heard.push(`notice ${severity ?? ''} ${message ?? ''} ${detail ?? ''}`),
  );
  client.on('notification', ({ channel, payload }) => heard.push(`notification ${channel} ${payload ?? ''}`));
  // What pg itself has no use for: rows of COPY, and settings that the server reports.
  const wire = (client as unknown as { readonly connection: NodeJS.EventEmitter }).connection;
  wire.on('copyData', ({ chunk }: { readonly chunk: Buffer }) => heard.push(`copy ${chunk.toString()}`));
  await client.connect();
  wire.on('parameterStatus', ({ parameterName, parameterValue }: Readonly<Record<string, string>>) =>
    heard.push(`setting ${parameterName ?? ''}=${parameterValue ?? ''}`),
  );
  const ask = async (text: string, values: readonly string[] = []): Promise<string[]> => {
    const answer: unknown = await client.query({
      text,
      rowMode: 'array',
      ...(values.length > 0 ? { values: [...values] } : {}),
    });
    return (Array.isArray(answer) ? answer : [answer]).flatMap((one: { command: string; rows: unknown[] }) => [
      one.command,
      ...one.rows.map((row) => JSON.stringify(row)),
    ]);
  };
  try {
    await ask(
      `SET statement_timeout = '10s'; SET lock_timeout = '2s'; SET client_min_messages = notice; SET standard_conforming_strings = on; SET search_path = public`,
    );
    if (transaction !== 'none') await ask(transaction === 'read only' ? 'BEGIN READ ONLY' : 'BEGIN');
    const before = await ask(STATE);
    let sqlstate: string | undefined;
    for (const text of sql) {
      try {
        heard.push(...(await ask(text, params)));
      } catch (error) {
        const { code, message, detail, where } = error as {
          code?: string;
          message: string;
          detail?: string;
          where?: string;
        };
        sqlstate = code ?? 'none';
        heard.push(`error ${sqlstate} ${message} ${detail ?? ''} ${where ?? ''}`);
        break;
      }
    }
    const after = await ask(STATE).catch(() => before);
    return { heard, sqlstate, left: after.filter((line) => !before.includes(line)) };
  } finally {
    await client.query('ROLLBACK').catch(() => undefined);
    await client.end().catch(() => undefined);
  }
}
