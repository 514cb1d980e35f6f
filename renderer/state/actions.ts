import { type ActivityCriteria, type TabState } from '../../shared/views.ts';
import { quoteName } from '../editor/completion.ts';
import { inTab } from '../results/run-model.ts';
import { dropRun, forgetAsked, runPart } from './run.ts';
import { troubleOf } from './trouble.ts';
import { type Workbench } from './workbench.ts';
import { activeTab, changeTab, closeTab, freshTitle, openTab, reopenTab, type Workspace } from './workspace.ts';

/** What a person can do, as functions of the workbench; keys, buttons and the palette all come here. */

/** Rows a table shows when it is opened from the tree. */
const PREVIEW_ROWS = 500;

export function newTab(
  workbench: Workbench,
  change: Partial<Pick<TabState, 'connection' | 'text' | 'title'>> = {},
): void {
  workbench.view.set('editor');
  workbench.workspace.update((workspace) => {
    const text = change.text ?? '';
    const connection = change.connection ?? activeTab(workspace)?.connection ?? firstConnection(workbench);
    return openTab(workspace, {
      id: crypto.randomUUID(),
      title: freshTitle(workspace, change.title ?? 'query'),
      connection,
      text,
      cursor: text.length,
    });
  });
}

/** A connection for a new tab: never production by accident while there is another. */
function firstConnection(workbench: Workbench): string | null {
  const connections = workbench.connections.get();
  if (connections.state !== 'ready') return null;
  return (
    (connections.value.find(({ environment }) => environment !== 'production') ?? connections.value[0])?.name ?? null
  );
}

export function closeActiveTab(workbench: Workbench): void {
  const id = workbench.workspace.get().active;
  if (id !== null) closeTabById(workbench, id);
}

/** Closing a tab ends its run on the server and lets its rows go. */
export function closeTabById(workbench: Workbench, id: string): void {
  dropRun(workbench, id);
  forgetAsked(workbench, id);
  workbench.workspace.update((workspace) => closeTab(workspace, id));
}

export function reopenClosedTab(workbench: Workbench): void {
  workbench.workspace.update(reopenTab);
}

export function connectTab(workbench: Workbench, id: string, connection: string): void {
  workbench.workspace.update((workspace) => changeTab(workspace, id, { connection }));
}

/** A table's first rows in a new tab, run at once. */
export function openRelation(workbench: Workbench, connection: string, schema: string, relation: string): void {
  const text = `SELECT *\nFROM ${quoteName(schema)}.${quoteName(relation)}\nLIMIT ${String(PREVIEW_ROWS)};\n`;
  newTab(workbench, { connection, text, title: relation });
  const tab = activeTab(workbench.workspace.get());
  if (tab !== null) runPart(workbench, tab, text.trimEnd().replace(/;$/, ''), 0);
}

/** Shows the verdict on the statement at the cursor in the inspector, without running it, and marks what it is about. */
export function explainCurrent(workbench: Workbench): void {
  const live = workbench.live.get();
  const span = live?.verdict.reasons.find((reason) => reason.span !== null)?.span;
  showDecision(workbench);
  if (live !== null && span != null) {
    const { start } = live.statement;
    workbench.editor.get()?.mark({ start: start + span.start, end: start + span.end });
  }
}

/** The same for the statement that was run last in this tab, wherever the cursor is by now. */
export function explainRun(workbench: Workbench): void {
  const { active } = workbench.workspace.get();
  const run = active === null ? undefined : workbench.runs.get().get(active)?.snapshot();
  if (run?.verdict == null) return;
  const span = run.verdict.reasons.find((reason) => reason.span !== null)?.span ?? { start: 0, end: 0 };
  workbench.editor.get()?.reveal(inTab(run, span));
  showDecision(workbench);
}

function showDecision(workbench: Workbench): void {
  showInspector(workbench, true);
  workbench.inspectorTab.set('decision');
  // The tab is on the screen after the next two frames: it may have to be opened first.
  requestAnimationFrame(() =>
    requestAnimationFrame(() => document.querySelector<HTMLElement>('.inspector-area .decision')?.focus()),
  );
}

/** Kept with the sizes of the areas: 1 open, 0 closed. */
const INSPECTOR = 'inspector-open';
/** CSS pixels: below this the text needs the room more, until the person says otherwise. */
const ROOM_FOR_INSPECTOR = 1280;

export function inspectorShown({ layout }: Workspace): boolean {
  const kept = layout[INSPECTOR];
  return kept === undefined ? window.innerWidth >= ROOM_FOR_INSPECTOR : kept === 1;
}

export function showInspector(workbench: Workbench, shown: boolean): void {
  workbench.workspace.update((workspace) =>
    inspectorShown(workspace) === shown
      ? workspace
      : { ...workspace, layout: { ...workspace.layout, [INSPECTOR]: shown ? 1 : 0 } },
  );
}

/** What the Activity view looks for; kept with the workspace. */
export function lookFor(workbench: Workbench, activity: ActivityCriteria): void {
  workbench.workspace.update((workspace) => ({ ...workspace, activity }));
}

/** The Activity view, on what is asked for. */
export function showActivity(workbench: Workbench, activity: ActivityCriteria): void {
  workbench.activity.opened.set(null);
  lookFor(workbench, activity);
  workbench.view.set('activity');
}

/** Formats the selection, else the whole text, as one step that can be undone. The formatter is loaded when first wanted. */
export async function formatText(workbench: Workbench): Promise<void> {
  const editor = workbench.editor.get();
  if (editor === null) return;
  const { formatSql } = await import('../editor/format.ts');
  const text = editor.text();
  const part = editor.selection() ?? { start: 0, end: text.length };
  const formatted = formatSql(text.slice(part.start, part.end));
  if (formatted !== null && workbench.editor.get() === editor && editor.text() === text)
    editor.replace(part, formatted);
}

/** A part of the settings: `agents`, `grants`, and so on. */
export function showSettings(workbench: Workbench, section: string): void {
  workbench.settingsSection.set(section);
  workbench.view.set('settings');
}

/** Reads the list of connections; a list that is already there stays when it cannot be read again. */
export async function loadConnections(workbench: Workbench): Promise<void> {
  try {
    workbench.connections.set({ state: 'ready', value: await workbench.client['connections.list']() });
  } catch (error) {
    if (workbench.connections.get().state !== 'ready')
      workbench.connections.set({ state: 'failed', trouble: troubleOf(error) });
  }
}

/** Rows, verdicts and the catalog as one person saw them are not for the next one. */
export function dropEverythingShown(workbench: Workbench): void {
  for (const tab of workbench.runs.get().keys()) dropRun(workbench, tab);
  workbench.schema.clear();
  workbench.activity.clear();
  workbench.policy.clear();
  workbench.account.stepUp.cancel();
  workbench.account.clear();
  workbench.asked.set(new Map());
  workbench.live.set(null);
  workbench.inspected.set(null);
}

/** Ends the session on this machine: what was shown goes, the text stays. */
export async function signOut(workbench: Workbench): Promise<void> {
  await workbench.saver.flush();
  dropEverythingShown(workbench);
  await workbench.client['session.signOut']();
  workbench.session.set({ state: 'signed-out', trouble: null });
}
