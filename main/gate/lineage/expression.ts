import { type Place, type Span } from '../facts.ts';
import { GRAMMAR } from '../understand/postgres/grammar.ts';
import { builtinSignatures } from '../understand/postgres/builtins.ts';
import {
  type Fields,
  fieldsOf,
  isFields,
  listOf,
  locationOf,
  type Node,
  nodeOf,
  nodesOf,
  text,
} from '../understand/postgres/tree.ts';
import { type Context, type Environment, type Shown } from './context.ts';
import { type Candidate, isBuiltin } from './forms.ts';
import { columnOf, fieldOf, resolveColumn } from './names.ts';
import { queryColumns } from './query.ts';
import { callOf } from '../understand/postgres/inspect.ts';
import { calledFlow } from './user-functions.ts';
import { LITERAL, NOTHING, nullable, type Scope, together, type Value } from './scope.ts';
import { shownBy, whole } from './shown.ts';
import { isScalarType } from './types.ts';

/** Where an expression stands: what it can see. */
export interface Standing {
  readonly scope: Scope | undefined;
  readonly environment: Environment | undefined;
}

/**
 * What an expression carries. At the place `output` a column reference is passed on as it is; everywhere else, and
 * inside anything that computes, each base column it carries is a use at that place.
 */
export function expression(context: Context, value: unknown, standing: Standing, place: Place): Value {
  const node = nodeOf(value);
  return node === undefined ? NOTHING : visit(context, node, standing, place);
}

export function expressions(context: Context, list: unknown, standing: Standing, place: Place): Value {
  return together(listOf(list).map((item) => expression(context, item, standing, place)));
}

function visit(context: Context, node: Node, standing: Standing, place: Place): Value {
  const { kind, fields } = node;
  const inside: Place = place === 'output' ? 'argument' : place;
  const made = place === 'output' ? whole(context, node, standing) : undefined;
  if (made !== undefined) return made;
  switch (kind) {
    case 'A_Const':
      return constant(fields);
    case 'ColumnRef':
      return column(context, fields, standing, place, context.candidates.of.get(fields));
    case 'NullTest':
      return nullness(context, fields['arg'], standing, inside);
    case 'A_Indirection':
      return indirection(context, fields, standing, place);
    case 'SubLink':
      return subLink(context, fields, standing, place);
    case 'SelectStmt':
      return used(context, together(queryColumns(context, node, standing).map((one) => one.value)), inside, undefined);
    case 'FuncCall':
      return together([
        countsValues(fields)
          ? nullness(context, listOf(fields['args'])[0], standing, inside)
          : expressions(context, fields['args'], standing, inside),
        expressions(context, fields['agg_order'], standing, 'ordering'),
        expression(context, fields['agg_filter'], standing, 'predicate'),
        window(context, fieldsOf(fields['over']), standing),
        used(
          context,
          calledFlow(context, context.index.functionsCalled(callOf(fields, undefined))),
          inside,
          context.span(locationOf(fields)),
        ),
      ]);
    case 'JsonAggConstructor':
      return together([
        expressions(context, fields['agg_order'], standing, 'ordering'),
        expression(context, fields['agg_filter'], standing, 'predicate'),
        window(context, fieldsOf(fields['over']), standing),
      ]);
    case 'WindowDef':
      return window(context, fields, standing);
    case 'CaseExpr':
      return caseExpression(context, fields, standing, inside);
    default:
      return parts(context, node, standing, inside);
  }
}

function constant(fields: Fields): Value {
  if ('sval' in fields || fields['isnull'] === true) return LITERAL;
  if ('boolval' in fields) return { ...NOTHING, type: 'boolean' };
  return 'ival' in fields || 'fval' in fields ? { ...NOTHING, type: 'numeric' } : NOTHING;
}

/** Every part of a node whose own meaning adds nothing: the union of what they carry, each used there. */
function parts(context: Context, node: Node, standing: Standing, place: Place): Value {
  const rule = GRAMMAR.get(node.kind);
  if (rule === undefined || rule.meaning === 'statement' || rule.meaning === 'from') {
    context.hazard(
      'untraceable',
      `What this part of the statement (${node.kind}) carries cannot be traced.`,
      context.span(locationOf(node.fields)),
    );
    return NOTHING;
  }
  const values: Value[] = [];
  for (const [field, value] of Object.entries(node.fields)) {
    const shape = rule.fields.get(field);
    if (shape === 'node') values.push(expression(context, value, standing, place));
    else if (shape === 'list') values.push(expressions(context, value, standing, place));
    else if (shape !== undefined && shape !== 'scalar' && shape.kind !== 'TypeName' && isFields(value)) {
      values.push(visit(context, { kind: shape.kind, fields: value }, standing, place));
    }
  }
  return together(values);
}

function used(context: Context, value: Value, place: Place, span: Span | undefined, form?: Shown): Value {
  const shown = context.shadowed ? undefined : form;
  context.use(value, place, span, shown);
  return shown === undefined ? together([value]) : { flow: value.flow, derivation: 'bounded', bounded: value.flow };
}

/** count(c), which counts the values that are not NULL. */
function countsValues(fields: Fields): boolean {
  const only =
    nodesOf(fields['args']).length === 1 && fields['agg_distinct'] !== true && fields['func_variadic'] !== true;
  return only && isBuiltin(functionName(fields), 'count');
}

function nullness(context: Context, value: unknown, standing: Standing, place: Place): Value {
  const node = nodeOf(value);
  return node?.kind === 'ColumnRef'
    ? column(context, node.fields, standing, place, context.candidates.of.get(node.fields) ?? { form: 'nullness' })
    : expression(context, value, standing, place);
}

