import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foldedLine, foldLines } from './fold-lines.ts';

const lines = (text: string, width: number): string[] => {
  const starts = foldLines(text, width);
  return Array.from(starts, (_, i) => foldedLine(text, starts, i));
};

describe('folding a text into lines', () => {
  it.each([
    ['', 10, ['']],
    ['abc', 10, ['abc']],
    ['a\nb\r\nc', 10, ['a', 'b', 'c']],
    ['abcdef', 3, ['abc', 'def']],
    ['abcdefg\nh', 3, ['abc', 'def', 'g', 'h']],
    ['a\n', 10, ['a', '']],
    ['\n\n', 10, ['', '', '']],
    ['ab😀cd', 3, ['ab', '😀c', 'd']],
    ['FROM customers', 8, ['FROM ', 'customer', 's']],
    ['a bc def', 5, ['a bc ', 'def']],
    ['    abcdef', 6, ['    ab', 'cdef']],
    ['a     b', 3, ['a  ', '   ', 'b']],
  ])('%j at %i', (text, width, expected) => {
    expect(lines(text, width)).toEqual(expected);
  });

  it('loses no character', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 20 }), (text, width) => {
        expect(lines(text, width).join('')).toBe(text.replaceAll(/\r?\n/g, ''));
      }),
    );
  });
});
