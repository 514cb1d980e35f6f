/** The index as plainly as it can be said, in memory: what the real ones must agree with. For tests. */
import { type ActivityStore, type IndexedLog } from '../activity-store.ts';
import { chartOf, hoursOf, widthOf } from '../chart.ts';
import { type Condition, conditionOf, cursorOf } from '../condition.ts';
import { eventOf, type NewRow, readEntry, tallyOf } from '../event-row.ts';
import { COUNTED, facetsOf } from '../facets.ts';
import { indexGap, MOST_RELATED, maySee } from '../rules.ts';
import { freeKeys, keyAt, timeOf } from '../sort-key.ts';
import { type Session, takeIn } from '../take-in.ts';
import { type Term } from '../terms.ts';
import { holds } from '../words.ts';

export function openNaiveIndex(): ActivityStore {
  const logs = new Map<string, IndexedLog>();
  const sessions = new Map<string, Map<string, Session>>();
  let rows: NewRow[] = [];

  const matches = (row: NewRow, { groups, kinds, phrases, from, to }: Condition): boolean => {
    const has = (terms: readonly Term[]): boolean => terms.some((of) => row.terms.includes(of));
    if (row.key < from || row.key >= to || !groups.every(has)) return false;
    if (kinds === null ? !row.listed : !has([...kinds.listed, ...kinds.ends])) return false;
    return phrases.every((phrase) => holds(row.words, phrase));
  };
  const newest = (condition: Condition | null): readonly NewRow[] =>
    condition === null ? [] : rows.filter((row) => matches(row, condition)).sort((a, b) => b.key - a.key);

  return {
    logs: () => Promise.resolve([...logs.values()]),
    async add(log, entries) {
      const indexed = logs.get(log)?.indexed ?? 0;
      const last = entries.at(-1);
      if (last === undefined) return;
      if (entries.some(({ index }, i) => index !== indexed + i)) throw indexGap(log, indexed, entries[0]?.index ?? 0);
      const read = entries.map(readEntry);
      const keys = await freeKeys(
        read.map(({ at }) => at),
        (milliseconds) => {
          const found = new Map<number, number>();
          for (const ms of milliseconds)
            for (const { key } of rows) if (timeOf(key) === ms) found.set(ms, Math.max(key, found.get(ms) ?? 0));
          return Promise.resolve(found);
        },
      );
      const known = sessions.get(log) ?? new Map<string, Session>();
      const events = new Map(rows.filter((row) => row.log === log).map((row) => [row.index, row]));
      const changes = takeIn(log, read, { sessions: known, events, keys });
      const changed = new Map(changes.changed.map(({ row }) => [row.key, row]));
      rows = [...rows.map((row) => ({ ...row, ...changed.get(row.key) })), ...changes.rows];
      for (const [id, session] of changes.sessions) known.set(id, session);
      sessions.set(log, known);
      logs.set(log, { log, indexed: last.index + 1, hash: last.hash });
    },
    forget(log) {
      rows = rows.filter((row) => row.log !== log);
      logs.delete(log);
      sessions.delete(log);
      return Promise.resolve();
    },
    events(filter, viewer, { before, limit }) {
      const found = newest(conditionOf(filter, viewer, before));
      const page = found.slice(0, limit);
      const end = page.at(-1);
      return Promise.resolve({
        events: page.map(eventOf),
        next: found.length > limit && end !== undefined ? cursorOf(end.key) : null,
      });
    },
    chart(filter, viewer, { from, to, bucket }) {
      const condition = conditionOf(filter, viewer);
      const hours = condition === null ? null : hoursOf(condition, { from, to });
      const width = widthOf(bucket);
      if (condition === null || hours === null) return Promise.resolve(chartOf(width, []));
      const inside = newest({ ...condition, from: keyAt(hours.from), to: keyAt(hours.to) });
      return Promise.resolve(
        chartOf(
          width,
          inside.map((row) => ({
            bucket: Math.floor(timeOf(row.key) / width),
            tally: tallyOf(row.terms),
            events: 1,
            maskedCells: row.maskedCells ?? 0,
          })),
        ),
      );
    },
    facets: (filter, viewer) =>
      Promise.resolve(
        facetsOf(
          newest(conditionOf(filter, viewer))
            .slice(0, COUNTED)
            .map((row) => row.terms),
          (of) => of,
        ),
      ),
    event(log, index, viewer) {
      const row = rows.find((one) => one.log === log && one.index === index);
      if (row === undefined || !maySee(viewer, row)) return Promise.resolve(null);
      const about = rows.filter((one) => one.log === log && one.index === row.ref);
      const related = rows
        .filter((one) => one.log === log && one.ref === index)
        .sort((a, b) => a.index - b.index)
        .slice(0, MOST_RELATED);
      return Promise.resolve({
        event: eventOf(row),
        related: [...about, ...related].filter((one) => maySee(viewer, one)).map(eventOf),
      });
    },
    close: () => Promise.resolve(),
  };
}
