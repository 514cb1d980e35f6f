/**
 * The person's theme, and the tokens as resolved colours for code that paints (Monaco, the results canvas). A custom
 * property's own value may still read `light-dark(...)` or `var(...)`; only a used colour is resolved by the browser.
 */
export type Theme = 'system' | 'light' | 'dark' | 'high-contrast';

const listeners = new Set<() => void>();
let probe: HTMLElement | null = null;
let applied: Theme | null = null;

/** Shows a theme from now on (again: nothing happens); `system` follows the operating system, its wish for more contrast included. */
export function applyTheme(theme: Theme): void {
  if (theme === applied) return;
  applied = theme;
  const wanted = theme === 'system' && matchMedia('(prefers-contrast: more)').matches ? 'high-contrast' : theme;
  if (wanted === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = wanted;
  for (const listener of listeners) listener();
}

/** Which of the three themes is on the screen now. */
export function shownTheme(): Exclude<Theme, 'system'> {
  const chosen = document.documentElement.dataset['theme'];
  if (chosen === 'light' || chosen === 'dark' || chosen === 'high-contrast') return chosen;
  return matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
}

/** Calls back after the colours on the screen changed. Returns what ends it. */
export function onThemeChange(listener: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', listener);
  listeners.add(listener);
  return () => {
    system.removeEventListener('change', listener);
    listeners.delete(listener);
  };
}

/** A colour token as the browser resolved it, such as `rgb(27, 29, 33)`. `name` is without the dashes: `surface`. */
export function readColor(name: string): string {
  if (probe === null) {
    probe = document.createElement('span');
    probe.hidden = true;
    // Where the system forces its colours, every text has the same one: what is drawn would be black on black.
    probe.style.setProperty('forced-color-adjust', 'none');
    document.body.append(probe);
  }
  probe.style.color = `var(--${name})`;
  return getComputedStyle(probe).color;
}

/** A colour token as `#rrggbb`, which is what Monaco's themes take. */
export function readHex(name: string): string {
  const channels = readColor(name).match(/[\d.]+/g) ?? [];
  return `#${channels
    .slice(0, 3)
    .map((channel) => Math.round(Number(channel)).toString(16).padStart(2, '0'))
    .join('')}`;
}

/** A text token as written, such as the monospaced font family. */
export function readToken(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
