import { type TabState, type WorkspaceState } from '../../shared/views.ts';

/** The tabs as pure data: every action takes a workspace and gives the next one. Closed tabs stay until the window ends. */
export interface Workspace extends WorkspaceState {
  /** Last closed last; not kept between starts. */
  readonly closed: readonly TabState[];
}

const CLOSED_KEPT = 20;
/** The contract's own bound (shared/contract.ts): a workspace over it could not be saved. */
export const MOST_TABS = 500;
const LONGEST_TITLE = 200;

export const emptyWorkspace: Workspace = { tabs: [], active: null, layout: {}, theme: 'system', closed: [] };

export function activeTab(workspace: Workspace): TabState | null {
  return workspace.tabs.find((tab) => tab.id === workspace.active) ?? null;
}

/** Opens a tab behind the active one and makes it active; past the bound nothing happens. */
export function openTab(workspace: Workspace, tab: TabState): Workspace {
  if (workspace.tabs.length >= MOST_TABS) return workspace;
  const at = workspace.tabs.findIndex((other) => other.id === workspace.active) + 1 || workspace.tabs.length;
  return { ...workspace, tabs: workspace.tabs.toSpliced(at, 0, tab), active: tab.id };
}

/** A title no other tab has: `query 1`, `query 2`, and so on. */
export function freshTitle(workspace: Workspace, stem: string): string {
  const taken = new Set(workspace.tabs.map((tab) => tab.title));
  if (stem !== 'query' && !taken.has(stem)) return stem;
  for (let n = stem === 'query' ? 1 : 2; ; n++) {
    const title = `${stem} ${String(n)}`;
    if (!taken.has(title)) return title;
  }
}

/** Closes a tab; its right neighbour becomes active, else the left one. Its text can be had back by reopenTab. */
export function closeTab(workspace: Workspace, id: string): Workspace {
  const at = workspace.tabs.findIndex((tab) => tab.id === id);
  const closing = workspace.tabs[at];
  if (closing === undefined) return workspace;
  const tabs = workspace.tabs.toSpliced(at, 1);
  const active = workspace.active === id ? (tabs[Math.min(at, tabs.length - 1)]?.id ?? null) : workspace.active;
  const closed = closing.text.trim() === '' ? workspace.closed : [...workspace.closed, closing].slice(-CLOSED_KEPT);
  return { ...workspace, tabs, active, closed };
}

/** Brings back the tab closed last. */
export function reopenTab(workspace: Workspace): Workspace {
  const tab = workspace.closed.at(-1);
  return tab === undefined ? workspace : openTab({ ...workspace, closed: workspace.closed.slice(0, -1) }, tab);
}

export function changeTab(workspace: Workspace, id: string, change: Partial<Omit<TabState, 'id'>>): Workspace {
  const tabs = workspace.tabs.map((tab) => (tab.id === id ? { ...tab, ...change } : tab));
  return { ...workspace, tabs };
}

/** An empty name leaves the tab as it was. */
export function renameTab(workspace: Workspace, id: string, title: string): Workspace {
  const wanted = title.trim().slice(0, LONGEST_TITLE);
  return wanted === '' ? workspace : changeTab(workspace, id, { title: wanted });
}

/** The next tab to the right (1) or left (-1), around the ends. */
export function stepTab(workspace: Workspace, step: 1 | -1): Workspace {
  const { tabs } = workspace;
  const at = tabs.findIndex((tab) => tab.id === workspace.active);
  const next = tabs[(at + step + tabs.length) % tabs.length];
  return next === undefined ? workspace : { ...workspace, active: next.id };
}

/** What is saved: the workspace without what only this window knows. */
export function savedForm({ closed: _closed, ...kept }: Workspace): WorkspaceState {
  return kept;
}

/** A loaded workspace, with an active tab whenever there is a tab. */
export function restored(saved: WorkspaceState): Workspace {
  const active = saved.tabs.some((tab) => tab.id === saved.active) ? saved.active : (saved.tabs[0]?.id ?? null);
  return { ...saved, active, closed: [] };
}
