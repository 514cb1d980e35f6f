import { type ReactElement } from 'react';

const mac = typeof navigator !== 'undefined' && /Mac/.test(navigator.platform);

/** `Mod+Enter` in the words of this keyboard: Ctrl on most, the Command sign on a Mac. */
export function keysInWords(keys: string): string {
  if (!mac) return keys.replace('Mod', 'Ctrl');
  return keys
    .replace('Mod', '\u2318')
    .replace('Shift', '\u21e7')
    .replace('Alt', '\u2325')
    .replace('Enter', '\u21a9')
    .replaceAll('+', '');
}

/** A key combination, small and quiet. */
export function Shortcut({ keys }: { keys: string }): ReactElement {
  return <kbd className="shortcut">{keysInWords(keys)}</kbd>;
}
