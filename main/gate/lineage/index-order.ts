import { type CatalogRelation } from '../../databases/catalog.ts';
import { type BaseColumn, type Lineage } from '../facts.ts';
import { type CatalogIndex } from './catalog-index.ts';
import { outputsOf } from './trace.ts';

/** An index that a statement may read rows through, which then come in the order of its key. */
export interface OrderingIndex {
  /** Base columns whose values its key is made of. */
  readonly columns: readonly BaseColumn[];
  /**
   * The statement gives the planner a reason to scan it that is not in the index alone: a column of the key is compared,
   * joined, grouped or ordered by (any one, not the first only: the whole index may be read for the last), or one of its
   * condition is. Without a reason there is an index-only scan or none (build_index_paths in optimizer/path/indxpath.c).
   */
  readonly scanned: boolean;
}

/**
 * The indexes of every relation that a statement reads, or that shares rows with one. What is computed and what is asked
 * for in the target list counts as used; what is only put out does not.
 */
export function orderingIndexes(lineage: Lineage, index: CatalogIndex): readonly OrderingIndex[] {
  const used = new Set(lineage.uses.map(({ column }) => nameOf(column)));
  return [...read(lineage, index)].flatMap((relation) =>
    (relation.indexes ?? []).map(({ keys, condition }) => {
      const columns = keys.flatMap((key) => sources(index, relation, key));
      const decisive = [...columns, ...(condition ?? []).flatMap((name) => sources(index, relation, name))];
      const scanned = condition?.length === 0 || decisive.some((column) => used.has(nameOf(column)));
      return { columns, scanned };
    }),
  );
}

function read({ relations, uses, outputs, reached = [] }: Lineage, index: CatalogIndex): ReadonlySet<CatalogRelation> {
  const columns = [...uses.map(({ column }) => column), ...outputs.flatMap(({ flow }) => flow)];
  const named = [...relations, ...reached, ...columns.map(({ schema, relation }) => ({ schema, name: relation }))];
  const found = new Set<CatalogRelation>();
  for (const { schema, name } of named) {
    const relation = index.relation(schema, name);
    if (relation === undefined || found.has(relation)) continue;
    found.add(relation);
    for (const child of index.descendants(relation)) found.add(child);
  }
  return found;
}

/** Base columns behind a column: those it shares rows with, is generated from, or, in a materialized view, is made of. */
function sources(index: CatalogIndex, relation: CatalogRelation, name: string): readonly BaseColumn[] {
  const at = relation.columns.findIndex((column) => column.name === name);
  const column = relation.columns[at];
  if (column === undefined) return [];
  const { own, generatedFrom } = index.source(relation, column);
  const made = relation.kind === 'materialized view' ? madeOf(index, relation)[at] : undefined;
  return [...own, ...generatedFrom, ...(made ?? [])];
}

const madeOf = (index: CatalogIndex, relation: CatalogRelation): readonly (readonly BaseColumn[])[] =>
  index.keep(`sources of ${String(relation.oid)}`, () => outputsOf(relation, index).outputs.map(({ flow }) => flow));

const nameOf = ({ schema, relation, column }: BaseColumn): string => `${schema}\0${relation}\0${column}`;
