import { type CatalogSnapshot } from '../../../databases/catalog.ts';

/** True for an object outside pg_catalog, by its OID. */
export type Accepts = (kind: 'function' | 'operator' | 'type', oid: number) => boolean;

/** Extensions whose functions in C compute from what they are given and do nothing else; only a superuser can make these. */
const COMPUTING: ReadonlySet<string> = new Set([
  'btree_gist',
  'citext',
  'cube',
  'earthdistance',
  'hstore',
  'intarray',
  'isn',
  'ltree',
  'pg_trgm',
  'seg',
  'vector',
]);

const kept = new WeakMap<CatalogSnapshot, Accepts>();

/**
 * Objects of a database that run no code of its own: enums, domains without checks that call anything, rows of tables,
 * arrays of these; operators, casts and types of extensions that compute, where their functions are in C.
 */
export function harmlessObjects(snapshot: CatalogSnapshot): Accepts {
  const known = kept.get(snapshot);
  if (known !== undefined) return known;
  const computing = (extension: string | undefined): boolean => extension !== undefined && COMPUTING.has(extension);
  const compiled = new Set<number>();
  for (const { oid, extension, source } of snapshot.functions) {
    if (computing(extension) && source.kind === 'compiled') compiled.add(oid);
  }
  const objects = {
    type: new Set<number>(),
    operator: new Set<number>(),
    // A function of an extension is called by name like any other; behind an operator or a cast it is part of that.
    function: new Set<number>(),
  };
  for (const { extension, oid, function: code } of snapshot.operators) {
    if (!computing(extension) || !compiled.has(code.oid)) continue;
    objects.operator.add(oid);
    objects.function.add(code.oid);
  }
  for (const { extension, function: code } of snapshot.casts) {
    if (code !== undefined && computing(extension) && compiled.has(code.oid)) objects.function.add(code.oid);
  }
  for (const { oid, array, extension, functions } of snapshot.types) {
    if (functions.length > 0 && !computing(extension)) continue;
    objects.type.add(oid);
    if (array > 0) objects.type.add(array);
  }
  for (const { rowType } of snapshot.relations) {
    if (rowType === undefined) continue;
    objects.type.add(rowType.oid);
    objects.type.add(rowType.array);
  }
  const accepts: Accepts = (kind, oid) => objects[kind].has(oid);
  kept.set(snapshot, accepts);
  return accepts;
}
