import { describe, expect, it } from 'vitest';
import { guessBoundaries, statementAt } from './statements.ts';

/** `|` marks the cursor; the answer is the text of the statement meant. */
function meant(marked: string): string | null {
  const cursor = marked.indexOf('|');
  const text = marked.replace('|', '');
  const found = statementAt(guessBoundaries(text), text, cursor);
  return found === null ? null : text.slice(found.start, found.end);
}

describe('the statement at the cursor', () => {
  it.each([
    ['is the one around it', 'select 1; sel|ect 2; select 3', 'select 2'],
    ['is the one whose end it touches', 'select 1|; select 2', 'select 1'],
    ['is the one before, right after its semicolon', 'select 1;|\nselect 2', 'select 1'],
    ['is the one before, behind it on the same line', 'select 1;   |\nselect 2', 'select 1'],
    ['is the next one from an empty line between', 'select 1;\n|\nselect 2', 'select 2'],
    ['is the last one from below everything', 'select 1;\n\n\n|', 'select 1'],
    ['is the first one from above everything', '\n|\nselect 1', 'select 1'],
    ['does not end at a semicolon in a string', "select ';|' , 1; select 2", "select ';' , 1"],
    ['does not end at a semicolon in a comment', 'select 1 -- a; b|\n, 2; select 3', 'select 1 -- a; b\n, 2'],
    [
      'does not end at a semicolon in a nested comment',
      'select /* /* ; */ ; */ 1|; select 2',
      'select /* /* ; */ ; */ 1',
    ],
    ['does not end at a semicolon between dollar quotes', 'select $f$ a; b $f$|; select 2', 'select $f$ a; b $f$'],
    ['reads a doubled quote as part of the string', "select 'it''s; '|; select 2", "select 'it''s; '"],
    [
      'reads a backslash as an escape only in E strings',
      String.raw`select E'\';'|; select 2`,
      String.raw`select E'\';'`,
    ],
    ['is none where there is nothing', '  ;; |', null],
  ])('%s', (_, marked, statement) => {
    expect(meant(marked)).toBe(statement);
  });

  it('survives text that is cut anywhere', () => {
    const text = `with a as (select "x""y", $t$ ; $t$ from b /* c */) select 'd\u{1F600}' from a -- end`;
    for (let end = 0; end <= text.length; end++) expect(() => guessBoundaries(text.slice(0, end))).not.toThrow();
  });
});
