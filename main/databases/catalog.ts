/** The catalog of one connection and role, as plain data: what lineage resolves names against. */

export interface CatalogColumn {
  readonly name: string;
  /** Type as the server formats it: `text`, `numeric(10,2)`. */
  readonly type: string;
  readonly typeOid: number;
  readonly notNull: boolean;
  /** Position in the table (attnum), from 1. */
  readonly position: number;
  /** Columns of the same relation that a stored or virtual generated column is computed from. */
  readonly generatedFrom?: readonly string[];
  readonly comment?: string;
}

export type RelationKind =
  'table' | 'partitioned table' | 'view' | 'materialized view' | 'foreign table' | 'sequence' | 'composite type';

export interface CatalogRelation {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: RelationKind;
  readonly columns: readonly CatalogColumn[];
  /** The query of a view or materialized view as pg_get_viewdef prints it. */
  readonly definition?: string;
  /** Of a view: what its query reads is read with the rights of whoever asks, not of its owner (security_invoker). */
  readonly securityInvoker?: true;
  /** Of a view: OIDs of the functions and operators outside pg_catalog that its query was resolved to when it was made. */
  readonly calls?: readonly number[];
  /** OIDs of inheritance or partition parents and children (pg_inherits). */
  readonly parents: readonly number[];
  readonly children: readonly number[];
  readonly primaryKey: readonly string[];
  /** Of a partitioned table: the columns that decide which partition holds a row, those in expressions among them. */
  readonly partitionKey?: readonly string[];
  /** Planner's estimate (pg_class.reltuples), rows; -1 when never analysed. */
  readonly estimatedRows: number;
  readonly rowSecurity: boolean;
  /** Rules other than a view's own, and triggers, by name: they make a write do more than it says. */
  readonly rules: readonly string[];
  readonly triggers: readonly string[];
  readonly code?: RelationCode;
  /** Indexes that rows can come from in an order of the index's own; absent where there are none. */
  readonly indexes?: readonly RelationIndex[];
  readonly owner?: string;
  /** OIDs of its row type and of the type of arrays of such rows. */
  readonly rowType?: { readonly oid: number; readonly array: number };
  readonly comment?: string;
}

/** An index of a kind that is scanned row by row: neither GIN nor BRIN, which only say where in the table to look. */
export interface RelationIndex {
  readonly name: string;
  /** Columns of the key, and of expressions in it. What an index only includes decides on no order. */
  readonly keys: readonly string[];
  /** Columns of its condition, where it is partial: a statement that implies it may use the index whatever else it asks for. */
  readonly condition?: readonly string[];
}

/** What runs by itself where a relation is written, or read under row security; absent where nothing does. */
export interface RelationCode {
  readonly triggers: readonly CatalogTrigger[];
  /** Check constraints by name, as pg_get_constraintdef prints them, and the columns in them. */
  readonly checks: readonly {
    readonly name: string;
    readonly definition: string;
    readonly columns: readonly string[];
  }[];
  /** Indexes that a write can fail by: unique and excluding ones but the primary key, and those over expressions. */
  readonly indexes: readonly CatalogIndexKey[];
  /** What its defaults, generated columns, checks, indexes, policies and partition keys call of what users made. */
  readonly calls: readonly CatalogOwnCall[];
  /** Rules by name, as pg_get_ruledef prints them. */
  readonly rules: readonly { readonly name: string; readonly definition: string }[];
  readonly policies: readonly CatalogPolicy[];
  /** Row security binds the owner too (FORCE ROW LEVEL SECURITY). */
  readonly forced: boolean;
}

export interface CatalogIndexKey {
  readonly name: string;
  /** Rows are held against each other: unique, or excluding. */
  readonly unique: boolean;
  /** They are held against each other by whether the columns themselves are equal. */
  readonly byValue: boolean;
  /** Columns of the key, of its expressions and of its predicate. */
  readonly columns: readonly string[];
}

export interface CatalogOwnCall {
  readonly kind: 'default' | 'generated column' | 'check' | 'index' | 'policy' | 'trigger condition' | 'table';
  readonly name: string;
  /** OID of the function or operator. */
  readonly oid: number;
}

/**
 * A function as other objects refer to it. Those of pg_catalog are not in the snapshot: they are judged by the reviewed
 * table, for which a name and a number of arguments are enough.
 */
export interface FunctionReference {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Number of its input arguments. */
  readonly count: number;
}

/** An input argument, in order of the call. */
export interface CatalogParameter {
  /** As the body may call it; empty where it has only its number. */
  readonly name: string;
  /** Type as the server formats it. */
  readonly type: string;
  readonly typeOid: number;
}

/** The code of a function, where it can be read. */
export type FunctionSource =
  /** SQL as it was written (prosrc): its names mean what they mean on the path in force while it runs. */
  | { readonly kind: 'sql'; readonly text: string }
  /**
   * BEGIN ATOMIC or RETURN (14 and later): resolved when it was made, printed for the path of the session. `calls`: OIDs
   * of the functions and operators outside pg_catalog that it was resolved to.
   */
  | { readonly kind: 'atomic'; readonly text: string; readonly calls: readonly number[] }
  /** C, or a function of the server itself under another name: the symbol, and for C its library. */
  | { readonly kind: 'compiled'; readonly symbol: string; readonly library: string | undefined }
  | { readonly kind: 'other' };

