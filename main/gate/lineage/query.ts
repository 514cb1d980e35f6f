import { type Place, type Span } from '../facts.ts';
import {
  type Fields,
  fieldsOf,
  items,
  listOf,
  locationOf,
  type Node,
  names,
  nodeOf,
  nodesOf,
  text,
} from '../understand/postgres/tree.ts';
import { columnName } from './column-names.ts';
import { type Context } from './context.ts';
import { expression, type Standing, window } from './expression.ts';
import { isComputedUnasked } from './from-functions.ts';
import { fromEntries } from './from.ts';
import { findEntry, resolveColumn } from './names.ts';
import { type Column, type Entry, NOTHING, oneOf, type Scope, together, type Value } from './scope.ts';
import { withQueries } from './with.ts';
import { writeColumns } from './write.ts';

/** A column of a query's result and the place in the text that makes it. */
export interface Output extends Column {
  readonly span: Span | undefined;
}

/**
 * The columns of a query: SELECT, VALUES, set operations, or a writing statement with RETURNING. `standing` is what is
 * around it: the scope its correlated names see, and the WITH queries it may name.
 */
export function queryColumns(
  context: Context,
  query: Node,
  standing: Standing,
  deferTargets = false,
): readonly Output[] {
  return context.within(() => {
    if (query.kind !== 'SelectStmt') return writeColumns(context, query, standing);
    const { fields } = query;
    const around: Standing = { scope: standing.scope, environment: withQueries(context, fields, standing) };
    if ((text(fields['op']) ?? 'SETOP_NONE') !== 'SETOP_NONE') return setOperation(context, fields, around);
    if (fields['valuesLists'] !== undefined) return values(context, fields, around);
    return select(context, fields, around, deferTargets);
  });
}

/** Far more than a table has; a query gives 1,664 at most (MaxTupleAttributeNumber), so * over wider ones fails anyway. */
const MAX_COLUMNS = 200_000;

function select(context: Context, fields: Fields, around: Standing, deferTargets: boolean): readonly Output[] {
  const entries = fromEntries(context, fields['fromClause'], around);
  if (entries.reduce((sum, entry) => sum + entry.columns.length, 0) > MAX_COLUMNS) throw new RangeError('too wide');
  const scope: Scope = { entries, outer: around.scope };
  const standing: Standing = { scope, environment: around.environment };
  expression(context, fields['whereClause'], standing, 'predicate');
  const distinct = listOf(fields['distinctClause']);
  // What a view computes in a column that is not asked for is not computed, unless it decides on the number of rows.
  const limited = fields['limitCount'] !== undefined || fields['limitOffset'] !== undefined;
  const defer = deferTargets && distinct.length === 0 && !limited;
  const outputs = targets(context, fields['targetList'], standing, defer);
  for (const item of nodesOf(fields['groupClause'])) grouping(context, item, standing, outputs);
  expression(context, fields['havingClause'], standing, 'predicate');
  for (const named of items(fields['windowClause'], 'WindowDef')) window(context, named, standing);
  if (distinct.length > 0) {
    const expressionsOn = nodesOf(distinct);
    if (expressionsOn.length === 0) useAll(context, outputs, 'distinct');
    for (const item of expressionsOn) byOutput(context, item, standing, outputs, 'distinct', 'output-first');
  }
  ordered(context, fields, standing, outputs);
  return outputs;
}

/** The target list of SELECT or RETURNING. */
export function targets(context: Context, list: unknown, standing: Standing, defer = false): readonly Output[] {
  return items(list, 'ResTarget').flatMap((target): readonly Output[] => {
    const value = nodeOf(target['val']);
    const span = context.span(locationOf(target));
    const expanded = value === undefined ? [] : star(context, value, standing, span);
    if (expanded !== undefined) return expanded;
    const name = text(target['name']) ?? columnName(target['val'], context.index.snapshot.serverMajor);
    if (!defer || isComputedUnasked(target['val'])) {
      return [{ name, value: expression(context, target['val'], standing, 'output'), span }];
    }
    const { result, uses } = context.apart(() => expression(context, target['val'], standing, 'output'));
    return [{ name, value: { ...result, ...(uses.length > 0 ? { deferred: uses } : {}) }, span }];
  });
}

/** The columns that `*`, `t.*` or `(t).*` stand for; undefined where the target is one column. */
function star(
  context: Context,
  value: Node,
  standing: Standing,
  span: Span | undefined,
): readonly Output[] | undefined {
  if (value.kind === 'ColumnRef' && nodesOf(value.fields['fields']).at(-1)?.kind === 'A_Star') {
    const parts = names(value.fields['fields']);
    if (parts.length > 0) {
      const entry = findEntry(context, parts, standing.scope, span);
      return entry === undefined ? [] : expand(context, [entry], span);
    }
    return expand(context, standing.scope?.entries.filter((entry) => entry.unqualified) ?? [], span);
  }
  if (value.kind !== 'A_Indirection' || nodesOf(value.fields['indirection']).at(-1)?.kind !== 'A_Star')
    return undefined;
  const row = nodeOf(value.fields['arg']);
  if (nodesOf(value.fields['indirection']).length === 1 && row?.kind === 'ColumnRef') {
    const { result } = context.apart(() => resolveColumn(context, row.fields, standing.scope));
    if (result.entry !== undefined) return expand(context, [result.entry], span);
  }
  return undefined;
}

