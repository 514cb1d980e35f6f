import { type PostgresSession } from './session.ts';

/**
 * Marks of catalog objects: a text that changes when the definition does. A catalog that is cached is only a hint; what
 * executes is bound by comparing the marks of the names a statement uses, taken before the catalog was read, with those
 * after Parse, when the server holds its locks on every relation of the statement.
 *
 * A mark covers every relation of a name in any schema, so that a new one earlier on the search path shows; their
 * columns, rules (a view's query is one), and children. Replacing a view changes pg_rewrite.xmin, renaming a column only
 * pg_attribute.xmin. Functions, operators, casts and types made by users share one mark, with the path that names are
 * looked for on: a schema joins it when it is made, or when the role is given USAGE on it.
 */
export interface CatalogMarks {
  readonly relations: ReadonlyMap<string, string>;
  readonly code: string;
}

const RELATIONS = `
SELECT c.relname, pg_catalog.md5(pg_catalog.string_agg(pg_catalog.concat_ws(':', c.oid, c.relnamespace, c.relowner, c.xmin, a.mark, r.mark, i.mark), ',' ORDER BY c.oid))
FROM pg_catalog.pg_class c
  LEFT JOIN LATERAL (SELECT pg_catalog.string_agg(x.xmin::pg_catalog.text, ',' ORDER BY x.attnum) AS mark FROM pg_catalog.pg_attribute x WHERE x.attrelid = c.oid) a ON true
  LEFT JOIN LATERAL (SELECT pg_catalog.string_agg(x.xmin::pg_catalog.text, ',' ORDER BY x.oid) AS mark FROM pg_catalog.pg_rewrite x WHERE x.ev_class = c.oid) r ON true
  LEFT JOIN LATERAL (SELECT pg_catalog.string_agg(pg_catalog.concat(x.inhrelid, '.', x.xmin), ',' ORDER BY x.inhrelid) AS mark FROM pg_catalog.pg_inherits x WHERE x.inhparent = c.oid) i ON true
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relnamespace NOT IN ('pg_catalog'::pg_catalog.regnamespace, 'pg_toast'::pg_catalog.regnamespace)
  AND ($1::pg_catalog.text[] IS NULL OR c.relname = ANY ($1::pg_catalog.text[]))
GROUP BY c.relname`;

/** FirstNormalObjectId (src/include/access/transam.h): everything above was made by somebody. */
const CODE = `
SELECT NULL::pg_catalog.name, pg_catalog.md5(pg_catalog.concat_ws(';',
  pg_catalog.array_to_string(pg_catalog.current_schemas(true), ','),
  (SELECT pg_catalog.string_agg(pg_catalog.concat(oid, '.', xmin), ',' ORDER BY oid) FROM pg_catalog.pg_proc WHERE oid >= 16384),
  (SELECT pg_catalog.string_agg(pg_catalog.concat(oid, '.', xmin), ',' ORDER BY oid) FROM pg_catalog.pg_operator WHERE oid >= 16384),
  (SELECT pg_catalog.string_agg(pg_catalog.concat(oid, '.', xmin), ',' ORDER BY oid) FROM pg_catalog.pg_cast WHERE oid >= 16384),
  (SELECT pg_catalog.string_agg(pg_catalog.concat(oid, '.', xmin), ',' ORDER BY oid) FROM pg_catalog.pg_type WHERE oid >= 16384 AND typtype IN ('d', 'e', 'b', 'r', 'm'))))`;

/** One statement, so that both kinds of marks are of one moment and cost one round trip. */
const MARKS = `${RELATIONS}
UNION ALL${CODE}`;

/** Marks of the relations named, or of all. A name that is not in the answer is no relation now. */
export async function loadMarks(session: PostgresSession, names: readonly string[] | undefined): Promise<CatalogMarks> {
  const list =
    names === undefined ? null : `{${names.map((name) => `"${name.replaceAll(/["\\]/g, '\\$&')}"`).join(',')}}`;
  const rows = await session.query(MARKS, [list]);
  const relations = new Map<string, string>();
  let code = '';
  for (const [name, mark] of rows) {
    if (name == null) code = mark ?? '';
    else relations.set(name, mark ?? '');
  }
  return { relations, code };
}

/** True when every one of `names` meant the same thing at both times. */
export function sameMarks(then: CatalogMarks, now: CatalogMarks, names: readonly string[]): boolean {
  return then.code === now.code && names.every((name) => then.relations.get(name) === now.relations.get(name));
}