/** A function, procedure or aggregate outside pg_catalog (built-ins are judged by the reviewed table). */
export interface CatalogFunction {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** pg_get_function_identity_arguments. */
  readonly args: string;
  readonly parameters: readonly CatalogParameter[];
  /** How many of the last parameters have a default, and the expressions, comma separated, for the session's path. */
  readonly defaults?: { readonly count: number; readonly text: string };
  /** The last parameter takes any number of arguments. */
  readonly variadic: boolean;
  readonly returns: string;
  readonly returnType: number;
  readonly returnsSet: boolean;
  /** Columns of OUT, INOUT and TABLE arguments; none where it gives one value, or rows of `returns`. */
  readonly columns: readonly CatalogParameter[];
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window';
  readonly language: string;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  readonly securityDefiner: boolean;
  readonly leakproof: boolean;
  readonly owner: string;
  readonly ownedBySuperuser: boolean;
  /** Extension that it is a member of. */
  readonly extension?: string;
  /** Type names of the parameters as pg_type has them (`_text` for `text[]`), comma separated: the same on every path. */
  readonly signature: string;
  readonly source: FunctionSource;
  /** MD5 over source, library, settings and the parsed body, hex. */
  readonly sourceHash: string;
  /** Settings that it runs under (proconfig), `name=value`. */
  readonly settings: readonly string[];
  /** Functions that an aggregate is made of. */
  readonly parts: readonly FunctionReference[];
}

export interface CatalogOperator {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** Type OIDs; left is 0 for a prefix operator. */
  readonly left: number;
  readonly right: number;
  readonly returns: number;
  readonly function: FunctionReference;
  /** OIDs of the operators that the planner may put in its place; 0 for none. */
  readonly commutator: number;
  readonly negator: number;
  readonly owner: string;
  readonly extension?: string;
}

export interface CatalogCast {
  readonly oid: number;
  /** Type OIDs. */
  readonly source: number;
  readonly target: number;
  /** `mood AS integer`. */
  readonly name: string;
  readonly method: 'function' | 'binary' | 'inout';
  readonly function?: FunctionReference;
  /** Where it is applied without being written. */
  readonly context: 'implicit' | 'assignment' | 'explicit';
  readonly extension?: string;
}

/**
 * A type outside pg_catalog, or one of its own that somebody gave a default operator class. The row types of tables are
 * with their relations.
 */
export interface CatalogType {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'enum' | 'domain' | 'base' | 'composite' | 'range' | 'multirange';
  /** OID of the type of its arrays; 0 where there is none. */
  readonly array: number;
  /** Types that it is made of: of a domain its base, of a range its subtype, of a composite type its fields. */
  readonly made: readonly number[];
  /** Check constraints of a domain as pg_get_constraintdef prints them. */
  readonly checks: readonly string[];
  /** Functions that a use of its values may call: input, output, checks, operator classes that sort and compare it. */
  readonly functions: readonly FunctionReference[];
  readonly owner: string;
  readonly extension?: string;
}

export interface CatalogExtension {
  readonly name: string;
  readonly version: string;
  readonly schema: string;
  readonly owner: string;
}

export interface CatalogTrigger {
  readonly name: string;
  readonly timing: 'before' | 'after' | 'instead of';
  readonly events: readonly ('insert' | 'update' | 'delete' | 'truncate')[];
  readonly perRow: boolean;
  readonly function: FunctionReference;
  /** False for a disabled one; one enabled for replicas only does not fire in a session either. */
  readonly fires: boolean;
}

/** What decides whether row security binds a role, and which policies are for it. */
export interface CatalogRole {
  readonly name: string;
  /** Superuser, or BYPASSRLS. */
  readonly bypassesRowSecurity: boolean;
  /** Of the owners of tables with row security and the roles that policies are for: those whose rights it has. */
  readonly hasRightsOf: readonly string[];
}

export interface CatalogPolicy {
  readonly name: string;
  readonly permissive: boolean;
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete';
  /** Roles it is for; none stands for everybody. */
  readonly roles: readonly string[];
  readonly using?: string;
  readonly check?: string;
}

export interface CatalogForeignKey {
  readonly name: string;
  readonly from: { readonly schema: string; readonly relation: string; readonly columns: readonly string[] };
  readonly to: { readonly schema: string; readonly relation: string; readonly columns: readonly string[] };
  /** What becomes of the referencing rows. */
  readonly onUpdate: ForeignKeyAction;
  readonly onDelete: ForeignKeyAction;
}

export type ForeignKeyAction = 'no action' | 'restrict' | 'cascade' | 'set null' | 'set default';

export interface CatalogSnapshot {
  /** server_version_num / 10000. */
  readonly serverMajor: number;
  readonly database: string;
  readonly role: string;
  /** The effective search path, without implicit pg_catalog and pg_temp. */
  readonly searchPath: readonly string[];
  readonly relations: readonly CatalogRelation[];
  readonly functions: readonly CatalogFunction[];
  readonly foreignKeys: readonly CatalogForeignKey[];
  readonly types: readonly CatalogType[];
  readonly operators: readonly CatalogOperator[];
  readonly casts: readonly CatalogCast[];
  readonly extensions: readonly CatalogExtension[];
  /** search_path as it is set, before schemas that are missing or shut are left out. */
  readonly configuredPath: readonly string[];
  /** Schemas on which a role has USAGE: this role, and owners of SECURITY DEFINER functions. */
  readonly usableSchemas: Readonly<Record<string, readonly string[]>>;
  /** The session's role, owners of views, and owners of SECURITY DEFINER functions. */
  readonly roles: readonly CatalogRole[];
  /** Server settings that decide what statements mean or do, by name. */
  readonly settings: Readonly<Record<string, string>>;
  readonly loadedAt: string;
}
