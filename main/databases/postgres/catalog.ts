import {
  type CatalogColumn,
  type CatalogForeignKey,
  type CatalogRelation,
  type CatalogSnapshot,
  type ForeignKeyAction,
  type RelationKind,
} from '../catalog.ts';
import { loadCode, loadRelationCode } from './catalog-code.ts';
import { VIEW_CALLS } from './catalog-code-queries.ts';
import { loadColumns, wanted } from './catalog-columns.ts';
import { loadIndexes } from './catalog-indexes.ts';
import { DEFINITIONS, INHERITANCE, KEYS, PARTITION_KEYS, RELATIONS, SERVER } from './catalog-queries.ts';
import { Grouped, isTrue, list, optional, type Row, text } from './catalog-rows.ts';
import { identifiers } from './identifiers.ts';
import { type PostgresSession, type TextValue } from './session.ts';

const KINDS: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
  S: 'sequence',
  c: 'composite type',
};

/** Whose catalog it is, and on what path its texts are printed. */
export type CatalogServer = Pick<
  CatalogSnapshot,
  'serverMajor' | 'database' | 'role' | 'searchPath' | 'configuredPath'
>;

/** The large part of relations: what is read for some of them only, where an older catalog has the rest. */
export interface CatalogDetails {
  columns(relation: number): readonly CatalogColumn[];
  definition(relation: number): string | undefined;
}

/**
 * Reads the catalog of the session's database as its role sees it: a few dozen queries whatever the number of tables. The
 * queries are not one snapshot; an object that changes meanwhile shows up whole or not at all.
 * @throws ServerError, or what the connection was lost with
 */
export async function loadCatalog(session: PostgresSession): Promise<CatalogSnapshot> {
  const server = await loadServer(session);
  const relations = await session.query(RELATIONS);
  return assemble(session, server, relations, await loadDetails(session));
}

export async function loadServer(session: PostgresSession): Promise<CatalogServer> {
  const [server] = await session.query(SERVER);
  return {
    serverMajor: Math.floor(Number(server?.[0]) / 10000),
    database: text(server?.[1]),
    role: text(server?.[2]),
    searchPath: searched(server?.[3]),
    configuredPath: identifiers(text(server?.[4])),
  };
}

export async function loadDetails(session: PostgresSession, relations?: ReadonlySet<number>): Promise<CatalogDetails> {
  const columns = await loadColumns(session, relations);
  const definitions = new Map(
    (await session.query(DEFINITIONS, [wanted(relations)])).map(([oid, definition]) => [Number(oid), text(definition)]),
  );
  return { columns: (oid) => columns.of(oid), definition: (oid) => definitions.get(oid) };
}

/** Reads all but the details of relations, which are rows of RELATIONS, and puts the catalog together. */
export async function assemble(
  session: PostgresSession,
  server: CatalogServer,
  rows: readonly Row[],
  details: CatalogDetails,
): Promise<CatalogSnapshot> {
  const parents = new Grouped<number>();
  const children = new Grouped<number>();
  for (const [child, parent] of await session.query(INHERITANCE)) {
    parents.add(Number(child), Number(parent));
    children.add(Number(parent), Number(child));
  }
  const partitionKeys = new Grouped<string>();
  for (const [oid, column] of await session.query(PARTITION_KEYS)) partitionKeys.add(Number(oid), text(column));
  const keys = await session.query(KEYS);
  const primaryKeys = new Map(
    keys
      .filter(([, kind]) => kind === 'p')
      .map(([, , oid, , positions]) => [Number(oid), columnNames(details.columns(Number(oid)), positions)]),
  );
  const forced = new Set(rows.filter((row) => isTrue(row[10])).map(([oid]) => Number(oid)));
  const code = await loadRelationCode(session, (oid) => forced.has(oid));
  const calls = new Grouped<number>();
  for (const [view, called] of await session.query(VIEW_CALLS)) calls.add(Number(view), Number(called));
  const indexes = await loadIndexes(session, details.columns);
  const relations = rows.map(([oidText, schema, name, kind, estimate, rowSecurity, ...rest]): CatalogRelation => {
    const [comment, owner, rowType, rowTypeArray, , invoker] = rest;
    const oid = Number(oidText);
    const own = code.get(oid);
    return {
      oid,
      schema: text(schema),
      name: text(name),
      kind: KINDS[text(kind)] ?? 'table',
      columns: details.columns(oid),
      ...optional('definition', details.definition(oid)),
      ...(isTrue(invoker) ? { securityInvoker: true as const } : {}),
      ...(kind === 'v' || kind === 'm' ? { calls: calls.of(oid) } : {}),
      parents: parents.of(oid),
      children: children.of(oid),
      primaryKey: primaryKeys.get(oid) ?? [],
      ...(kind === 'p' ? { partitionKey: partitionKeys.of(oid) } : {}),
      estimatedRows: Number(estimate),
      rowSecurity: isTrue(rowSecurity),
      rules: own?.rules.map((rule) => rule.name) ?? NONE,
      triggers: own?.triggers.map((trigger) => trigger.name) ?? NONE,
      ...(own === undefined ? {} : { code: own }),
      ...(indexes.has(oid) ? { indexes: indexes.of(oid) } : {}),
      ...optional('owner', owner),
      ...(rowType == null ? {} : { rowType: { oid: Number(rowType), array: Number(rowTypeArray) } }),
      ...optional('comment', comment),
    };
  });
  return {
    ...server,
    relations,
    ...(await loadCode(session, server.serverMajor)),
    foreignKeys: foreignKeys(keys, relations),
    loadedAt: new Date().toISOString(),
  };
}

const NONE: readonly never[] = [];

/** Schemas of the path in order, without those that the server searches by itself. */
function searched(schemas: TextValue | undefined): readonly string[] {
  return list<string>(schemas).filter((schema) => !/^pg_(?:catalog$|temp_)/.test(schema));
}

/** Names of the columns at `positions`, attnums separated by spaces. */
function columnNames(columns: readonly CatalogColumn[], positions: TextValue | undefined): readonly string[] {
  return text(positions)
    .split(' ')
    .flatMap((position) => columns.find((column) => column.position === Number(position))?.name ?? []);
}

/** src/include/nodes/parsenodes.h: FKCONSTR_ACTION_... */
const ACTIONS: Readonly<Record<string, ForeignKeyAction>> = {
  a: 'no action',
  r: 'restrict',
  c: 'cascade',
  n: 'set null',
  d: 'set default',
};

const actionOf = (letter: TextValue | undefined): ForeignKeyAction => ACTIONS[text(letter)] ?? 'cascade';

function foreignKeys(keys: readonly Row[], relations: readonly CatalogRelation[]): readonly CatalogForeignKey[] {
  const byOid = new Map(relations.map((relation) => [relation.oid, relation]));
  const end = (oid: TextValue | undefined, positions: TextValue | undefined): CatalogForeignKey['from'] | undefined => {
    const relation = byOid.get(Number(oid));
    if (relation === undefined) return undefined;
    const { schema, name, columns } = relation;
    return { schema, relation: name, columns: columnNames(columns, positions) };
  };
  return keys.flatMap(([name, kind, oid, other, own, referenced, updated, deleted]) => {
    const [from, to] = [end(oid, own), end(other, referenced)];
    if (kind !== 'f' || from === undefined || to === undefined) return [];
    return [{ name: text(name), from, to, onUpdate: actionOf(updated), onDelete: actionOf(deleted) }];
  });
}
