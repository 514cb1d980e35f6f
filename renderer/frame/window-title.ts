import { useEffect } from 'react';
import { environmentName } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { type Workbench } from '../state/workbench.ts';
import { activeTab } from '../state/workspace.ts';

/** What the system's window list shows: the tab, where it runs, and whose window it is. */
export function useWindowTitle(workbench: Workbench): void {
  const tab = useStore(workbench.workspace, activeTab);
  const connections = useStore(workbench.connections);
  const connection =
    connections.state === 'ready' ? connections.value.find(({ name }) => name === tab?.connection) : undefined;
  const where = connection === undefined ? [] : [`${connection.title} (${environmentName(connection.environment)})`];
  const session = useStore(workbench.session);
  const who = session.state === 'signed-in' ? [session.person.name] : [];
  const title = [...(tab === null ? [] : [tab.title]), ...where, ...who, 'Countersign'].join(' \u2013 ');
  useEffect(() => {
    document.title = title;
  }, [title]);
}
