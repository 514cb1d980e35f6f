import { type Action, type Effect, type FunctionUse, type Hazard, type RelationUse, type Span } from '../../facts.ts';
import { builtinRelation, type Call, judgeCall, judgeCatalogRelation } from './builtins.ts';
import { GRAMMAR } from './grammar.ts';
import { isWriteStatement, statementMeaning, writeActions } from './statements.ts';
import {
  type Fields,
  fieldsOf,
  isFields,
  items,
  listOf,
  locationOf,
  type Node,
  names,
  nodeOf,
  nodesOf,
  text,
} from './tree.ts';

/** A name in the tree whose meaning depends on the catalog of the connection. */
export interface NameUse {
  readonly name: readonly string[];
  readonly span: Span | undefined;
}

/** Everything that a walk over the whole parse tree finds, without knowing the catalog. */
export interface Inspection {
  readonly relations: readonly RelationUse[];
  readonly functions: readonly FunctionUse[];
  readonly calls: readonly Call[];
  readonly operators: readonly NameUse[];
  /** Types that values are turned into. */
  readonly types: readonly NameUse[];
  readonly effects: ReadonlySet<Effect>;
  readonly hazards: readonly Hazard[];
  /** Actions of the data-modifying statements anywhere in the tree. */
  readonly writes: ReadonlySet<Action>;
  readonly locksRows: boolean;
  readonly createsTable: boolean;
}

/** Names of the WITH queries that a place in the tree can see. */
interface Visible {
  readonly name: string;
  readonly outer: Visible | undefined;
}

interface Frame {
  readonly node: Node;
  readonly parent: Node | undefined;
  readonly field: string;
  readonly visible: Visible | undefined;
}

const CASTS: ReadonlySet<string> = new Set([
  'TypeCast',
  'JsonOutput',
  'JsonTableColumn',
  'RangeTableFuncCol',
  'XmlSerialize',
]);
const RELATION_KINDS: ReadonlySet<string> = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_MATVIEW',
  'OBJECT_FOREIGN_TABLE',
  'OBJECT_SEQUENCE',
]);
const SAMPLING: ReadonlySet<string> = new Set(['system', 'bernoulli']);

/**
 * Walks every node of a parse tree, with a stack of its own, and checks each kind and field against the list of the
 * grammar. `spanOf` gives the place of a location in the statement's text, or undefined inside a view's definition.
 */
export function inspect(root: Node, spanOf: (location: number) => Span | undefined): Inspection {
  const walk = new Walk(spanOf, root.kind);
  walk.run(root);
  return walk;
}

class Walk implements Inspection {
  readonly relations: RelationUse[] = [];
  readonly functions: FunctionUse[] = [];
  readonly calls: Call[] = [];
  readonly operators: NameUse[] = [];
  readonly types: NameUse[] = [];
  readonly effects = new Set<Effect>();
  readonly hazards: Hazard[] = [];
  readonly writes = new Set<Action>();
  locksRows = false;
  createsTable = false;
  readonly #spanOf: (location: number) => Span | undefined;
  readonly #top: string;
  readonly #stack: Frame[] = [];

  constructor(spanOf: (location: number) => Span | undefined, top: string) {
    this.#spanOf = spanOf;
    this.#top = top;
  }

