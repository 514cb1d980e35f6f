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
  /** OIDs of inheritance or partition parents and children (pg_inherits). */
  readonly parents: readonly number[];
  readonly children: readonly number[];
  readonly primaryKey: readonly string[];
  /** Planner's estimate (pg_class.reltuples), rows; -1 when never analysed. */
  readonly estimatedRows: number;
  readonly rowSecurity: boolean;
  /** Rules other than a view's own, and triggers, by name: they make a write do more than it says. */
  readonly rules: readonly string[];
  readonly triggers: readonly string[];
  readonly comment?: string;
}

/** A function, procedure or aggregate outside pg_catalog (built-ins are judged by the reviewed table). */
export interface CatalogFunction {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  /** pg_get_function_identity_arguments. */
  readonly args: string;
  readonly returns: string;
  readonly kind: 'function' | 'procedure' | 'aggregate' | 'window';
  readonly language: string;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  readonly securityDefiner: boolean;
}

/** An enum, or a domain over a built-in type whose checks call nothing outside pg_catalog: a cast to it runs no other code. */
export interface CatalogType {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'enum' | 'domain';
}

export interface CatalogForeignKey {
  readonly name: string;
  readonly from: { readonly schema: string; readonly relation: string; readonly columns: readonly string[] };
  readonly to: { readonly schema: string; readonly relation: string; readonly columns: readonly string[] };
}

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
  /** Types outside pg_catalog that statements may cast to; where absent, none. */
  readonly types?: readonly CatalogType[];
  /** Names of operators and casts defined outside pg_catalog: any use of them is refused. */
  readonly userOperators: readonly string[];
  readonly loadedAt: string;
}
