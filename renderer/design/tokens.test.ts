import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contrast } from '../testing/contrast.ts';

const css = readFileSync(new URL('tokens.css', import.meta.url), 'utf8').replace(/\/\*[\s\S]*?\*\//g, '');

type Theme = 'light' | 'dark' | 'high-contrast';
const themes: readonly Theme[] = ['light', 'dark', 'high-contrast'];

function declarations(selector: string): ReadonlyMap<string, string> {
  const body = css.slice(css.indexOf(`${selector} {`)).match(/\{([^}]*)\}/)?.[1] ?? '';
  return new Map(
    [...body.matchAll(/--([\w-]+):\s*([^;]+);/g)].map((match) => [match[1] ?? '', (match[2] ?? '').trim()]),
  );
}

const base = declarations(':root');
const strong = declarations(":root[data-theme='high-contrast']");

/** The colour a theme shows for a token, as `#rrggbb`. */
function color(theme: Theme, token: string): string {
  const written = (theme === 'high-contrast' ? strong.get(token) : undefined) ?? base.get(token) ?? '';
  const reference = /^var\(--([\w-]+)\)$/.exec(written)?.[1];
  if (reference !== undefined) return color(theme, reference);
  const pair = /^light-dark\((#\w{6}), (#\w{6})\)$/.exec(written);
  const value = pair === null ? written : theme === 'light' ? pair[1] : pair[2];
  if (value === undefined || !/^#[\da-f]{6}$/i.test(value))
    throw new Error(`--${token} is no colour in ${theme}: ${written}`);
  return value;
}

const backgrounds = ['surface', 'chrome', 'chrome-quiet', 'raised'];
const words = [
  'text',
  'text-secondary',
  'text-muted',
  'accent',
  'read',
  'write',
  'refused',
  'masked',
  'approved',
  'waiting',
];
const tints = ['read', 'write', 'refused', 'masked', 'approved', 'waiting'];
const environments = ['development', 'staging', 'production'];

const text: readonly (readonly [string, string])[] = [
  ...backgrounds.flatMap((background) => words.map((word) => [word, background] as const)),
  ...tints.flatMap((meaning) => [[meaning, `${meaning}-tint`] as const, ['text', `${meaning}-tint`] as const]),
  ...['hover', 'selection', 'selection-quiet'].flatMap((background) => [
    ['text', background] as const,
    ['text-secondary', background] as const,
    ['text-muted', background] as const,
  ]),
  // Lines of the Activity view say what came of an event in its meaning's colour, also while they are pointed at or current.
  ...['hover', 'selection', 'selection-quiet'].flatMap((background) =>
    ['refused', 'write', 'waiting', 'masked', 'accent'].map((word) => [word, background] as const),
  ),
  ...['keyword', 'string', 'number', 'comment', 'function', 'operator'].flatMap((part) => [
    [`syntax-${part}`, 'surface'] as const,
    [`syntax-${part}`, 'chrome-quiet'] as const,
  ]),
  ...environments.map((environment) => ['on-environment', `${environment}-fill`] as const),
  ['on-environment', 'production-fill-stripe'],
  ['on-environment', 'refused-fill'],
  ['on-accent', 'accent-fill'],
  ['on-accent', 'accent-fill-hover'],
];

const controls: readonly (readonly [string, string])[] = [
  ...backgrounds.flatMap((background) => [['control-line', background] as const, ['focus', background] as const]),
  ...environments.flatMap((environment) => [[environment, 'surface'] as const, [environment, 'chrome'] as const]),
  ['selection-line', 'surface'],
  ['selection-line', 'selection'],
];

describe.each(themes)('the %s theme', (theme) => {
  it.each(text)('shows %s on %s with a contrast of at least 4.5', (foreground, background) => {
    expect(contrast(color(theme, foreground), color(theme, background))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(controls)('shows %s beside %s with a contrast of at least 3', (foreground, background) => {
    expect(contrast(color(theme, foreground), color(theme, background))).toBeGreaterThanOrEqual(3);
  });
});

describe('the tokens', () => {
  it('have a text contrast of at least 7 in high contrast', () => {
    for (const word of words)
      expect(contrast(color('high-contrast', word), color('high-contrast', 'surface'))).toBeGreaterThanOrEqual(7);
  });

  it('override in high contrast only what exists', () => {
    expect([...strong.keys()].filter((token) => !base.has(token))).toEqual([]);
  });
});
