import { type ComparedValue, type UseForm } from '../facts.ts';
import {
  type Fields,
  fieldsOf,
  items,
  listOf,
  type Node,
  names,
  nodeOf,
  nodesOf,
  text,
} from '../understand/postgres/tree.ts';
import { type CatalogIndex } from './catalog-index.ts';
import { bindingPolicies } from './row-security.ts';
import { isScalarType } from './types.ts';

/** The form that the use of one column reference has, should it mean a column of a table. */
export interface Candidate {
  readonly form: Exclude<UseForm, 'view' | 'conflict'>;
  readonly compared?: ComparedValue;
  /** Of an aggregate: count() of the column is an output, which says how many values are added up. */
  readonly counted?: boolean;
  /** Of a join: the column reference on the other side. */
  readonly other?: Fields;
}

export interface Candidates {
  /** By the ColumnRef node. */
  readonly of: ReadonlyMap<Fields, Candidate>;
  /** Indexes of the outputs that say how large each group is. */
  readonly groupSize?: readonly number[];
}

export const NO_CANDIDATES: Candidates = { of: new Map() };

/**
 * Uses in the outermost query of a statement that show one bounded thing each, by their shape alone. Whatever is written
 * in any other way has no form: a form is what a policy can permit, so each is as narrow as it can be said.
 */
export function candidates(root: Node, index: CatalogIndex): Candidates {
  const { kind, fields } = root;
  if (kind !== 'SelectStmt' || (text(fields['op']) ?? 'SETOP_NONE') !== 'SETOP_NONE') return NO_CANDIDATES;
  if ('valuesLists' in fields || 'intoClause' in fields || 'lockingClause' in fields) return NO_CANDIDATES;
  return groupsOf(fields, index) ?? { of: new Map([...equalities(fields), ...joins(fields)]) };
}

/** `c = 'x'`, `$1 = c` and `c IN ('x')` among the conjuncts of WHERE. */
function* equalities(fields: Fields): Iterable<readonly [Fields, Candidate]> {
  for (const node of conjuncts(fields['whereClause'])) {
    const [left, right] = compared(node) ?? [];
    for (const [column, value] of [
      [left, right],
      [right, left],
    ]) {
      const written = value === undefined ? undefined : comparedValue(value);
      if (column?.kind === 'ColumnRef' && written !== undefined)
        yield [column.fields, { form: 'equality', compared: written }];
    }
  }
}

/**
 * `c = d` among the conjuncts of ON or WHERE. A join by a masked column can give its rows in the order of that column (a
 * merge join does), so the order has to be made by what is seen: see `isOrderSeen`.
 */
function* joins(fields: Fields): Iterable<readonly [Fields, Candidate]> {
  if (!onlyFields(fields, JOINED) || nodesOf(fields['distinctClause']).length > 0) return;
  const conditions: unknown[] = [fields['whereClause']];
  if (!nodesOf(fields['fromClause']).every((item) => isTables(item, conditions))) return;
  const lists = ['targetList', 'groupClause', 'sortClause'].map((field) => fields[field]);
  const parts = [...lists, conditions, fields['limitCount'], fields['limitOffset']];
  if (!parts.every(isSimple) || !isOrderSeen(fields, () => false)) return;
  for (const node of conditions.flatMap(conjuncts)) {
    const [left, right] = compared(node) ?? [];
    if (left?.kind !== 'ColumnRef' || right?.kind !== 'ColumnRef') continue;
    yield [left.fields, { form: 'join', other: right.fields }];
    yield [right.fields, { form: 'join', other: left.fields }];
  }
}

const QUERY = ['targetList', 'fromClause', 'limitOption', 'op'] as const;
const JOINED = [
  ...QUERY,
  'distinctClause',
  'whereClause',
  'groupClause',
  'sortClause',
  'limitCount',
  'limitOffset',
] as const;
/**
 * No WHERE, HAVING, LIMIT or OFFSET: what leaves groups out of the result leaves them out of the check of their sizes, and
 * two results of which one lacks a small group give that group by subtraction.
 */
