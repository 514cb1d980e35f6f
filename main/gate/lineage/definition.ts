import { locationOf, type Node, nodeOf, text, fieldsOf } from '../understand/postgres/tree.ts';
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
