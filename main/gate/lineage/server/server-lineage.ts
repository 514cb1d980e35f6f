import { type ServerDerivation } from './values.ts';

/** What the server's own tree of a statement says: the same questions as Lineage answers, by object identifiers. */

/** A column of a relation as pg_attribute numbers it: 0 is the whole row, negative a system column. */
export interface ServerColumn {
  readonly relation: number;
  readonly attribute: number;
}

export interface ServerOutput {
  /** Base columns whose values can reach the output. */
  readonly flow: ReadonlySet<ServerColumn>;
  /**
   * `plain` where it is one base column (or one of several), unchanged but for implicit casts of PostgreSQL's own; `whole`
   * where it is made of them by functions that are known, by their OIDs, to fail for no value; `called` where it is what
   * a function of this database gives.
   */
  readonly derivation: ServerDerivation;
}

export interface ServerRelation {
  /** OID in pg_class. */
  readonly oid: number;
  /** relkind of pg_class: r, p, v, m, f, S, t. */
  readonly kind: string;
  readonly written: boolean;
}

/** What one part of the statement reads and calls. */
export interface ServerObjects {
  /** Columns that are used otherwise than by reaching an output plain or masked whole. */
  readonly uses: ReadonlySet<ServerColumn>;
  /** By OID. */
  readonly relations: ReadonlyMap<number, ServerRelation>;
  /** OIDs of functions, and of those behind operators where the tree has them. */
  readonly functions: ReadonlySet<number>;
  readonly operators: ReadonlySet<number>;
  /** OIDs of types that values are made of or turned into. */
  readonly types: ReadonlySet<number>;
  readonly collations: ReadonlySet<number>;
}

export interface ServerLineage {
  readonly outputs: readonly ServerOutput[];
  /** Of the text, of the views that it reads, and of the row security of its tables. */
  readonly statement: ServerObjects;
  readonly writes: boolean;
  readonly locksRows: boolean;
}
