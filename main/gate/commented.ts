import { columnKey, commentedClass, type CommentedColumns } from '../policy/classification.ts';
import { type CatalogIndex } from './lineage/catalog-index.ts';

const known = new WeakMap<CatalogIndex, CommentedColumns>();

/** The classes that comments on columns say (`[class: email]`), read once for each catalog. */
export function commentedColumns(index: CatalogIndex): CommentedColumns {
  const before = known.get(index);
  if (before !== undefined) return before;
  const found = new Map<string, string>();
  for (const { schema, name, columns } of index.snapshot.relations) {
    for (const { name: column, comment } of columns) {
      const said = comment === undefined ? undefined : commentedClass(comment);
      if (said !== undefined) found.set(columnKey({ schema, relation: name, column }), said);
    }
  }
  known.set(index, found);
  return found;
}
