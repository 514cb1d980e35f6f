import { fieldsOf, locationOf, names, type Node, nodeOf, text } from '../understand/postgres/tree.ts';
import { GRAMMAR } from '../understand/postgres/grammar.ts';
import { type Context } from './context.ts';
import { expression, type Standing } from './expression.ts';
import { queryColumns } from './query.ts';
import { relationColumns } from './relations.ts';
import { type Entry } from './scope.ts';
import { visible } from './from.ts';

/**
 * Statements other than queries and writes: relations they name are noted, and expressions in them (an index, a check,
 * a USING of ALTER COLUMN) are traced over those relations, since each can carry values to where others see them.
 */
export function traceDefinition(context: Context, root: Node): void {
  const entries = relationsOf(context, root);
  const standing: Standing = { scope: { entries, outer: undefined }, environment: undefined };
  const stack: Node[] = [root];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    const rule = GRAMMAR.get(node.kind);
    if (rule === undefined) continue;
    if (node.kind === 'Constraint' && root.kind === 'AlterTableStmt') triedOnRows(context, node);
    if (node.kind === 'SelectStmt') {
      for (const { value, span } of queryColumns(context, node, standing)) context.use(value, 'assignment', span);
    } else if (rule.meaning === 'expression') {
      // Parts of a definition that come before the relation exists name columns that the catalog does not have yet.
      if (entries.length > 0) expression(context, { [node.kind]: node.fields }, standing, 'assignment');
    } else {
      for (const [field, value] of Object.entries(node.fields)) {
        const shape = rule.fields.get(field);
        if (shape === 'node') push(stack, nodeOf(value));
        else if (shape === 'list' && Array.isArray(value)) for (const item of value) push(stack, nodeOf(item));
        else if (typeof shape === 'object') {
          const fields = fieldsOf(value);
          if (fields !== undefined) stack.push({ kind: shape.kind, fields });
        }
      }
    }
  }
}

/** A foreign key is tried on the rows that are there: whether each has its value in the other table. */
function triedOnRows(context: Context, { fields }: Node): void {
  const referenced = fieldsOf(fields['pktable']);
  const name = text(referenced?.['relname']);
  if (referenced === undefined || name === undefined) return;
  const resolved = context.index.resolve(text(referenced['schemaname']), name);
  if (resolved?.kind !== 'relation') return;
  const { relation } = resolved;
  const written = names(fields['pk_attrs']);
  const keys = written.length > 0 ? written : relation.primaryKey;
  for (const column of relation.columns) {
    if (!keys.includes(column.name)) continue;
    context.useColumns(context.index.source(relation, column).own, 'constraint', context.span(locationOf(referenced)));
  }
}

function push(stack: Node[], node: Node | undefined): void {
  if (node !== undefined) stack.push(node);
}

function relationsOf(context: Context, root: Node): readonly Entry[] {
  const entries: Entry[] = [];
  const relation = fieldsOf(root.fields['relation']) ?? fieldsOf(root.fields['table']);
  const name = text(relation?.['relname']);
  if (relation === undefined || name === undefined) return entries;
  const resolved = context.index.resolve(text(relation['schemaname']), name);
  if (resolved?.kind !== 'relation') return entries;
  const span = context.span(locationOf(relation));
  const columns = relationColumns(context, resolved.relation, span);
  for (const alias of root.kind === 'CreateTrigStmt' || root.kind === 'RuleStmt' ? [name, 'old', 'new'] : [name]) {
    entries.push({
      ...visible,
      name: alias,
      unqualified: alias === name,
      relation: resolved.relation,
      columns,
      system: true,
    });
  }
  return entries;
}
