/** Counting events for charts in SQLite, each question in the cheapest of three ways. */
import { type Counted, rollupQuestion, tallyOfNumber } from './chart.ts';
import { type Resolved } from './condition.ts';
import { RUNNING, TALLIES } from './event-row.ts';
import { keyAt } from './sort-key.ts';
import { type IndexDatabase } from './sqlite-database.ts';
import { MARKS, matchOf } from './sqlite-match.ts';
import { keyRange, source } from './sqlite-source.ts';

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
  const { all, idOf, termOf } = database;
  const question = rollupQuestion(wanted, termOf);
  if (question === null) return null;
  const { terms, verdict } = question;
  const ids = terms.map((of) => (of === null ? 0 : idOf(of))).filter((id) => id !== undefined);
  // Numbers are bound as doubles: what divides stands in the text, so that integers are divided.
  return ids.flatMap((id) =>
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

/**
 * From the postings, without reading what is counted: all that match, and of those the ones that are marked. Null where that
 * cannot tell: of ends, of what runs, and while postings still name events that were forgotten.
 */
function countFromPostings(
  database: IndexDatabase,
  wanted: Resolved,
  hours: Hours,
  width: number,
): readonly Counted[] | null {
  const { get, idOf } = database;
  const running = idOf(RUNNING);
  const match = matchOf(wanted);
  if (match === null || (wanted.kinds?.ends.length ?? 0) > 0) return null;
  if (running !== undefined && wanted.groups.some((group) => group.includes(running))) return null;
  if (get('SELECT 1 AS forgotten FROM events WHERE log IS NULL LIMIT 1') !== undefined) return null;

  const inBuckets = (sum: string, from: string, matching: string): readonly (readonly [number, number])[] =>
    sumsIn(database, { sum, from, matching }, hours, width);
  const marked = (mark: string): string => `${match} AND "${mark}"`;
  const counted: Counted[] = [];
  for (const [bucket, events] of inBuckets('count(*)', 'found', match))
    counted.push({ bucket, tally: 'allowed', events, maskedCells: 0 });
  for (const tally of ['refused', 'failed', 'other'] as const) {
    for (const [bucket, events] of inBuckets('count(*)', 'found', marked(MARKS[tally]))) {
      counted.push({ bucket, tally, events, maskedCells: 0 });
      // Every marked event was counted as allowed above.
      counted.push({ bucket, tally: 'allowed', events: -events, maskedCells: 0 });
    }
  }
  const masked = inBuckets('sum(f.masked)', 'found CROSS JOIN figures f ON f.key = found.rowid', marked(MARKS.masked));
  for (const [bucket, maskedCells] of masked) counted.push({ bucket, tally: 'allowed', events: 0, maskedCells });
  return counted;
}

/** A bucket that has more matches on average is cheaper sought out than its matches are sorted into buckets. */
const SOUGHT = 100;

/** A sum over the postings of each bucket that has any. */
function sumsIn(
  { all, get }: IndexDatabase,
  { sum, from, matching }: { readonly sum: string; readonly from: string; readonly matching: string },
  hours: Hours,
  width: number,
): readonly (readonly [bucket: number, sum: number])[] {
  const one = `FROM ${from} WHERE found MATCH ? AND found.rowid >= ? AND found.rowid < ?`;
  const range = keyRange({ from: keyAt(hours.from), to: keyAt(hours.to) });
  const first = Math.floor(hours.from / width);
  const beyond = Math.ceil(hours.to / width);
  const enough = (beyond - first) * SOUGHT;
  const counted = get(`SELECT count(*) AS n FROM (SELECT 1 ${one} LIMIT ?)`, matching, ...range, enough);
  if (Number(counted?.['n']) < enough) {
    return all(
      `SELECT found.rowid / ${String(keyAt(width))} AS bucket, ${sum} AS sum ${one} GROUP BY 1`,
      matching,
      ...range,
    ).map((row) => [Number(row['bucket']), Number(row['sum'])]);
  }
  return Array.from({ length: beyond - first }, (_, i) => {
    const bucket = first + i;
    const inside = keyRange({
      from: keyAt(Math.max(hours.from, bucket * width)),
      to: keyAt(Math.min(hours.to, (bucket + 1) * width)),
    });
    return [bucket, Number(get(`SELECT ${sum} AS sum ${one}`, matching, ...inside)?.['sum'] ?? 0)];
  });
}
