import {
  type CatalogColumn,
  type CatalogForeignKey,
  type CatalogRelation,
  type CatalogSnapshot,
  type RelationKind,
} from '../catalog.ts';
import { loadCode, loadRelationCode } from './catalog-code.ts';
import { COLUMN_COMMENTS, COLUMNS, GENERATED, INHERITANCE, KEYS, RELATIONS, SERVER, TYPES } from './catalog-queries.ts';
import { Grouped, isTrue, list, optional, type Row, text } from './catalog-rows.ts';
import { identifiers } from './identifiers.ts';
import { BodyReader, readDataRow } from './messages.ts';
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

/**
 * Reads the catalog of the session's database as its role sees it: a dozen queries whatever the number of tables. The
 * queries are not one snapshot; an object that changes meanwhile shows up whole or not at all.
 * @throws ServerError, or what the connection was lost with
 */
export async function loadCatalog(session: PostgresSession): Promise<CatalogSnapshot> {
  const [server] = await session.query(SERVER);
  const relations = await session.query(RELATIONS);
  const columns = await loadColumns(session);
  const parents = new Grouped<number>();
  const children = new Grouped<number>();
  for (const [child, parent] of await session.query(INHERITANCE)) {
    parents.add(Number(child), Number(parent));
    children.add(Number(parent), Number(child));
  }
  const keys = await session.query(KEYS);
  const primaryKeys = new Map(
    keys
      .filter(([, kind]) => kind === 'p')
      .map(([, , oid, , positions]) => [Number(oid), columns.names(Number(oid), text(positions))]),
  );
  const forced = new Set(relations.filter((row) => isTrue(row[11])).map(([oid]) => Number(oid)));
  const code = await loadRelationCode(session, (oid) => forced.has(oid));
  const loaded = relations.map(
    ([oidText, schema, name, kind, rows, rowSecurity, definition, ...rest]): CatalogRelation => {
      const [comment, owner, rowType, rowTypeArray] = rest;
      const oid = Number(oidText);
      const own = code.get(oid);
      return {
        oid,
        schema: text(schema),
        name: text(name),
        kind: KINDS[text(kind)] ?? 'table',
        columns: columns.of(oid),
        ...optional('definition', definition),
        parents: parents.of(oid),
        children: children.of(oid),
        primaryKey: primaryKeys.get(oid) ?? [],
        estimatedRows: Number(rows),
        rowSecurity: isTrue(rowSecurity),
        rules: own?.rules.map((rule) => rule.name) ?? NONE,
        triggers: own?.triggers.map((trigger) => trigger.name) ?? NONE,
        ...(own === undefined ? {} : { code: own }),
        ...optional('owner', owner),
        ...(rowType == null ? {} : { rowType: { oid: Number(rowType), array: Number(rowTypeArray) } }),
        ...optional('comment', comment),
      };
    },
  );
  const serverMajor = Math.floor(Number(server?.[0]) / 10000);
  return {
    serverMajor,
    database: text(server?.[1]),
    role: text(server?.[2]),
    searchPath: searched(server?.[3]),
    configuredPath: identifiers(text(server?.[4])),
    relations: loaded,
    ...(await loadCode(session, serverMajor)),
    foreignKeys: foreignKeys(keys, loaded, columns),
    loadedAt: new Date().toISOString(),
  };
}

const NONE: readonly never[] = [];

/** Schemas of the path in order, without those that the server searches by itself. */
function searched(schemas: TextValue | undefined): readonly string[] {
  return list<string>(schemas).filter((schema) => !/^pg_(?:catalog$|temp_)/.test(schema));
}

/** Columns of every relation, and their names by position. */
class Columns {
  readonly #byRelation = new Grouped<CatalogColumn>();

  add(relation: number, column: CatalogColumn): void {
    this.#byRelation.add(relation, column);
  }

  of(relation: number): readonly CatalogColumn[] {
    return this.#byRelation.of(relation);
  }

  /** Names of the columns at `positions`, attnums separated by spaces. */
  names(relation: number, positions: string): readonly string[] {
    const columns = this.of(relation);
    return positions
      .split(' ')
      .flatMap((position) => columns.find((column) => column.position === Number(position))?.name ?? []);
  }
}

/** The one large read: hundreds of thousands of rows, made into columns as they come, each distinct text kept once. */
async function loadColumns(session: PostgresSession): Promise<Columns> {
  const types = new Map(
    (await session.query(TYPES)).map(([oid, modifier, name]) => [place(oid, modifier), text(name)]),
  );
  const comments = new Map(
    (await session.query(COLUMN_COMMENTS)).map(([relation, position, comment]) => [place(relation, position), comment]),
  );
  const sources = new Map<string, string[]>();
  for (const [relation, position, source] of await session.query(GENERATED)) {
    sources.set(place(relation, position), [...(sources.get(place(relation, position)) ?? []), text(source)]);
  }
  const columns = new Columns();
  const texts = new Map<string, string>();
  const once = (value: string): string => {
    const known = texts.get(value);
    if (known === undefined) texts.set(value, value);
    return known ?? value;
  };
  await session.read(COLUMNS, [], {
    row(...body) {
      const [relation, position, name, typeOid, modifier, notNull] = readDataRow(new BodyReader(...body));
      const at = place(relation, position);
      const column = {
        name: once(text(name)),
        type: types.get(place(typeOid, modifier)) ?? '???',
        typeOid: Number(typeOid),
        notNull: notNull === 't',
        position: Number(position),
      };
      const from = sources.get(at);
      const comment = comments.get(at);
      const plain = from === undefined && typeof comment !== 'string';
      columns.add(
        Number(relation),
        plain ? column : { ...column, ...(from && { generatedFrom: from }), ...optional('comment', comment) },
      );
      return true;
    },
  });
  return columns;
}

function foreignKeys(
  keys: readonly Row[],
  relations: readonly CatalogRelation[],
  columns: Columns,
): readonly CatalogForeignKey[] {
  const byOid = new Map(relations.map((relation) => [relation.oid, relation]));
  const end = (oid: TextValue | undefined, positions: TextValue | undefined): CatalogForeignKey['from'] | undefined => {
    const relation = byOid.get(Number(oid));
    if (relation === undefined) return undefined;
    return { schema: relation.schema, relation: relation.name, columns: columns.names(relation.oid, text(positions)) };
  };
  return keys.flatMap(([name, kind, oid, other, own, referenced]) => {
    const [from, to] = [end(oid, own), end(other, referenced)];
    return kind === 'f' && from !== undefined && to !== undefined ? [{ name: text(name), from, to }] : [];
  });
}

const place = (relation: TextValue | undefined, position: TextValue | undefined): string =>
  `${text(relation)} ${text(position)}`;
