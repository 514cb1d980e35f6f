import { describe, expect, it } from 'vitest';
import { parseText, scanText } from './parser.ts';

/** Literals and comments in every spelling, in statements that are normalized whole, in part, and not at all. */
const TEXTS: readonly string[] = [
  "select 'canary', E'canary\\n', U&'canary', N'canary', x'1F', b'101', $$canary$$, $tag$canary$tag$",
  'select 5, 1.5e3, .5, 5., 0x1F, 1_000, $1, a$1, a1, "5", "it\'s"',
  'select 1 -- canary 5\n, 2 /* canary /* 5 */ */',
  "set work_mem = '5MB'",
  "explain (costs off) select 5, 'canary'",
  "create table t (a int default 5, b text default 'canary') -- canary",
  "copy t to stdout (format 'csv', delimiter 'c')",
  "do $body$ begin perform 'canary'; end $body$",
  "declare c cursor for select 'canary' limit 5",
  "alter role r password 'canary' connection limit 5",
  "select interval '5' second(3), date '2024-01-02', cast('5' as numeric(5, 2)), a[5], array[5]",
  'select * from t limit 5 offset 5 for update',
  'listen canary_channel; ',
  "comment on table t is 'canary'",
];

describe('the normal form of a statement', () => {
  for (const text of TEXTS) {
    it(`holds no constant and no comment: ${text}`, () => {
      const parsed = parseText(text);
      if (!parsed.ok) throw new Error(parsed.hazard.sentence);
      expect(parsed.normalized).not.toMatch(/canary(?!_channel)/);
      const left = scanText(parsed.normalized)?.filter(({ name }) => /^(?:[A-Z]*CONST|[A-Z]+_COMMENT)$/.test(name));
      expect(left).toEqual([]);
    });
  }
});
