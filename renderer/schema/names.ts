import { quoteName } from '../editor/completion.ts';
import { type TreeRow } from './tree-rows.ts';

/** A line's name as it is written in SQL; a relation outside of `public` with its schema. */
export function writtenName(row: TreeRow): string {
  switch (row.kind) {
    case 'schema':
      return quoteName(row.schema.name);
    case 'relation': {
      const { schema, name } = row.relation;
      return schema === 'public' ? quoteName(name) : `${quoteName(schema)}.${quoteName(name)}`;
    }
    case 'column':
      return quoteName(row.column.name);
    default:
      return '';
  }
}

/** PostgreSQL's long names of types and what everybody writes instead (documentation, table 8.1). */
const SHORT_TYPES: readonly (readonly [RegExp, string])[] = [
  [/^timestamp(\(\d\))? with time zone/, 'timestamptz$1'],
  [/^timestamp(\(\d\))? without time zone/, 'timestamp$1'],
  [/^time(\(\d\))? with time zone/, 'timetz$1'],
  [/^time(\(\d\))? without time zone/, 'time$1'],
  [/^character varying/, 'varchar'],
  [/^character\b/, 'char'],
  [/^bit varying/, 'varbit'],
  [/^double precision/, 'float8'],
];

/** A type in the few letters there is room for; the whole name is in the tooltip. */
export function shortType(type: string): string {
  return SHORT_TYPES.reduce(
    (name, [long, short]) => name.replace(long, (_, precision?: string) => short.replace('$1', precision ?? '')),
    type,
  );
}
