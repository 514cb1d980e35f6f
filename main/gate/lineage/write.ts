import {
  type Fields,
  fieldsOf,
  items,
  listOf,
  locationOf,
  type Node,
  nodeOf,
  nodesOf,
  text,
} from '../understand/postgres/tree.ts';
import { isUpsert, writeActions } from '../understand/postgres/statements.ts';
import { type BaseColumn } from '../facts.ts';
import { type Context } from './context.ts';
import { expression, expressions, type Standing } from './expression.ts';
import { ruled, traceFired, type WriteEvent, type Written } from './fired.ts';
import { aliased, fromEntries, fromItem, unknownRelation, visible } from './from.ts';
import { type Output, queryColumns, targets } from './query.ts';
import { columnOf } from './names.ts';
import { relationColumns, rightsIn } from './relations.ts';
import { addRowSecurity, writing } from './row-security.ts';
import { type Column, type Entry } from './scope.ts';
import { withQueries } from './with.ts';

/** INSERT, UPDATE, DELETE and MERGE: what is stored is an assignment; RETURNING gives columns as a target list does. */
export function writeColumns(context: Context, statement: Node, around: Standing): readonly Output[] {
  const { kind, fields } = statement;
  const standing: Standing = { scope: around.scope, environment: withQueries(context, fields, around) };
  switch (kind) {
    case 'InsertStmt':
      return insert(context, fields, standing);
    case 'UpdateStmt':
    case 'DeleteStmt': {
      const target = targetEntry(context, kind, fields);
      const others = fromEntries(context, fields[kind === 'UpdateStmt' ? 'fromClause' : 'usingClause'], standing);
      const inside = within([target, ...others], standing);
      assignments(context, fields['targetList'], inside);
      expression(context, fields['whereClause'], inside, 'predicate');
      return returning(context, fields, target, [target, ...others], standing);
    }
    case 'MergeStmt':
      return merge(context, fields, standing);
    default:
      context.hazard(
        'untraceable',
        `What this statement (${kind}) reads cannot be traced.`,
        context.span(locationOf(fields)),
      );
      return [];
  }
}

function within(entries: readonly Entry[], standing: Standing): Standing {
  return { scope: { entries, outer: standing.scope }, environment: standing.environment };
}

/** The relation that is written, as its own expressions see it; WITH queries do not hide it. */
function targetEntry(context: Context, kind: string, fields: Fields): Entry {
  const relation = fieldsOf(fields['relation']) ?? {};
  const name = text(relation['relname']) ?? '';
  const schema = text(relation['schemaname']);
  const span = context.span(locationOf(relation));
  const resolved = context.index.resolve(schema, name);
  const alias = fieldsOf(relation['alias']);
  if (resolved?.kind !== 'relation') {
    return aliased(context, unknownRelation(context, schema === undefined ? [name] : [schema, name], span), alias);
  }
  const target = resolved.relation;
  const columns = relationColumns(context, target, span);
  const via = `${target.schema}.${target.name}`;
  const reached = target.kind === 'view' ? [...context.relations.values()] : [];
  // What a policy asks other tables stays a question.
  const behind = reached.filter((use) => use.via === via && use.rowSecurityOf === undefined);
  for (const written of [target, ...behind]) ruled(context, context.index.relation(written.schema, written.name), span);
  // Values that are stored are turned into the types of their columns.
  if (kind !== 'DeleteStmt') for (const { value } of columns) context.inUse(value, span);
  const tables = [target, ...behind.flatMap((use) => context.index.relation(use.schema, use.name) ?? [])];
  traceFired(context, tables, writtenBy(kind, fields, columns), span);
  // Through views, a table is written with the rights of any of their owners: which one is not looked at.
  const views = tables.filter((table) => table.kind === 'view').map((view) => rightsIn(context.index, view));
  const roles = views.length === 0 ? [context.role] : [...new Set(views)];
  for (const table of tables) addRowSecurity(context, table, writing(kind, fields), span, roles);
  for (const action of writeActions(kind, fields)) {
    const { schema, name: written } = target;
    context.relation({ schema, name: written, access: 'write', action, ...(span === undefined ? {} : { span }) });
    for (const use of behind) context.relation({ ...use, access: 'write', action });
  }
  const system = target.kind !== 'view';
  return aliased(context, { ...visible, name, relation: target, columns, system }, alias);
}

/** What of its target a statement writes, and how. */
function writtenBy(kind: string, fields: Fields, columns: readonly Column[]): Written {
  const events = new Set<WriteEvent>();
  const [inserted, updated] = [new Set<BaseColumn>(), new Set<BaseColumn>()];
  const add = (event: WriteEvent, list: unknown): void => {
    events.add(event);
    const names = items(list, 'ResTarget').map((target) => text(target['name']));
    const isAll = event === 'insert' && names.length === 0;
    for (const { name, value } of columns) {
      if (!isAll && !names.includes(name)) continue;
      for (const column of value.flow) (event === 'insert' ? inserted : updated).add(column);
    }
  };
  switch (kind) {
    case 'InsertStmt':
      // DEFAULT VALUES are nobody's choice.
      if (fields['selectStmt'] === undefined) events.add('insert');
      else add('insert', fields['cols']);
      if (isUpsert(fields)) add('update', fieldsOf(fields['onConflictClause'])?.['targetList']);
      return { events, inserted, updated, oneRow: isOneRow(fields) };
    case 'UpdateStmt':
      add('update', fields['targetList']);
      return { events, inserted, updated, oneRow: items(fields['targetList'], 'ResTarget').every(isGiven) };
    case 'DeleteStmt':
      events.add('delete');
      break;
    default:
      for (const clause of items(fields['mergeWhenClauses'], 'MergeWhenClause')) {
        const event = MERGE_EVENTS[text(clause['commandType']) ?? ''];
        if (event === 'delete') events.add(event);
        else if (event !== undefined) add(event, clause['targetList']);
      }
  }
  return { events, inserted, updated, oneRow: false };
}

