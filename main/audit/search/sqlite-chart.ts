/** Counting events for charts in SQLite, each question in the cheapest of three ways. */
import { type Counted, rollupQuestion, tallyOfNumber } from './chart.ts';
import { type Resolved } from './condition.ts';
import { RUNNING, TALLIES } from './event-row.ts';
import { keyAt, timeOf } from './sort-key.ts';
import { type IndexDatabase } from './sqlite-database.ts';
import { MARKS, matchOf } from './sqlite-match.ts';
import { source } from './sqlite-source.ts';

/** Whole hours, ms since 1970 UTC; `to` exclusive. */
interface Hours {
  readonly from: number;
  readonly to: number;
}

/** @param width of a bucket, ms */
export function countedIn(database: IndexDatabase, wanted: Resolved, hours: Hours, width: number): readonly Counted[] {
  return (
    countFromRollups(database, wanted, hours, width) ??
    countFromPostings(database, wanted, hours, width) ??
    countFromEvents(database, wanted, hours, width)
  );
}

/** From the rollups, where they can tell. */
function countFromRollups(
  database: IndexDatabase,
  wanted: Resolved,
  hours: Hours,
  width: number,
): readonly Counted[] | null {
  const { all, termOf } = database;
  const verdictOf = ([id]: readonly number[]): string | null => {
    const of = id === undefined ? '' : termOf(id);
    return of.startsWith('verdict:') ? of.slice('verdict:'.length) : null;
  };
  const question = rollupQuestion(wanted, verdictOf);
  if (question === null) return null;
  const { terms, verdict } = question;
  // Numbers are bound as doubles: what divides stands in the text, so that integers are divided.
  return (terms.length === 0 ? [0] : terms).flatMap((id) =>
    all(
      `SELECT hour / ${String(width)} AS bucket, sum(allowed) AS allowed, sum(refused) AS refused, sum(failed) AS failed, sum(other) AS other, sum(masked) AS masked
       FROM rollups WHERE term = ?1 AND hour >= ?2 AND hour < ?3 AND (?4 IS NULL OR verdict = ?4) GROUP BY 1`,
      ...[id, hours.from, hours.to, verdict],
    ).flatMap((row) =>
      TALLIES.map((tally, i) => ({
        bucket: Number(row['bucket']),
        tally,
        events: Number(row[tally]),
        maskedCells: i === 0 ? Number(row['masked']) : 0,
      })),
    ),
  );
}

/** From every matching event. */
function countFromEvents(database: IndexDatabase, wanted: Resolved, hours: Hours, width: number): readonly Counted[] {
  const { from, where, key, values } = source(
    database,
    { ...wanted, from: keyAt(hours.from), to: keyAt(hours.to) },
    'figures',
  );
  return database
    .all(
      `SELECT ${key} / ${String(keyAt(width))} AS bucket, f.tally AS tally, count(*) AS events, sum(f.masked) AS masked FROM ${from} WHERE ${where} GROUP BY 1, 2`,
      ...values,
    )
    .map((row) => ({
      bucket: Number(row['bucket']),
      tally: tallyOfNumber(Number(row['tally'])),
      events: Number(row['events']),
      maskedCells: Number(row['masked']),
    }));
}

/** More buckets than this are counted faster together. */
const MOST_BUCKETS = 400;

/**
 * From the postings alone, bucket by bucket: what is counted is never read. Null where that cannot tell: of ends, of what
 * runs, and while postings still name events that were forgotten.
 */
function countFromPostings(
  database: IndexDatabase,
  wanted: Resolved,
  hours: Hours,
  width: number,
): readonly Counted[] | null {
  const { all, get, idOf } = database;
  const running = idOf(RUNNING);
  const match = matchOf(wanted);
  if (match === null || (wanted.kinds?.ends.length ?? 0) > 0) return null;
  if (running !== undefined && wanted.groups.some((group) => group.includes(running))) return null;
  if (get('SELECT 1 AS forgotten FROM events WHERE log IS NULL LIMIT 1') !== undefined) return null;
  const ends = get('SELECT min(key) AS first, max(key) AS last FROM events');
  if (typeof ends?.['first'] !== 'number' || typeof ends['last'] !== 'number') return [];
  const from = Math.max(hours.from, timeOf(ends['first']));
  const to = Math.min(hours.to, timeOf(ends['last']) + 1);
  const [first, last] = [Math.floor(from / width), Math.ceil(to / width)];
  if (last - first > MOST_BUCKETS) return null;

  const counted: Counted[] = [];
  const inBucket = (sql: string, matching: string, bucket: number): number => {
    const range = [keyAt(Math.max(hours.from, bucket * width)), keyAt(Math.min(hours.to, (bucket + 1) * width))];
    return Number(
      all(`${sql} WHERE found MATCH ? AND found.rowid >= ? AND found.rowid < ?`, matching, ...range)[0]?.['sum'] ?? 0,
    );
  };
  const COUNT = 'SELECT count(*) AS sum FROM found';
  const MASKED = 'SELECT sum(f.masked) AS sum FROM found CROSS JOIN figures f ON f.key = found.rowid';
  for (let bucket = first; bucket < last; bucket++) {
    const total = inBucket(COUNT, match, bucket);
    if (total === 0) continue;
    const of = (mark: string): string => `${match} AND "${mark}"`;
    const others = (['refused', 'failed', 'other'] as const).map((tally) => ({
      bucket,
      tally,
      events: inBucket(COUNT, of(MARKS[tally]), bucket),
      maskedCells: 0,
    }));
    const events = others.reduce((left, other) => left - other.events, total);
    counted.push(
      { bucket, tally: 'allowed', events, maskedCells: inBucket(MASKED, of(MARKS.masked), bucket) },
      ...others,
    );
  }
  return counted;
}
