import { useEffect } from 'react';
import { type Workbench } from '../state/workbench.ts';
import { commands } from './commands.ts';
import { isKeys } from './keys.ts';

const mac = /Mac/.test(navigator.platform);

/** Where Escape already means something: an open list, menu, dialog or suggestion closes first. */
function escapeIsTaken(): boolean {
  return (
    document.querySelector(
      '.suggest-widget.visible, .find-widget.visible, [role="dialog"], [role="menu"], .rename-box',
    ) !== null
  );
}

/** Runs commands by their keys, before the text editor sees them: its own meaning of Ctrl+P and F1 would win otherwise. */
export function useCommandKeys(workbench: Workbench): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.isComposing) return;
      const command = commands.find(
        ({ keys, when }) =>
          keys.some((combination) => isKeys(event, combination, mac)) && (when === undefined || when(workbench)),
      );
      if (command === undefined || (event.key === 'Escape' && escapeIsTaken())) return;
      event.preventDefault();
      event.stopPropagation();
      command.run(workbench);
    };
    window.addEventListener('keydown', onKey, { capture: true });
    return () => {
      window.removeEventListener('keydown', onKey, { capture: true });
    };
  }, [workbench]);
}
