import { loadMarks, sameMarks } from '../../databases/postgres/marks.ts';
import { type PostgresSession, type Prepared } from '../../databases/postgres/session.ts';
import { CountersignError } from '../../errors.ts';
import { CatalogMoved } from '../catalogs.ts';
import { type BaseColumn } from '../facts.ts';
import { type Judged } from '../judge.ts';

/**
 * Holds what the server made of the statement (it has parsed it and keeps its locks; nothing has run) against what was
 * decided. Can only refuse: the definitions must be those the decision was made on, the outputs must be as many and named
 * as they were traced, and an output that the server says is a column of a table must have been traced to that column.
 *
 * @throws CatalogMoved when definitions changed meanwhile; CountersignError `lineage-disagreement` otherwise
 */
export async function confirm(prepared: Prepared, upstream: PostgresSession, judged: Judged): Promise<void> {
  const { catalog, judgement } = judged;
  const { facts, lineage } = judgement;
  if (catalog === undefined || lineage === undefined) return;

  const names = [
    ...new Set([
      ...facts.relations.map((relation) => relation.name),
      ...lineage.outputs.flatMap(({ flow }) => flow.map((column) => column.relation)),
    ]),
  ];
  if (!sameMarks(catalog.marks, await loadMarks(upstream, names), names))
    throw new CatalogMoved('A definition that it uses');

  // EXPLAIN and SHOW give rows of the server's own making; DDL gives none.
  if (facts.action === 'explain' || facts.action === 'show') return;
  if (prepared.columns.length !== lineage.outputs.length) {
    throw disagreement(
      `the server gives ${String(prepared.columns.length)} columns where ${String(lineage.outputs.length)} were traced`,
    );
  }
  prepared.columns.forEach((column, i) => {
    const named = lineage.outputs[i]?.name ?? '';
    if (column.name !== named) {
      throw disagreement(`output ${String(i + 1)} is "${column.name}" for the server and was traced as "${named}"`);
    }
    if (column.tableOid === 0 || column.attribute <= 0) return;
    const relation = catalog.index.relationByOid(column.tableOid);
    // RowDescription names a view itself, whose columns were traced through it.
    if (relation === undefined || relation.kind === 'view') return;
    // PostgreSQL's own catalog holds no classified column, and is not traced to columns.
    if (catalog.index.resolve(relation.schema, relation.name)?.kind === 'system') return;
    const origin = relation.columns.find(({ position }) => position === column.attribute);
    const traced = lineage.outputs[i]?.flow ?? [];
    if (origin === undefined || !traced.some((base) => is(base, relation.schema, relation.name, origin.name))) {
      throw disagreement(
        `the server says output ${String(i + 1)} is ${relation.schema}.${relation.name}.${origin?.name ?? '?'}, which was not traced`,
      );
    }
  });
}

function is(base: BaseColumn, schema: string, relation: string, column: string): boolean {
  return base.schema === schema && base.relation === relation && base.column === column;
}

function disagreement(what: string): CountersignError {
  return new CountersignError(
    'lineage-disagreement',
    `Two readings of the statement disagree, so it did not run: ${what}.`,
    {
      next: 'Write it more simply, and tell your administrator: this statement belongs into the test corpus.',
    },
  );
}
