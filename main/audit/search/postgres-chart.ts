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
  const names = await at.terms.named(at.client, wanted.groups);
  const verdictOf = (group: readonly number[]): string | null => {
    const [of = ''] = names[wanted.groups.indexOf(group)] ?? [];
    return of.startsWith('verdict:') ? of.slice('verdict:'.length) : null;
  };
  const question = rollupQuestion(wanted, verdictOf);
  if (question === null) return null;
  const rows = await all(
    at,
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