  run(root: Node): void {
    this.#stack.push({ node: root, parent: undefined, field: '', visible: undefined });
    for (let frame = this.#stack.pop(); frame !== undefined; frame = this.#stack.pop()) this.#visit(frame);
  }

  #hazard(code: string, sentence: string, fields: Fields, next?: string): void {
    this.hazards.push({
      code,
      sentence,
      ...(next === undefined ? {} : { next }),
      ...place(this.#spanOf(locationOf(fields))),
    });
  }

  #visit(frame: Frame): void {
    const { kind, fields } = frame.node;
    const rule = GRAMMAR.get(kind);
    if (rule === undefined) {
      this.#hazard('unknown-node', `This part of the statement (${kind}) is not known here.`, fields);
      return;
    }
    if (rule.meaning === 'statement' && !isSettingOf(frame)) this.#statement(frame.node);
    this.#meaning(frame);
    const children: Frame[] = [];
    const visible = this.#withQueries(fields, frame.visible, children);
    for (const [field, value] of Object.entries(fields)) {
      const shape = rule.fields.get(field);
      const push = (node: Node): number => children.push({ node, parent: frame.node, field, visible });
      if (shape === 'scalar' && !isFields(value) && !Array.isArray(value)) continue;
      if (shape === undefined || shape === 'scalar') this.#unknownField(kind, field, fields);
      else if (field === 'withClause') continue;
      else if (shape === 'node') this.#child(value, push, kind, field, fields);
      else if (shape === 'list') for (const item of listOf(value)) this.#child(item, push, kind, field, fields);
      else if (isFields(value)) push({ kind: shape.kind, fields: value });
      else this.#unknownField(kind, field, fields);
    }
    for (let at = children.length - 1; at >= 0; at -= 1) {
      const child = children[at];
      if (child !== undefined) this.#stack.push(child);
    }
  }

