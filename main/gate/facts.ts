/**
 * What a statement is and does, in the database's own terms: the output of understand/ and lineage/ and the input of
 * decide.ts. Plain, frozen data; nothing here knows a driver or a policy.
 */

import { type Action, type UseForm } from '../policy/vocabulary.ts';

/** Half-open range of UTF-16 offsets into the statement's text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export { type Action, type UseForm };

export type Effect =
  | 'reads'
  | 'writes'
  | 'ddl'
  | 'code'
  | 'session'
  | 'lock'
  | 'transaction'
  | 'network'
  | 'file'
  | 'signal'
  | 'runs-sql'
  | 'random-or-time';

/** Where in a statement a column is used. `output` is the only place a masked value may go (guarantees G4, G5). */
export type Place =
  | 'output'
  | 'predicate'
  | 'join-key'
  | 'grouping'
  | 'ordering'
  | 'distinct'
  | 'window'
  | 'argument'
  | 'limit'
  | 'assignment'
  | 'returning'
  | 'lock'
  | 'measure'
  | 'constraint'
  | 'whole-row';

/** A base column of a table, matview or foreign table, by the names of the catalog it was resolved against. */
export interface BaseColumn {
  readonly schema: string;
  readonly relation: string;
  readonly column: string;
}

export interface RelationUse {
  readonly schema: string;
  readonly name: string;
  readonly access: 'read' | 'write';
  /** What a write does to it. Where absent, the statement's action; with several writes in one statement, any write. */
  readonly action?: Action;
  /** The view through which the statement reaches it; undefined where the text names it. */
  readonly via?: string;
  /** Where a policy of row security reads it: the policy's table, as `schema.name`. */
  readonly rowSecurityOf?: string;
  readonly span?: Span;
}

export interface ColumnUse {
  readonly column: BaseColumn;
  readonly place: Place;
  readonly span?: Span;
  /** The one bounded thing that the use shows; undefined where it may show more than any form does. */
  readonly form?: UseForm;
  /** Of an equality: what the column is compared with. */
  readonly compared?: ComparedValue;
  /** Of a join: the columns on the other side. */
  readonly joined?: readonly BaseColumn[];
  /** Of a use inside a view: the view in whose own query it stands, as `schema.name`; of one in a policy, the policy's table. */
  readonly view?: string;
  /** Of a use inside a policy of row security: the policy's table, as `schema.name`. */
  readonly rowSecurityOf?: string;
  /** Of nullness: the column cannot be NULL there, so that the use shows nothing. */
  readonly notNull?: true;
}

/** A value that the asker wrote: in the statement, or as the value of the parameter $n (from 1). */
export type ComparedValue = { readonly literal: string } | { readonly parameter: number };

export interface FunctionUse {
  readonly schema?: string;
  readonly name: string;
  readonly span?: Span;
}

/** A column as the text names it: `email`, `c.email`, `c.*`. What it means is the lineage's to say. */
export interface WrittenColumn {
  readonly name: readonly string[];
  readonly place: Place;
  readonly span?: Span;
}

export interface OperatorUse {
  readonly schema?: string;
  readonly name: string;
  readonly span?: Span;
}

/** A type as the text names it; `[]` behind it for an array. */
export interface TypeUse {
  readonly name: string;
  readonly span?: Span;
}

/** A part of the statement that is not understood or not permitted to be understood as harmless: always refused. */
export interface Hazard {
  /** Stable code such as `unknown-node`, `unknown-function`, `unknown-relation`, `nul-byte`, `several-statements`. */
  readonly code: string;
  /** The sentence a person reads: what is wrong with which part. */
  readonly sentence: string;
  /** What would be allowed instead; one sentence. */
  readonly next?: string;
  readonly span?: Span;
}

/** Title of a text that is no one statement; its hazards say what is wrong with it. */
export const NOT_UNDERSTOOD = 'UNKNOWN';

