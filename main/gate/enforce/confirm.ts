import { hash } from 'node:crypto';
import { type CatalogMarks, type MarkScope, sameMarks } from '../../databases/postgres/marks.ts';
import { type ExecuteOptions, type PostgresSession, type Prepared } from '../../databases/postgres/session.ts';
import { CatalogMoved, type MarkedCatalog } from '../catalogs.ts';
import { type BaseColumn, type CodeUse } from '../facts.ts';
import { type Judged } from '../judge.ts';
import { type Tree } from '../understand/postgres/understand.ts';
import { canBeReplaced, type CodeOids, scopeOf } from './scope.ts';
import { agree, codeOf, comparedTree, disagree, hasTrees } from './second-lineage.ts';

/** What is asked of the server together with the Parse of a statement. */
export interface Questions {
  readonly marks: MarkScope | undefined;
  /** The query whose trees are compared, and the text that gives them; null where the statement has none. */
  readonly query: Tree | undefined;
  readonly treeOf: string | null;
}

/** What the server said, as the record keeps it. */
export interface Evidence {
  /** Hash of the server's trees without their constants, and of the marks, hex. */
  readonly tree?: string;
  readonly mark?: string;
}

export interface Confirmed {
  readonly evidence: Evidence;
  /** How the run is guarded, from Bind to the last row. */
  readonly guard: ExecuteOptions;
}

export async function questionsOf(judged: Judged): Promise<Questions> {
  const { tree } = judged;
  const query = await comparedTree(tree);
  return {
    marks: scopeOf(judged, codeOf(judged)),
    query,
    treeOf: tree === undefined || !hasTrees(tree) ? null : (query?.text ?? null),
  };
}

/**
 * Holds what the server made of the statement (it has parsed it and keeps its locks; nothing has run) against what was
 * decided. Can only refuse: the definitions must be those the decision was made on, the outputs must be as many and named
 * as they were traced, an output that the server says is a column of a table must have been traced to that column, and
 * where there are trees, they must say what the text does.
 *
 * @throws CatalogMoved when definitions changed meanwhile; CountersignError `lineage-disagreement` otherwise
 */
export function confirm(
  prepared: Prepared,
  upstream: PostgresSession,
  judged: Judged,
  { marks: scope, query }: Questions,
): Confirmed {
  const { catalog, judgement } = judged;
  const { lineage } = judgement;
  if (catalog === undefined || lineage === undefined || scope === undefined) return { evidence: {}, guard: {} };
  const { marks } = prepared;
  if (marks === undefined || !sameMarks(catalog.marks, marks, scope))
    throw new CatalogMoved('A definition that it uses');
  sameOutputs(prepared, judged, catalog);
  const agreed = agree(prepared, upstream, judged, query);
  const code = together(
    agreed?.code ?? oidsOf(lineage.code ?? []),
    // The server's tree has nothing of what a write runs by itself.
    oidsOf((lineage.code ?? []).filter(({ opaque }) => opaque?.fired !== undefined)),
  );
  const userCode = canBeReplaced(code, catalog.index.snapshot);
  return {
    evidence: { mark: markHash(marks), ...(agreed === undefined ? {} : { tree: agreed.treeHash }) },
    guard: {
      userCode,
      held: {
        marks: catalog.marks,
        scope: { ...scope, functionOids: code.functions, operatorOids: code.operators },
      },
    },
  };
}

function oidsOf(code: readonly CodeUse[]): CodeOids {
  const of = (kind: CodeUse['kind']): readonly number[] => code.flatMap((one) => (one.kind === kind ? [one.oid] : []));
  return { functions: of('function'), operators: of('operator') };
}

const together = (one: CodeOids, other: CodeOids): CodeOids => ({
  functions: [...new Set([...one.functions, ...other.functions])],
  operators: [...new Set([...one.operators, ...other.operators])],
});

const markHash = (marks: CatalogMarks): string => hash('sha256', JSON.stringify([...marks].sort(byName)));
const byName = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1);

/** RowDescription against the text's lineage. */
function sameOutputs(prepared: Prepared, { judgement }: Judged, catalog: MarkedCatalog): void {
  const { facts, lineage } = judgement;
  // EXPLAIN and SHOW give rows of the server's own making; DDL gives none.
  if (lineage === undefined || facts.action === 'explain' || facts.action === 'show') return;
  if (prepared.columns.length !== lineage.outputs.length) {
    throw disagree(
      `the server gives ${String(prepared.columns.length)} columns where ${String(lineage.outputs.length)} were traced`,
    );
  }
  prepared.columns.forEach((column, i) => {
    const named = lineage.outputs[i]?.name ?? '';
    if (column.name !== named) {
      throw disagree(`output ${String(i + 1)} is "${column.name}" for the server and was traced as "${named}"`);
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
      throw disagree(
        `the server says output ${String(i + 1)} is ${relation.schema}.${relation.name}.${origin?.name ?? '?'}, which was not traced`,
      );
    }
  });
}

function is(base: BaseColumn, schema: string, relation: string, column: string): boolean {
  return base.schema === schema && base.relation === relation && base.column === column;
}
