import { type CatalogColumn, type RelationIndex } from '../catalog.ts';
import { Grouped, isTrue, text } from './catalog-rows.ts';
import { type PostgresSession, type TextValue } from './session.ts';

/** Attnums in an expression, which keeps its columns as `:varattno 2` (nodes/outfuncs.c); 0 is the whole row. */
const attnums = (expression: string): string => `CASE WHEN ${expression} IS NOT NULL THEN (
         SELECT pg_catalog.string_agg(v[1], ' ')
           FROM pg_catalog.regexp_matches(${expression}::pg_catalog.text, ':varattno (\\d+)', 'g') v) END`;

/**
 * Indexes by table, with the attnums of their key, 0 for an expression, those in the expressions, and those in the
 * condition. Indexes of partitioned tables hold no rows.
 */
const INDEXES = `
SELECT i.indrelid, c.relname, pg_catalog.array_to_string(i.indkey[0:i.indnkeyatts - 1], ' '),
       ${attnums('i.indexprs')}, ${attnums('i.indpred')}, i.indpred IS NOT NULL
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
  JOIN pg_catalog.pg_am m ON m.oid = c.relam AND m.amname NOT IN ('gin', 'brin')
 WHERE i.indrelid >= 16384 AND c.relnamespace <> 'pg_toast'::pg_catalog.regnamespace
 ORDER BY 1, 2`;

/** @param columnsOf columns of a relation by its OID */
export async function loadIndexes(
  session: PostgresSession,
  columnsOf: (relation: number) => readonly CatalogColumn[],
): Promise<Grouped<RelationIndex>> {
  const indexes = new Grouped<RelationIndex>();
  for (const [relation, name, plain, expressions, condition, partial] of await session.query(INDEXES)) {
    const oid = Number(relation);
    const named = (attributes: ReadonlySet<number>, whole: boolean): readonly string[] =>
      columnsOf(oid).flatMap((column) => (whole || attributes.has(column.position) ? [column.name] : []));
    const [inExpressions, inCondition] = [positions(expressions), positions(condition)];
    indexes.add(oid, {
      name: text(name),
      keys: named(new Set([...positions(plain), ...inExpressions]), inExpressions.has(0)),
      ...(isTrue(partial) ? { condition: named(inCondition, inCondition.has(0)) } : {}),
    });
  }
  return indexes;
}

const positions = (numbers: TextValue | undefined): ReadonlySet<number> =>
  new Set(text(numbers).split(' ').filter(Boolean).map(Number));
