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
