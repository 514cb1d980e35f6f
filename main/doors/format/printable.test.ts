import { describe, expect, it } from 'vitest';
import { printable } from './printable.ts';

describe('text for a terminal', () => {
  it('cannot act on it: escape sequences, carriage returns and C1 controls are shown', () => {
    expect(printable('\u001b[31mred\r\u009b2J')).toBe('\\u{1b}[31mred\\u{d}\\u{9b}2J');
  });

  it('cannot hide what is there: bidirectional and invisible characters are shown', () => {
    expect(printable('a\u202eb\u200bc\u2028')).toBe('a\\u{202e}b\\u{200b}c\\u{2028}');
  });

  it('keeps its lines, its tabs and every other character', () => {
    expect(printable('übung\t1\n日本')).toBe('übung\t1\n日本');
  });
});
