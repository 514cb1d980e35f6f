import { describe, expect, it } from 'vitest';
import { newerGrammar } from './newer-grammar.ts';
import { parseText } from './parser.ts';
import { NEWER_WORDS } from './testing/newer-words.ts';
import { MAJORS } from './testing/versions.ts';
import { fromUtf8 } from './text.ts';
import { nodeOf } from './tree.ts';

/** The words that are refused for a version, and where they stand. */
function refused(text: string, major: number): readonly string[] {
  const parsed = parseText(text);
  const root = parsed.ok ? nodeOf(parsed.statements[0]?.node) : undefined;
  if (root === undefined) throw new Error(`not read: ${text}`);
  return newerGrammar({ text, root, offsetOf: fromUtf8(text) }, major).map(({ span }) =>
    text.slice(span?.start, span?.end),
  );
}

describe('a word that an older server takes for the name of a column or function', () => {
  for (const [word, { since, sql }] of Object.entries(NEWER_WORDS)) {
    it(`is refused before PostgreSQL ${String(since)}: ${word}`, () => {
      for (const major of MAJORS) {
        const there = word === 'json_table' ? 'json_table' : word;
        expect([major, refused(sql, major)]).toEqual([major, major < since ? [there] : []]);
      }
    });
  }

  it('is refused in every form that the grammar has for it, and wherever it stands', () => {
    const forms = [
      'select json_object()',
      "select json_object('a': 1)",
      'select json_array()',
      'select json_array(select 1)',
      'select a from t order by (select json_object(b) from u)',
      'select * from system_user',
      'insert into t select system_user',
      'with q as (select system_user) select 1 from q',
      'select json_object\n(a) from t',
      'select SYSTEM_USER, JSON_OBJECT(a) from t',
    ];
    for (const sql of forms) expect([sql, refused(sql, 15).length]).not.toEqual([sql, 0]);
  });

  it('is not refused where it is quoted, written with its schema, a type, or the name of something', () => {
    const forms = [
      `select "json_value"(a), t."system_user", t.system_user from t`,
      `select pg_catalog.json_object('{a,b}'), PG_CATALOG.json_object('{a,b}')`,
      `select '{}'::json, json '{}', cast(a as json) from t`,
      'select json, json_array from t',
    ];
    for (const sql of forms) expect([sql, refused(sql, 13)]).toEqual([sql, []]);
  });
});

describe('a number that an older server ends earlier', () => {
  it('is refused before PostgreSQL 16, and only there', () => {
    const sql = "select 'é0x1F', 0x1F, 1_000, 0b11, 0o7, 1_0.5, 1_0e1_0 from t_1 where a_1 = 10 and b0x = $1";
    expect(refused(sql, 15)).toEqual(['0x1F', '1_000', '0b11', '0o7', '1_0.5', '1_0e1_0']);
    expect(refused(sql, 16)).toEqual([]);
    expect(refused('select t0_1.c1_000 from t0_1 -- 0x1F', 13)).toEqual([]);
  });
});
