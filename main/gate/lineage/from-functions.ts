import { builtinSignatures } from '../understand/postgres/builtins.ts';
import { callOf } from '../understand/postgres/inspect.ts';
import {
  type Fields,
  fieldsOf,
  isFields,
  items,
  listOf,
  type Node,
  names,
  nodeOf,
  nodesOf,
  text,
} from '../understand/postgres/tree.ts';
import { columnName } from './column-names.ts';
import { type Context } from './context.ts';
import { expression, expressions, isScalar, type Standing } from './expression.ts';
import { type Column, type Entry, together, type Value } from './scope.ts';
import { calledColumns } from './user-functions.ts';

/** Functions that make or keep arrays of what they are given. */
const ARRAY_FUNCTIONS: ReadonlySet<string> = new Set([
  'array_agg',
  'array_append',
  'array_cat',
  'array_prepend',
  'array_remove',
  'array_replace',
  'regexp_match',
  'regexp_split_to_array',
  'string_to_array',
]);

/** Arrays of numbers by other names: the catalog's own. */
const VECTORS: ReadonlySet<string> = new Set(['int2vector', 'oidvector']);

/** A function, or ROWS FROM several, in FROM: every column carries all that the arguments carry. */
export function functionEntry(context: Context, fields: Fields, standing: Standing): Entry {
  const columns: Column[] = [];
  const values: Value[] = [];
  let open = false;
  for (const item of items(fields['functions'], 'List')) {
    const [call, definitions] = listOf(item['items']);
    const defined = columnDefinitions(definitions).concat(
      columnDefinitions({ List: { items: listOf(fields['coldeflist']) } }),
    );
    const made = defined.length > 0 ? undefined : userColumns(context, call, fields, standing);
    if (made !== undefined) {
      columns.push(...made);
      values.push(...made.map((column) => column.value));
      continue;
    }
    const value = expression(context, call, standing, 'argument');
    values.push(value);
    const known = defined.length > 0 ? defined : functionColumns(context, call, fields, standing);
    if (known === undefined) open = true;
    for (const name of known ?? []) columns.push({ name, value });
  }
  const row = together(values);
  if (fields['ordinality'] === true) columns.push({ name: 'ordinality', value: row });
  if (open) {
    // Only the names that the alias gives are known; what they mean is everything that went in.
    const given = names(fieldsOf(fields['alias'])?.['colnames']).map((name): Column => ({ name, value: row }));
    return {
      name: functionName(fields, context.index.snapshot.serverMajor),
      columns: given,
      system: false,
      open,
      row,
      qualified: true,
      unqualified: true,
    };
  }
  return {
    name: functionName(fields, context.index.snapshot.serverMajor),
    columns,
    system: false,
    row,
    qualified: true,
    unqualified: true,
  };
}

function functionName(fields: Fields, serverMajor: number): string | undefined {
  const [first] = items(fields['functions'], 'List');
  const call = listOf(first?.['items'])[0];
  return call === undefined ? undefined : columnName(call, serverMajor);
}

function columnDefinitions(value: unknown): string[] {
  const list = nodeOf(value);
  return list?.kind === 'List'
    ? items(list.fields['items'], 'ColumnDef').map((column) => text(column['colname']) ?? '')
    : [];
}

/** The columns of a function that users made, where no other can be meant; undefined where they are not known. */
function userColumns(
  context: Context,
  value: unknown,
  fields: Fields,
  standing: Standing,
): readonly Column[] | undefined {
  const node = nodeOf(value);
  if (node?.kind !== 'FuncCall') return undefined;
  const call = callOf(node.fields, undefined);
  const [only, another] = context.index.functionsCalled(call);
  if (only === undefined || another !== undefined || builtinSignatures(call).length > 0) return undefined;
  const { result: carried, uses } = context.apart(() =>
    expressions(context, node.fields['args'], standing, 'argument'),
  );
  const columns = calledColumns(context, only, ownName(context, value, fields), carried);
  if (columns !== undefined) context.keepUses(uses);
  return columns;
}

/** A column without a name of its own has that of the alias, or of the function. */
function ownName(context: Context, value: unknown, fields: Fields): string {
  const alone = listOf(fields['functions']).length === 1;
  const given = text(fieldsOf(fields['alias'])?.['aliasname']);
  return alone && given !== undefined ? given : columnName(value, context.index.snapshot.serverMajor);
}

/** Names of the columns that a call gives; undefined where they depend on its arguments. */
function functionColumns(
  context: Context,
  value: unknown,
  fields: Fields,
  standing: Standing,
): readonly string[] | undefined {
  const { serverMajor } = context.index.snapshot;
  const call = nodeOf(value);
  const own = [ownName(context, value, fields)];
  if (call?.kind !== 'FuncCall') return own;
  const name = names(call.fields['funcname']);
  const args = nodesOf(call.fields['args']);
  if (name.at(-1) === 'unnest') {
    if (!args.every((arg) => isScalarArray(context, arg, standing))) return undefined;
    return args.length === 1 ? own : args.map(() => 'unnest');
  }
  const overloads = builtinSignatures({ name, count: args.length, span: undefined }, serverMajor);
  const [first] = overloads;
  if (first === undefined || context.index.functionsCalled(callOf(call.fields, undefined)).length > 0) return undefined;
  if (overloads.some((one) => one.returns === 'row' || one.columns !== undefined)) {
    // A single OUT argument names the column before an alias of the function does.
    const shapes = new Set(overloads.map((one) => (one.columns ?? []).join(' ')));
    return shapes.size === 1 ? first.columns : undefined;
  }
  const follows = overloads.some((one) => one.returns === 'any');
  return !follows || isScalar(context, value, standing) ? own : undefined;
}

