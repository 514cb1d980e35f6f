import { type SQLInputValue } from 'node:sqlite';
import { type Resolved } from './condition.ts';
import { RUNNING } from './event-row.ts';
import { type IndexDatabase, type Values } from './sqlite-database.ts';
import { matchOf } from './sqlite-match.ts';

/** The parts of a query. */
export interface Source {
  readonly from: string;
  readonly where: string;
  readonly key: string;
  readonly values: SQLInputValue[];
}

/**
 * Where a condition is read from; `key` has the order of time. As `events` each is a row of `events e`, as `figures` one
 * of `figures f`, which charts read because it is a tenth as long. A forgotten event is in neither.
 */
export function source({ idOf }: IndexDatabase, wanted: Resolved, as: 'events' | 'figures'): Source {
  const runningId = idOf(RUNNING);
  const [open, others] = partition(wanted.groups, (group) => runningId !== undefined && group.includes(runningId));
  const match = matchOf({ ...wanted, groups: others });
  const range = keyRange(wanted);
  const figures = as === 'figures' ? ' CROSS JOIN figures f ON f.key = e.key' : '';
  if (open.length > 0 || match === null) {
    const state = open.length > 0 ? 'e.running = 1' : 'e.listed = 1';
    return {
      from: `events e${figures}${match === null ? '' : ' CROSS JOIN found ON found.rowid = e.key'}`,
      where: `${state} AND e.key >= ? AND e.key < ?${match === null ? '' : ' AND found MATCH ?'}`,
      key: 'e.key',
      values: match === null ? range : [...range, match],
    };
  }
  const joined = as === 'figures' ? 'figures f ON f.key' : 'events e ON e.key';
  return {
    from: `found CROSS JOIN ${joined} = found.rowid`,
    where: `found MATCH ? AND found.rowid >= ? AND found.rowid < ?${as === 'figures' ? '' : ' AND e.log IS NOT NULL'}`,
    key: 'found.rowid',
    values: [match, ...range],
  };
}

/**
 * Keys as they must be bound: a number is bound as a double, and FTS5 begins and ends at an integer only; with any other it
 * reads the whole of a posting list.
 */
export const keyRange = ({ from, to }: { readonly from: number; readonly to: number }): [bigint, bigint] => [
  BigInt(from),
  BigInt(to),
];

/** The newest events of a condition. */
export function newest(database: IndexDatabase, columns: string, wanted: Resolved, limit: number): readonly Values[] {
  const { from, where, key, values } = source(database, wanted, 'events');
  return database.all(`SELECT ${columns} FROM ${from} WHERE ${where} ORDER BY ${key} DESC LIMIT ?`, ...values, limit);
}

export function partition<T>(items: readonly T[], is: (item: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [items.filter(is), items.filter((item) => !is(item))];
}
