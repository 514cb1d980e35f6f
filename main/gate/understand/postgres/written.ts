import { type OperatorUse, type Place, type Span, type TypeUse, type WrittenColumn } from '../../facts.ts';
import { GRAMMAR } from './grammar.ts';
import { isFields, listOf, locationOf, type Node, names, nodeOf, text } from './tree.ts';

/** What a statement names, as it is written: for showing. What the names mean is the catalog's to say. */
export interface Written {
  readonly columns: readonly WrittenColumn[];
  readonly operators: readonly OperatorUse[];
  /** Types that values are turned into. */
  readonly casts: readonly TypeUse[];
  /** Every other type that is named: of columns, parameters, results. */
  readonly types: readonly TypeUse[];
}

/** The clause that each part of a statement puts the columns below it into. A part that is not listed adds nothing. */
const CLAUSES: Readonly<Record<string, Place>> = {
  'SelectStmt.targetList': 'output',
  'SelectStmt.valuesLists': 'output',
  'SelectStmt.fromClause': 'argument',
  'SelectStmt.whereClause': 'predicate',
  'SelectStmt.groupClause': 'grouping',
  'SelectStmt.havingClause': 'predicate',
  'SelectStmt.windowClause': 'window',
  'SelectStmt.distinctClause': 'distinct',
  'SelectStmt.sortClause': 'ordering',
  'SelectStmt.limitCount': 'limit',
  'SelectStmt.limitOffset': 'limit',
  'SelectStmt.lockingClause': 'lock',
  'InsertStmt.cols': 'assignment',
  'InsertStmt.selectStmt': 'assignment',
  'UpdateStmt.targetList': 'assignment',
  'UpdateStmt.fromClause': 'argument',
  'UpdateStmt.whereClause': 'predicate',
  'DeleteStmt.usingClause': 'argument',
  'DeleteStmt.whereClause': 'predicate',
  'MergeStmt.sourceRelation': 'argument',
  'MergeStmt.joinCondition': 'join-key',
  'MergeWhenClause.condition': 'predicate',
  'MergeWhenClause.targetList': 'assignment',
  'MergeWhenClause.values': 'assignment',
  'OnConflictClause.targetList': 'assignment',
  'OnConflictClause.whereClause': 'predicate',
  'OnConflictClause.infer': 'predicate',
  'ReturningClause.exprs': 'returning',
  'CreateTableAsStmt.query': 'assignment',
  'ViewStmt.query': 'assignment',
  'WithClause.ctes': 'argument',
  'JoinExpr.quals': 'join-key',
  'RangeTableSample.args': 'limit',
  'FuncCall.agg_order': 'ordering',
  'FuncCall.agg_filter': 'predicate',
  'FuncCall.over': 'window',
  'JsonAggConstructor.agg_order': 'ordering',
  'JsonAggConstructor.agg_filter': 'predicate',
  'JsonAggConstructor.over': 'window',
  'CaseExpr.arg': 'predicate',
  'CaseWhen.expr': 'predicate',
};

/** Around an output these are nothing but its wrapping. */
const WRAPPINGS: ReadonlySet<string> = new Set(['ResTarget', 'List', 'SelectStmt', 'SubLink']);
/** Lists in which a target is a column, and not what an output is called. */
const TARGETS: ReadonlySet<string> = new Set([
  'InsertStmt.cols',
  'UpdateStmt.targetList',
  'MergeWhenClause.targetList',
  'OnConflictClause.targetList',
]);
const CASTS: ReadonlySet<string> = new Set([
  'TypeCast',
  'JsonOutput',
  'JsonTableColumn',
  'RangeTableFuncCol',
  'XmlSerialize',
]);

interface Step {
  readonly node: Node;
  /** `Kind.field` that it stands in. */
  readonly from: string;
  readonly place: Place;
}

/**
 * Walks the raw tree with a stack of its own. Columns come in no particular order of places, but in that of the text
 * within each.
 */