  #child(value: unknown, push: (node: Node) => number, kind: string, field: string, fields: Fields): void {
    const node = nodeOf(value);
    if (node !== undefined) push(node);
    else if (!isFields(value) || Object.keys(value).length > 0) this.#unknownField(kind, field, fields);
  }

  #unknownField(kind: string, field: string, fields: Fields): void {
    this.#hazard('unknown-node', `This part of the statement (${kind}.${field}) is not known here.`, fields);
  }

  /** Adds the queries of a WITH clause with what each may see; gives what the statement itself sees. */
  #withQueries(fields: Fields, outer: Visible | undefined, children: Frame[]): Visible | undefined {
    const clause = fieldsOf(fields['withClause']);
    if (clause === undefined) return outer;
    for (const key of Object.keys(clause)) {
      if (!['ctes', 'recursive', 'location'].includes(key)) this.#unknownField('WithClause', key, clause);
    }
    const queries = items(clause['ctes'], 'CommonTableExpr');
    let visible = outer;
    const before: (Visible | undefined)[] = [];
    for (const query of queries) {
      before.push(visible);
      visible = { name: text(query['ctename']) ?? '', outer: visible };
    }
    queries.forEach((query, at) => {
      children.push({
        node: { kind: 'CommonTableExpr', fields: query },
        parent: { kind: 'WithClause', fields: clause },
        field: 'ctes',
        visible: clause['recursive'] === true ? visible : before[at],
      });
    });
    return visible;
  }

  #statement(node: Node): void {
    const meaning = statementMeaning(node.kind, node.fields);
    if (meaning === undefined) {
      this.#hazard('unknown-node', `Statements of this kind (${node.kind}) are not known here.`, node.fields);
      return;
    }
    for (const effect of meaning.effects) this.effects.add(effect);
    if (isWriteStatement(node.kind)) this.writes.add(meaning.action);
    if (node.kind === 'CreateTableAsStmt') this.createsTable = true;
    if (meaning.refused !== undefined) {
      this.hazards.push({ ...meaning.refused, ...place(this.#spanOf(locationOf(node.fields))) });
    }
  }

  #meaning({ node: { kind, fields }, parent, field, visible }: Frame): void {
    switch (kind) {
      case 'FuncCall':
        return this.#call(fields);
      case 'SQLValueFunction':
        // CURRENT_TIMESTAMP and its like; the others say who is asking (SQLValueFunctionOp in primnodes.h).
        if (/_(?:CURRENT|LOCAL)_?(?:DATE|TIME)/.test(text(fields['op']) ?? '')) this.effects.add('random-or-time');
        return undefined;
      case 'A_Expr':
        return this.#operator(fields['name'], fields);
      case 'SortBy':
        return this.#operator(fields['useOp'], fields);
      case 'SubLink':
        if (fields['testexpr'] !== undefined && fields['operName'] === undefined) this.#equality(fields);
        return this.#operator(fields['operName'], fields);
      case 'CaseExpr':
        if (fields['arg'] !== undefined) this.#equality(fields);
        return undefined;
      case 'JoinExpr':
        if (fields['isNatural'] === true || fields['usingClause'] !== undefined) this.#equality(fields);
        return undefined;
      case 'A_Indirection':
        return this.#fieldNotation(fields);
      case 'TypeName':
        if (parent !== undefined && CASTS.has(parent.kind)) this.#type(fields);
        return undefined;
      case 'RangeVar':
        return this.#relation(fields, parent, field, visible);
      case 'RangeTableSample':
        return this.#sampling(fields);
      case 'RangeFunction':
        return this.#columnDefinitions(fields);
      case 'LockingClause':
        this.locksRows = true;
        this.effects.add('lock');
        return undefined;
      case 'IntoClause':
        this.createsTable = true;
        this.effects.add('ddl');
        return undefined;
      case 'DropStmt':
        return this.#dropped(fields);
      case 'CurrentOfExpr':
        this.#hazard(
          'cursor',
          'WHERE CURRENT OF needs a cursor, and cursors are not kept.',
          fields,
          'Name the row by its key.',
        );
        return undefined;
      default:
        return undefined;
    }
  }

  #call(fields: Fields): void {
    const span = this.#spanOf(locationOf(fields));
    const call = callOf(fields, span);
    const { name } = call;
    this.calls.push(call);
    this.functions.push({
      ...(name.length > 1 ? { schema: name.slice(0, -1).join('.') } : {}),
      name: name.at(-1) ?? '',
      ...place(span),
    });
    const verdict = judgeCall(call);
    for (const effect of verdict.effects) this.effects.add(effect);
    // A sequence is advanced by every INSERT that uses a serial column: naming it changes nothing for a statement that writes.
    // What is not PostgreSQL's own is looked up in the catalog (lineage/user-code.ts).
    if (!verdict.allowed && verdict.hazard.code === 'unknown-function') return;
    if (!verdict.allowed && !(name.at(-1) === 'nextval' && this.#top !== 'SelectStmt' && this.#top !== 'ExplainStmt')) {
      this.hazards.push(verdict.hazard);
    }
  }

  /** `(value).name` is a call name(value) where the value has no such field. */
  #fieldNotation(fields: Fields): void {
    for (const item of items(fields['indirection'], 'String')) {
      const verdict = judgeCall({ name: [text(item['sval']) ?? ''], count: 1, span: this.#spanOf(locationOf(fields)) });
      if (!verdict.allowed && verdict.hazard.code === 'refused-function') this.hazards.push(verdict.hazard);
    }
  }

  /** What operators mean, those of a name that the database gave them too, is looked up in the catalog. */
  #operator(value: unknown, fields: Fields): void {
    const name = names(value);
    const last = name.at(-1);
    if (last === undefined) return;
    const span = this.#spanOf(locationOf(fields));
    // BETWEEN and its like are printed as operators by name.
    const meant = /^(?:NOT )?BETWEEN(?: SYMMETRIC)?$/.test(last) ? [['>='], ['<=']] : [name];
    for (const one of meant) this.operators.push({ name: one, span });
  }

  /** CASE x WHEN, USING, NATURAL and IN compare with whatever `=` means on the search path. */
  #equality(fields: Fields): void {
    this.operators.push({ name: ['='], span: this.#spanOf(locationOf(fields)) });
  }

  #type(fields: Fields): void {
    this.types.push({ name: names(fields['names']), span: this.#spanOf(locationOf(fields)) });
  }

  /** `AS t (a type)` turns values into the types it names, as a cast does. */
  #columnDefinitions(fields: Fields): void {
    const lists = items(fields['functions'], 'List').map((item) => fieldsOf(nodeOf(listOf(item['items'])[1])?.fields));
    for (const list of [...lists.map((one) => one?.['items']), fields['coldeflist']]) {
      for (const column of items(list, 'ColumnDef')) {
        const type = fieldsOf(column['typeName']);
        if (type !== undefined) this.#type(type);
      }
    }
  }

  #relation(fields: Fields, parent: Node | undefined, field: string, visible: Visible | undefined): void {
    const schema = text(fields['schemaname']);
    const name = text(fields['relname']) ?? '';
    if (field === 'lockedRels') return;
    if (fields['relpersistence'] === 't') {
      this.#hazard(
        'temporary-object',
        `The temporary ${name} would belong to a session, and no later statement could be judged by it.`,
        fields,
        'Use WITH for steps of one statement, or a table in a schema of your own.',
      );
    }
    const target =
      parent !== undefined && (parent.kind === 'IntoClause' || (field === 'relation' && isWriteStatement(parent.kind)));
    if (schema === undefined && !target && sees(visible, name)) return;
    const read =
      !target &&
      (parent === undefined ||
        GRAMMAR.get(parent.kind)?.meaning !== 'statement' ||
        READS.has(`${parent.kind}.${field}`));
    const span = this.#spanOf(locationOf(fields));
    const use: RelationUse = { schema: schema ?? '', name, access: read ? 'read' : 'write', ...place(span) };
    const actions = target && parent !== undefined ? writeActions(parent.kind, parent.fields) : [];
    this.relations.push(...(actions.length > 0 ? actions.map((action) => ({ ...use, action })) : [use]));
    if (read) this.effects.add('reads');
    const catalog = builtinRelation(schema ?? 'pg_catalog', name);
    const refused = catalog === undefined ? undefined : judgeCatalogRelation(catalog, span);
    if (refused !== undefined) this.hazards.push(refused);
  }

  #sampling(fields: Fields): void {
    this.effects.add('random-or-time');
    const method = names(fields['method']);
    if (SAMPLING.has(method.at(-1) ?? '') && (method.length === 1 || method[0] === 'pg_catalog')) return;
    this.#hazard(
      'unknown-function',
      `The sampling method ${method.join('.')} is not PostgreSQL's own.`,
      fields,
      'Use SYSTEM or BERNOULLI.',
    );
  }

  #dropped(fields: Fields): void {
    if (!RELATION_KINDS.has(text(fields['removeType']) ?? '')) return;
    for (const object of items(fields['objects'], 'List')) {
      const name = names(object['items']);
      this.relations.push({
        schema: name.length > 1 ? (name.at(-2) ?? '') : '',
        name: name.at(-1) ?? '',
        access: 'write',
      });
    }
  }
}

