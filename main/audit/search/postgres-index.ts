/** The index of a team, in PostgreSQL: every machine takes its own logs in, and a reviewer sees all of them. */
import { Pool, type PoolClient } from 'pg';
import { CountersignError } from '../../errors.ts';
import { type ActivityFilter, type ActivityStore, type IndexEntry, type Viewer } from './activity-store.ts';
import { chartOf, type Counted, hoursOf, rollupQuestion, tallyNumber, tallyOfNumber, widthOf } from './chart.ts';
import { conditionOf, cursorOf, type Resolved, resolved, termsIn } from './condition.ts';
import { eventOf, readEntry, type Row, TALLIES, tallyOf } from './event-row.ts';
import { COUNTED, facetsOf } from './facets.ts';
import { SCHEMA, setUp, WRITE_LOCK } from './postgres-schema.ts';
import { createTerms, type Terms } from './postgres-terms.ts';
import { whereOf } from './postgres-where.ts';
import { indexGap, maySee, mayPage, MOST_RELATED } from './rules.ts';
import { freeKeys, keyAt } from './sort-key.ts';
import { type Changes, type Known, neededFor, type Session, takeIn } from './take-in.ts';
import { type Term } from './terms.ts';

type Record = { readonly [column: string]: unknown };

const ROW = 'key, log, idx, listed, ref, rows, changed, milliseconds, masked, terms, title, summary';
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

  async function withClient<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    let client: PoolClient | undefined;
    try {
      client = await pool.connect();
      const result = await work(client);
      client.release();
      return result;
    } catch (cause) {
      client?.release(cause instanceof CountersignError ? undefined : true);
      throw cause instanceof CountersignError ? cause : unreachable(cause);
    }
  }
  async function transaction<T>(work: (client: PoolClient) => Promise<T>): Promise<T> {
    return withClient(async (client) => {
      await client.query('BEGIN');
      try {
        await client.query('SELECT pg_advisory_xact_lock($1)', [WRITE_LOCK]);
        const result = await work(client);
        await client.query('COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        // Ids of terms that were made in it do not exist.
        terms.clear();
        throw error;
      }
    });
  }

  const terms: Terms = createTerms();
  try {
    await withClient(setUp);
  } catch (error) {
    await pool.end();
    throw error;
  }

  const all = async (client: PoolClient, sql: string, ...values: readonly unknown[]): Promise<readonly Record[]> =>
    (await client.query<Record>(sql, [...values])).rows;

  async function rowsOf(client: PoolClient, records: readonly Record[]): Promise<readonly Row[]> {
    const logs = new Map(
      (
        await all(client, `SELECT n, id FROM ${SCHEMA}.logs WHERE n = ANY ($1)`, [
          ...new Set(records.map((row) => row['log'])),
        ])
      ).map((row) => [row['n'], String(row['id'])]),
    );
    const termsOf = await terms.named(
      client,
      records.map((row) => row['terms'] as readonly number[]),
    );
    return records.map((row, i) => ({
      key: Number(row['key']),
      log: logs.get(row['log']) ?? '',
      index: Number(row['idx']),
      listed: row['listed'] === true,
      ref: count(row['ref']),
      title: String(row['title']),
      summary: String(row['summary']),
      rows: count(row['rows']),
      changed: count(row['changed']),
      milliseconds: count(row['milliseconds']),
      maskedCells: count(row['masked']),
      terms: termsOf[i] ?? [],
    }));
  }

  async function known(client: PoolClient, n: number, read: readonly ReturnType<typeof readEntry>[]): Promise<Known> {
    const needed = neededFor(read);
    const events = await rowsOf(
      client,
      await all(client, `SELECT ${ROW} FROM ${SCHEMA}.events WHERE log = $1 AND idx = ANY ($2)`, n, needed.events),
    );
    const sessions = await all(
      client,
      `SELECT id, terms FROM ${SCHEMA}.sessions WHERE log = $1 AND id = ANY ($2)`,
      n,
      needed.sessions,
    );
    const named = await terms.named(
      client,
      sessions.map((row) => row['terms'] as readonly number[]),
    );
    return {
      events: new Map(events.map((row) => [row.index, row])),
      sessions: new Map(sessions.map((row, i): [string, Session] => [String(row['id']), named[i] ?? []])),
      keys: await freeKeys(
        read.map(({ at }) => at),
        async (milliseconds) => {
          const found = await all(
            client,
            `SELECT ms, (SELECT max(key) FROM ${SCHEMA}.events WHERE key >= ms * $2 AND key < (ms + 1) * $2) AS key FROM unnest($1::bigint[]) AS ms`,
            milliseconds,
            keyAt(1),
          );
          return new Map(
            found.filter((row) => row['key'] !== null).map((row) => [Number(row['ms']), Number(row['key'])]),
          );
        },
      ),
    };
  }

  async function write(client: PoolClient, n: number, changes: Changes): Promise<void> {
    const { rows, changed, sessions, counts } = changes;
    const idOf = await terms.made(client, [
      ...rows.flatMap((row) => row.terms),
      ...changed.flatMap(({ row }) => row.terms),
      ...[...sessions.values()].flat(),
      ...counts.flatMap(({ term }) => (term === null ? [] : [term])),
    ]);
    const ids = (of: readonly Term[]): string => `{${of.map(idOf).join(',')}}`;
    await client.query(
      `INSERT INTO ${SCHEMA}.events
       SELECT key, $2, idx, listed, ref, tally, rows, changed, milliseconds, masked, terms::integer[], title, summary, line,
              array_to_tsvector(array_remove(string_to_array(line, ' '), '\u241f'))
       FROM unnest($1::bigint[], $3::bigint[], $4::boolean[], $5::bigint[], $6::smallint[], $7::bigint[], $8::bigint[], $9::bigint[],
                   $10::bigint[], $11::text[], $12::text[], $13::text[], $14::text[])
         AS row (key, idx, listed, ref, tally, rows, changed, milliseconds, masked, terms, title, summary, line)`,
      [
        rows.map((row) => row.key),
        n,
        rows.map((row) => row.index),
        rows.map((row) => row.listed),
        rows.map((row) => row.ref),
        rows.map((row) => tallyNumber(tallyOf(row.terms))),
        rows.map((row) => row.rows),
        rows.map((row) => row.changed),
        rows.map((row) => row.milliseconds),
        rows.map((row) => row.maskedCells),
        rows.map((row) => ids(row.terms)),
        rows.map((row) => row.title),
        rows.map((row) => row.summary),
        rows.map((row) => row.words),
      ],
    );
    await client.query(
      `UPDATE ${SCHEMA}.events e SET tally = row.tally, rows = row.rows, changed = row.changed, milliseconds = row.milliseconds,
         masked = row.masked, terms = row.terms::integer[]
       FROM unnest($1::bigint[], $2::smallint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::text[])
         AS row (key, tally, rows, changed, milliseconds, masked, terms)
       WHERE e.key = row.key`,
      [
        changed.map(({ row }) => row.key),
        changed.map(({ row }) => tallyNumber(tallyOf(row.terms))),
        changed.map(({ row }) => row.rows),
        changed.map(({ row }) => row.changed),
        changed.map(({ row }) => row.milliseconds),
        changed.map(({ row }) => row.maskedCells),
        changed.map(({ row }) => ids(row.terms)),
      ],
    );
    await client.query(
      `INSERT INTO ${SCHEMA}.sessions SELECT $1, id, terms::integer[] FROM unnest($2::text[], $3::text[]) AS row (id, terms)
       ON CONFLICT (log, id) DO UPDATE SET terms = excluded.terms`,
      [n, [...sessions.keys()], [...sessions.values()].map(ids)],
    );
    await client.query(
      `INSERT INTO ${SCHEMA}.rollups AS r
       SELECT term, hour, verdict, $1, allowed, refused, failed, other, masked
       FROM unnest($2::integer[], $3::bigint[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[])
         AS row (term, hour, verdict, allowed, refused, failed, other, masked)
       ON CONFLICT (term, hour, verdict, log) DO UPDATE SET allowed = r.allowed + excluded.allowed, refused = r.refused + excluded.refused,
         failed = r.failed + excluded.failed, other = r.other + excluded.other, masked = r.masked + excluded.masked`,
      [
        n,
        counts.map(({ term }) => (term === null ? 0 : idOf(term))),
        counts.map(({ hour }) => hour),
        counts.map(({ verdict }) => verdict),
        ...TALLIES.map((tally) => counts.map(({ tallies }) => tallies[tally])),
        counts.map(({ maskedCells }) => maskedCells),
      ],
    );
  }

  async function add(client: PoolClient, log: string, entries: readonly IndexEntry[]): Promise<void> {
    const newest = entries.at(-1);
    if (newest === undefined) return;
    const [row] = await all(client, `SELECT indexed FROM ${SCHEMA}.logs WHERE id = $1`, log);
    const indexed = Number(row?.['indexed'] ?? 0);
    if (entries.some(({ index }, i) => index !== indexed + i)) throw indexGap(log, indexed, entries[0]?.index ?? 0);
    const [{ n } = { n: 0 }] = (
      await client.query<{ n: number }>(
        `INSERT INTO ${SCHEMA}.logs (id, indexed, hash) VALUES ($1, $2, $3)
         ON CONFLICT (id) DO UPDATE SET indexed = excluded.indexed, hash = excluded.hash RETURNING n`,
        [log, newest.index + 1, newest.hash],
      )
    ).rows;
    const read = entries.map(readEntry);
    await write(client, n, takeIn(log, read, await known(client, n, read)));
  }

  async function forget(client: PoolClient, log: string): Promise<void> {
    const [row] = await all(client, `DELETE FROM ${SCHEMA}.logs WHERE id = $1 RETURNING n`, log);
    if (row === undefined) return;
    for (const table of ['events', 'sessions', 'rollups'])
      await client.query(`DELETE FROM ${SCHEMA}.${table} WHERE log = $1`, [row['n']]);
  }

  async function want(
    client: PoolClient,
    filter: ActivityFilter,
    viewer: Viewer,
    before?: string,
  ): Promise<Resolved | null> {
    const condition = conditionOf(filter, viewer, before);
    return condition === null ? null : resolved(condition, await terms.known(client, termsIn(condition)));
  }

  async function newest(
    client: PoolClient,
    columns: string,
    wanted: Resolved,
    limit: number,
  ): Promise<readonly Record[]> {
    const { sql, values } = whereOf(wanted);
    return all(
      client,
      `SELECT ${columns} FROM ${SCHEMA}.events WHERE ${sql} ORDER BY key DESC LIMIT ${String(limit)}`,
      ...values,
    );
  }

  async function countFromRollups(
    client: PoolClient,
    wanted: Resolved,
    hours: { from: number; to: number },
    width: number,
  ): Promise<readonly Counted[] | null> {
    const names = await terms.named(client, wanted.groups);
    const verdictOf = (group: readonly number[]): string | null => {
      const [of = ''] = names[wanted.groups.indexOf(group)] ?? [];
      return of.startsWith('verdict:') ? of.slice('verdict:'.length) : null;
    };
    const question = rollupQuestion(wanted, verdictOf);
    if (question === null) return null;
    const rows = await all(
      client,
      `SELECT hour / $1 AS bucket, sum(allowed) AS allowed, sum(refused) AS refused, sum(failed) AS failed, sum(other) AS other, sum(masked) AS masked
       FROM ${SCHEMA}.rollups WHERE term = ANY ($2) AND hour >= $3 AND hour < $4 AND ($5::text IS NULL OR verdict = $5) GROUP BY 1`,
      ...[width, question.terms.length === 0 ? [0] : question.terms, hours.from, hours.to, question.verdict],
    );
    return rows.flatMap((row) =>
      TALLIES.map((tally, i) => ({
        bucket: Number(row['bucket']),
        tally,
        events: Number(row[tally]),
        maskedCells: i === 0 ? Number(row['masked']) : 0,
      })),
    );
  }

  async function countFromEvents(
    client: PoolClient,
    wanted: Resolved,
    hours: { from: number; to: number },
    width: number,
  ): Promise<readonly Counted[]> {
    const { sql, values } = whereOf({ ...wanted, from: keyAt(hours.from), to: keyAt(hours.to) });
    const rows = await all(
      client,
      `SELECT key / ${String(keyAt(width))} AS bucket, tally, count(*) AS events, coalesce(sum(masked), 0) AS masked
       FROM ${SCHEMA}.events WHERE ${sql} GROUP BY 1, 2`,
      ...values,
    );
    return rows.map((row) => ({
      bucket: Number(row['bucket']),
      tally: tallyOfNumber(Number(row['tally'])),
      events: Number(row['events']),
      maskedCells: Number(row['masked']),
    }));
  }

  return {
    logs: () =>
      withClient(async (client) =>
        (await all(client, `SELECT id, indexed, hash FROM ${SCHEMA}.logs ORDER BY n`)).map((row) => ({
          log: String(row['id']),
          indexed: Number(row['indexed']),
          hash: String(row['hash']),
        })),
      ),
    add: (log, entries) => transaction((client) => add(client, log, entries)),
    forget: (log) => transaction((client) => forget(client, log)),
    events: (filter, viewer, { before, limit }) =>
      withClient(async (client) => {
        const most = mayPage(limit);
        const wanted = await want(client, filter, viewer, before);
        const records = wanted === null ? [] : await newest(client, ROW, wanted, most + 1);
        const page = await rowsOf(client, records.slice(0, limit));
        const end = page.at(-1);
        return {
          events: page.map(eventOf),
          next: records.length > limit && end !== undefined ? cursorOf(end.key) : null,
        };
      }),
    chart: (filter, viewer, { from, to, bucket }) =>
      withClient(async (client) => {
        const wanted = await want(client, filter, viewer);
        const width = widthOf(bucket);
        const hours = wanted === null ? null : hoursOf(wanted, { from, to });
        if (wanted === null || hours === null) return chartOf(width, []);
        const counted = await countFromRollups(client, wanted, hours, width);
        return chartOf(width, counted ?? (await countFromEvents(client, wanted, hours, width)));
      }),
    facets: (filter, viewer) =>
      withClient(async (client) => {
        const wanted = await want(client, filter, viewer);
        const rows = wanted === null ? [] : await newest(client, 'terms', wanted, COUNTED);
        const ids = rows.map((row) => row['terms'] as readonly number[]);
        const known = [...new Set(ids.flat())];
        const [named = []] = await terms.named(client, [known]);
        const termOf = new Map(known.map((id, i) => [id, named[i]]));
        return facetsOf(ids, (id) => termOf.get(id) ?? 'kind:unknown');
      }),
    event: (log, index, viewer) =>
      withClient(async (client) => {
        const records = await all(
          client,
          `WITH one AS (SELECT e.* FROM ${SCHEMA}.events e JOIN ${SCHEMA}.logs l ON l.n = e.log WHERE l.id = $1 AND e.idx = $2)
           (SELECT ${ROW} FROM one)
           UNION ALL (SELECT ${prefixed('e')} FROM ${SCHEMA}.events e JOIN one ON e.log = one.log AND e.idx = one.ref)
           UNION ALL (SELECT ${prefixed('e')} FROM ${SCHEMA}.events e JOIN one ON e.log = one.log AND e.ref = one.idx ORDER BY e.idx LIMIT $3)`,
          ...[log, index, MOST_RELATED],
        );
        const rows = await rowsOf(client, records);
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
const count = (value: unknown): number | null => (value === null ? null : Number(value));

function unreachable(cause: unknown): CountersignError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new CountersignError('index-unreachable', `The search index in PostgreSQL cannot be used${code}.`, {
    next: 'Check that its server runs and that the role of the address may use it (docs/activity.md); the record itself is not affected.',
    cause,
  });
}