export function written(root: Node, spanOf: (location: number) => Span | undefined): Written {
  const found = {
    columns: [] as WrittenColumn[],
    operators: [] as OperatorUse[],
    casts: [] as TypeUse[],
    types: [] as TypeUse[],
  };
  const stack: Step[] = [{ node: root, from: '', place: 'argument' }];
  for (let step = stack.pop(); step !== undefined; step = stack.pop()) {
    note(step, found, (location) => place(location < 0 ? undefined : spanOf(location)));
    const children = childrenOf(step);
    for (let at = children.length - 1; at >= 0; at -= 1) {
      const child = children[at];
      if (child !== undefined) stack.push(child);
    }
  }
  return found;
}

type Found = { readonly [K in keyof Written]: Written[K][number][] };
type Spanned = (location: number) => { readonly span?: Span };

function note({ node: { kind, fields }, from, place: at }: Step, found: Found, spanned: Spanned): void {
  switch (kind) {
    case 'ColumnRef': {
      const star = listOf(fields['fields']).some((field) => nodeOf(field)?.kind === 'A_Star');
      const name = [...names(fields['fields']), ...(star ? ['*'] : [])];
      found.columns.push({ name, place: at, ...spanned(locationOf(fields)) });
      return;
    }
    case 'ResTarget': {
      const name = text(fields['name']);
      if (name !== undefined && TARGETS.has(from))
        found.columns.push({ name: [name], place: at, ...spanned(locationOf(fields)) });
      return;
    }
    case 'IndexElem': {
      const name = text(fields['name']);
      if (name !== undefined) found.columns.push({ name: [name], place: at });
      return;
    }
    case 'JoinExpr':
      for (const name of names(fields['usingClause'])) found.columns.push({ name: [name], place: 'join-key' });
      return;
    case 'A_Expr':
      return operator(fields['name'], locationOf(fields), found, spanned);
    case 'SubLink':
      return operator(fields['operName'], locationOf(fields), found, spanned);
    case 'SortBy':
      return operator(fields['useOp'], locationOf(fields), found, spanned);
    case 'TypeName': {
      const name = names(fields['names']).filter((part, index) => index > 0 || part !== 'pg_catalog');
      const array = listOf(fields['arrayBounds']).length > 0 ? '[]' : '';
      const cast = CASTS.has(from.slice(0, from.indexOf('.')));
      const use = { name: `${name.join('.')}${array}`, ...spanned(locationOf(fields)) };
      found[cast ? 'casts' : 'types'].push(use);
    }
  }
}

function operator(value: unknown, location: number, found: Found, spanned: Spanned): void {
  const name = names(value);
  const last = name.at(-1);
  if (last === undefined) return;
  const schema = name.slice(0, -1).join('.');
  found.operators.push({ ...(schema === '' ? {} : { schema }), name: last, ...spanned(location) });
}

function childrenOf(step: Step): readonly Step[] {
  const { kind, fields } = step.node;
  const shapes = GRAMMAR.get(kind)?.fields;
  const children: Step[] = [];
  for (const [field, value] of Object.entries(fields)) {
    if (typeof value !== 'object' || value === null) continue;
    const from = `${kind}.${field}`;
    const at = placeBelow(step, from);
    const shape = shapes?.get(field);
    if (Array.isArray(value)) {
      for (const item of value) {
        const node = nodeOf(item);
        if (node !== undefined) children.push({ node, from, place: at });
      }
    } else if (typeof shape === 'object') {
      if (isFields(value)) children.push({ node: { kind: shape.kind, fields: value }, from, place: at });
    } else {
      const node = nodeOf(value);
      if (node !== undefined) children.push({ node, from, place: at });
    }
  }
  return children;
}

function placeBelow({ node: { kind }, place: around }: Step, from: string): Place {
  const clause = CLAUSES[from];
  // What a write stores is assigned, by whichever query it is made.
  if (clause === 'output' && around === 'assignment') return 'assignment';
  if (clause !== undefined) return clause;
  return (around === 'output' || around === 'returning') && !WRAPPINGS.has(kind) ? 'argument' : around;
}

function place(span: Span | undefined): { readonly span?: Span } {
  return span === undefined ? {} : { span };
}
