import { type Derivation } from '../facts.ts';
import { type Fields, fieldsOf, items, locationOf, names, nodeOf, text } from '../understand/postgres/tree.ts';
import { type Context, type Environment, type WithQuery } from './context.ts';
import { type Standing } from './expression.ts';
import { queryColumns } from './query.ts';
import { type Column, NOTHING, nullable, oneOf, together } from './scope.ts';

/** Traces the WITH queries of a statement; gives the environment that the statement itself sees. */
export function withQueries(context: Context, fields: Fields, standing: Standing): Environment | undefined {
  const clause = fieldsOf(fields['withClause']);
  if (clause === undefined) return standing.environment;
  const queries = items(clause['ctes'], 'CommonTableExpr');
  if (clause['recursive'] === true) return recursive(context, queries, standing);
  let environment = standing.environment;
  for (const query of queries) {
    // Each sees those before it. Traced once whether it is used or not: a writing one runs in any case.
    const columns = traced(context, query, { scope: standing.scope, environment });
    environment = { query: { name: text(query['ctename']) ?? '', columns: () => columns }, outer: environment };
  }
  return environment;
}

/** WITH RECURSIVE: every query sees all of them, itself too, in any order. */
function recursive(context: Context, queries: readonly Fields[], standing: Standing): Environment | undefined {
  let environment = standing.environment;
  const made = queries.map((query) => {
    const one = new RecursiveQuery(context, query, standing.scope, () => environment);
    environment = { query: one, outer: environment };
    return one;
  });
  for (const one of made) one.columns();
  return environment;
}

class RecursiveQuery implements WithQuery {
  readonly name: string;
  readonly #context: Context;
  readonly #query: Fields;
  readonly #scope: Standing['scope'];
  readonly #environment: () => Environment | undefined;
  readonly #level: number;
  #state: 'new' | 'tracing' | 'done' = 'new';
  #columns: readonly Column[] = [];

  constructor(context: Context, query: Fields, scope: Standing['scope'], environment: () => Environment | undefined) {
    this.name = text(query['ctename']) ?? '';
    this.#context = context;
    this.#query = query;
    this.#scope = scope;
    this.#environment = environment;
    this.#level = context.depth;
  }

  /** `*` in a query inside the one that WITH belongs to leaves out what SEARCH and CYCLE add (p_dontexpand). */
  columns(): readonly Column[] {
    this.#trace();
    if (this.#context.depth > this.#level) return this.#columns;
    return this.#columns.map(({ unexpanded: _, ...column }) => column);
  }

  #trace(): void {
    if (this.#state !== 'new') return;
    this.#state = 'tracing';
    const standing: Standing = { scope: this.#scope, environment: this.#environment() };
    const body = nodeOf(this.#query['ctequery']);
    const first = fieldsOf(body?.fields['larg']);
    if (body !== undefined && first !== undefined) {
      // The first arm of the UNION gives the names; then round by round until no new column flows back into it.
      const start = this.#context.apart(() => {
        const inner = withInside(body.fields);
        return queryColumns(
          this.#context,
          { kind: 'SelectStmt', fields: inner === undefined ? first : { ...first, ...inner } },
          standing,
        );
      });
      this.#columns = named(this.#context, this.#query, start.result).map(nullable);
      for (let size = -1; size !== weight(this.#columns);) {
        size = weight(this.#columns);
        const round = this.#context.apart(() => traced(this.#context, this.#query, standing));
        this.#columns = round.result.map((column, at) => ({ ...column, value: mixed(column, this.#columns[at]) }));
        this.#context.keepUses(round.uses);
      }
    } else {
      this.#columns = traced(this.#context, this.#query, standing);
    }
    this.#state = 'done';
  }
}

/** A WITH inside the body of a recursive query belongs to both of its arms. */
function withInside(body: Fields): Fields | undefined {
  return body['withClause'] === undefined ? undefined : { withClause: body['withClause'] };
}

function mixed(column: Column, before: Column | undefined): Column['value'] {
  return before === undefined ? column.value : oneOf([column.value, before.value]);
}

/** What `mixed` of two derivations is, grows along this list. */
const DERIVATIONS: readonly Derivation[] = ['plain', 'whole', 'bounded', 'computed'];

/** Grows with each round that adds a column to a flow, or makes it more than it was. */
function weight(columns: readonly Column[]): number {
  return columns.reduce(
    (sum, { value: { flow, bounded, derivation } }) =>
      sum + 5 * flow.size - (bounded?.size ?? 0) + DERIVATIONS.indexOf(derivation),
    0,
  );
}

function traced(context: Context, query: Fields, standing: Standing): readonly Column[] {
  const body = nodeOf(query['ctequery']);
  return body === undefined ? [] : named(context, query, queryColumns(context, body, standing));
}

/** Gives the columns the names of `WITH q (a, b)`, and adds those of SEARCH and CYCLE. */
function named(context: Context, query: Fields, columns: readonly Column[]): readonly Column[] {
  const aliases = names(query['aliascolnames']);
  const renamed = columns.map(({ name, value }, at): Column => ({ name: aliases[at] ?? name, value }));
  const added: Column[] = [];
  const about = (list: unknown, made: readonly unknown[], place: 'ordering' | 'predicate'): void => {
    const wanted = new Set(names(list));
    const value = together(renamed.flatMap((column) => (wanted.has(column.name) ? [column.value] : [])));
    context.use(value, place, context.span(locationOf(query)));
    for (const name of made)
      if (typeof name === 'string')
        added.push({ name, value: value.flow.size > 0 ? value : NOTHING, unexpanded: true });
  };
  const search = fieldsOf(query['search_clause']);
  if (search !== undefined) about(search['search_col_list'], [search['search_seq_column']], 'ordering');
  const cycle = fieldsOf(query['cycle_clause']);
  if (cycle !== undefined)
    about(cycle['cycle_col_list'], [cycle['cycle_mark_column'], cycle['cycle_path_column']], 'predicate');
  return [...renamed, ...added];
}
