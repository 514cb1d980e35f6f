/** The index of one profile, in a file of its own. */
import { CountersignError } from '../../errors.ts';
import { type ActivityFilter, type ActivityStore, type Viewer } from './activity-store.ts';
import { chartOf, hoursOf, widthOf } from './chart.ts';
import { conditionOf, cursorOf, type Resolved, resolved } from './condition.ts';
import { eventOf } from './event-row.ts';
import { COUNTED, facetsOf } from './facets.ts';
import { MOST_RELATED, mayPage, maySee } from './rules.ts';
import { countedIn } from './sqlite-chart.ts';
import { openDatabase, ROW } from './sqlite-database.ts';
import { isDamage, isFull } from './sqlite-schema.ts';
import { newest } from './sqlite-source.ts';
import { addTo, forgetIn } from './sqlite-write.ts';

/**
 * Opens the index, made anew where it is absent, of another version or damaged.
 * @throws CountersignError `index-unavailable`; every method `index-damaged` when the file turns out not to be readable:
 * then it is to be closed, removed and opened again; what writes `index-full`
 */
export function openSqliteIndex(file: string): ActivityStore {
  const database = openDatabase(file);
  const { all, get, idOf, rowOf, termOf } = database;
  let last: Promise<unknown> = Promise.resolve();

  function want(filter: ActivityFilter, viewer: Viewer, before?: string): Resolved | null {
    const condition = conditionOf(filter, viewer, before);
    return condition === null ? null : resolved(condition, idOf);
  }

  /** Of these hours those between the oldest event and the newest: buckets are asked for one by one. */
  function filled(hours: ReturnType<typeof hoursOf>): ReturnType<typeof hoursOf> {
    const keys = get('SELECT (SELECT min(key) FROM events) AS oldest, (SELECT max(key) FROM events) AS newest');
    if (hours === null || keys?.['oldest'] == null) return null;
    return hoursOf({ from: Number(keys['oldest']), to: Number(keys['newest']) + 1 }, hours);
  }

  /** What the database throws when the file is not what it was is told as such; anything else stays as it is. */
  async function guarded<T>(work: () => T | Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (isFull(cause)) {
        throw new CountersignError('index-full', 'The search index cannot grow: the disk is full.', {
          next: 'Make room. Search goes on then; the record itself is not affected.',
          cause,
        });
      }
      if (!isDamage(cause)) throw cause;
      throw new CountersignError('index-damaged', `The search index ${file} cannot be read.`, {
        next: 'It is made anew from the record by the next start; the record itself is not affected.',
        cause,
      });
    }
  }
  /** One change after the other: between looking and writing nothing else is written. */
  function inTurn<T>(work: () => T | Promise<T>): Promise<T> {
    const turn = last.then(() => guarded(work));
    last = turn.catch(() => undefined);
    return turn;
  }

  return {
    logs: () =>
      guarded(() =>
        all('SELECT id, indexed, hash FROM logs ORDER BY n').map((row) => ({
          log: String(row['id']),
          indexed: Number(row['indexed']),
          hash: String(row['hash']),
        })),
      ),
    add: (log, entries) => inTurn(() => addTo(database, log, entries)),
    forget: (log) => inTurn(() => forgetIn(database, log)),
    events: (filter, viewer, { before, limit }) =>
      guarded(() => {
        const most = mayPage(limit);
        const wanted = want(filter, viewer, before);
        const rows = wanted === null ? [] : newest(database, ROW, wanted, most + 1).map(rowOf);
        const page = rows.slice(0, limit);
        const end = page.at(-1);
        return { events: page.map(eventOf), next: rows.length > limit && end !== undefined ? cursorOf(end.key) : null };
      }),
    chart: (filter, viewer, { from, to, bucket }) =>
      guarded(() => {
        const wanted = want(filter, viewer);
        const width = widthOf(bucket);
        const hours = wanted === null ? null : filled(hoursOf(wanted, { from, to }));
        if (wanted === null || hours === null) return chartOf(width, []);
        return chartOf(width, countedIn(database, wanted, hours, width));
      }),
    facets: (filter, viewer) =>
      guarded(() => {
        const wanted = want(filter, viewer);
        const rows = wanted === null ? [] : newest(database, 'e.terms', wanted, COUNTED);
        return facetsOf(
          rows.map((row) => String(row['terms']).split(' ')),
          (id) => termOf(Number(id)),
        );
      }),
    event: (log, index, viewer) =>
      guarded(() => {
        const n = get('SELECT n FROM logs WHERE id = ?', log)?.['n'];
        const found =
          typeof n === 'number' ? get(`SELECT ${ROW} FROM events e WHERE log = ? AND idx = ?`, n, index) : undefined;
        if (typeof n !== 'number' || found === undefined) return null;
        const row = rowOf(found);
        if (!maySee(viewer, row)) return null;
        const about = row.ref === null ? [] : all(`SELECT ${ROW} FROM events e WHERE log = ? AND idx = ?`, n, row.ref);
        const related = all(
          `SELECT ${ROW} FROM events e WHERE log = ? AND ref = ? ORDER BY idx LIMIT ?`,
          n,
          index,
          MOST_RELATED,
        );
        return {
          event: eventOf(row),
          related: [...about, ...related]
            .map(rowOf)
            .filter((other) => maySee(viewer, other))
            .map(eventOf),
        };
      }),
    async close() {
      await last;
      database.close();
    },
  };
}
