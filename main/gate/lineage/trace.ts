import { type CatalogRelation } from '../../databases/catalog.ts';
import { type Lineage, type OutputLineage } from '../facts.ts';
import { newerGrammar } from '../understand/postgres/newer-grammar.ts';
import { spanAt } from '../understand/postgres/span.ts';
import { isWriteStatement } from '../understand/postgres/statements.ts';
import { items, type Node, nodeOf, text as textOf } from '../understand/postgres/tree.ts';
import { type Tree } from '../understand/postgres/understand.ts';
import { type CatalogIndex } from './catalog-index.ts';
import { Context } from './context.ts';
import { traceDefinition } from './definition.ts';
import { traceFired, type Written } from './fired.ts';
import { candidates } from './forms.ts';
import { type Output, queryColumns } from './query.ts';
import { relationColumns } from './relations.ts';
import { NOTHING } from './scope.ts';
import { UserCode } from './user-code.ts';
import { storeAll } from './write.ts';

/**
 * Where the values of a statement's outputs come from, and every other use of a base column, by the names of one
 * catalog. Sound before precise: what cannot be traced is a hazard, and a hazard refuses the whole statement. Never
 * throws for a tree of `understand`.
 */
export function trace(tree: Tree, index: CatalogIndex): Lineage {
  const { text, root, offsetOf } = tree;
  const context = new Context(index, (location) => (location < 0 ? undefined : spanAt(text, offsetOf(location))));
  try {
    const code = new UserCode(context);
    code.names(tree.inspection);
    for (const hazard of newerGrammar(tree, index.snapshot.serverMajor)) context.addHazard(hazard);
    context.candidates = candidates(root, index);
    const outputs = statement(context, root);
    code.typesInUse();
    if (!isWriteStatement(root.kind) && root.kind !== 'ExplainStmt') writtenByName(context, tree);
    return lineage(context, outputs);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const deep = { code: 'too-deep', sentence: 'The statement is nested too deeply, or is too large, to be traced.' };
    return { outputs: [], uses: context.uses, relations: [], hazards: [deep] };
  }
}

/** The outputs that a view or table would give to `SELECT *`, with the uses its query makes of base columns. */
export function outputsOf(relation: CatalogRelation, index: CatalogIndex): Lineage {
  const context = new Context(index, () => undefined);
  try {
    const columns = relationColumns(context, relation, undefined);
    return lineage(
      context,
      columns.map(({ name, value }) => ({ name, value: context.ask(value, undefined), span: undefined })),
    );
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const deep = {
      code: 'too-deep',
      sentence: `${relation.schema}.${relation.name} is nested too deeply to be traced.`,
    };
    return { outputs: [], uses: [], relations: [], hazards: [deep] };
  }
}

const NONE: ReadonlySet<never> = new Set();
const TRUNCATED: Written = { events: new Set(['truncate']), inserted: NONE, updated: NONE, oneRow: false };

/** What statements other than INSERT and its like write is not read first, and need not exist yet: a name is enough. */
function writtenByName(context: Context, { inspection, root }: Tree): void {
  for (const use of inspection.relations) {
    if (use.access === 'read' || use.action !== undefined) continue;
    const resolved = context.index.resolve(use.schema === '' ? undefined : use.schema, use.name);
    const relation = resolved?.relation;
    context.relation(relation === undefined ? use : { ...use, schema: relation.schema, name: relation.name });
    if (resolved?.kind !== 'relation') continue;
    const { relation: changed } = resolved;
    for (const column of changed.columns)
      for (const own of context.index.source(changed, column).own) context.restructured.add(own);
    if (root.kind === 'TruncateStmt') traceFired(context, [changed], TRUNCATED, use.span);
  }
}

function statement(context: Context, root: Node): readonly Output[] {
  const { kind, fields } = root;
  const standing = { scope: undefined, environment: undefined };
  if (kind === 'SelectStmt') {
    const outputs = queryColumns(context, root, standing);
    if (!createsTable(root)) return outputs;
    storeAll(context, outputs);
    return [];
  }
  if (isWriteStatement(kind)) return queryColumns(context, root, standing);
  const inner = nodeOf(fields['query']);
  switch (kind) {
    case 'ExplainStmt':
      // The plan shows what the statement would do with columns, not their values: its uses stay, its outputs do not.
      context.measured = items(fields['options'], 'DefElem').some((option) => textOf(option['defname']) === 'analyze');
      if (inner !== undefined) statement(context, inner);
      return [planColumn];
    case 'CreateTableAsStmt':
    case 'ViewStmt':
      if (inner !== undefined) storeAll(context, statement(context, inner));
      return [];
    case 'VariableShowStmt':
      return [{ ...planColumn, name: typeof fields['name'] === 'string' ? fields['name'] : '' }];
    default:
      traceDefinition(context, root);
      return [];
  }
}

const planColumn: Output = { name: 'QUERY PLAN', value: NOTHING, span: undefined };

function createsTable(root: Node): boolean {
  for (
    let arm: unknown = root.fields;
    typeof arm === 'object' && arm !== null;
    arm = (arm as { larg?: unknown }).larg
  ) {
    if ('intoClause' in arm) return true;
  }
  return false;
}

function lineage(context: Context, columns: readonly Output[]): Lineage {
  const outputs = columns.map(({ name, value, span }): OutputLineage => {
    // What is computed from a column is a use of it, wherever the computation stands.
    if (value.derivation === 'computed')
      context.useColumns(
        [...value.flow].filter((column) => !context.isUsed(column)),
        'argument',
        span,
      );
    const { flow, derivation, bounded } = value;
    return {
      name,
      flow: [...flow],
      derivation,
      ...(bounded === undefined ? {} : { bounded: [...bounded] }),
      ...(span === undefined ? {} : { span }),
    };
  });
  const { groupSize } = context.candidates;
  return {
    outputs,
    uses: context.uses,
    ...(groupSize === undefined ? {} : { groupSize }),
    relations: [...context.relations.values()],
    hazards: [...context.hazards.values()],
    ...(context.code.size === 0 ? {} : { code: [...context.code.values()] }),
    ...(context.restructured.size === 0 ? {} : { restructured: [...context.restructured] }),
    ...(context.reached.size === 0
      ? {}
      : { reached: [...context.reached].map(({ schema, name }) => ({ schema, name })) }),
  };
}
