import { type Span } from '../facts.ts';
import { type Fields, items, locationOf, names, nodesOf, text } from '../understand/postgres/tree.ts';
import { nearest } from './catalog-index.ts';
import { type Context } from './context.ts';
import { type Entry, NOTHING, oneOf, type Scope, SYSTEM_COLUMNS, together, type Value, wholeRow } from './scope.ts';

/** What a column reference means: a value, or a whole row. */
export interface Reference {
  readonly value: Value;
  readonly entry?: Entry;
}

/**
 * Resolves `column`, `entry.column`, `schema.relation.column`, `database.schema.relation.column` and, with a star, whole
 * rows, by the rules of PostgreSQL (transformColumnRef in parse_expr.c): a bare name is a column of the nearest query that
 * has one, then a row; of a qualified name the entry is found first, nearest query first, and then its column.
 */
export function resolveColumn(context: Context, fields: Fields, scope: Scope | undefined): Reference {
  const written = names(fields['fields']);
  const span = context.span(locationOf(fields));
  const star = nodesOf(fields['fields']).at(-1)?.kind === 'A_Star';
  if (star) {
    const entry = findEntry(context, written, scope, span);
    return entry === undefined ? { value: NOTHING } : { value: rowOf(context, entry, span), entry };
  }
  const last = written.at(-1) ?? '';
  if (written.length === 1) return bareName(context, last, scope, span);
  const entry = findEntry(context, written.slice(0, -1), scope, span);
  return { value: entry === undefined ? NOTHING : columnOf(context, entry, last, span) };
}

function bareName(context: Context, name: string, scope: Scope | undefined, span: Span | undefined): Reference {
  const known: string[] = [];
  for (let level = scope; level !== undefined; level = level.outer) {
    const entries = level.entries.filter((entry) => entry.unqualified);
    const found = entries.flatMap((entry) => entry.columns.filter((column) => column.name === name));
    const [only, another] = found;
    if (another !== undefined) {
      context.hazard(
        'ambiguous-column',
        `The column ${name} could be that of several tables.`,
        span,
        'Write it with its table: table.column.',
      );
      return { value: NOTHING };
    }
    if (only !== undefined) {
      const value = context.ask(only.value, span);
      return { value: only.certain === true ? value : oneOf([value, ...outside(context, name, level.outer, span)]) };
    }
    if (SYSTEM_COLUMNS.has(name) && entries.some((entry) => entry.system)) return { value: NOTHING };
    const open = entries.filter((entry) => entry.open);
    // The name of an open entry is its only column, or else a column of a query around it, or else its row.
    const [row] = open.filter((entry) => entry.name === name);
    if (row !== undefined && open.length === 1) {
      return { value: together([rowOf(context, row, span), ...outside(context, name, level.outer, span)]), entry: row };
    }
    if (open.length > 0) {
      untraceableName(context, name, span);
      return { value: NOTHING };
    }
    for (const entry of entries) known.push(...entry.columns.map((column) => column.name));
  }
  for (let level = scope; level !== undefined; level = level.outer) {
    const entry = level.entries.find((one) => one.qualified && one.name === name);
    if (entry !== undefined) return { value: rowOf(context, entry, span), entry };
  }
  unknownColumn(context, name, known, span);
  return { value: NOTHING };
}

/**
 * What a bare name would mean in the queries around the one that has it, as long as the names there had to be worked out:
 * should the server name a column otherwise than it was traced, the name reaches further out than it seems to.
 */
function outside(context: Context, name: string, scope: Scope | undefined, span: Span | undefined): readonly Value[] {
  const values: Value[] = [];
  for (let level = scope; level !== undefined; level = level.outer) {
    for (const entry of level.entries) {
      if (!entry.unqualified) continue;
      for (const column of entry.columns) if (column.name === name) values.push(context.ask(column.value, span));
    }
  }
  return values;
}

/** The entry that the parts of a qualified name before its column mean. */
export function findEntry(
  context: Context,
  parts: readonly string[],
  scope: Scope | undefined,
  span: Span | undefined,
): Entry | undefined {
  const name = parts.at(-1) ?? '';
  const schema = parts.at(-2);
  const database = parts.at(-3);
  const fits = (entry: Entry): boolean =>
    entry.qualified &&
    entry.name === name &&
    (schema === undefined || entry.relation?.schema === schema) &&
    (database === undefined || database === context.index.snapshot.database) &&
    parts.length <= 3;
  for (let level = scope; level !== undefined; level = level.outer) {
    const [only, another] = level.entries.filter(fits);
    if (another !== undefined) {
      context.hazard(
        'ambiguous-column',
        `The name ${name} means several tables in this query.`,
        span,
        'Give each an alias.',
      );
      return undefined;
    }
    if (only !== undefined) return only;
  }
  context.hazard('unknown-relation', `There is no table or alias ${parts.join('.')} in this part of the query.`, span);
  return undefined;
}

/** A column of one entry. A name that is no column may still be a call, `c.f` for `f(c)`: it is refused. */
export function columnOf(context: Context, entry: Entry, name: string, span: Span | undefined): Value {
  const [only, another] = entry.columns.filter((column) => column.name === name);
  if (another !== undefined) {
    context.hazard(
      'ambiguous-column',
      `${entry.name ?? 'The subquery'} has several columns ${name}.`,
      span,
      'Name them apart with AS.',
    );
    return NOTHING;
  }
  if (only !== undefined) return context.ask(only.value, span);
  if (entry.system && SYSTEM_COLUMNS.has(name)) return NOTHING;
  if (entry.open) untraceableName(context, name, span);
  else {
    unknownColumn(
      context,
      name,
      entry.columns.map((column) => column.name),
      span,
      entry.name,
    );
  }
  return NOTHING;
}

function rowOf(context: Context, entry: Entry, span: Span | undefined): Value {
  context.readsRows = true;
  for (const column of entry.columns) context.inUse(context.ask(column.value, span), span);
  return wholeRow(entry);
}

function untraceableName(context: Context, name: string, span: Span | undefined): void {
  context.hazard(
    'untraceable',
    `Which columns this part of FROM has is not known before it runs, so where ${name} comes from cannot be traced.`,
    span,
    'Give the function an alias with its columns: f(x) AS f(a, b).',
  );
}

function unknownColumn(
  context: Context,
  name: string,
  known: readonly string[],
  span: Span | undefined,
  relation?: string,
): void {
  const near = nearest(name, known);
  context.hazard(
    'unknown-column',
    relation === undefined ? `There is no column ${name} here.` : `${relation} has no column ${name}.`,
    span,
    near.length > 0 ? `Did you mean ${near.join(' or ')}?` : undefined,
  );
}

/** True where an A_Indirection only selects `.name` of its argument. */
export function fieldOf(fields: Fields): string | undefined {
  const path = nodesOf(fields['indirection']);
  const [only] = items(fields['indirection'], 'String');
  return path.length === 1 && only !== undefined ? text(only['sval']) : undefined;
}