function column(context: Context, fields: Fields, standing: Standing, place: Place, candidate?: Candidate): Value {
  const span = context.span(locationOf(fields));
  const reference = resolveColumn(context, fields, standing.scope);
  const { value, entry } = reference;
  context.read(value, span);
  if (entry !== undefined)
    return used(context, value, place === 'output' || place === 'argument' ? 'whole-row' : place, span);
  if (place === 'output') return value;
  return used(context, value, place, span, candidate && shownBy(context, reference, candidate, standing));
}

/** `(row).column` of something in FROM is that column; of any other value it may be a field, or a call of a function. */
function indirection(context: Context, fields: Fields, standing: Standing, place: Place): Value {
  const span = context.span(locationOf(fieldsOf(nodeOf(fields['arg'])?.fields) ?? fields));
  const field = fieldOf(fields);
  const argument = nodeOf(fields['arg']);
  if (field !== undefined && argument?.kind === 'ColumnRef') {
    const apart = context.apart(() => resolveColumn(context, argument.fields, standing.scope));
    const { entry } = apart.result;
    if (entry !== undefined) {
      const value = context.read(columnOf(context, entry, field, span), span);
      return place === 'output' ? value : used(context, value, place, span);
    }
    context.keepUses(apart.uses);
  }
  for (const step of nodesOf(fields['indirection'])) {
    if (step.kind === 'A_Star') {
      context.hazard(
        'untraceable',
        'The columns of this row are not known before it runs.',
        span,
        'Name the columns one by one.',
      );
    } else if (step.kind === 'String') {
      const name = text(step.fields['sval']) ?? '';
      if (context.index.functionsCalled({ name: [name], count: 1 }).length > 0) {
        context.hazard(
          'user-function',
          `.${name} can be a call of the function ${name}(), and what it reads or changes is not known.`,
          span,
          'Name the columns of the table itself.',
        );
      }
    }
  }
  return parts(context, { kind: 'A_Indirection', fields }, standing, place === 'output' ? 'argument' : place);
}

function subLink(context: Context, fields: Fields, standing: Standing, place: Place): Value {
  const inside: Place = place === 'output' ? 'argument' : place;
  const span = context.span(locationOf(fields));
  const query = nodeOf(fields['subselect']);
  if (query === undefined) return NOTHING;
  const columns = queryColumns(context, query, standing);
  const carried = together(columns.map((one) => one.value));
  for (const { value } of columns) context.inUse(value, span);
  switch (text(fields['subLinkType'])) {
    case 'EXISTS_SUBLINK':
      // EXISTS asks for rows only; what decides which there are was used inside.
      return NOTHING;
    case 'EXPR_SUBLINK': {
      const [only, another] = columns;
      // Without a row it is NULL.
      if (place === 'output' && only !== undefined && another === undefined) return nullable(only).value;
      return used(context, carried, inside, span);
    }
    default:
      return together([
        used(context, carried, inside, span),
        expression(context, fields['testexpr'], standing, inside),
      ]);
  }
}

function caseExpression(context: Context, fields: Fields, standing: Standing, place: Place): Value {
  const values = [
    expression(context, fields['arg'], standing, 'predicate'),
    expression(context, fields['defresult'], standing, place),
  ];
  for (const branch of nodesOf(fields['args'])) {
    values.push(expression(context, branch.fields['expr'], standing, 'predicate'));
    values.push(expression(context, branch.fields['result'], standing, place));
  }
  return together(values);
}

/** PARTITION BY, ORDER BY and the frame of a window: which rows a function sees, and in which order. */
export function window(context: Context, fields: Fields | undefined, standing: Standing): Value {
  if (fields === undefined) return NOTHING;
  return together([
    expressions(context, fields['partitionClause'], standing, 'window'),
    expressions(context, fields['orderClause'], standing, 'window'),
    expression(context, fields['startOffset'], standing, 'window'),
    expression(context, fields['endOffset'], standing, 'window'),
  ]);
}

/** True where an expression surely is no row, so that a function over it gives one column. */
export function isScalar(context: Context, value: unknown, standing: Standing): boolean {
  const node = nodeOf(value);
  switch (node?.kind) {
    case 'A_Const':
    case 'SQLValueFunction':
      return true;
    case 'TypeCast':
      return isScalarType(typeName(node.fields));
    case 'A_ArrayExpr':
      return nodesOf(node.fields['elements']).every((one) => isScalar(context, { [one.kind]: one.fields }, standing));
    case 'ColumnRef': {
      const { result } = context.apart(() => resolveColumn(context, node.fields, standing.scope));
      return result.entry === undefined && result.value.type !== undefined && isScalarType(result.value.type);
    }
    case 'FuncCall': {
      const args = nodesOf(node.fields['args']);
      const overloads = builtinSignatures({ name: functionName(node.fields), count: args.length, span: undefined });
      if (overloads.length === 0 || overloads.some((one) => one.returns === 'row')) return false;
      if (functionName(node.fields).at(-1)?.includes('tsvector')) return false;
      const follows = overloads.some((one) => one.returns === 'any');
      return !follows || args.every((one) => isScalar(context, { [one.kind]: one.fields }, standing));
    }
    default:
      return false;
  }
}

function typeName(fields: Fields): string {
  const type = fieldsOf(fields['typeName']);
  return functionName({ funcname: type?.['names'] }).at(-1) ?? '';
}

function functionName(fields: Fields): readonly string[] {
  return nodesOf(fields['funcname']).flatMap((one) => text(one.fields['sval']) ?? []);
}
