import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteSize, cutText, showText } from './cell-text.ts';

describe('a cell made visible', () => {
  it.each([
    ['line breaks', 'one\ntwo\r\nthree', 'one↵two↵three'],
    ['tab', 'a\tb', 'a⇥b'],
    ['NUL', 'a\0b', 'a\\0b'],
    ['escape sequence', '\x1b[31mred', '\\x1B[31mred'],
    ['C1 control', 'a\u0085b', 'a\\x85b'],
    ['right-to-left override', 'invoice\u202Efdp.exe', 'invoice\\u202Efdp.exe'],
    ['isolate', '\u2066x\u2069', '\\u2066x\\u2069'],
    ['zero width space', 'pay\u200Bpal', 'pay\\u200Bpal'],
    ['byte order mark', '\uFEFFid', '\\uFEFFid'],
    ['soft hyphen', 'ad\u00ADmin', 'ad\\xADmin'],
    ['Hangul filler', 'a\u3164', 'a\\u3164'],
    ['tag characters', 'a\u{E0041}', 'a\\u{E0041}'],
    ['data behind variation selectors', 'a\uFE01\u{E0101}', 'a\\uFE01\\u{E0101}'],
    ['lone surrogate', 'a\ud800b', 'a\\uD800b'],
    ['paragraph separator', 'a\u2029b', 'a↵b'],
  ])('%s', (_name, raw, shown) => {
    expect(showText(raw).text).toBe(shown);
    expect(showText(raw).marks.length).toBeGreaterThan(0);
  });

  it.each([
    'Ada Moreau',
    '<img src=x onerror=alert(1)>',
    'Ünïcode naïve',
    'नमस्ते',
    'می‌خواهم',
    '👩‍💻 ❤️',
    'שלום',
    '日本語',
    '\\u202E',
  ])('leaves %s as it is', (raw) => {
    expect(showText(raw)).toEqual({ text: raw, marks: [] });
  });

  it('tells an escape it made from the same characters in the cell', () => {
    expect(showText('\\0').marks).toEqual([]);
    expect(showText('\0').marks).toEqual([0, 2]);
  });

  it('never shows a character that could reorder or hide its neighbours', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (raw) => {
        expect(showText(raw).text).not.toMatch(/[\p{Cc}\p{Cs}\u202a-\u202e\u2066-\u2069\u200b\u2028\u2029]/u);
      }),
    );
  });

  it('looks at the beginning of a huge cell only', () => {
    expect(showText('x'.repeat(10_000_000)).text.length).toBeLessThanOrEqual(320);
  });

  it('does not cut a character in half', () => {
    expect(cutText('ab😀', 3)).toBe('ab');
    expect(cutText('ab😀', 4)).toBe('ab😀');
  });
});

describe('sizes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [4100, '4.1 KB'],
    [10_000_000, '10 MB'],
    [999_999_999, '1000 MB'],
  ])('%i bytes', (bytes, words) => {
    expect(byteSize(bytes)).toBe(words);
  });
});
