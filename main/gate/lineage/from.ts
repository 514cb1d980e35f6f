import { type Span } from '../facts.ts';
import {
  type Fields,
  fieldsOf,
  locationOf,
  type Node,
  names,
  nodeOf,
  nodesOf,
  text,
} from '../understand/postgres/tree.ts';
import { type Context, type Environment, type WithQuery } from './context.ts';
import { expression, expressions, type Standing } from './expression.ts';
import { functionEntry, jsonTableEntry, xmlTableEntry } from './from-functions.ts';
import { joinEntries } from './join.ts';
import { queryColumns } from './query.ts';
import { relationColumns } from './relations.ts';
import { addRowSecurity, READING } from './row-security.ts';
import { type Column, type Entry, NOTHING } from './scope.ts';

/** The entries that FROM makes, for the expressions of its query. */
export function fromEntries(context: Context, list: unknown, around: Standing): readonly Entry[] {
  let entries: readonly Entry[] = [];
  for (const item of nodesOf(list)) entries = [...entries, ...fromItem(context, item, around, entries)];
  return entries;
}

/** `before`: entries that LATERAL items may refer to: those before it in FROM and on its left in a join. */
export function fromItem(context: Context, item: Node, around: Standing, before: readonly Entry[]): readonly Entry[] {
  const { kind, fields } = item;
  const alias = fieldsOf(fields['alias']);
  const lateral: Standing = { scope: { entries: before, outer: around.scope }, environment: around.environment };
  switch (kind) {
    case 'RangeVar':
      return [aliased(context, relationEntry(context, fields, around.environment), alias)];
    case 'RangeSubselect': {
      const query = nodeOf(fields['subquery']);
      const standing = fields['lateral'] === true ? lateral : around;
      const columns = query === undefined ? [] : queryColumns(context, query, standing);
      return [aliased(context, { ...visible, name: undefined, columns, system: false }, alias)];
    }
    case 'RangeFunction':
      return [aliased(context, functionEntry(context, fields, lateral), alias)];
    case 'RangeTableFunc':
      return [aliased(context, xmlTableEntry(context, fields, lateral), alias)];
    case 'JsonTable':
      return [aliased(context, jsonTableEntry(context, fields, lateral), alias)];
    case 'RangeTableSample': {
      expressions(context, fields['args'], lateral, 'argument');
      expression(context, fields['repeatable'], lateral, 'argument');
      const relation = nodeOf(fields['relation']);
      return relation === undefined ? [] : fromItem(context, relation, around, before);
    }
    case 'JoinExpr':
      return joinEntries(context, fields, around, before);
    default:
      context.hazard('untraceable', `This part of FROM (${kind}) cannot be traced.`, context.span(locationOf(fields)));
      return [];
  }
}

export const visible = { qualified: true, unqualified: true } as const;

/** Gives an entry its alias, and its columns theirs: `AS t (a, b)` renames the first columns. */
export function aliased(context: Context, entry: Entry, alias: Fields | undefined): Entry {
  if (alias === undefined) return entry;
  const { relation: _, ...rest } = entry;
  const renamed = names(alias['colnames']);
  const columns = entry.columns.map((column, at): Column => ({ ...column, name: renamed[at] ?? column.name }));
  if (renamed.length > columns.length && !entry.open) {
    context.hazard('untraceable', `The alias ${text(alias['aliasname']) ?? ''} names more columns than there are.`);
  }
  return { ...rest, columns, name: text(alias['aliasname']) ?? entry.name };
}

function relationEntry(context: Context, fields: Fields, environment: Environment | undefined): Entry {
  const name = text(fields['relname']) ?? '';
  const schema = text(fields['schemaname']);
  const span = context.span(locationOf(fields));
  const query = schema === undefined ? withQuery(environment, name) : undefined;
  if (query !== undefined) return { ...visible, name, columns: query.columns(), system: false };
  const database = text(fields['catalogname']);
  if (database !== undefined && database !== context.index.snapshot.database) {
    return unknownRelation(context, [database, schema ?? '', name], span);
  }
  const resolved = context.index.resolve(schema, name);
  if (resolved === undefined) return unknownRelation(context, schema === undefined ? [name] : [schema, name], span);
  const { relation } = resolved;
  context.relation({
    schema: relation.schema,
    name: relation.name,
    access: 'read',
    ...(span === undefined ? {} : { span }),
  });
  if (resolved.kind === 'relation') {
    addRowSecurity(context, resolved.relation, READING, span);
    const columns = relationColumns(context, resolved.relation, span).map((column) => ({ ...column, certain: true }));
    // A view has no ctid, xmin or tableoid: such a name means a column of a query around it.
    return { ...visible, name, relation, columns, system: resolved.relation.kind !== 'view' };
  }
  // The server's own list of its catalog's columns comes before ours, which is that of one version.
  const loaded = context.index.relation(relation.schema, relation.name);
  const columns =
    loaded?.columns.map(({ name, type }): Column => ({ name, value: { ...NOTHING, type }, certain: true })) ??
    resolved.relation.columns.map((name): Column => ({ name, value: NOTHING, certain: false }));
  const system = loaded !== undefined && loaded.kind !== 'view';
  const open = loaded === undefined && !context.index.knowsSystemColumns;
  return { ...visible, name, relation, columns, system, open };
}

function withQuery(environment: Environment | undefined, name: string): WithQuery | undefined {
  for (let level = environment; level !== undefined; level = level.outer) {
    if (level.query.name === name) return level.query;
  }
  return undefined;
}

export function unknownRelation(context: Context, parts: readonly string[], span: Span | undefined): Entry {
  const name = parts.at(-1) ?? '';
  const near = context.index.relationsLike(name);
  context.hazard(
    'unknown-relation',
    `There is no table or view ${parts.join('.')} that this connection may see.`,
    span,
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : undefined,
  );
  return { ...visible, name, columns: [], system: true };
}