const GROUPED = [...QUERY, 'groupClause', 'sortClause'] as const;

/** Of a query over one table: its grouping columns, summed and averaged columns, or columns counted distinct. */
function groupsOf(fields: Fields, index: CatalogIndex): Candidates | undefined {
  if (!onlyFields(fields, GROUPED) || !isOneTable(fields, index)) return undefined;
  const keys = nodesOf(fields['groupClause']);
  if (!keys.every(isColumn)) return undefined;
  const targets = items(fields['targetList'], 'ResTarget').map((target) => nodeOf(target['val']));
  const columns = (call: string, distinct: boolean): readonly Fields[] =>
    targets.flatMap((target) => argumentsOf(target, call, distinct));
  const [sums, distinct] = [[...columns('sum', false), ...columns('avg', false)], columns('count', true)];
  const counted = columns('count', false);
  const counts = targets.flatMap((target, at) => (isCountStar(target) ? [at] : []));
  const plain = targets.filter((target) => target !== undefined && isColumn(target));
  if (sums.length + distinct.length + counted.length + counts.length + plain.length !== targets.length)
    return undefined;
  const named = new Set(keys.map(columnName));
  if (!plain.every((target) => target !== undefined && named.has(columnName(target)))) return undefined;

  if (distinct.length > 0) {
    if (sums.length + counted.length > 0 || 'groupClause' in fields || 'sortClause' in fields) return undefined;
    return { of: new Map(distinct.map((column) => [column, { form: 'cardinality' }])) };
  }
  if (counts.length === 0) return undefined;
  if (sums.length > 0) return aggregates(targets, sums, counted, counts);
  if (counted.length > 0) return undefined;
  // Groups come in the order of their keys, unless their sizes and the keys that are seen make the order.
  const hidden = keys.filter((key) => !isSorted(fields, key));
  if (hidden.length === 0 || !isOrderSeen(fields, (node) => hidden.some((key) => columnName(key) === columnName(node))))
    return undefined;
  return { of: new Map(hidden.map((key) => [key.fields, { form: 'group' }])), groupSize: counts };
}

/** Summed and averaged columns, with count() of the same ones: a group of many rows may have few values. */
function aggregates(
  targets: readonly (Node | undefined)[],
  sums: readonly Fields[],
  counted: readonly Fields[],
  counts: readonly number[],
): Candidates | undefined {
  const nameOf = (column: Fields): string => names(column['fields']).at(-1) ?? '';
  const [summed, known] = [sums, counted].map((columns) => new Set(columns.map(nameOf)));
  if (![...(known ?? [])].every((name) => summed?.has(name))) return undefined;
  const values = targets.flatMap((target, at) => (argumentsOf(target, 'count', false).length > 0 ? [at] : []));
  return {
    of: new Map(
      [...sums, ...counted].map((column) => [
        column,
        { form: 'aggregate', counted: known?.has(nameOf(column)) === true },
      ]),
    ),
    groupSize: [...counts, ...values],
  };
}

function onlyFields(fields: Fields, allowed: readonly string[]): boolean {
  return Object.keys(fields).every((field) => allowed.includes(field));
}

/**
 * One table by its name, with the names of its own columns: no view, no function, nothing that makes rows more. Whole: a
 * partition or child beside its parent would leave out rows as a condition does, and so does row security.
 */
function isOneTable(fields: Fields, index: CatalogIndex): boolean {
  const [table, another] = nodesOf(fields['fromClause']);
  if (table?.kind !== 'RangeVar' || another !== undefined || 'colnames' in (fieldsOf(table.fields['alias']) ?? {}))
    return false;
  const resolved = index.resolve(text(table.fields['schemaname']), text(table.fields['relname']) ?? '');
  if (resolved?.kind !== 'relation' || table.fields['inh'] !== true) return false;
  const { kind, parents } = resolved.relation;
  if (kind !== 'table' && kind !== 'partitioned table') return false;
  return parents.length === 0 && bindingPolicies(index, resolved.relation, index.role).length === 0;
}