/** unnest() of an array of rows, or of a tsvector, gives several columns. */
function isScalarArray(context: Context, arg: Node, standing: Standing): boolean {
  const wrapped = { [arg.kind]: arg.fields };
  switch (arg.kind) {
    case 'A_ArrayExpr':
      return isScalar(context, wrapped, standing);
    case 'TypeCast': {
      const type = fieldsOf(arg.fields['typeName']);
      const array = listOf(type?.['arrayBounds']).length > 0 || (names(type?.['names']).at(-1) ?? '').startsWith('_');
      return array && isScalar(context, wrapped, standing);
    }
    case 'FuncCall':
      return ARRAY_FUNCTIONS.has(names(arg.fields['funcname']).at(-1) ?? '') && isScalar(context, wrapped, standing);
    case 'ColumnRef': {
      const { result } = context.apart(() => expression(context, wrapped, standing, 'output'));
      if (VECTORS.has(result.type ?? '')) return true;
      return result.type?.endsWith('[]') === true && isScalar(context, wrapped, standing);
    }
    default:
      return false;
  }
}

export function xmlTableEntry(context: Context, fields: Fields, standing: Standing): Entry {
  const columns = items(fields['columns'], 'RangeTableFuncCol');
  const row = together([
    expression(context, fields['docexpr'], standing, 'argument'),
    expression(context, fields['rowexpr'], standing, 'argument'),
    ...items(fields['namespaces'], 'ResTarget').map((one) => expression(context, one['val'], standing, 'argument')),
    ...columns.flatMap((column) => [
      expression(context, column['colexpr'], standing, 'argument'),
      expression(context, column['coldefexpr'], standing, 'argument'),
    ]),
  ]);
  return tableEntry(
    'xmltable',
    columns.map((column) => text(column['colname']) ?? ''),
    row,
  );
}

export function jsonTableEntry(context: Context, fields: Fields, standing: Standing): Entry {
  const names: string[] = [];
  const values: Value[] = [];
  const behaviours = (one: Fields): void => {
    for (const key of ['on_empty', 'on_error']) {
      values.push(expression(context, fieldsOf(one[key])?.['expr'], standing, 'argument'));
    }
  };
  // Columns of a level come before those of the paths nested in it (transformJsonTableColumns in parse_jsontable.c).
  const collect = (list: unknown): void => {
    const nested: Fields[] = [];
    for (const column of items(list, 'JsonTableColumn')) {
      if (text(column['coltype']) === 'JTC_NESTED') nested.push(column);
      else names.push(text(column['name']) ?? '');
      values.push(expression(context, fieldsOf(column['pathspec'])?.['string'], standing, 'argument'));
      behaviours(column);
    }
    for (const column of nested) collect(column['columns']);
  };
  const context_item = fieldsOf(fields['context_item']);
  values.push(expression(context, context_item && { JsonValueExpr: context_item }, standing, 'argument'));
  values.push(expression(context, fieldsOf(fields['pathspec'])?.['string'], standing, 'argument'));
  values.push(expressions(context, fields['passing'], standing, 'argument'));
  behaviours(fields);
  collect(fields['columns']);
  return tableEntry('json_table', names, together(values));
}

function tableEntry(name: string, columns: readonly string[], row: Value): Entry {
  return {
    name,
    columns: columns.map((column) => ({ name: column, value: row })),
    system: false,
    row,
    qualified: true,
    unqualified: true,
  };
}

/** Of the functions that give the time, those that are STABLE. */
const STABLE_TIMES: ReadonlySet<string> = new Set(['age', 'now', 'statement_timestamp', 'transaction_timestamp']);

/**
 * True where the server may compute what a view puts out also for those who do not ask for it: it calls a function that can
 * give several rows, or is not known, or can be volatile, or one over a window, whose expressions are outputs of their own
 * (remove_unused_subquery_outputs in optimizer/path/allpaths.c).
 */
export function isComputedUnasked(value: unknown): boolean {
  const stack: unknown[] = [value];
  while (stack.length > 0) {
    const next = stack.pop();
    if (Array.isArray(next)) stack.push(...(next as unknown[]));
    else if (isFields(next)) {
      const call = fieldsOf(next['FuncCall']);
      if (call !== undefined) {
        const name = names(call['funcname']);
        const overloads = builtinSignatures({ name, count: undefined, span: undefined });
        if ('over' in call || overloads.length === 0 || overloads.some((one) => one.returnsSet)) return true;
        if (overloads.some((one) => one.class !== 'pure') && !STABLE_TIMES.has(name.at(-1) ?? '')) return true;
      }
      stack.push(...Object.values(next));
    }
  }
  return false;
}
