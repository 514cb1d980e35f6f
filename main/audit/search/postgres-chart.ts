/** Counting events for charts in PostgreSQL. */
import { type Counted, rollupQuestion, tallyOfNumber } from './chart.ts';
import { type Resolved } from './condition.ts';
import { TALLIES } from './event-row.ts';
import { all, type Connected } from './postgres-rows.ts';
import { SCHEMA } from './postgres-schema.ts';
import { whereOf } from './postgres-where.ts';
import { keyAt } from './sort-key.ts';

/** Whole hours, ms since 1970 UTC; `to` exclusive. */
interface Hours {
  readonly from: number;
  readonly to: number;
}

/** @param width of a bucket, ms */
export async function countedIn(
  at: Connected,
  wanted: Resolved,
  hours: Hours,
  width: number,
): Promise<readonly Counted[]> {
  return (await countFromRollups(at, wanted, hours, width)) ?? countFromEvents(at, wanted, hours, width);
}

/** Null where the rollups cannot tell. */
async function countFromRollups(
  at: Connected,
  wanted: Resolved,
  hours: Hours,
  width: number,
): Promise<readonly Counted[] | null> {
  const asked = [...wanted.groups.flat(), ...(wanted.kinds?.listed ?? [])];
  const [named = []] = await at.terms.named(at.client, [asked]);
  const termOf = new Map(asked.map((id, i) => [id, named[i]]));
  const question = rollupQuestion(wanted, (id) => termOf.get(id) ?? 'kind:unknown');
  if (question === null) return null;
  const { terms, verdict } = question;
  const idOf = await at.terms.known(
    at.client,
    terms.filter((of) => of !== null),
  );
  const ids = terms.map((of) => (of === null ? 0 : idOf(of))).filter((id) => id !== undefined);
  const rows = await all(
    at,
    `SELECT hour / $1 AS bucket, sum(allowed) AS allowed, sum(refused) AS refused, sum(failed) AS failed, sum(other) AS other, sum(masked) AS masked
     FROM ${SCHEMA}.rollups WHERE term = ANY ($2) AND hour >= $3 AND hour < $4 AND ($5::text IS NULL OR verdict = $5) GROUP BY 1`,
    ...[width, ids, hours.from, hours.to, verdict],
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
  at: Connected,
  wanted: Resolved,
  hours: Hours,
  width: number,
): Promise<readonly Counted[]> {
  const { sql, values } = whereOf({ ...wanted, from: keyAt(hours.from), to: keyAt(hours.to) });
  const rows = await all(
    at,
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
