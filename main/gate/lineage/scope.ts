import { type BaseColumn, type ColumnUse, type Derivation } from '../facts.ts';
import { type CatalogRelation } from '../../databases/catalog.ts';
import { typeTogether } from './types.ts';

/** What an expression or a column can carry. */
export interface Value {
  /** Base columns whose values can reach it. */
  readonly flow: ReadonlySet<BaseColumn>;
  /** How they reach it. */
  readonly derivation: Derivation;
  /** Of the flow, the columns of which it carries no more than their uses with a form show. */
  readonly bounded?: ReadonlySet<BaseColumn>;
  /** Type as the server formats it, where it is known. */
  readonly type?: string;
  /** The one column of a table that it is, where no view stands between. */
  readonly origin?: BaseColumn;
  /** It cannot be NULL. */
  readonly notNull?: true;
  /** A text or NULL as it is written, which takes the type of what it stands beside and changes nothing of that. */
  readonly literal?: true;
  /** Uses that happen only where the column is asked for: the computed columns of a view. */
  readonly deferred?: readonly ColumnUse[];
}

export const NOTHING: Value = { flow: new Set(), derivation: 'computed' };
export const LITERAL: Value = { ...NOTHING, literal: true };

/** The values together: what an expression over all of them carries. */
export function together(values: Iterable<Value>): Value {
  const flow = new Set<BaseColumn>();
  const unbounded = new Set<BaseColumn>();
  for (const value of values) {
    for (const column of value.flow) {
      flow.add(column);
      if (value.bounded?.has(column) !== true) unbounded.add(column);
    }
  }
  if (flow.size === 0) return NOTHING;
  const bounded = new Set([...flow].filter((column) => !unbounded.has(column)));
  return {
    flow,
    derivation: unbounded.size === 0 ? 'bounded' : 'computed',
    ...(bounded.size === 0 ? {} : { bounded }),
  };
}

/** One of the values, unchanged: rows of UNION ALL, of VALUES, sides of a join column. */
export function oneOf(values: readonly Value[]): Value {
  const { flow, derivation, bounded } = together(values);
  const told = values.filter((value) => !value.literal);
  const type = typeTogether(told.map((value) => value.type));
  const are = (...wanted: readonly Derivation[]): boolean =>
    told.length > 0 && told.every((value) => wanted.includes(value.derivation));
  return {
    flow,
    derivation: are('plain') ? 'plain' : are('plain', 'whole') ? 'whole' : derivation,
    ...(bounded === undefined ? {} : { bounded }),
    ...(type === undefined ? {} : { type }),
    ...(values.length > 0 && values.every((value) => value.notNull) ? { notNull: true } : {}),
  };
}

/** A column of something in FROM, or of a query's result. */
export interface Column {
  readonly name: string;
  readonly value: Value;
  /** Its name is the catalog's own or was given in the text, not worked out here. */
  readonly certain?: boolean;
  /** Left out of `*`: a column that SEARCH or CYCLE adds, seen from inside the query it belongs to. */
  readonly unexpanded?: boolean;
}

/** The column where it can be NULL for want of a row. */
export function nullable(column: Column): Column {
  const { notNull: _, ...value } = column.value;
  return { ...column, value };
}

/** Something in FROM that names can refer to. */
export interface Entry {
  /** Alias, or the relation's own name; undefined for an unnamed subquery or join. */
  readonly name: string | undefined;
  /** Set for a relation without an alias: then `schema.name.column` means it too. */
  readonly relation?: CatalogRelation | { readonly schema: string; readonly name: string };
  readonly columns: readonly Column[];
  /** Has ctid, xmin, tableoid and their like, which carry no values of columns. */
  readonly system: boolean;
  /** Its columns are not all known: names and stars over it cannot be traced. */
  readonly open?: boolean;
  /** What a whole row of it carries, where that is more than its columns. */
  readonly row?: Value;
  /** Whether `name.column` and bare `column` can mean it. */
  readonly qualified: boolean;
  readonly unqualified: boolean;
}

/** Names visible to an expression: the entries of its own query, then those of the queries around it. */
export interface Scope {
  readonly entries: readonly Entry[];
  readonly outer: Scope | undefined;
}

export const SYSTEM_COLUMNS: ReadonlySet<string> = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid']);

export function wholeRow(entry: Entry): Value {
  return together([...entry.columns.map((column) => column.value), ...(entry.row === undefined ? [] : [entry.row])]);
}
