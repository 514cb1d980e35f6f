import { isAbort, troubleOf } from './trouble.ts';
import { type Workbench } from './workbench.ts';
import { newTab } from './actions.ts';
import { restored } from './workspace.ts';

/**
 * Loads the person's tabs and from then on saves every change; nothing is saved before it is loaded, so that an empty window never overwrites
 * kept text. Returns what ends it.
 */
export function openWorkspace(workbench: Workbench): () => void {
  const ended = new AbortController();
  let leave: (() => void) | null = null;

  const save = (): void => void workbench.saver.flush();
  const onVisibility = (): void => {
    if (document.visibilityState === 'hidden') save();
  };

  const open = async (): Promise<void> => {
    try {
      const saved = await workbench.client['workspace.load'](undefined, ended.signal);
      if (ended.signal.aborted) return;
      workbench.workspace.set(restored(saved));
      leave = workbench.workspace.subscribe(() => {
        workbench.saver.changed();
      });
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
