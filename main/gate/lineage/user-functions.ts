import { type CatalogFunction } from '../../databases/catalog.ts';
import { type BaseColumn, type CodeUse, type ColumnUse, type Hazard, type RelationUse } from '../facts.ts';
import { type Inspection } from '../understand/postgres/inspect.ts';
import { items, nodeOf, nodesOf } from '../understand/postgres/tree.ts';
import { type CatalogIndex } from './catalog-index.ts';
import { Context } from './context.ts';
import { expression, type Standing } from './expression.ts';
import { queryColumns } from './query.ts';
import { type Column, type Entry, NOTHING, type Scope, type Value } from './scope.ts';
import { inspectStored, storedQuery, storedStatements, type StoredText } from './stored-text.ts';
import { isTurnedInto } from './types.ts';
import { UserCode } from './user-code.ts';

/** What a body in SQL gives and does, whatever it is called with: traced once for each snapshot and path. */
export interface BodyLineage {
  /** Columns of its query; parameters carry nothing here, because a call uses all that its arguments carry. */
  readonly columns: readonly Column[];
  readonly uses: readonly ColumnUse[];
  readonly relations: readonly RelationUse[];
  readonly code: readonly CodeUse[];
  /** Why it is not read: the function is then opaque. */
  readonly hazards: readonly Hazard[];
}

const MAX_DEPTH = 60;

/** Settings that a body may run under: they decide how fast it is, or on which path its names are looked for. */
const SETTINGS =
  /^(?:search_path|work_mem|hash_mem_multiplier|jit|statement_timeout|lock_timeout|plan_cache_mode|enable_\w+|max_parallel_workers_per_gather|random_page_cost|effective_cache_size)=/;

export function label({ schema, name, args }: CatalogFunction): string {
  return `${schema}.${name}(${args})`;
}

/** Traces the body of a function that `index` can call; undefined where it is not written in SQL. */
export function bodyLineage(
  index: CatalogIndex,
  called: CatalogFunction,
  within: readonly string[],
): BodyLineage | undefined {
  if (called.source.kind !== 'sql' && called.source.kind !== 'atomic') return undefined;
  const name = label(called);
  if (within.includes(name) || within.length >= MAX_DEPTH) return unread('it calls itself.');
  const inside = index.inside(called);
  const body = called.source.kind === 'sql' ? inside : inside.printed();
  return body.keep(`function ${String(called.oid)}`, () => traceBody(body, called, [...within, name]));
}

function traceBody(index: CatalogIndex, called: CatalogFunction, within: readonly string[]): BodyLineage {
  const setting = called.settings.find((one) => !SETTINGS.test(one));
  if (setting !== undefined) return unread(`it runs with a setting of its own, ${setting.split('=')[0] ?? ''}.`);
  const body = bodyQuery(called);
  if (body === undefined) return unread('it is not one SELECT.');
  const context = new Context(index, () => undefined, within);
  const inspection = inspectStored(context, body);
  if (doesMore(inspection)) context.hazard('writes', 'It does more than read.');
  const { source } = called;
  const code = new UserCode(context, undefined, source.kind === 'atomic' ? source.calls : undefined);
  code.names(inspection);
  code.resolved();
  const standing: Standing = { scope: parameterScope(context, called), environment: undefined };
  const columns = queryColumns(context, body.root, standing).map(({ name, value }) => ({
    name,
    value: context.ask(value, undefined),
  }));
  useConverted(context, columns, columnShape(context, called, called.name));
  code.typesInUse();
  return {
    columns,
    uses: context.uses,
    relations: [...context.relations.values()].map((use) => ({ ...use, via: use.via ?? label(called) })),
    code: [...context.code.values()],
    hazards: [...context.hazards.values()],
  };
}

/** What the server turns into the type that the function gives, whether it is asked for or not: that may fail by its value. */
function useConverted(context: Context, columns: readonly Column[], shape: readonly Shape[] | undefined): void {
  if (shape?.length !== columns.length) return;
  columns.forEach(({ value }, at) => {
    if (value.derivation === 'plain' && !isTurnedInto(value.type, shape[at]?.type))
      context.use(value, 'argument', undefined);
  });
}

function doesMore({ writes, locksRows, createsTable }: Inspection): boolean {
  return writes.size > 0 || locksRows || createsTable;
}

function unread(why: string): BodyLineage {
  const hazard = { code: 'user-function', sentence: capitalised(why) };
  return { columns: [], uses: [], relations: [], code: [], hazards: [hazard] };
}

