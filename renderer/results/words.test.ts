import { describe, expect, it } from 'vitest';
import { asSentence, duration, lineAndColumn, oneLine, plural } from './words.ts';

describe('words', () => {
  it.each([
    [0.4, '0 ms'],
    [41, '41 ms'],
    [1234, '1.23 s'],
    [12_340, '12.3 s'],
    [120_000, '2 min'],
    [125_000, '2 min 5 s'],
  ])('%d ms', (value, words) => {
    expect(duration(value)).toBe(words);
  });

  it('counts with thousands separated and the right form', () => {
    expect(plural(1, 'row')).toBe('1 row');
    expect(plural(100_214, 'row')).toBe('100,214 rows');
    expect(plural(0, 'row')).toBe('0 rows');
  });

  it('says where an offset stands', () => {
    expect(lineAndColumn('SELECT\n  x', 9)).toEqual({ line: 2, column: 3 });
    expect(lineAndColumn('', 0)).toEqual({ line: 1, column: 1 });
  });

  it('ends what has no full stop, and nothing twice', () => {
    expect(['syntax error', 'Gone.', 'Who?'].map(asSentence)).toEqual(['syntax error.', 'Gone.', 'Who?']);
  });

  it('folds a statement into one line', () => {
    expect(oneLine('SELECT *\n\tFROM  t')).toBe('SELECT * FROM t');
    expect(oneLine('x'.repeat(300), 10)).toBe(`${'x'.repeat(9)}…`);
  });
});
