import { type MenuEntry } from '../design/index.ts';
import { canCopy, type CopyFormat } from './copy.ts';
import { type Grid } from './grid/grid.ts';

export interface GridMenuActions {
  readonly copy: (format: CopyFormat, headers: boolean) => void;
  readonly copyAs: (format: CopyFormat) => void;
  readonly open: () => void;
}

const formats: readonly { readonly id: CopyFormat; readonly label: string }[] = [
  { id: 'csv', label: 'Copy as CSV' },
  { id: 'tsv', label: 'Copy as TSV' },
  { id: 'json', label: 'Copy as JSON' },
  { id: 'markdown', label: 'Copy as Markdown' },
  { id: 'insert', label: 'Copy as INSERT' },
  { id: 'in-list', label: 'Copy as IN list' },
];

/** What a right click on the grid offers; on a header also what concerns that column. */
export function gridMenu(
  grid: Grid,
  column: number | null,
  /** Why nothing of it may leave, or null where it may. */
  stays: string | null,
  actions: GridMenuActions,
): readonly MenuEntry[] {
  const { selection } = grid;
  const none = selection === null;
  const held = stays === null ? {} : { detail: 'stays on this screen' };
  const entries: MenuEntry[] = [
    {
      id: 'copy',
      label: 'Copy',
      icon: 'copy',
      shortcut: 'Mod+C',
      disabled: none || stays !== null,
      ...held,
      onAction: () => actions.copy('tsv', false),
    },
    {
      id: 'copy-headers',
      label: 'Copy with headers',
      shortcut: 'Mod+Shift+C',
      disabled: none || stays !== null,
      onAction: () => actions.copy('tsv', true),
    },
    'line',
    ...formats.map(({ id, label }): MenuEntry => {
      const possible = canCopy(selection, id);
      const why = !none && !possible ? { detail: 'one range at a time' } : {};
      return { id, label, disabled: !possible || stays !== null, onAction: () => actions.copyAs(id), ...why };
    }),
    'line',
    {
      id: 'open',
      label: 'Open in inspector',
      icon: 'open-preview',
      shortcut: 'Enter',
      disabled: none,
      onAction: actions.open,
    },
  ];
  if (column === null) return entries;
  const pinned = column < grid.pinned;
  return [
    ...entries,
    'line',
    { id: 'fit', label: 'Fit width', onAction: () => grid.fitColumn(column) },
    pinned
      ? { id: 'unpin', label: 'Unpin columns', icon: 'pinned', onAction: () => grid.pin(0) }
      : { id: 'pin', label: 'Pin columns up to here', icon: 'pin', onAction: () => grid.pin(column + 1) },
  ];
}
