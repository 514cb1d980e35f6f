import { useEffect, useMemo, useState } from 'react';
import { type ConnectionView, type RelationView } from '../../shared/views.ts';
import { path } from '../state/schema-cache.ts';
import { useStore } from '../state/store.ts';
import { type Workbench } from '../state/workbench.ts';
import { activeTab } from '../state/workspace.ts';
import { type TreeRow, treeRows } from './tree-rows.ts';

interface Found {
  readonly text: string;
  readonly relations: ReadonlyMap<string, readonly RelationView[]>;
}

/**
 * The tree of what is found: the tables whose names have these letters. Asked of the connections that are already in use, the current tab's
 * among them: looking for a name opens no new door to production.
 */
export function useFoundRows(
  workbench: Workbench,
  connections: readonly ConnectionView[],
  text: string,
  expanded: ReadonlySet<string>,
): { readonly rows: readonly TreeRow[]; readonly searching: boolean } {
  const [found, setFound] = useState<Found>({ text: '', relations: new Map() });
  const branches = useStore(workbench.schema.branches);
  const current = useStore(workbench.workspace, (workspace) => activeTab(workspace)?.connection ?? null);
  const inUse = connections.filter(({ name }) => name === current || branches.has(path(name))).map(({ name }) => name);
  const asked = inUse.length > 0 ? inUse.join('\0') : (connections[0]?.name ?? '');

  useEffect(() => {
    if (text === '') return;
    const controller = new AbortController();
    const ask = async (): Promise<void> => {
      const answers = await Promise.all(
        asked.split('\0').map(async (connection) => {
          const relations = await workbench.client['schema.search'](
            { connection, text: text.slice(0, 200) },
            controller.signal,
          ).catch(() => []);
          return [connection, relations] as const;
        }),
      );
      if (!controller.signal.aborted) setFound({ text, relations: new Map(answers) });
    };
    void ask();
    return () => {
      controller.abort();
    };
  }, [workbench, text, asked]);

  const rows = useMemo(
    () => foundRows(connections, found.relations, branches, expanded),
    [connections, found, branches, expanded],
  );
  return { rows, searching: text !== '' && found.text !== text };
}

/** The same tree with only what was found, open down to the tables. */
function foundRows(
  connections: readonly ConnectionView[],
  relations: Found['relations'],
  branches: Parameters<typeof treeRows>[0]['branches'],
  expanded: ReadonlySet<string>,
): TreeRow[] {
  const shown = new Map(branches);
  const open = new Set([...expanded].filter((key) => key.split('\0').length === 3));
  for (const [connection, list] of relations) {
    const schemas = Map.groupBy(list, ({ schema }) => schema);
    shown.set(path(connection), {
      state: 'ready',
      value: [...schemas].map(([name, members]) => ({ name, relations: members.length })),
    });
    open.add(path(connection));
    for (const [name, members] of schemas) {
      shown.set(path(connection, name), { state: 'ready', value: members });
      open.add(path(connection, name));
    }
  }
  const withHits = connections.filter(({ name }) => (relations.get(name)?.length ?? 0) > 0);
  return treeRows({ connections: withHits, branches: shown, expanded: open });
}