/** Tables, and joins of tables whose conditions are collected. */
function isTables({ kind, fields }: Node, conditions: unknown[]): boolean {
  if (kind === 'RangeVar') return true;
  if (kind !== 'JoinExpr') return false;
  conditions.push(fields['quals']);
  return [fields['larg'], fields['rarg']].every((side) => {
    const item = nodeOf(side);
    return item !== undefined && isTables(item, conditions);
  });
}

const SIMPLE: ReadonlySet<string> = new Set([
  'ResTarget',
  'SortBy',
  'List',
  'ColumnRef',
  'A_Const',
  'ParamRef',
  'A_Expr',
  'BoolExpr',
  'NullTest',
  'TypeCast',
  'Integer',
  'Float',
  'String',
  'Boolean',
]);

/** Made of columns, values and operators; of functions only count(*), since others could number or collect rows. */
function isSimple(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(isSimple);
  const node = nodeOf(value);
  if (node === undefined) return true;
  if (node.kind === 'FuncCall') return isCountStar(node);
  return (
    SIMPLE.has(node.kind) && Object.values(node.fields).every((part) => typeof part !== 'object' || isSimple(part))
  );
}

/**
 * True where rows that ORDER BY leaves in any order look the same: it names every output, apart from those that are
 * `hidden`. A query that counts all rows has one row only.
 */
function isOrderSeen(fields: Fields, hidden: (target: Node) => boolean): boolean {
  const values = items(fields['targetList'], 'ResTarget').map((target) => nodeOf(target['val']));
  if (!('groupClause' in fields) && values.every(isCountStar)) return true;
  return values.every((value) => value !== undefined && (hidden(value) || isSorted(fields, value)));
}

/** Whether ORDER BY names a column or count(*): as it is written, by the name that an output has, or by its number. */
function isSorted(fields: Fields, value: Node): boolean {
  if (isCountStar(value)) return sortedBy(fields).some(isCountStar);
  return isColumn(value) && sortedBy(fields).some((item) => isColumn(item) && sameNames(item, value));
}

function sortedBy(fields: Fields): readonly Node[] {
  const targets = items(fields['targetList'], 'ResTarget');
  const valueOf = (target: Fields | undefined): readonly Node[] =>
    [nodeOf(target?.['val'])].flatMap((one) => one ?? []);
  return items(fields['sortClause'], 'SortBy').flatMap((sort) => {
    const item = nodeOf(sort['node']);
    if (item === undefined || text(sort['sortby_dir']) === 'SORTBY_USING') return [];
    const number = item.kind === 'A_Const' ? fieldsOf(item.fields['ival'])?.['ival'] : undefined;
    if (typeof number === 'number') return valueOf(targets[number - 1]);
    const written = item.kind === 'ColumnRef' ? names(item.fields['fields']) : [];
    // Names that outputs are given come before columns (SQL92 rule of ORDER BY).
    const named = written.length === 1 ? targets.filter((target) => text(target['name']) === written[0]) : [];
    return named.length > 0 ? named.flatMap(valueOf) : [item];
  });
}

function sameNames(one: Node, other: Node): boolean {
  return names(one.fields['fields']).join('\0') === names(other.fields['fields']).join('\0');
}

/** The conditions that a row must meet, each by itself. */
function conjuncts(value: unknown): readonly Node[] {
  const node = nodeOf(value);
  if (node === undefined) return [];
  if (node.kind === 'BoolExpr' && text(node.fields['boolop']) === 'AND_EXPR')
    return listOf(node.fields['args']).flatMap(conjuncts);
  return [node];
}

