/** The part of a KeyboardEvent that matters. */
export interface Keystroke {
  readonly key: string;
  readonly code: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly altKey: boolean;
}

/**
 * Is this keystroke the combination? Written `Mod+Shift+P`: Mod is Command on a Mac and Control elsewhere. Letters and digits are compared by
 * position too (`code`), because Alt or a non-Latin layout changes what a key prints.
 */
export function isKeys(stroke: Keystroke, keys: string, mac: boolean): boolean {
  const parts = keys.split('+');
  const key = parts.at(-1) ?? '';
  const has = (name: string): boolean => parts.includes(name);
  const control = has('Ctrl') || (has('Mod') && !mac);
  const meta = has('Mod') && mac;
  if (
    stroke.ctrlKey !== control ||
    stroke.metaKey !== meta ||
    stroke.shiftKey !== has('Shift') ||
    stroke.altKey !== has('Alt')
  )
    return false;
  if (stroke.key.toLowerCase() === key.toLowerCase()) return true;
  return /^[A-Z]$/.test(key) && stroke.code === `Key${key}` && (stroke.altKey || !/^[a-z]$/i.test(stroke.key));
}