export interface Facts {
  readonly action: Action;
  /** The server's word for it: SELECT, DELETE, CREATE TABLE ... */
  readonly title: string;
  readonly effects: readonly Effect[];
  readonly relations: readonly RelationUse[];
  /** Columns as they are written, each where it stands; those that views and stars mean are in the lineage. */
  readonly columns: readonly WrittenColumn[];
  readonly functions: readonly FunctionUse[];
  readonly operators: readonly OperatorUse[];
  /** Types that values are turned into, and all others that are named. */
  readonly casts: readonly TypeUse[];
  readonly types: readonly TypeUse[];
  /** Text with literals replaced by $n: what the record may keep in clear. */
  readonly normalized: string;
  /** pg_query fingerprint, hex. */
  readonly fingerprint: string;
  readonly hazards: readonly Hazard[];
}

/**
 * How values reach an output, at any depth of subquery, CTE or view.
 * - `plain`: the output *is* one base column (or, by UNION, one of several), unchanged.
 * - `whole`: made of columns by functions that cannot fail and give one value for each row, whatever the values are: with
 *   every cell masked, nothing of the values shows.
 * - `bounded`: of the columns, only what uses with a form show; each of those is among the lineage's uses.
 * - `computed`: anything else.
 */
export type Derivation = 'plain' | 'whole' | 'bounded' | 'computed';

/** Where the values of one output column of the statement can come from. */
export interface OutputLineage {
  readonly name: string;
  /** Base columns whose values can reach the output. */
  readonly flow: readonly BaseColumn[];
  readonly derivation: Derivation;
  /** Of the flow, the columns of which no more comes out than their uses with a form show. */
  readonly bounded?: readonly BaseColumn[];
  readonly span?: Span;
}

/** Code that users or extensions made and that a statement runs or may run: what its execution is bound to. */
export interface CodeUse {
  readonly kind: 'function' | 'operator' | 'cast' | 'type';
  readonly oid: number;
  /** Where nothing here can read what it does: refused, unless the policy says how to treat it. */
  readonly opaque?: OpaqueCode;
  /** Declared VOLATILE: may give something else at another time. */
  readonly volatile?: true;
}

/** A function that is not read: not written in SQL, or in SQL that cannot be traced. */
export interface OpaqueCode {
  readonly schema: string;
  readonly name: string;
  /** Types of its arguments as the server formats them (`integer`), and as pg_type names them (`int4`). */
  readonly args: readonly string[];
  readonly typeNames: readonly string[];
  readonly extension?: string;
  /** Compiled code, which only a superuser can bring into a database. */
  readonly compiled: boolean;
  /** What the asker is told where the policy does not know it. */
  readonly hazard: Hazard;
  /** Set where no text calls it: a write runs it by itself. */
  readonly fired?: FiredCode;
}

/** How a write comes to run code that its text does not name. */
export interface FiredCode {
  readonly by: 'trigger' | 'definition';
  /** Of a trigger: columns whose values are in the rows that its function gets, and can be put into others. */
  readonly row: readonly BaseColumn[];
}

export interface Lineage {
  readonly outputs: readonly OutputLineage[];
  /** Every use of a base column that is not a plain flow to an output: what lets an asker infer a value. */
  readonly uses: readonly ColumnUse[];
  /**
   * Indexes of the outputs that are count(*), or count(c) of a column that is added up, where uses of the form `group` or
   * `aggregate` show groups of rows.
   */
  readonly groupSize?: readonly number[];
  /** Relations that the names mean in this catalog, with those that views reach. */
  readonly relations: readonly RelationUse[];
  /** Parts that could not be traced: each refuses the whole statement. */
  readonly hazards: readonly Hazard[];
  /** Absent where the statement runs none. */
  readonly code?: readonly CodeUse[];
  /** Columns that change of structure takes from, or gives to, tables that share rows. Absent where there are none. */
  readonly restructured?: readonly BaseColumn[];
  /** Relations that a write reaches by itself: partitions, children, and by foreign keys. Absent where there are none. */
  readonly reached?: readonly { readonly schema: string; readonly name: string }[];
}
