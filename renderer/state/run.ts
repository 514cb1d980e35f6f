import { type TabState } from '../../shared/views.ts';
import { statementAt } from '../editor/statements.ts';
import { createRun, type RunModel } from '../results/run-model.ts';
import { askFor, type Asked, givenWith, lacksReason, placeOfAsked, sameStatement, steppedUp } from './asked.ts';
import { type Workbench } from './workbench.ts';
import { activeTab } from './workspace.ts';

/** Running a tab's statement, and asking the person for what its verdict wants of them first. */

/** Runs what is selected, else the statement at the cursor, exactly as it stands on the screen. */
export async function runCurrent(workbench: Workbench): Promise<void> {
  const editor = workbench.editor.get();
  const tab = activeTab(workbench.workspace.get());
  if (editor === null || tab?.connection == null || editor.tab !== tab.id) return;
  const text = editor.text();
  const part = editor.selection() ?? (await currentPart(workbench, text, editor.cursor()));
  if (part === null || text.slice(part.start, part.end).trim() === '') return;
  runPart(workbench, tab, text.slice(part.start, part.end), part.start);
}

/** The statement at the cursor, split by the database's own scanner; a text it cannot split runs whole and is refused with the reason. */
async function currentPart(
  workbench: Workbench,
  text: string,
  cursor: number,
): Promise<{ start: number; end: number } | null> {
  try {
    return statementAt(await workbench.client['query.split']({ text }), text, cursor);
  } catch {
    return { start: 0, end: text.length };
  }
}

/** Runs a part of a tab's text; where it is known that it asks for something, the person is asked first and nothing is sent. */
export function runPart(workbench: Workbench, tab: TabState, text: string, offset: number): void {
  if (tab.connection === null) return;
  const statement = { connection: tab.connection, text, offset };
  const asked = askedOf(workbench, tab.id);
  if (asked !== undefined && sameStatement(asked, statement)) {
    putAsked(workbench, tab.id, { ...asked, offset });
    void runAsked(workbench, tab.id);
    return;
  }
  const live = workbench.live.get();
  if (live !== null && live.connection === tab.connection && live.text === text && live.verdict.needs.length > 0) {
    putAsked(workbench, tab.id, askFor(statement, live.verdict, asked));
    return;
  }
  forgetAsked(workbench, tab.id);
  start(workbench, tab.id, statement, {});
}

/** Runs the statement that asked, with what the person has said; a step-up it asks for comes first. */
export async function runAsked(workbench: Workbench, tab: string): Promise<void> {
  const asked = askedOf(workbench, tab);
  if (asked === undefined) return;
  if (lacksReason(asked)) {
    putAsked(workbench, tab, { ...asked, turn: asked.turn + 1 });
    return;
  }
  if (asked.confirming) return;
  if (asked.needs.includes('step-up') && !(await confirm(workbench, tab, asked))) return;
  const ready = askedOf(workbench, tab);
  const now = workbench.workspace.get().tabs.find(({ id }) => id === tab);
  if (ready === undefined || now === undefined) return;
  const offset = placeOfAsked(ready, now);
  if (offset === null) {
    forgetAsked(workbench, tab);
    return;
  }
  start(workbench, tab, { connection: ready.connection, text: ready.text, offset }, givenWith(ready));
}

/** @returns whether the person has proved who they are, and the same statement still asks */
async function confirm(workbench: Workbench, tab: string, asked: Asked): Promise<boolean> {
  putAsked(workbench, tab, { ...asked, confirming: true });
  const done = await workbench.account.stepUp.begin();
  const now = askedOf(workbench, tab);
  // Closed or asked something else while the browser was open: what was confirmed then is not this.
  if (now === undefined || !sameStatement(now, asked)) return false;
  putAsked(workbench, tab, done ? steppedUp(now) : { ...now, confirming: false });
  return done;
}

/** Runs the last statement of a tab once more, as it was; what it asked for is kept. */
export function runAgain(workbench: Workbench, tab: string): void {
  const run = workbench.runs.get().get(tab);
  if (run === undefined) return;
  const { text, offset } = run.snapshot();
  const asked = askedOf(workbench, tab);
  const statement = { connection: run.connection, text, offset };
  start(workbench, tab, statement, asked !== undefined && sameStatement(asked, statement) ? givenWith(asked) : {});
}

function start(
  workbench: Workbench,
  tab: string,
  statement: { readonly connection: string; readonly text: string; readonly offset: number },
  given: { readonly reason?: string; readonly ticket?: string },
): void {
  dropRun(workbench, tab);
  const run = createRun(workbench.client, { ...statement, ...given });
  workbench.runs.update((runs) => new Map(runs).set(tab, run));
  askWhenNeeded(workbench, tab, run, statement);
  rereadWhenGrantEnded(workbench, run);
}

/** Somebody else may have ended it: what the window shows of grants is then older than what the gate said. */
function rereadWhenGrantEnded({ account }: Workbench, run: RunModel): void {
  const leave = run.subscribe(() => {
    if (run.snapshot().error?.code !== 'grant-ended') return;
    leave();
    void account.read('grants');
  });
}

/** A verdict that wants something of the person opens the question. */
function askWhenNeeded(
  workbench: Workbench,
  tab: string,
  run: RunModel,
  statement: { readonly connection: string; readonly text: string; readonly offset: number },
): void {
  const leave = run.subscribe(() => {
    const { verdict } = run.snapshot();
    if (verdict === null) return;
    leave();
    const asked = askedOf(workbench, tab);
    if (verdict.needs.length > 0) putAsked(workbench, tab, askFor(statement, verdict, asked));
    else if (asked !== undefined && sameStatement(asked, statement)) answered(workbench, tab, asked);
  });
}

/** What was asked for and stays of use is kept on the screen; a step-up alone leaves nothing to show. */
function answered(workbench: Workbench, tab: string, asked: Asked): void {
  if (asked.needs.includes('reason')) putAsked(workbench, tab, { ...asked, answered: true });
  else forgetAsked(workbench, tab);
}

export const askedOf = (workbench: Workbench, tab: string): Asked | undefined => workbench.asked.get().get(tab);

export function putAsked(workbench: Workbench, tab: string, asked: Asked): void {
  workbench.asked.update((all) => new Map(all).set(tab, asked));
}

/** The person does not want to run it any more, or it is another statement now. */
export function forgetAsked(workbench: Workbench, tab: string): void {
  if (workbench.asked.get().has(tab)) workbench.asked.update((all) => new Map([...all].filter(([id]) => id !== tab)));
}

export function dropRun(workbench: Workbench, tab: string): void {
  const run = workbench.runs.get().get(tab);
  if (run === undefined) return;
  run.dispose();
  workbench.runs.update((runs) => new Map([...runs].filter(([id]) => id !== tab)));
}

export function cancelRun(workbench: Workbench): void {
  const { active } = workbench.workspace.get();
  const run = active === null ? undefined : workbench.runs.get().get(active);
  if (run?.snapshot().state === 'running') run.cancel();
}
