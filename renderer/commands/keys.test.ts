import { describe, expect, it } from 'vitest';
import { isKeys, type Keystroke } from './keys.ts';

const stroke = (change: Partial<Keystroke>): Keystroke => ({
  key: '',
  code: '',
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...change,
});

describe('key combinations', () => {
  it.each([
    ['Ctrl+Enter runs on Linux and Windows', { key: 'Enter', ctrlKey: true }, 'Mod+Enter', false, true],
    ['Command+Enter runs on a Mac', { key: 'Enter', metaKey: true }, 'Mod+Enter', true, true],
    ['Ctrl+Enter is something else on a Mac', { key: 'Enter', ctrlKey: true }, 'Mod+Enter', true, false],
    [
      'a further modifier makes it another combination',
      { key: 'P', ctrlKey: true, shiftKey: true },
      'Mod+P',
      false,
      false,
    ],
    ['the case of the letter does not matter', { key: 'P', ctrlKey: true, shiftKey: true }, 'Mod+Shift+P', false, true],
    ['a Cyrillic layout has the same shortcuts', { key: '\u0437', code: 'KeyP', ctrlKey: true }, 'Mod+P', false, true],
    ['a Latin layout goes by what the key prints', { key: 'r', code: 'KeyP', ctrlKey: true }, 'Mod+P', false, false],
    ['Alt may change what a key prints', { key: '\u00e5', code: 'KeyN', altKey: true }, 'Alt+N', true, true],
    ['Escape has no modifier', { key: 'Escape' }, 'Escape', false, true],
  ])('%s', (_, change, keys, mac, expected) => {
    expect(isKeys(stroke(change), keys, mac)).toBe(expected);
  });
});
