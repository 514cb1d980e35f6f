import { type CatalogColumn, type RelationIndex } from '../catalog.ts';
import { Grouped, isTrue, text } from './catalog-rows.ts';
import { type PostgresSession } from './session.ts';

/**
 * Indexes by table, with the attnums of their key, 0 for an expression, and those in the expressions: an expression keeps
 * its columns as `:varattno 2` (nodes/outfuncs.c), where 0 is the whole row. Those of partitioned tables hold no rows.
 */
const INDEXES = `
SELECT i.indrelid, c.relname, pg_catalog.array_to_string(i.indkey[0:i.indnkeyatts - 1], ' '),
       CASE WHEN i.indexprs IS NOT NULL THEN (
         SELECT pg_catalog.string_agg(v[1], ' ') FROM pg_catalog.regexp_matches(i.indexprs::pg_catalog.text, ':varattno (\\d+)', 'g') v)
       END, i.indpred IS NOT NULL
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
  for (const [relation, name, plain, expressions, partial] of await session.query(INDEXES)) {
    const oid = Number(relation);
    const inExpressions = positions(text(expressions));
    const inKey = new Set([...positions(text(plain)), ...inExpressions]);
    const whole = inExpressions.includes(0);
    const keys = columnsOf(oid).filter(({ position }) => whole || inKey.has(position));
    indexes.add(oid, { name: text(name), keys: keys.map((column) => column.name), partial: isTrue(partial) });
  }
  return indexes;
}

const positions = (numbers: string): readonly number[] => numbers.split(' ').filter(Boolean).map(Number);
