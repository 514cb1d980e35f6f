/** Taking events into an index in PostgreSQL, and forgetting them: in a transaction that holds the lock of writers. */
import { type IndexEntry } from './activity-store.ts';
import { tallyNumber } from './chart.ts';
import { readEntry, TALLIES, tallyOf } from './event-row.ts';
import { all, type Connected, ROW, rowsOf } from './postgres-rows.ts';
import { SCHEMA } from './postgres-schema.ts';
import { indexGap } from './rules.ts';
import { freeKeys, keyAt } from './sort-key.ts';
import { type Changes, type Known, neededFor, type Session, takeIn } from './take-in.ts';
import { type Term } from './terms.ts';

/** @throws CountersignError `index-gap` */
export async function addTo(at: Connected, log: string, entries: readonly IndexEntry[]): Promise<void> {
  const newest = entries.at(-1);
  if (newest === undefined) return;
  const [row] = await all(at, `SELECT indexed FROM ${SCHEMA}.logs WHERE id = $1`, log);
  const indexed = Number(row?.['indexed'] ?? 0);
  if (entries.some(({ index }, i) => index !== indexed + i)) throw indexGap(log, indexed, entries[0]?.index ?? 0);
  const [{ n } = { n: 0 }] = (
    await at.client.query<{ n: number }>(
      `INSERT INTO ${SCHEMA}.logs (id, indexed, hash) VALUES ($1, $2, $3)
       ON CONFLICT (id) DO UPDATE SET indexed = excluded.indexed, hash = excluded.hash RETURNING n`,
      [log, newest.index + 1, newest.hash],
    )
  ).rows;
  const read = entries.map(readEntry);
  await write(at, n, takeIn(log, read, await known(at, n, read)));
}

export async function forgetIn(at: Connected, log: string): Promise<void> {
  const [row] = await all(at, `DELETE FROM ${SCHEMA}.logs WHERE id = $1 RETURNING n`, log);
  if (row === undefined) return;
  for (const table of ['events', 'sessions', 'rollups'])
    await at.client.query(`DELETE FROM ${SCHEMA}.${table} WHERE log = $1`, [row['n']]);
}

async function known(at: Connected, n: number, read: readonly ReturnType<typeof readEntry>[]): Promise<Known> {
  const needed = neededFor(read);
  const events = await rowsOf(
    at,
    await all(at, `SELECT ${ROW} FROM ${SCHEMA}.events WHERE log = $1 AND idx = ANY ($2)`, n, needed.events),
  );
  const sessions = await all(
    at,
    `SELECT id, terms FROM ${SCHEMA}.sessions WHERE log = $1 AND id = ANY ($2)`,
    n,
    needed.sessions,
  );
  const named = await at.terms.named(
    at.client,
    sessions.map((row) => row['terms'] as readonly number[]),
  );
  return {
    events: new Map(events.map((row) => [row.index, row])),
    sessions: new Map(sessions.map((row, i): [string, Session] => [String(row['id']), named[i] ?? []])),
    keys: await freeKeys(
      read.map(({ at }) => at),
      async (milliseconds) => {
        const found = await all(
          at,
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

async function write(at: Connected, n: number, changes: Changes): Promise<void> {
  const { rows, changed, sessions, counts } = changes;
  const idOf = await at.terms.made(at.client, [
    ...rows.flatMap((row) => row.terms),
    ...changed.flatMap(({ row }) => row.terms),
    ...[...sessions.values()].flat(),
    ...counts.flatMap(({ term }) => (term === null ? [] : [term])),
  ]);
  const ids = (of: readonly Term[]): string => `{${of.map(idOf).join(',')}}`;
  await at.client.query(
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
  await at.client.query(
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
  await at.client.query(
    `INSERT INTO ${SCHEMA}.sessions SELECT $1, id, terms::integer[] FROM unnest($2::text[], $3::text[]) AS row (id, terms)
     ON CONFLICT (log, id) DO UPDATE SET terms = excluded.terms`,
    [n, [...sessions.keys()], [...sessions.values()].map(ids)],
  );
  await at.client.query(
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
