/**
 * Marks of catalog objects: a text that changes when a definition does. A catalog that is cached is only a hint; what
 * executes is bound by comparing the marks of the names a statement uses, taken before the catalog was read, with those
 * after Parse, when the server holds its locks on every relation of the statement.
 *
 * Marks are of names, not of OIDs: a new table earlier on the search path, or a new overload of a function, must show as
 * well as a changed one. A relation's mark covers everything of its name in any schema but other sessions' temporary ones, with columns, defaults and
 * generation expressions, rules (a view's query is one), policies, triggers, children and indexes: replacing a view changes
 * pg_rewrite.xmin, renaming a column only pg_attribute.xmin, and a policy of a table that has some only pg_policy.
 */
import type { PostgresSession, TextValue } from './session.ts';

/** Mark by kind and name, `relation:orders`, `function:upper`; `path:` is what names are looked for on. */
export type CatalogMarks = ReadonlyMap<string, string>;

/** What a statement uses, and what may stand in the place of it. Names as the catalog has them, without their schemas. */
export interface MarkScope {
  readonly relations: readonly string[];
  readonly functions: readonly string[];
  readonly operators: readonly string[];
  readonly types: readonly string[];
  /** Functions and operators that views and policies reach, whose names are not in the text. */
  readonly functionOids: readonly number[];
  readonly operatorOids: readonly number[];
  /** Every function and operator made by a user, whatever its name. */
  readonly allCode: boolean;
}

/** Row versions of the rows of `catalog` that belong to the relation `c`. */
const ofRelation = (catalog: string, relation: string, key: string): string =>
  `(SELECT pg_catalog.string_agg(pg_catalog.concat(x.${key}, '.', x.xmin), ',' ORDER BY x.${key}) FROM pg_catalog.${catalog} x WHERE x.${relation} = c.oid)`;

const hash = (value: string): string =>
  `pg_catalog.encode(pg_catalog.sha256(pg_catalog.convert_to(${value}, 'UTF8')), 'hex')`;

/** Separated by what no part holds, so that an absent part cannot be taken for its neighbour. */
const joined = (...parts: readonly string[]): string =>
  `pg_catalog.array_to_string(ARRAY[${parts.map((part) => `(${part})::pg_catalog.text`).join(', ')}], ':', '-')`;

const RELATION = hash(
  `pg_catalog.string_agg(${joined(
    'c.oid',
    'c.relnamespace',
    'c.relowner',
    'c.xmin',
    ofRelation('pg_attribute', 'attrelid', 'attnum'),
    ofRelation('pg_attrdef', 'adrelid', 'adnum'),
    ofRelation('pg_rewrite', 'ev_class', 'oid'),
    ofRelation('pg_policy', 'polrelid', 'oid'),
    ofRelation('pg_trigger', 'tgrelid', 'oid'),
    ofRelation('pg_inherits', 'inhparent', 'inhrelid'),
    ofRelation('pg_index', 'indrelid', 'indexrelid'),
  )}, ',' ORDER BY c.oid)`,
);

/**
 * FirstNormalObjectId (src/include/access/transam.h): everything from there on was made by somebody. Both sides of every
 * operator here have the same type, or one is a literal without one: where they had not, an operator that somebody made
 * for exactly those two would come before that of pg_catalog.
 */
const MADE = "x.oid >= '16384'";
const VERSIONS = hash(`pg_catalog.string_agg(pg_catalog.concat(x.oid, '.', x.xmin), ',' ORDER BY x.oid)`);

/** Row types are marked as the relations they belong to, and types of arrays as those of their elements. */
const TYPES = `${MADE} AND (x.typtype IN ('d', 'e', 'r', 'm') OR x.typtype = 'b' AND x.typcategory <> 'A' OR x.typtype = 'c' AND EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = x.typrelid AND c.relkind = 'c'))`;

const named = (kind: string, catalog: string, name: string, where: string): string =>
  `SELECT pg_catalog.concat('${kind}:', x.${name}), ${VERSIONS} FROM pg_catalog.${catalog} x WHERE ${where} GROUP BY x.${name}`;
const whole = (kind: string, catalog: string, asked = ''): string =>
  `SELECT '${kind}:', ${VERSIONS} FROM pg_catalog.${catalog} x WHERE ${MADE}${asked}`;

/** What a query of marks is limited to: an array for each, as an expression, and whether all code is asked for. */
type Limits = Readonly<Record<keyof MarkScope, string>>;

