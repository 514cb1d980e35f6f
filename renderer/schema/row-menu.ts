import { touching } from '../activity/criteria.ts';
import { type MenuEntry } from '../design/index.ts';
import { connectTab, newTab, openRelation, showActivity } from '../state/actions.ts';
import { type Workbench } from '../state/workbench.ts';
import { activeTab } from '../state/workspace.ts';
import { writtenName } from './names.ts';
import { type TreeRow } from './tree-rows.ts';

/** What a right click on a line offers. */
export function rowEntries(workbench: Workbench, row: TreeRow, onDetails: () => void): MenuEntry[] {
  const copy: MenuEntry = {
    id: 'copy',
    label: 'Copy name',
    icon: 'copy',
    onAction: () => void navigator.clipboard.writeText(writtenName(row)),
  };
  const insert: MenuEntry = {
    id: 'insert',
    label: 'Insert name in the editor',
    icon: 'insert',
    disabled: workbench.editor.get() === null,
    onAction: () => workbench.editor.get()?.insert(writtenName(row)),
  };
  switch (row.kind) {
    case 'relation':
      return [
        {
          id: 'open',
          label: 'Open the first rows',
          icon: 'table',
          shortcut: 'Enter',
          onAction: () => {
            openRelation(workbench, row.connection.name, row.relation.schema, row.relation.name);
          },
        },
        touchedEntry(workbench, row),
        'line',
        insert,
        copy,
      ];
    case 'column':
      return [touchedEntry(workbench, row), 'line', insert, copy];
    case 'schema':
      return [insert, copy];
    case 'connection':
      return connectionEntries(workbench, row.connection.name, row.connection.title, onDetails);
    default:
      return [];
  }
}

/** Whoever read or wrote it, in the Activity view. */
function touchedEntry(workbench: Workbench, row: Extract<TreeRow, { kind: 'relation' | 'column' }>): MenuEntry {
  const { schema, name } = row.relation;
  const table = `${schema}.${name}`;
  const what = row.kind === 'column' ? { column: `${table}.${row.column.name}` } : { table };
  return {
    id: 'touched',
    label: row.kind === 'column' ? 'Who touched this column' : 'Who touched this table',
    icon: 'pulse',
    onAction: () => {
      showActivity(workbench, touching(row.connection.name, what));
    },
  };
}

function connectionEntries(workbench: Workbench, name: string, title: string, onDetails: () => void): MenuEntry[] {
  const tab = activeTab(workbench.workspace.get());
  return [
    {
      id: 'tab',
      label: `New tab on ${title}`,
      icon: 'add',
      onAction: () => {
        newTab(workbench, { connection: name });
      },
    },
    {
      id: 'connect',
      label: 'Use for the current tab',
      icon: 'plug',
      disabled: tab === null || tab.connection === name,
      onAction: () => {
        if (tab !== null) connectTab(workbench, tab.id, name);
      },
    },
    'line',
    {
      id: 'details',
      label: 'Strength and weaknesses',
      icon: 'shield',
      shortcut: 'Alt+Enter',
      onAction: onDetails,
    },
    {
      id: 'refresh',
      label: 'Read the schema again',
      icon: 'refresh',
      onAction: () => {
        // A failure is shown in the tree.
        workbench.schema.refresh(name).catch(() => undefined);
      },
    },
  ];
}
