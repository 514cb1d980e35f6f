import { type ServerColumn } from './server-lineage.ts';

/** Uses that happen only where the column is asked for: those of a view's computed columns. */
export interface Deferred {
  readonly uses: ReadonlySet<ServerColumn>;
  readonly made: ReadonlySet<ServerColumn>;
}

/** What an expression, or a column of something in the range table, can carry. */
export interface Value {
  readonly flow: ReadonlySet<ServerColumn>;
  readonly plain: boolean;
  readonly deferred?: Deferred;
}

export const NOTHING: Value = { flow: new Set(), plain: false };
/** Of a recursive query before its first round: adds nothing to one of several values, and takes nothing away. */
export const UNTOLD: Value = { flow: new Set(), plain: true };

/** What is computed from all of the values. */
export function together(values: readonly Value[]): Value {
  const carrying = values.filter((value) => value.flow.size > 0);
  const [first, second] = carrying;
  if (first === undefined) return NOTHING;
  if (second === undefined) return { flow: first.flow, plain: false };
  return { flow: union(carrying), plain: false };
}

/** One of the values, unchanged: rows of UNION ALL, of VALUES, sides of a join column. */
export function oneOf(values: readonly Value[]): Value {
  return { flow: union(values), plain: values.length > 0 && values.every((value) => value.plain) };
}

function union(values: readonly Value[]): ReadonlySet<ServerColumn> {
  const flow = new Set<ServerColumn>();
  for (const value of values) for (const column of value.flow) flow.add(column);
  return flow;
}