/** One statement, so that all marks are of one moment. */
function marksQuery(limits: Limits | undefined): string {
  const only = (column: string, names: string | undefined): string =>
    names === undefined ? '' : ` AND ${column} = ANY (${names})`;
  const onlyCode = (catalog: string, name: string, names: string | undefined, oids: string | undefined): string =>
    names === undefined || oids === undefined
      ? ''
      : ` AND x.${name} = ANY (pg_catalog.array_cat(${names}, ARRAY(SELECT o.${name} FROM pg_catalog.${catalog} o WHERE o.oid = ANY (${oids}))))`;
  // Where it is not asked for, neither read nor told.
  const asked = limits === undefined ? '' : ` AND ${limits.allCode} HAVING ${limits.allCode}`;
  return [
    `SELECT 'path:', pg_catalog.current_schemas(true)::pg_catalog.text`,
    `SELECT pg_catalog.concat('relation:', c.relname), ${RELATION} FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace NOT IN ('pg_catalog'::pg_catalog.regnamespace::pg_catalog.oid, 'pg_toast'::pg_catalog.regnamespace::pg_catalog.oid) AND (c.relpersistence <> 't' OR c.relnamespace = pg_catalog.pg_my_temp_schema())${only('c.relname', limits?.relations)} GROUP BY c.relname`,
    named(
      'function',
      'pg_proc',
      'proname',
      MADE + onlyCode('pg_proc', 'proname', limits?.functions, limits?.functionOids),
    ),
    named(
      'operator',
      'pg_operator',
      'oprname',
      MADE + onlyCode('pg_operator', 'oprname', limits?.operators, limits?.operatorOids),
    ),
    named('type', 'pg_type', 'typname', TYPES + only('x.typname', limits?.types)),
    whole('cast', 'pg_cast'),
    whole('function', 'pg_proc', asked),
    whole('operator', 'pg_operator', asked),
  ].join(' UNION ALL ');
}

const ALL = marksQuery(undefined);

/** The parts of a scope with their types, in the order of `markValues`. */
const PARTS = {
  relations: 'name[]',
  functions: 'name[]',
  operators: 'name[]',
  types: 'name[]',
  functionOids: 'oid[]',
  operatorOids: 'oid[]',
  allCode: 'bool',
} as const satisfies Record<keyof MarkScope, string>;

const limitsBy = (value: (part: string, number: number) => string): Limits =>
  Object.fromEntries(
    Object.entries(PARTS).map(([part, type], i) => [part, `${value(part, i + 1)}::pg_catalog.${type}`]),
  ) as Limits;

/** The marks of a scope that `markValues` gives the parameters of. */
export const SCOPED_MARKS = marksQuery(limitsBy((_, number) => `$${String(number)}`));

/** Settings of the transaction that say what scope its marks are of, in the order of `markValues`. */
export const SCOPE_SETTINGS: readonly string[] = Object.keys(PARTS).map((part) => `countersign.${part.toLowerCase()}`);

/**
 * The same with the scope from SCOPE_SETTINGS: without parameters a prepared statement is planned once and for all, which
 * takes longer than running it. Read in a query of its own, a setting is looked up once and not for every row.
 */
export const TRANSACTION_MARKS = marksQuery(
  limitsBy((part) => `(SELECT pg_catalog.current_setting('countersign.${part.toLowerCase()}'))`),
);

export function markValues(scope: MarkScope): readonly string[] {
  return [
    nameArray(scope.relations),
    nameArray(scope.functions),
    nameArray(scope.operators),
    nameArray(scope.types),
    `{${scope.functionOids.join(',')}}`,
    `{${scope.operatorOids.join(',')}}`,
    String(scope.allCode),
  ];
}

const nameArray = (names: readonly string[]): string =>
  `{${names.map((name) => `"${name.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;

/** Marks as the rows of either query tell them. A mark that is absent is of a name that nothing has now. */
export function readMarks(rows: readonly (readonly TextValue[])[]): CatalogMarks {
  return new Map(rows.map(([name, mark]) => [name ?? '', mark ?? '']));
}

/** Marks of everything there is. */
export async function loadMarks(session: PostgresSession): Promise<CatalogMarks> {
  return readMarks(await session.query(ALL));
}

/** True when everything in `scope` meant the same at both times; `now` was asked for with that scope. */
export function sameMarks(then: CatalogMarks, now: CatalogMarks, scope: MarkScope): boolean {
  const same = (key: string): boolean => then.get(key) === now.get(key);
  const sameOf = (kind: string, names: readonly string[]): boolean => names.every((name) => same(`${kind}:${name}`));
  return (
    now.has('path:') &&
    [...now.keys()].every(same) &&
    sameOf('relation', scope.relations) &&
    sameOf('function', scope.functions) &&
    sameOf('operator', scope.operators) &&
    sameOf('type', scope.types)
  );
}