function expand(context: Context, entries: readonly Entry[], span: Span | undefined): readonly Output[] {
  return entries.flatMap((entry) => {
    if (entry.open) {
      context.hazard(
        'untraceable',
        'Which columns * stands for here is not known before the statement runs.',
        span,
        'Name the columns, or give the function an alias with its columns: f(x) AS f(a, b).',
      );
    }
    const expanded = entry.columns.filter((column) => column.unexpanded !== true);
    return expanded.map(({ name, value }) => ({ name, value: context.read(context.ask(value, span), span), span }));
  });
}

function useAll(context: Context, outputs: readonly Output[], place: Place): void {
  for (const { value, span } of outputs) context.use(value, place, span);
}

/** GROUP BY: columns of FROM come before names of outputs (SQL92 rules of findTargetlistEntry). */
function grouping(context: Context, item: Node, standing: Standing, outputs: readonly Output[]): void {
  if (item.kind === 'GroupingSet') {
    for (const part of nodesOf(item.fields['content'])) grouping(context, part, standing, outputs);
  } else if (item.kind === 'RowExpr') {
    for (const part of nodesOf(item.fields['args'])) grouping(context, part, standing, outputs);
  } else {
    byOutput(context, item, standing, outputs, 'grouping', 'input-first');
  }
}

/** An item of GROUP BY, ORDER BY or DISTINCT ON: the name or number of an output, or an expression over FROM. */
function byOutput(
  context: Context,
  item: Node,
  standing: Standing,
  outputs: readonly Output[],
  place: Place,
  rule: 'output-first' | 'input-first',
): void {
  const span = context.span(locationOf(item.fields));
  const number = item.kind === 'A_Const' ? fieldsOf(item.fields['ival'])?.['ival'] : undefined;
  if (typeof number === 'number') {
    const output = outputs[number - 1];
    if (output !== undefined) context.use(output.value, place, span);
    return;
  }
  const written = item.kind === 'ColumnRef' ? names(item.fields['fields']) : [];
  const name = written.length === 1 && nodesOf(item.fields['fields']).length === 1 ? written[0] : undefined;
  const named = name === undefined ? [] : outputs.filter((output) => output.name === name);
  const input =
    name !== undefined &&
    standing.scope?.entries.some((entry) => entry.unqualified && entry.columns.some((column) => column.name === name));
  if (named.length > 0 && (rule === 'output-first' || !input)) {
    for (const output of named) context.use(output.value, place, span);
    return;
  }
  expression(context, { [item.kind]: item.fields }, standing, place);
}

function ordered(context: Context, fields: Fields, standing: Standing, outputs: readonly Output[]): void {
  for (const sort of items(fields['sortClause'], 'SortBy')) {
    const item = nodeOf(sort['node']);
    if (item !== undefined) byOutput(context, item, standing, outputs, 'ordering', 'output-first');
  }
  expression(context, fields['limitCount'], standing, 'limit');
  expression(context, fields['limitOffset'], standing, 'limit');
}

function setOperation(context: Context, fields: Fields, around: Standing): readonly Output[] {
  const arms = [fields['larg'], fields['rarg']].map((arm) => {
    const query = fieldsOf(arm);
    return query === undefined ? [] : queryColumns(context, { kind: 'SelectStmt', fields: query }, around);
  });
  const [left = [], right = []] = arms;
  for (const { value, span } of [...left, ...right]) context.inUse(value, span);
  const outputs = left.map((output, at) => ({ ...output, value: rowsOf(context, [output, right[at]]) }));
  if (left.length !== right.length) {
    context.hazard('untraceable', `The arms of ${armWord(fields)} have ${left.length} and ${right.length} columns.`);
  }
  // Rows are compared by all their columns, unless UNION ALL keeps them all.
  if (text(fields['op']) !== 'SETOP_UNION' || fields['all'] !== true) {
    useAll(context, left, 'distinct');
    useAll(context, right, 'distinct');
  }
  const result: Entry = { name: undefined, columns: outputs, system: false, qualified: false, unqualified: true };
  ordered(
    context,
    fields,
    { scope: { entries: [result], outer: around.scope }, environment: around.environment },
    outputs,
  );
  return outputs;
}

/**
 * What rows of several origins have in one column. Where their types differ the server turns them into one, whether the
 * column is asked for or not, and that may fail by their values.
 */
function rowsOf(context: Context, origins: readonly (Pick<Output, 'value' | 'span'> | undefined)[]): Value {
  const values = origins.map((origin) => origin?.value ?? NOTHING);
  const one = oneOf(values);
  const told = values.filter((value) => !value.literal);
  if (one.type !== undefined || one.flow.size === 0 || told.length < 2) return one;
  for (const origin of origins) if (origin !== undefined) context.use(origin.value, 'argument', origin.span);
  return together([one]);
}

function armWord(fields: Fields): string {
  return (text(fields['op']) ?? '').replace('SETOP_', '');
}

function values(context: Context, fields: Fields, around: Standing): readonly Output[] {
  const rows = items(fields['valuesLists'], 'List').map((row) =>
    listOf(row['items']).map((item) => expression(context, item, around, 'output')),
  );
  const width = Math.max(0, ...rows.map((row) => row.length));
  const outputs = Array.from({ length: width }, (_, at): Output => ({
    name: `column${String(at + 1)}`,
    value: rowsOf(
      context,
      rows.map((row) => ({ value: row[at] ?? NOTHING, span: undefined })),
    ),
    span: undefined,
  }));
  ordered(context, fields, around, outputs);
  return outputs;
}
