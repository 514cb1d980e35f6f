import { describe, expect, it } from 'vitest';
import { understand } from './understand.ts';

const SETTINGS = { standardConformingStrings: true, clientEncoding: 'UTF8' } as const;

async function factsOf(sql: string) {
  return (await understand(sql, SETTINGS)).facts;
}

/** `name place`, in the order of the text. */
async function columnsOf(sql: string): Promise<readonly string[]> {
  const { columns } = await factsOf(sql);
  return columns.map(({ name, place }) => `${name.join('.')} ${place}`).sort();
}

describe('where a statement uses the columns it names', () => {
  const rows: readonly (readonly [string, readonly string[]])[] = [
    ['SELECT a, t.b, s.t.c, * FROM t', ['* output', 'a output', 's.t.c output', 't.b output']],
    ['SELECT t.* FROM t', ['t.* output']],
    [
      'SELECT a + 1, lower(b), c::text, CASE WHEN d THEN e END FROM t',
      ['a argument', 'b argument', 'c argument', 'd predicate', 'e argument'],
    ],
    ['SELECT 1 FROM t WHERE a = 1 AND lower(b) = c', ['a predicate', 'b predicate', 'c predicate']],
    [
      'SELECT 1 FROM t JOIN u ON t.a = u.b JOIN v USING (c, d)',
      ['c join-key', 'd join-key', 't.a join-key', 'u.b join-key'],
    ],
    [
      'SELECT a FROM t GROUP BY b, ROLLUP (c) HAVING max(d) > 1',
      ['a output', 'b grouping', 'c grouping', 'd predicate'],
    ],
    [
      'SELECT 1 FROM t ORDER BY a, b || c LIMIT d OFFSET e',
      ['a ordering', 'b ordering', 'c ordering', 'd limit', 'e limit'],
    ],
    ['SELECT DISTINCT ON (a) b FROM t', ['a distinct', 'b output']],
    [
      'SELECT sum(a) FILTER (WHERE b) OVER (PARTITION BY c ORDER BY d), string_agg(e, f ORDER BY g) FROM t',
      ['a argument', 'b predicate', 'c window', 'd window', 'e argument', 'f argument', 'g ordering'],
    ],
    ['SELECT rank() OVER w FROM t WINDOW w AS (ORDER BY a)', ['a window']],
    ['SELECT (SELECT a FROM u WHERE b = c) FROM t', ['a output', 'b predicate', 'c predicate']],
    ['SELECT 1 FROM t WHERE a IN (SELECT b FROM u)', ['a predicate', 'b output']],
    ['SELECT x FROM (SELECT a AS x FROM t) s', ['a output', 'x output']],
    ['WITH w AS (SELECT a FROM t ORDER BY b) SELECT c FROM w', ['a output', 'b ordering', 'c output']],
    ['SELECT a FROM t UNION SELECT b FROM u ORDER BY c', ['a output', 'b output', 'c ordering']],
    ['SELECT 1 FROM t, generate_series(1, a) g', ['a argument']],
    [
      'INSERT INTO t (a, b) SELECT c, d + 1 FROM u WHERE e RETURNING f',
      ['a assignment', 'b assignment', 'c assignment', 'd assignment', 'e predicate', 'f returning'],
    ],
    [
      'INSERT INTO t (a) VALUES (1) ON CONFLICT (b) DO UPDATE SET c = excluded.d WHERE e',
      ['a assignment', 'b predicate', 'c assignment', 'e predicate', 'excluded.d assignment'],
    ],
    [
      'UPDATE t SET a = b, c = (SELECT d FROM u) FROM v WHERE e RETURNING f, g + 1',
      ['a assignment', 'b assignment', 'c assignment', 'd assignment', 'e predicate', 'f returning', 'g argument'],
    ],
    ['DELETE FROM t USING u WHERE a = b RETURNING *', ['* returning', 'a predicate', 'b predicate']],
    [
      'MERGE INTO t USING u ON a = b WHEN MATCHED AND c THEN UPDATE SET d = e WHEN NOT MATCHED THEN INSERT (f) VALUES (g)',
      ['a join-key', 'b join-key', 'c predicate', 'd assignment', 'e assignment', 'f assignment', 'g assignment'],
    ],
    ['CREATE TABLE x AS SELECT a FROM t WHERE b', ['a assignment', 'b predicate']],
    ['SELECT a FROM t TABLESAMPLE system (b)', ['a output', 'b limit']],
    ['EXPLAIN SELECT a FROM t WHERE b', ['a output', 'b predicate']],
  ];
  it.each(rows)('%s', async (sql, columns) => {
    expect(await columnsOf(sql)).toEqual(columns);
  });
});

describe('what a statement names besides', () => {
  const sql = `SELECT lower(a), b OPERATOR(pg_catalog.+) 1, c::jsonb, CAST(d AS numeric(10, 2)[]), e = ANY (SELECT 1)
FROM t ORDER BY f USING >`;

  it('is its functions, operators and casts, each with its place in the text', async () => {
    const { functions, operators, casts, types } = await factsOf(sql);
    const told = [functions, operators, casts].map((uses) =>
      uses.map(({ name, span }) => [name, span && sql.slice(span.start, span.end)]),
    );
    expect(told).toEqual([
      [['lower', 'lower']],
      expect.arrayContaining([
        ['+', 'OPERATOR'],
        ['=', '='],
      ]),
      [
        ['jsonb', 'jsonb'],
        ['numeric[]', 'numeric'],
      ],
    ]);
    expect(operators.map(({ schema, name }) => [schema, name])).toContainEqual(['pg_catalog', '+']);
    expect(operators.map(({ name }) => name)).toContain('>');
    expect(types).toEqual([]);
  });

  it('is the types of columns and parameters that it makes', async () => {
    const { types, casts } = await factsOf('CREATE TABLE t (a int, b myschema.money_of_ours DEFAULT 1::bigint)');
    expect(types.map(({ name }) => name)).toEqual(['int4', 'myschema.money_of_ours']);
    expect(casts.map(({ name }) => name)).toEqual(['int8']);
  });

  it('is found at any depth that the parser takes', async () => {
    const { columns, hazards } = await factsOf(`SELECT ${'('.repeat(500)}a${')'.repeat(500)} FROM t`);
    expect(hazards).toEqual([]);
    expect(columns.map(({ place }) => place)).toEqual(['output']);
  });

  it('is nothing in a text that is not understood', async () => {
    expect(await factsOf('SELECT a FROM')).toMatchObject({ columns: [], operators: [], casts: [], types: [] });
  });
});

describe('what a statement does besides reading', () => {
  it.each([
    ['SELECT CURRENT_TIMESTAMP, LOCALTIME(3)', ['random-or-time']],
    ['SELECT now()', ['random-or-time']],
    ['SELECT CURRENT_USER, SESSION_USER', []],
    ['SELECT a FROM t TABLESAMPLE bernoulli (1)', ['random-or-time', 'reads']],
    ['SELECT a FROM t FOR UPDATE', ['lock', 'reads']],
    ['INSERT INTO t SELECT random() FROM u', ['random-or-time', 'reads', 'writes']],
    ["COPY t TO PROGRAM 'x'", ['file', 'reads']],
  ])('%s', async (sql, effects) => {
    expect([...(await factsOf(sql)).effects].sort()).toEqual(effects);
  });
});
