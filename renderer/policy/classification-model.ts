import { type ClassificationProposalView, type ClassifiedColumnView } from '../../shared/views.ts';

export const sourceWords: Readonly<Record<ClassifiedColumnView['source'], string>> = {
  file: 'classification.yaml',
  comment: 'comment in the database',
  detected: 'looks so',
};

/** The columns that have all of the words in their name, class or group. */
export function matchingColumns(columns: readonly ClassifiedColumnView[], words: string): ClassifiedColumnView[] {
  const wanted = words
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return columns.filter((one) => {
    const text = `${one.column}\n${one.class}\n${one.group}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}

/** A column's name behind its table's: a name may have a dot in it only where the gate quotes it. */
const parts = /^((?:"(?:[^"]|"")*"|[^.])*\.(?:"(?:[^"]|"")*"|[^.])*)\.(.+)$/s;

export interface TableColumns {
  readonly table: string;
  readonly columns: readonly { readonly name: string; readonly column: ClassifiedColumnView }[];
}

/** Columns under their tables, in the order they come in. */
export function byTable(columns: readonly ClassifiedColumnView[]): TableColumns[] {
  const tables = new Map<string, { name: string; column: ClassifiedColumnView }[]>();
  for (const column of columns) {
    const [, table = '', name = column.column] = parts.exec(column.column) ?? [];
    const known = tables.get(table);
    if (known === undefined) tables.set(table, [{ name, column }]);
    else known.push({ name, column });
  }
  return [...tables].map(([table, found]) => ({ table, columns: found }));
}

/** What speaks for a proposal: `98% of the values look so`. */
export function shareWords({ share }: Pick<ClassificationProposalView, 'share'>): string {
  if (share === null) return 'by its name';
  const percent = share * 100;
  // Nothing is rounded up to all, or down to nothing.
  const shown = percent > 0 && percent < 1 ? '<1' : percent < 100 ? String(Math.min(99, Math.round(percent))) : '100';
  return `${shown}% of the values look so`;
}
