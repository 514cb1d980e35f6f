import { type PersonView } from '../../shared/views.ts';
import { dropEverythingShown, newTab } from './actions.ts';
import { isAbort, troubleOf } from './trouble.ts';
import { type Workbench } from './workbench.ts';
import { emptyWorkspace, restored } from './workspace.ts';

/**
 * Loads the tabs of a person (by `ownerOf`) and from then on saves every change; nothing is saved before it is loaded, so that an empty
 * window never overwrites kept text. Returns what ends it.
 */
export function openWorkspace(workbench: Workbench, owner: string): () => void {
  const ended = new AbortController();
  let leave: (() => void) | null = null;

  const save = (): void => void workbench.saver.flush();
  const onVisibility = (): void => {
    if (document.visibilityState === 'hidden') save();
  };
  const keepSaved = (): void => {
    leave = workbench.workspace.subscribe(workbench.saver.changed);
  };

  const open = async (): Promise<void> => {
    if (!takeOver(workbench, owner)) {
      keepSaved();
      save();
      return;
    }
    try {
      const saved = await workbench.client['workspace.load'](undefined, ended.signal);
      if (ended.signal.aborted) return;
      workbench.workspace.set(restored(saved));
      keepSaved();
      if (saved.tabs.length === 0) newTab(workbench);
    } catch (error) {
      if (!isAbort(error) && !ended.signal.aborted) workbench.saveTrouble.set(troubleOf(error));
    }
  };
  void open();

  window.addEventListener('blur', save);
  window.addEventListener('pagehide', save);
  document.addEventListener('visibilitychange', onVisibility);
  return () => {
    ended.abort();
    leave?.();
    window.removeEventListener('blur', save);
    window.removeEventListener('pagehide', save);
    document.removeEventListener('visibilitychange', onVisibility);
  };
}

/**
 * Must the workspace be loaded? Not for the same person with text that could not be saved when the session ended. For somebody else,
 * what the last person had on the screen and in memory goes first.
 */
function takeOver(workbench: Workbench, owner: string): boolean {
  const same = workbench.owner.get() === owner;
  if (same && workbench.saver.dirty()) return false;
  if (!same) {
    workbench.saver.forget();
    dropEverythingShown(workbench);
    workbench.workspace.set({ ...emptyWorkspace, theme: workbench.workspace.get().theme });
    // The next person begins in the editor: no view asks in their name for what the one before looked at.
    if (workbench.owner.get() !== null) workbench.view.set('editor');
    workbench.owner.set(owner);
  }
  return true;
}

/** Whose the workspace in this window is, as `Workbench.owner` has it. */
export const ownerOf = ({ issuer, email, name }: PersonView): string => `${issuer}\0${email ?? name}`;

/** Follows what is recorded, for the status line. Returns what ends it. */
export function followAudit(workbench: Workbench): () => void {
  const ended = new AbortController();
  const follow = async (): Promise<void> => {
    try {
      for await (const value of workbench.client['audit.state'](undefined, ended.signal)) {
        workbench.audit.set({ state: 'ready', value });
      }
    } catch (error) {
      if (!ended.signal.aborted) workbench.audit.set({ state: 'failed', trouble: troubleOf(error) });
    }
  };
  void follow();
  return () => {
    ended.abort();
  };
}
