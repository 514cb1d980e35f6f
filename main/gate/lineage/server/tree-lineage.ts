import { FIRST_NORMAL_OID } from '../../../databases/postgres/oids.ts';
import { Findings } from './findings.ts';
import { field, isList, isNode, type TreeNode, type TreeValue, UnreadableTree } from './node-tree.ts';
import { castOf, givesRows, isCallOfUsers, keptPart, viewOf } from './nodes.ts';
import { entryAt, isTrue, listOf, nodeAt, nodes, numberOf, type Scope, scopeAbove, scopeOf, textOf } from './scope.ts';
import { type ServerColumn } from './server-lineage.ts';
import { COMMAND, EXPRESSIONS, labelOf, QUIET_QUERY_FIELDS, RTE, SET_OPERATION, SUBLINK } from './shapes.ts';
import { CONSTANT, gradeOf, least, NOTHING, oneOf, together, union, UNTOLD, type Value } from './values.ts';
import { wholeOf } from './whole.ts';

/** `output`: a column is passed on as it is. `inside`: whatever is done with it there is a use. */
type Place = 'output' | 'inside';

/** Queries that are followed for one statement: each level of nested recursion follows the one below several times. */
const MAX_QUERIES = 5_000;
/** Parts of expressions that are followed: the largest tree that is read has a tenth of them. */
const MAX_PARTS = 2_000_000;

/**
 * Follows columns through an analysed and rewritten Query: from the relations of its range tables to its outputs, and to
 * every other place where one is used.
 */
export class TreeWalk {
  /** Of the text, and of what owners put into the views and the row security of its tables. */
  readonly statement = new Findings();
  readonly definitions = new Findings();
  writes = false;
  locksRows = false;
  readonly #columns = new Map<number, Map<number, Value>>();
  #found = this.statement;
  #queries = 0;
  #parts = 0;

  /** The columns that a Query gives: its target list, or what it returns of what it writes. */
  query(query: TreeNode, outer: Scope | undefined, view = false): readonly Value[] {
    if (query.label !== 'QUERY') throw new UnreadableTree(`${query.label} stands where a query was expected`);
    if (++this.#queries > MAX_QUERIES) throw new UnreadableTree('it holds too many queries');
    const command = numberOf(query, 'commandType');
    if (command < COMMAND.select || command > COMMAND.merge || field(query, 'utilityStmt') !== null) {
      throw new UnreadableTree('it is no query');
    }
    const scope = scopeOf(query, outer);
    this.#rangeTable(scope);
    const isSelect = command === COMMAND.select;
    if (!isSelect) this.#written(query, scope);
    const references = new Map<number, Value>();
    let outputs: readonly Value[] = [];
    query.names.forEach((name, at) => {
      const value = query.values[at] ?? null;
      switch (name) {
        case 'jointree':
          this.#joinTree(value, scope);
          break;
        case 'targetList':
          if (isSelect) outputs = this.#selected(query, scope, references, view);
          else this.#inside(value, scope);
          break;
        case 'returningList':
          if (value !== null) outputs = nodes(value, 'TARGETENTRY').map((one) => this.#target(one, scope));
          break;
        case 'onConflict':
          if (isNode(value)) this.#onConflict(value, scope);
          break;
        case 'withCheckOptions':
          this.#among(this.definitions, () => this.#inside(value, scope));
          break;
        case 'rowMarks':
          if (value !== null) this.locksRows = true;
          break;
        case 'utilityStmt':
        case 'cteList':
        case 'rtable':
        case 'setOperations':
        case 'groupClause':
        case 'groupingSets':
        case 'windowClause':
        case 'distinctClause':
        case 'sortClause':
          break;
        default:
          // HAVING, LIMIT, the actions of MERGE, and what another version may add.
          if (!QUIET_QUERY_FIELDS.has(name)) this.#inside(value, scope);
      }
    });
    if (isSelect) this.#sorted(query, scope, references);
    return outputs;
  }

  /** What is in FROM runs whether something of it is asked for or not. */
  #rangeTable(scope: Scope): void {
    for (const name of scope.queries.keys()) this.#withQuery(scope, name);
    scope.entries.forEach((entry, at) => {
      const kind = numberOf(entry, 'rtekind');
      if (kind === RTE.relation) {
        this.#found.relation(numberOf(entry, 'relid'), textOf(entry, 'relkind'), false);
        this.#inside(field(entry, 'tablesample'), scope);
      } else if (kind !== RTE.join) this.#columnsOf(scope, at + 1);
      const policies = field(entry, 'securityQuals');
      if (policies !== null) this.#among(this.definitions, () => this.#inside(policies, scope));
    });
  }

  #written(query: TreeNode, scope: Scope): void {
    this.writes = true;
    const number = numberOf(query, 'resultRelation');
    const target = entryAt(scope, number);
    this.#found.relation(numberOf(target, 'relid'), textOf(target, 'relkind'), true);
  }