const MERGE_EVENTS: Readonly<Record<string, WriteEvent>> = {
  CMD_INSERT: 'insert',
  CMD_UPDATE: 'update',
  CMD_DELETE: 'delete',
};

/** One row of VALUES: of several, one statement would tell whether any is there already. */
function isOneRow(fields: Fields): boolean {
  const source = nodeOf(fields['selectStmt']);
  return listOf(source?.fields['valuesLists']).length === 1;
}

/** A value that the asker wrote, the same for every row. */
function isGiven(target: Fields): boolean {
  let value = nodeOf(target['val']);
  while (value?.kind === 'TypeCast') value = nodeOf(value.fields['arg']);
  return value?.kind === 'A_Const' || value?.kind === 'ParamRef' || value?.kind === 'SetToDefault';
}

function assignments(context: Context, list: unknown, standing: Standing): void {
  for (const target of items(list, 'ResTarget')) {
    const value = nodeOf(target['val']);
    const source = value?.kind === 'MultiAssignRef' ? value.fields['source'] : target['val'];
    assigned(context, source, standing);
    expressions(context, target['indirection'], standing, 'assignment');
  }
}

/** What is stored somewhere else can be read there by others: that it is unchanged does not help. */
function assigned(context: Context, value: unknown, standing: Standing): void {
  expression(context, value, standing, 'assignment');
}

function insert(context: Context, fields: Fields, standing: Standing): readonly Output[] {
  const target = targetEntry(context, 'InsertStmt', fields);
  const source = nodeOf(fields['selectStmt']);
  if (source !== undefined) storeAll(context, queryColumns(context, source, standing));
  const conflict = fieldsOf(fields['onConflictClause']);
  if (conflict !== undefined) {
    const inside = within([target, { ...target, name: 'excluded', unqualified: false }], standing);
    const infer = fieldsOf(conflict['infer']);
    for (const element of items(infer?.['indexElems'], 'IndexElem')) {
      expression(context, element['expr'], inside, 'predicate');
      // Whether a row is already there with that value is what the statement then tells.
      const name = text(element['name']);
      if (name !== undefined) context.use(columnOf(context, target, name, undefined), 'predicate', undefined);
    }
    expression(context, infer?.['whereClause'], inside, 'predicate');
    assignments(context, conflict['targetList'], inside);
    expression(context, conflict['whereClause'], inside, 'predicate');
  }
  return returning(context, fields, target, [target], standing);
}

export function storeAll(context: Context, columns: readonly Output[]): void {
  for (const { value, span } of columns) context.use(value, 'assignment', span);
}

function merge(context: Context, fields: Fields, standing: Standing): readonly Output[] {
  const target = targetEntry(context, 'MergeStmt', fields);
  const source = nodeOf(fields['sourceRelation']);
  const sources = source === undefined ? [] : fromItem(context, source, standing, []);
  const inside = within([target, ...sources], standing);
  expression(context, fields['joinCondition'], inside, 'join-key');
  for (const clause of items(fields['mergeWhenClauses'], 'MergeWhenClause')) {
    expression(context, clause['condition'], inside, 'predicate');
    assignments(context, clause['targetList'], inside);
    for (const value of nodesOf(clause['values'])) assigned(context, { [value.kind]: value.fields }, inside);
  }
  // Other than in UPDATE and DELETE, * stands for the columns of the source first.
  return returning(context, fields, target, [...sources, target], standing);
}

/** RETURNING sees the row before and after the write as old and new, or under the names that its WITH gives them. */
function returning(
  context: Context,
  fields: Fields,
  target: Entry,
  entries: readonly Entry[],
  standing: Standing,
): readonly Output[] {
  const clause = fieldsOf(fields['returningClause']);
  if (clause === undefined) return [];
  const names = { RETURNING_OPTION_OLD: 'old', RETURNING_OPTION_NEW: 'new' };
  for (const option of items(clause['options'], 'ReturningOption')) {
    const which = text(option['option']);
    if (which === 'RETURNING_OPTION_OLD' || which === 'RETURNING_OPTION_NEW')
      names[which] = text(option['value']) ?? names[which];
  }
  const rows = Object.values(names)
    .filter((name) => entries.every((entry) => entry.name !== name))
    .map((name): Entry => ({ ...target, name, unqualified: false }));
  return targets(context, clause['exprs'], within([...entries, ...rows], standing));
}