/** The one query of a body: a SELECT, or the expression of RETURN. */
function bodyQuery({ source }: CatalogFunction): StoredText | undefined {
  if (source.kind === 'sql') return storedQuery(source.text);
  if (source.kind !== 'atomic') return undefined;
  const text = `CREATE FUNCTION f() RETURNS int LANGUAGE sql ${source.text}`;
  const [made] = storedStatements(text);
  const body = nodeOf(made?.fields['sql_body']);
  if (body?.kind === 'ReturnStmt') {
    const target = { ResTarget: { val: body.fields['returnval'] } };
    const fields = { targetList: [target], limitOption: 'LIMIT_OPTION_DEFAULT', op: 'SETOP_NONE' };
    return { text, root: { kind: 'SelectStmt', fields } };
  }
  return storedQuery(
    text,
    nodesOf(body?.fields['items']).flatMap((one) => nodesOf(one.fields['items'])),
  );
}

/**
 * Parameters as names see them: after every column, as `name`, `function.name`, and of a row `name.field`
 * (sql_fn_post_column_ref in PostgreSQL's functions.c).
 */
function parameterScope(context: Context, called: CatalogFunction): Scope {
  const inputs = called.parameters.filter(({ name }) => name !== '');
  const entry = (name: string, columns: readonly string[], unqualified: boolean): Entry => ({
    name,
    columns: columns.map((column) => ({ name: column, value: NOTHING })),
    system: false,
    qualified: true,
    unqualified,
  });
  const rows = inputs.flatMap(({ name, typeOid }) => {
    const row = context.index.code.typeByOid(typeOid)?.row;
    return row === undefined
      ? []
      : [
          entry(
            name,
            row.columns.map((column) => column.name),
            false,
          ),
        ];
  });
  const all = entry(
    called.name,
    inputs.map(({ name }) => name),
    true,
  );
  return { entries: [all, ...rows], outer: undefined };
}

/** What the defaults of arguments that a call leaves out compute from. */
export function traceDefaults(context: Context, code: UserCode, called: CatalogFunction): void {
  if (called.defaults === undefined) return;
  const text = `SELECT ${called.defaults.text}`;
  const query = storedQuery(text);
  if (query === undefined) {
    context.hazard('user-function', 'Their text is not understood.');
    return;
  }
  code.names(inspectStored(context, query));
  for (const target of items(query.root.fields['targetList'], 'ResTarget')) {
    const value = expression(context, target['val'], { scope: undefined, environment: undefined }, 'argument');
    context.use(value, 'argument', undefined);
  }
}

/** Base columns that can reach what a call gives. */
export function calledFlow(context: Context, called: readonly CatalogFunction[]): Value {
  const flow = new Set<BaseColumn>();
  for (const one of called) {
    for (const { value } of bodyLineage(context.index, one, context.views)?.columns ?? []) {
      for (const column of value.flow) flow.add(column);
    }
  }
  return flow.size === 0 ? NOTHING : { flow, derivation: 'computed' };
}

/**
 * The columns that a function gives in FROM; undefined where they are not known before it runs. Its own query's columns,
 * where they are as many: an output that is a base column stays one, as long as no argument is part of it and its type
 * stays what it was.
 */
export function calledColumns(
  context: Context,
  called: CatalogFunction,
  own: string,
  carried: Value,
): readonly Column[] | undefined {
  const shape = columnShape(context, called, own);
  if (shape === undefined) return undefined;
  const body = bodyLineage(context.index, called, context.views);
  const outputs = body?.hazards.length === 0 ? body.columns : [];
  const all = calledFlow(context, [called]);
  return shape.map(({ name, type }, at) => {
    const output = outputs.length === shape.length ? outputs[at]?.value : undefined;
    const value = output ?? all;
    if (carried.flow.size > 0) {
      return { name, value: { flow: new Set([...value.flow, ...carried.flow]), derivation: 'computed' } };
    }
    if (output?.derivation === 'plain' && output.type === type) {
      return { name, value: { flow: output.flow, derivation: 'plain', type } };
    }
    return { name, value: value.flow.size === 0 ? NOTHING : { flow: value.flow, derivation: 'computed' } };
  });
}

interface Shape {
  readonly name: string;
  readonly type: string;
}

function columnShape(context: Context, called: CatalogFunction, own: string): readonly Shape[] | undefined {
  if (called.columns.length > 0) return called.columns;
  const made = context.index.code.typeByOid(called.returnType);
  if (made?.row !== undefined && made.row.rowType?.oid === called.returnType) return made.row.columns;
  // A domain over a row, a record, or what follows the type of an argument.
  if (made?.type?.kind === 'domain' || /^(?:SETOF )?(?:record|any)/.test(called.returns)) return undefined;
  return [{ name: own, type: called.returns.replace(/^SETOF /, '') }];
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** The expression of a check constraint as the server prints it: over nothing but what it names. */
export function checkExpression(definition: string): StoredText | undefined {
  const text = `ALTER DOMAIN d ADD CONSTRAINT c ${definition}`;
  const [made] = storedStatements(text);
  const constraint = nodeOf(made?.fields['def']);
  const root = constraint?.kind === 'Constraint' ? nodeOf(constraint.fields['raw_expr']) : undefined;
  return root && { text, root };
}
