/** The index of a team, in PostgreSQL: every machine takes its own logs in, and a reviewer sees all of them. */
import { Pool, type PoolClient } from 'pg';
import { CountersignError } from '../../errors.ts';
import { type ActivityFilter, type ActivityStore, type Viewer } from './activity-store.ts';
import { chartOf, hoursOf, widthOf } from './chart.ts';
import { conditionOf, cursorOf, type Resolved, resolved, termsIn } from './condition.ts';
import { eventOf } from './event-row.ts';
import { COUNTED, facetsOf } from './facets.ts';
import { countedIn } from './postgres-chart.ts';
import { all, type Connected, ROW, rowsOf, type Values } from './postgres-rows.ts';
import { makingOf, SCHEMA, setUp, WRITE_LOCK } from './postgres-schema.ts';
import { createTerms } from './postgres-terms.ts';
import { whereOf } from './postgres-where.ts';
import { addTo, forgetIn } from './postgres-write.ts';
import { maySee, mayPage, MOST_RELATED } from './rules.ts';

/** Connections of one process: queries of the window and one change at a time. */
const CONNECTIONS = 4;
const CONNECT_MS = 10_000;
/** A search that takes longer is given up. ms */
const QUERY_MS = 30_000;

/**
 * @param url `postgres://…`, a secret: it is never part of an error
 * @throws CountersignError `index-unreachable`, `index-newer`; so does every method
 */
export async function openPostgresIndex(url: string): Promise<ActivityStore> {
  const pool = new Pool({
    connectionString: url,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    statement_timeout: QUERY_MS,
    application_name: 'countersign activity',
    allowExitOnIdle: true,
  });
  // A connection that breaks while nobody uses it is replaced by the next query.
  pool.on('error', () => undefined);

  const terms = createTerms();
  let made: string | undefined;

  async function connected<T>(work: (at: Connected) => Promise<T>): Promise<T> {
    let client: PoolClient | undefined;
    try {
      client = await pool.connect();
      const result = await work({ client, terms });
      client.release();
      return result;
    } catch (cause) {
      // What was made in a transaction that failed does not exist.
      terms.clear();
      client?.release(!(cause instanceof CountersignError));
      throw cause instanceof CountersignError ? cause : unreachable(cause);
    }
  }
  /** Numbers of terms are those of one making of the tables: somebody else may have made them anew. */
  async function asking<T>(work: (at: Connected) => Promise<T>): Promise<T> {
    return connected(async (at) => {
      const now = await makingOf(at.client);
      if (now !== made) terms.clear();
      made = now;
      return work(at);
    });
  }
  async function writing<T>(work: (at: Connected) => Promise<T>): Promise<T> {
    return connected(async (at) => {
      await at.client.query('BEGIN');
      try {
        await at.client.query('SELECT pg_advisory_xact_lock($1)', [WRITE_LOCK]);
        const now = await makingOf(at.client);
        if (now !== made) terms.clear();
        made = now;
        const result = await work(at);
        await at.client.query('COMMIT');
        return result;
      } catch (error) {
        await at.client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  try {
    await connected(({ client }) => setUp(client));
  } catch (error) {
    await pool.end();
    throw error;
  }

  async function want(
    at: Connected,
    filter: ActivityFilter,
    viewer: Viewer,
    before?: string,
  ): Promise<Resolved | null> {
    const condition = conditionOf(filter, viewer, before);
    return condition === null ? null : resolved(condition, await terms.known(at.client, termsIn(condition)));
  }

  async function newest(at: Connected, columns: string, wanted: Resolved, limit: number): Promise<readonly Values[]> {
    const { sql, values } = whereOf(wanted);
    return all(
      at,
      `SELECT ${columns} FROM ${SCHEMA}.events WHERE ${sql} ORDER BY key DESC LIMIT ${String(limit)}`,
      ...values,
    );
  }

  return {
    logs: () =>
      asking(async (at) =>
        (await all(at, `SELECT id, indexed, hash FROM ${SCHEMA}.logs ORDER BY n`)).map((row) => ({
          log: String(row['id']),
          indexed: Number(row['indexed']),
          hash: String(row['hash']),
        })),
      ),
    add: (log, entries) => writing((at) => addTo(at, log, entries)),
    forget: (log) => writing((at) => forgetIn(at, log)),
    events: (filter, viewer, { before, limit }) =>
      asking(async (at) => {
        const most = mayPage(limit);
        const wanted = await want(at, filter, viewer, before);
        const records = wanted === null ? [] : await newest(at, ROW, wanted, most + 1);
        const page = await rowsOf(at, records.slice(0, limit));
        const end = page.at(-1);
        return {
          events: page.map(eventOf),
          next: records.length > limit && end !== undefined ? cursorOf(end.key) : null,
        };
      }),
    chart: (filter, viewer, { from, to, bucket }) =>
      asking(async (at) => {
        const wanted = await want(at, filter, viewer);
        const width = widthOf(bucket);
        const hours = wanted === null ? null : hoursOf(wanted, { from, to });
        if (wanted === null || hours === null) return chartOf(width, []);
        return chartOf(width, await countedIn(at, wanted, hours, width));
      }),
    facets: (filter, viewer) =>
      asking(async (at) => {
        const wanted = await want(at, filter, viewer);
        const rows = wanted === null ? [] : await newest(at, 'terms', wanted, COUNTED);
        const ids = rows.map((row) => row['terms'] as readonly number[]);
        const known = [...new Set(ids.flat())];
        const [named = []] = await terms.named(at.client, [known]);
        const termOf = new Map(known.map((id, i) => [id, named[i]]));
        return facetsOf(ids, (id) => termOf.get(id) ?? 'kind:unknown');
      }),
    event: (log, index, viewer) =>
      asking(async (at) => {
        const records = await all(
          at,
          `WITH one AS (SELECT e.* FROM ${SCHEMA}.events e JOIN ${SCHEMA}.logs l ON l.n = e.log WHERE l.id = $1 AND e.idx = $2)
           (SELECT ${ROW} FROM one)
           UNION ALL (SELECT ${prefixed('e')} FROM ${SCHEMA}.events e JOIN one ON e.log = one.log AND e.idx = one.ref)
           UNION ALL (SELECT ${prefixed('e')} FROM ${SCHEMA}.events e JOIN one ON e.log = one.log AND e.ref = one.idx ORDER BY e.idx LIMIT $3)`,
          ...[log, index, MOST_RELATED],
        );
        const rows = await rowsOf(at, records);
        const row = rows.find((one) => one.index === index);
        if (row === undefined || !maySee(viewer, row)) return null;
        const related = rows.filter((one) => one !== row && maySee(viewer, one)).sort((a, b) => a.index - b.index);
        return { event: eventOf(row), related: related.map(eventOf) };
      }),
    close: () => pool.end(),
  };
}

const prefixed = (table: string): string =>
  ROW.split(', ')
    .map((column) => `${table}.${column}`)
    .join(', ');

function unreachable(cause: unknown): CountersignError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new CountersignError('index-unreachable', `The search index in PostgreSQL cannot be used${code}.`, {
    next: 'Check that its server runs and that the role of the address may use it (docs/activity.md); the record itself is not affected.',
    cause,
  });
}
