import { describe, expect, it } from 'vitest';
import { split } from './split.ts';

const parts = (text: string): readonly string[] => split(text).map(({ start, end }) => text.slice(start, end));

describe('splitting a script', () => {
  it.each<[string, readonly string[]]>([
    ['', []],
    [' ;; -- nothing\n', []],
    ['select 1', ['select 1']],
    ['select 1; select 2;', ['select 1', 'select 2']],
    ["-- a;\nselect '😀;' /* ; */ ;\n/* b */ select $x$;$x$ -- end\n", ["select '😀;'", 'select $x$;$x$']],
    ["select \"a;b\", E'\\';', U&'\\003b'; select 2", ["select \"a;b\", E'\\';', U&'\\003b'", 'select 2']],
    ['select /* a /* nested ; */ ; */ 1; select 2', ['select /* a /* nested ; */ ; */ 1', 'select 2']],
    [
      'create function f() returns int begin atomic select case when true then 1 end; select 2; end; select 3',
      ['create function f() returns int begin atomic select case when true then 1 end; select 2; end', 'select 3'],
    ],
    [
      'create rule r as on update to t do also (delete from a; delete from b); select 1',
      ['create rule r as on update to t do also (delete from a; delete from b)', 'select 1'],
    ],
    [
      'begin; select case when a then 1 end; end; select 2',
      ['begin', 'select case when a then 1 end', 'end', 'select 2'],
    ],
  ])('%j', (text, expected) => {
    expect(parts(text)).toEqual(expected);
  });

  it('keeps the statements around one that does not parse', () => {
    expect(parts('select 1; selec (2; select 3')).toEqual(['select 1', 'selec (2', 'select 3']);
  });

  it('keeps the statements before a quote or comment that is never closed', () => {
    expect(parts("select 1; select 'abc; select 2")).toEqual(['select 1', "select 'abc; select 2"]);
    expect(parts('select 1; select 2 /* never')).toEqual(['select 1', 'select 2 /* never']);
    expect(parts("select 'abc")).toEqual(["select 'abc"]);
  });

  it('leaves a text whole that the scanner would take minutes for', () => {
    const comments = `select 1; ${'/*'.repeat(100_000)} ${'*/'.repeat(100_000)}; select 2`;
    expect(parts(comments)).toEqual([comments]);
    const signs = `select 1; select ${'+-'.repeat(100_000)}1`;
    expect(parts(signs)).toEqual([signs]);
  });

  it('splits around lines of dashes and frames of stars, however long', () => {
    const [line, frame] = ['-'.repeat(5_000), `/${'*'.repeat(900)}\n${'*'.repeat(900)}/`];
    expect(parts(`select 1;\n${line}\nselect 2; ${frame} select 3`)).toEqual(['select 1', 'select 2', 'select 3']);
  });
});