  #selected(query: TreeNode, scope: Scope, references: Map<number, Value>, view: boolean): readonly Value[] {
    const arms = nodeAt(query, 'setOperations');
    const combined = arms === undefined ? undefined : this.#setOperation(arms, scope);
    const limited = field(query, 'limitCount') !== null || field(query, 'limitOffset') !== null;
    // What a view computes in a column that nobody asks for is not computed, unless it decides on the number of rows.
    const defers = view && !limited && combined === undefined && field(query, 'distinctClause') === null;
    const outputs: Value[] = [];
    for (const target of nodes(field(query, 'targetList'), 'TARGETENTRY')) {
      const hidden = isTrue(target, 'resjunk');
      const number = numberOf(target, 'resno');
      const reference = numberOf(target, 'ressortgroupref');
      let value = combined?.[number - 1];
      if (combined !== undefined && value === undefined) {
        throw new UnreadableTree('an output is of no arm of its set operation');
      }
      value ??= hidden
        ? this.#use(this.#expression(field(target, 'expr'), scope, 'inside'))
        : this.#target(target, scope, defers);
      if (!hidden) outputs.push(value);
      if (reference > 0) references.set(reference, value);
    }
    return outputs;
  }

  #target(target: TreeNode, scope: Scope, defers = false): Value {
    const expression = field(target, 'expr');
    if (!defers || givesRows(expression)) return this.#expression(expression, scope, 'output');
    const { result, uses } = this.#found.apart(() => this.#expression(expression, scope, 'output'));
    return uses.size === 0 ? result : { ...result, deferred: uses };
  }

  /** Rows are grouped, sorted and told apart by entries of the target list. */
  #sorted(query: TreeNode, scope: Scope, references: ReadonlyMap<number, Value>): void {
    const by = (list: TreeValue): void => {
      for (const clause of nodes(list, 'SORTGROUPCLAUSE')) {
        const value = references.get(numberOf(clause, 'tleSortGroupRef'));
        if (value === undefined) throw new UnreadableTree('it sorts by an output that it has not');
        this.#use(value);
        this.#found.objects(clause, EXPRESSIONS.get('SORTGROUPCLAUSE') ?? {});
      }
    };
    for (const name of ['groupClause', 'distinctClause', 'sortClause']) by(field(query, name));
    for (const window of nodes(field(query, 'windowClause'), 'WINDOWCLAUSE')) {
      by(field(window, 'partitionClause'));
      by(field(window, 'orderClause'));
      this.#inside(field(window, 'startOffset'), scope);
      this.#inside(field(window, 'endOffset'), scope);
      this.#found.objects(window, { functions: ['startInRangeFunc', 'endInRangeFunc'] });
    }
  }

  /** The columns of a tree of set operations, whose arms are subqueries of the range table. */
  #setOperation(tree: TreeNode, scope: Scope): readonly Value[] {
    if (tree.label === 'RANGETBLREF') return this.#columnsOf(scope, numberOf(tree, 'rtindex'));
    const [left, right] = [nodeAt(tree, 'larg'), nodeAt(tree, 'rarg')];
    if (tree.label !== 'SETOPERATIONSTMT' || left === undefined || right === undefined) {
      throw new UnreadableTree('a set operation lacks an arm');
    }
    const arms = [this.#setOperation(left, scope), this.#setOperation(right, scope)] as const;
    const all = numberOf(tree, 'op') === SET_OPERATION.union && isTrue(tree, 'all');
    if (!all) for (const arm of arms) for (const value of arm) this.#use(value);
    for (const clause of nodes(field(tree, 'groupClauses'), 'SORTGROUPCLAUSE')) {
      this.#found.objects(clause, EXPRESSIONS.get('SORTGROUPCLAUSE') ?? {});
    }
    return arms[0].map((value, at) => oneOf([value, arms[1][at] ?? UNTOLD]));
  }

  #joinTree(value: TreeValue, scope: Scope): void {
    const stack: TreeValue[] = [value];
    for (let part = stack.pop(); part !== undefined; part = stack.pop()) {
      if (isList(part)) stack.push(...part);
      if (!isNode(part)) continue;
      if (part.label === 'RANGETBLREF') continue;
      if (part.label === 'FROMEXPR') stack.push(field(part, 'fromlist'));
      else if (part.label === 'JOINEXPR') stack.push(field(part, 'larg'), field(part, 'rarg'));
      else throw new UnreadableTree(`${part.label} stands in FROM`);
      this.#inside(field(part, 'quals'), scope);
    }
  }

  #onConflict(clause: TreeNode, scope: Scope): void {
    // exclRelTlist only lists all columns of EXCLUDED.
    for (const name of ['arbiterElems', 'arbiterWhere', 'onConflictSet', 'onConflictWhere']) {
      this.#inside(field(clause, name), scope);
    }
  }

  /** What an expression carries. Each column in it is a use of that column, unless it is all there is at `output`. */
  #expression(value: TreeValue, scope: Scope, place: Place): Value {
    if (++this.#parts > MAX_PARTS) throw new UnreadableTree('following it would take too long');
    if (isList(value)) return together(value.map((one) => this.#expression(one, scope, 'inside')));
    if (!isNode(value)) return NOTHING;
    const label = labelOf(value);
    switch (label) {
      case 'VAR': {
        const found = this.#variable(value, scope);
        return place === 'inside' ? this.#use(found) : found;
      }
      case 'SUBLINK':
        return this.#subLink(value, scope, place);
      case 'NEXTVALUEEXPR':
        // Where a table says that a column counts: its sequence is no relation of the text.
        return NOTHING;
      default:
    }
    const objects = EXPRESSIONS.get(label);
    if (objects === undefined) throw new UnreadableTree(`what ${label} does is not known`);
    this.#found.objects(value, objects);
    if (place === 'output') {
      if (label === 'CONST') return CONSTANT;
      const unchanged = castOf(value, label);
      if (unchanged !== undefined) return this.#expression(unchanged, scope, 'output');
      const whole = this.#whole(value, scope);
      if (whole !== undefined) return whole;
    }
    const kept = keptPart(value, label);
    const carried: Value[] = [];
    for (const part of value.values) {
      if (typeof part === 'object' && part !== null && part !== kept) {
        carried.push(this.#expression(part, scope, 'inside'));
      }
    }
    const { flow } = together(carried);
    return { flow, derivation: isCallOfUsers(value, label) ? 'called' : 'computed' };
  }

  /** Made of columns as they are by functions that fail for no value: as long as it is masked whole, no use of them. */
  #whole(expression: TreeNode, scope: Scope): Value | undefined {
    const columns = wholeOf(expression)?.map((one) => this.#variable(one, scope));
    const derivation = columns === undefined ? 'computed' : least(columns);
    if (columns === undefined || (derivation !== 'plain' && derivation !== 'called')) return undefined;
    this.#noteObjects(expression);
    return { flow: union(columns), derivation: derivation === 'plain' ? 'whole' : derivation };
  }

  /** Notes the objects that the parts of an expression name. */
  #noteObjects(value: TreeValue): void {
    if (isNode(value)) {
      this.#found.objects(value, EXPRESSIONS.get(labelOf(value)) ?? {});
      for (const part of value.values) this.#noteObjects(part);
    } else if (isList(value)) for (const part of value) this.#noteObjects(part);
  }

  #subLink(link: TreeNode, scope: Scope, place: Place): Value {
    const select = nodeAt(link, 'subselect');
    if (select === undefined) throw new UnreadableTree('a subquery has no query');
    const columns = this.query(select, scope);
    const kind = numberOf(link, 'subLinkType');
    // EXISTS asks for rows only; what decides which there are was used inside.
    if (kind === SUBLINK.exists) return NOTHING;
    const [only, another] = columns;
    if (kind === SUBLINK.expression && only !== undefined && another === undefined && place === 'output') return only;
    const tested = this.#expression(field(link, 'testexpr'), scope, 'inside');
    return together([tested, ...columns.map((column) => this.#use(column))]);
  }

  #variable(node: TreeNode, scope: Scope): Value {
    const at = scopeAbove(scope, numberOf(node, 'varlevelsup'));
    const number = numberOf(node, 'varno');
    const attribute = numberOf(node, 'varattno');
    const entry = entryAt(at, number);
    const kind = numberOf(entry, 'rtekind');
    if (kind === RTE.relation) return this.#base(numberOf(entry, 'relid'), attribute);
    if (kind === RTE.join) return this.#joined(entry, at, attribute);
    const columns = this.#columnsOf(at, number);
    if (attribute === 0) return together(columns.map((column) => this.#ask(column)));
    const column = columns[attribute - 1];
    if (column === undefined) throw new UnreadableTree('it refers to a column that is not there');
    return this.#ask(column);
  }

  #base(relation: number, attribute: number): Value {
    let columns = this.#columns.get(relation);
    if (columns === undefined) this.#columns.set(relation, (columns = new Map<number, Value>()));
    let value = columns.get(attribute);
    if (value === undefined) {
      const column: ServerColumn = { relation, attribute };
      columns.set(attribute, (value = { flow: new Set([column]), derivation: attribute === 0 ? 'computed' : 'plain' }));
    }
    return value;
  }

  /** The columns of an entry that is neither a relation nor a join, in order. */
  #columnsOf(scope: Scope, number: number): readonly Value[] {
    const known = scope.columns.get(number);
    if (known !== undefined) return known;
    const columns = this.#follow(scope, entryAt(scope, number));
    scope.columns.set(number, columns);
    return columns;
  }

  #follow(scope: Scope, entry: TreeNode): readonly Value[] {
    const kind = numberOf(entry, 'rtekind');
    switch (kind) {
      case RTE.subquery:
        return this.#subquery(scope, entry);
      case RTE.function:
        return this.#functions(scope, entry);
      case RTE.tableFunction: {
        const value = this.#expression(field(entry, 'tablefunc'), scope, 'inside');
        const names = field(nodeAt(entry, 'tablefunc') ?? entry, 'colnames');
        return listOf(names).map(() => value);
      }
      case RTE.values: {
        const rows = listOf(field(entry, 'values_lists')).map((row) =>
          listOf(row).map((one) => this.#expression(one, scope, 'output')),
        );
        return (rows[0] ?? []).map((_, at) => oneOf(rows.map((row) => row[at] ?? UNTOLD)));
      }
      case RTE.cte:
        return this.#withQuery(scopeAbove(scope, numberOf(entry, 'ctelevelsup')), textOf(entry, 'ctename'));
      case RTE.result:
        return [];
      case RTE.group:
        return listOf(field(entry, 'groupexprs')).map((one) => this.#expression(one, scope, 'output'));
      default:
        throw new UnreadableTree(`what an entry of kind ${String(kind)} in FROM is, is not known`);
    }
  }

  /** A column of a join is one of either side; one that USING merges may be that of both. */
  #joined(join: TreeNode, scope: Scope, attribute: number): Value {
    const columns = listOf(field(join, 'joinaliasvars'));
    if (attribute === 0) return together(columns.map((one) => this.#expression(one, scope, 'output')));
    const column = columns[attribute - 1];
    if (!isNode(column)) throw new UnreadableTree('it refers to a column that its join has not');
    if (labelOf(column) !== 'COALESCEEXPR') return this.#expression(column, scope, 'output');
    return oneOf(listOf(field(column, 'args')).map((one) => this.#expression(one, scope, 'output')));
  }

  #subquery(scope: Scope, entry: TreeNode): readonly Value[] {
    const query = nodeAt(entry, 'subquery');
    if (query === undefined) throw new UnreadableTree('a subquery has no query');
    const view = viewOf(entry, query);
    if (view === undefined) return this.query(query, scope);
    this.#found.relation(view, 'v', false);
    if (view >= FIRST_NORMAL_OID) return this.#among(this.definitions, () => this.query(query, scope, true));
    // PostgreSQL's own views are judged by what they are, as its tables are.
    return nodes(field(query, 'targetList'), 'TARGETENTRY').map(() => NOTHING);
  }

  /** Every column of a function in FROM carries what went into it; numbers of rows, what went into all of them. */
  #functions(scope: Scope, entry: TreeNode): readonly Value[] {
    const columns: Value[] = [];
    const calls: Value[] = [];
    for (const call of nodes(field(entry, 'functions'), 'RANGETBLFUNCTION')) {
      const value = this.#expression(field(call, 'funcexpr'), scope, 'inside');
      this.#found.objects(call, EXPRESSIONS.get('RANGETBLFUNCTION') ?? {});
      calls.push(value);
      for (let left = numberOf(call, 'funccolcount'); left > 0; left--) columns.push(value);
    }
    return isTrue(entry, 'funcordinality') ? [...columns, together(calls)] : columns;
  }

  #withQuery(scope: Scope, name: string): readonly Value[] {
    const one = scope.queries.get(name);
    const body = one === undefined ? undefined : nodeAt(one.node, 'ctequery');
    if (one === undefined || body === undefined) throw new UnreadableTree('a WITH query is not there');
    if (one.columns !== undefined) return one.columns;
    if (!isTrue(one.node, 'cterecursive')) return (one.columns = this.query(body, scope));
    // Round by round, until no new column flows back into it.
    one.columns = listOf(field(one.node, 'ctecolnames')).map(() => UNTOLD);
    for (let size = -1; size !== weight(one.columns);) {
      size = weight(one.columns);
      const before: readonly Value[] = one.columns;
      one.columns = this.query(body, scope).map((column, at) => oneOf([column, before[at] ?? UNTOLD]));
    }
    return one.columns;
  }

  #inside(value: TreeValue, scope: Scope): void {
    this.#expression(value, scope, 'inside');
  }

  #among<T>(findings: Findings, run: () => T): T {
    const before = this.#found;
    this.#found = findings;
    try {
      return run();
    } finally {
      this.#found = before;
    }
  }

  #use(value: Value): Value {
    for (const column of value.flow) this.#found.uses.add(column);
    return value;
  }

  /** A column is asked for: uses that waited for that happen now. */
  #ask(value: Value): Value {
    if (value.deferred === undefined) return value;
    for (const column of value.deferred) this.#found.uses.add(column);
    return { flow: value.flow, derivation: value.derivation };
  }
}

/** Grows with each round that adds a column to a flow, or takes away that it is plain. */
function weight(columns: readonly Value[]): number {
  return columns.reduce((sum, { flow, derivation }) => sum + 4 * flow.size + gradeOf(derivation), 0);
}