/** SET as a part of ALTER ROLE, ALTER SYSTEM or CREATE FUNCTION: it changes no session that is there. */
function isSettingOf({ node, parent, field }: Frame): boolean {
  return node.kind === 'VariableSetStmt' && (field === 'setstmt' || parent?.kind === 'DefElem');
}

/** Fields of statements that name a relation which is only read. */
const READS: ReadonlySet<string> = new Set([
  'SelectStmt.fromClause',
  'UpdateStmt.fromClause',
  'DeleteStmt.usingClause',
  'MergeStmt.sourceRelation',
]);

function place(span: Span | undefined): { readonly span?: Span } {
  return span === undefined ? {} : { span };
}

function sees(visible: Visible | undefined, name: string): boolean {
  for (let at = visible; at !== undefined; at = at.outer) if (at.name === name) return true;
  return false;
}

/** A call as far as it tells overloads apart: VARIADIC, named arguments and WITHIN GROUP leave their number open. */
export function callOf(fields: Fields, span: Span | undefined): Call {
  const args = nodesOf(fields['args']);
  const open =
    fields['func_variadic'] === true ||
    fields['agg_within_group'] === true ||
    args.some((arg) => arg.kind === 'NamedArgExpr');
  return { name: names(fields['funcname']), count: open ? undefined : args.length, span };
}