/** The two sides of `=`; of IN with one value, the column and the value. */
function compared({ kind, fields }: Node): readonly [Node | undefined, Node | undefined] | undefined {
  if (kind !== 'A_Expr' || !isBuiltin(names(fields['name']), '=')) return undefined;
  switch (text(fields['kind'])) {
    case 'AEXPR_OP':
      return [nodeOf(fields['lexpr']), nodeOf(fields['rexpr'])];
    case 'AEXPR_IN': {
      const [only, another] = nodesOf(nodeOf(fields['rexpr'])?.fields['items']);
      return another === undefined ? [nodeOf(fields['lexpr']), only] : undefined;
    }
    default:
      return undefined;
  }
}

/** A literal or a parameter, also with the name of a type of PostgreSQL's own behind it. */
function comparedValue({ kind, fields }: Node): ComparedValue | undefined {
  switch (kind) {
    case 'ParamRef': {
      const number = fields['number'];
      return typeof number === 'number' && number > 0 ? { parameter: number } : undefined;
    }
    case 'A_Const': {
      const literal = literalOf(fields);
      return literal === undefined ? undefined : { literal };
    }
    case 'TypeCast': {
      const [value, type] = [nodeOf(fields['arg']), fieldsOf(fields['typeName'])];
      if (value === undefined || value.kind === 'TypeCast' || type === undefined) return undefined;
      const named = names(type['names']);
      const builtin = named.length === 1 || (named.length === 2 && named[0] === 'pg_catalog');
      const bare = !('arrayBounds' in type) && !('typmods' in type);
      return builtin && bare && isScalarType(named.at(-1) ?? '') ? comparedValue(value) : undefined;
    }
    default:
      return undefined;
  }
}

/** The parser leaves out zeros and empty texts. NULL is no value: nothing equals it. */
function literalOf(constant: Fields): string | undefined {
  const [string, integer, decimal] = ['sval', 'ival', 'fval'].map((field) => fieldsOf(constant[field]));
  if (string !== undefined) return text(string['sval']) ?? '';
  if (integer !== undefined) return String(integer['ival'] ?? 0);
  if (decimal !== undefined) return text(decimal['fval']) ?? '';
  return undefined;
}

/** True for a bare name, which nameHazards has looked at, and for PostgreSQL's own. */
export function isBuiltin(name: readonly string[], ...wanted: readonly string[]): boolean {
  const [last = ''] = name.slice(-1);
  return wanted.includes(last) && (name.length === 1 || (name.length === 2 && name[0] === 'pg_catalog'));
}

/** A reference to one column: no star, no field of a row. */
function isColumn({ kind, fields }: Node): boolean {
  return kind === 'ColumnRef' && nodesOf(fields['fields']).every((part) => part.kind === 'String');
}

function columnName({ fields }: Node): string {
  return names(fields['fields']).at(-1) ?? '';
}

function isCountStar(node: Node | undefined): boolean {
  return (
    node?.kind === 'FuncCall' &&
    isBuiltin(names(node.fields['funcname']), 'count') &&
    node.fields['agg_star'] === true &&
    onlyFields(node.fields, ['funcname', 'agg_star', 'funcformat', 'location'])
  );
}

/** The column that a call of an aggregate is about, where nothing else is in the call; none for anything else. */
function argumentsOf(node: Node | undefined, call: string, distinct: boolean): readonly Fields[] {
  if (node?.kind !== 'FuncCall' || !isBuiltin(names(node.fields['funcname']), call)) return [];
  if (!onlyFields(node.fields, ['funcname', 'args', 'agg_distinct', 'funcformat', 'location'])) return [];
  if ((node.fields['agg_distinct'] === true) !== distinct) return [];
  const [argument, another] = nodesOf(node.fields['args']);
  return argument !== undefined && another === undefined && isColumn(argument) ? [argument.fields] : [];
}
