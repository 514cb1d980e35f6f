import { type Span } from '../facts.ts';
import { type Fields, fieldsOf, names, nodeOf, text } from '../understand/postgres/tree.ts';
import { type Context } from './context.ts';
import { expression, type Standing } from './expression.ts';
import { aliased, fromItem } from './from.ts';
import { columnOf } from './names.ts';
import { type Column, type Entry, nullable, oneOf } from './scope.ts';

/**
 * A join: its sides stay visible by their names, its columns by bare names; with an alias only the join itself is
 * visible. USING and NATURAL merge columns, which come first (transformFromClauseItem in PostgreSQL's parse_clause.c).
 */
export function joinEntries(
  context: Context,
  fields: Fields,
  around: Standing,
  before: readonly Entry[],
): readonly Entry[] {
  const side = (value: unknown, seen: readonly Entry[]): readonly Entry[] => {
    const item = nodeOf(value);
    return item === undefined ? [] : fromItem(context, item, around, seen);
  };
  const kind = text(fields['jointype']);
  const written = side(fields['larg'], before);
  const left = kind === 'JOIN_RIGHT' || kind === 'JOIN_FULL' ? written.map(outer) : written;
  const inner = side(fields['rarg'], [...before, ...left]);
  const right = kind === 'JOIN_LEFT' || kind === 'JOIN_FULL' ? inner.map(outer) : inner;
  const leftColumns = bareColumns(left);
  const rightColumns = bareColumns(right);
  const merged = mergedNames(fields, leftColumns, rightColumns);
  const span = context.span(-1);
  const mergedColumns = merged.map((name) => mergedColumn(context, name, leftColumns, rightColumns, span));

  const both = { scope: { entries: [...left, ...right], outer: around.scope }, environment: around.environment };
  expression(context, fields['quals'], both, 'join-key');

  const rest = [...leftColumns, ...rightColumns].filter((column) => !merged.includes(column.name));
  const open = [...left, ...right].some((entry) => entry.unqualified && entry.open);
  const join: Entry = {
    name: undefined,
    columns: [...mergedColumns, ...rest],
    system: false,
    open,
    qualified: false,
    unqualified: true,
  };
  if (open && fields['isNatural'] === true) {
    context.hazard(
      'untraceable',
      'Which columns NATURAL JOIN compares here is not known before the statement runs.',
      undefined,
      'Name the columns with USING or ON.',
    );
  }
  // Names that an alias gives go by position, and how many columns come before each is not known.
  if (open && names(fieldsOf(fields['alias'])?.['colnames']).length > 0) {
    context.hazard(
      'untraceable',
      'Which columns this join has is not known before the statement runs, so what the names of its alias mean cannot be traced.',
      undefined,
      'Leave out the column names behind the alias of the join.',
    );
  }
  const usingAlias = fieldsOf(fields['join_using_alias']);
  const using: readonly Entry[] =
    usingAlias === undefined
      ? []
      : [
          {
            name: text(usingAlias['aliasname']),
            columns: mergedColumns,
            system: false,
            qualified: true,
            unqualified: false,
          },
        ];
  const alias = fieldsOf(fields['alias']);
  if (alias !== undefined) return [{ ...aliased(context, join, alias), qualified: true }, ...using];
  return [...left.map(byNameOnly), ...right.map(byNameOnly), ...using, join];
}

function bareColumns(entries: readonly Entry[]): readonly Column[] {
  return entries.filter((entry) => entry.unqualified).flatMap((entry) => entry.columns);
}

/** The side of an outer join that may have no row. */
function outer(entry: Entry): Entry {
  return { ...entry, columns: entry.columns.map(nullable) };
}

function byNameOnly(entry: Entry): Entry {
  return { ...entry, unqualified: false };
}

function mergedNames(fields: Fields, left: readonly Column[], right: readonly Column[]): readonly string[] {
  if (fields['isNatural'] !== true) return names(fields['usingClause']);
  const others = new Set(right.map((column) => column.name));
  return [...new Set(left.map((column) => column.name))].filter((name) => others.has(name));
}

/** Values of both sides can be its value; both are compared. */
function mergedColumn(
  context: Context,
  name: string,
  left: readonly Column[],
  right: readonly Column[],
  span: Span | undefined,
): Column {
  const values = [left, right].map((columns) => {
    const entry: Entry = { name: undefined, columns, system: false, qualified: false, unqualified: true };
    const value = columnOf(context, entry, name, span);
    context.use(value, 'join-key', span);
    return value;
  });
  return { name, value: oneOf(values) };
}
