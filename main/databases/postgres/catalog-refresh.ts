import { type CatalogColumn, type CatalogRelation, type CatalogSnapshot } from '../catalog.ts';
import { assemble, type CatalogDetails, type CatalogServer, loadCatalog, loadDetails, loadServer } from './catalog.ts';
import { COLUMN_COMMENTS, RELATIONS, VIEWS_OVER } from './catalog-queries.ts';
import { wanted } from './catalog-columns.ts';
import { type Row, text } from './catalog-rows.ts';
import { type CatalogMarks } from './marks.ts';
import { FIRST_NORMAL_OID } from './oids.ts';
import { type PostgresSession } from './session.ts';

/**
 * The catalog as loadCatalog would read it now, made from an older one: columns and the queries of views, which are nearly
 * all of it, are read again only for relations that changed since, by their marks, and for those whose printed text
 * names something that changed. `marksThen` were taken before `previous` was read, `marksNow` before this. `previous` is
 * not changed.
 * @throws ServerError, or what the connection was lost with
 */
export async function refreshCatalog(
  session: PostgresSession,
  previous: CatalogSnapshot,
  marksThen: CatalogMarks,
  marksNow: CatalogMarks,
): Promise<CatalogSnapshot> {
  const server = await loadServer(session);
  // Names are printed with their schemas or without them as the path has it: another path, other texts.
  if (!samePath(server, previous) || marksThen.get('path:') !== marksNow.get('path:')) return loadCatalog(session);
  const rows = await session.query(RELATIONS);
  const known = new Map(previous.relations.map((relation) => [relation.oid, relation]));
  // A schema that was renamed changes the texts of whatever names something in it.
  if (rows.some(([oid, schema]) => (known.get(Number(oid))?.schema ?? schema) !== schema)) return loadCatalog(session);

  const changes = changedNames(marksThen, marksNow);
  const stale = await staleRelations(session, previous, rows, known, changes);
  const fresh = await loadDetails(session, stale);
  const comments = await loadComments(session);
  const details: CatalogDetails = {
    columns: (oid) =>
      stale.has(oid) ? fresh.columns(oid) : commented(known.get(oid)?.columns ?? [], comments.get(oid)),
    definition: (oid) => (stale.has(oid) ? fresh.definition(oid) : known.get(oid)?.definition),
  };
  return assemble(session, server, rows, details);
}

function samePath(server: CatalogServer, previous: CatalogSnapshot): boolean {
  const of = ({ serverMajor, database, role, searchPath, configuredPath }: CatalogServer): string =>
    JSON.stringify([serverMajor, database, role, searchPath, configuredPath]);
  return of(server) === of(previous);
}

interface Changes {
  readonly relations: ReadonlySet<string>;
  /** Any function, operator, cast or type. */
  readonly code: boolean;
}

function changedNames(then: CatalogMarks, now: CatalogMarks): Changes {
  const relations = new Set<string>();
  let code = false;
  for (const key of new Set([...then.keys(), ...now.keys()])) {
    if (then.get(key) === now.get(key)) continue;
    if (key.startsWith('relation:')) relations.add(key.slice('relation:'.length));
    else code = true;
  }
  return { relations, code };
}

/** OIDs of the relations whose columns and query are to be read again. */
async function staleRelations(
  session: PostgresSession,
  previous: CatalogSnapshot,
  rows: readonly Row[],
  known: ReadonlyMap<number, CatalogRelation>,
  { relations: names, code }: Changes,
): Promise<ReadonlySet<number>> {
  const changed = new Set<number>();
  for (const [oidText, , name, kind] of rows) {
    const oid = Number(oidText);
    // Composite types have no marks as relations.
    if (names.has(text(name)) || !known.has(oid) || kind === 'c' || (code && (kind === 'v' || kind === 'm')))
      changed.add(oid);
  }
  const rowTypes = new Set<number>();
  for (const { oid, name, rowType } of previous.relations) {
    if (!names.has(name) && !changed.has(oid)) continue;
    changed.add(oid);
    if (rowType !== undefined) rowTypes.add(rowType.oid).add(rowType.array);
  }
  // Views print the names of what they read; columns print the names of their types.
  for (const [view] of await session.query(VIEWS_OVER, [wanted(changed)])) changed.add(Number(view));
  const prints = ({ typeOid }: CatalogColumn): boolean =>
    rowTypes.has(typeOid) || (code && typeOid >= FIRST_NORMAL_OID);
  for (const { oid, columns } of previous.relations) if (columns.some(prints)) changed.add(oid);
  return changed;
}

/** Comments on columns by relation and attnum. They have no marks, and there are few. */
async function loadComments(session: PostgresSession): Promise<ReadonlyMap<number, ReadonlyMap<number, string>>> {
  const comments = new Map<number, Map<number, string>>();
  for (const [relation, position, comment] of await session.query(COLUMN_COMMENTS, [null])) {
    const own = comments.get(Number(relation)) ?? new Map<number, string>();
    comments.set(Number(relation), own.set(Number(position), text(comment)));
  }
  return comments;
}

/** The columns with the comments they have now; the same list where these did not change. */
function commented(
  columns: readonly CatalogColumn[],
  comments: ReadonlyMap<number, string> | undefined,
): readonly CatalogColumn[] {
  if (columns.every(({ position, comment }) => comments?.get(position) === comment)) return columns;
  return columns.map(({ comment: _, ...column }) => {
    const comment = comments?.get(column.position);
    return comment === undefined ? column : { ...column, comment };
  });
}
