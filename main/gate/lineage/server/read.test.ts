import { describe, expect, it } from 'vitest';
import { COMPARED_MAJORS, lineageOf, serverLineage } from './read.ts';
import { type ServerLineage } from './server-lineage.ts';

type Fields = Readonly<Record<string, string | number>>;

const node = (label: string, fields: Fields): string =>
  `{${[label, ...Object.entries(fields).map(([name, value]) => `:${name} ${String(value)}`)].join(' ')}}`;
const list = (...members: readonly string[]): string => (members.length === 0 ? '<>' : `(${members.join(' ')})`);

const query = (fields: Fields): string =>
  node('QUERY', {
    commandType: 1,
    canSetTag: 'true',
    utilityStmt: '<>',
    resultRelation: 0,
    cteList: '<>',
    rtable: list(relation(20_000)),
    jointree: node('FROMEXPR', { fromlist: list(node('RANGETBLREF', { rtindex: 1 })), quals: '<>' }),
    targetList: '<>',
    ...fields,
  });
const relation = (relid: number, relkind = 'r', fields: Fields = {}): string =>
  node('RANGETBLENTRY', {
    rtekind: 0,
    relid,
    relkind,
    tablesample: '<>',
    inFromCl: 'true',
    securityQuals: '<>',
    ...fields,
  });
const column = (varattno: number, varno = 1, varlevelsup = 0): string =>
  node('VAR', { varno, varattno, vartype: 25, varlevelsup });
const target = (expr: string, resno = 1, fields: Fields = {}): string =>
  node('TARGETENTRY', { expr, resno, resname: 'x', ressortgroupref: 0, resjunk: 'false', ...fields });
const call = (funcid: number, ...args: readonly string[]): string =>
  node('FUNCEXPR', { funcid, funcformat: 0, args: list(...args) });
const constant = (bytes: string): string => node('CONST', { consttype: 25, constvalue: `7 [ ${bytes} ]` });
const selecting = (expr: string, fields: Fields = {}): string => query({ targetList: list(target(expr)), ...fields });

function read(rewritten: string): ServerLineage {
  const lineage = lineageOf({ parsed: rewritten, rewritten: list(rewritten) });
  if (lineage === undefined || 'unknown' in lineage) throw new Error(lineage?.unknown);
  return lineage;
}

const columns = (of: Iterable<{ readonly relation: number; readonly attribute: number }>): readonly string[] =>
  [...of].map(({ relation, attribute }) => `${String(relation)}.${String(attribute)}`).sort();

describe("the lineage of the server's own tree", () => {
  it('is not there for versions that were not compared, nor for what is no query', () => {
    const tree = selecting(column(1));
    const trees = { parsed: tree, rewritten: list(tree) };
    for (const major of COMPARED_MAJORS) expect(serverLineage(trees, major)).toMatchObject({ outputs: [{}] });
    for (const major of [12, 19, Number.NaN]) expect(serverLineage(trees, major)).toBeUndefined();
    const show = query({ commandType: 6, utilityStmt: node('VARIABLESHOWSTMT', { name: 'work_mem' }) });
    expect(lineageOf({ parsed: show, rewritten: list(show) })).toBeUndefined();
    expect(lineageOf({ parsed: show, rewritten: list(query({ commandType: 5, utilityStmt: '?' })) })).toBeUndefined();
  });

  it('has the columns of an output, and of those that are computed their uses', () => {
    const lineage = read(query({ targetList: list(target(column(2)), target(call(2311, column(3)), 2)) }));
    expect(lineage.outputs.map(({ derivation }) => derivation)).toEqual(['plain', 'computed']);
    expect(lineage.outputs.map(({ flow }) => columns(flow))).toEqual([['20000.2'], ['20000.3']]);
    expect(columns(lineage.statement.uses)).toEqual(['20000.3']);
    expect([...lineage.statement.functions]).toEqual([2311]);
  });

  it('knows by their OIDs functions that fail for no value, and no function of users', () => {
    const derivation = (funcid: number): string | undefined =>
      read(selecting(call(funcid, column(1)))).outputs[0]?.derivation;
    expect([871, 2311, 20_001].map(derivation)).toEqual(['whole', 'computed', 'called']);
  });

  it('keeps nothing of constants', () => {
    const lineage = lineageOf({
      parsed: selecting(constant('28 0 0 0 77 78 79')),
      rewritten: list(selecting(constant('28 0 0 0 77 78 79'))),
    });
    expect(JSON.stringify(lineage, (_, value: unknown) => (value instanceof Set ? [...value] : value))).not.toMatch(
      /77|78|79/,
    );
  });

  it('has no outputs where rules leave nothing of the statement', () => {
    expect(lineageOf({ parsed: selecting(column(1)), rewritten: '<>' })).toMatchObject({ outputs: [] });
  });

  it('counts what a field of a query that it does not know holds as uses', () => {
    const lineage = read(selecting(column(1), { qualifyClause: call(2311, column(4)) }));
    expect(columns(lineage.statement.uses)).toEqual(['20000.4']);
  });

  it("does not look into PostgreSQL's own views, as any version writes them", () => {
    const inside = (first: string): string =>
      selecting(call(2311, column(1, 2)), { rtable: list(first, relation(1259, 'r')) });
    const view = (fields: Fields): string =>
      selecting(column(1), { rtable: list(node('RANGETBLENTRY', { rtekind: 1, securityQuals: '<>', ...fields })) });
    const place = relation(12_000, 'v', { inFromCl: 'false' });
    for (const tree of [
      view({ subquery: inside(relation(1259)), relid: 12_000, relkind: 'v' }),
      view({ subquery: inside(place) }),
    ]) {
      const { statement } = read(tree);
      expect([...statement.relations.keys()]).toEqual([12_000]);
      expect(statement.functions.size + statement.uses.size).toBe(0);
    }
  });

  it('has what row security reads among what the statement uses', () => {
    const policy = list(node('OPEXPR', { opno: 98, opfuncid: 67, args: list(column(5), constant('1')) }));
    const { statement } = read(
      selecting(column(1), { rtable: list(relation(20_000, 'r', { securityQuals: policy })) }),
    );
    expect(columns(statement.uses)).toEqual(['20000.5']);
  });

  const recursive = (depth: number): string => {
    const arm = (entry: string): string =>
      node('RANGETBLENTRY', {
        rtekind: 1,
        securityQuals: '<>',
        subquery: selecting(column(1), { rtable: list(entry) }),
      });
    const self = node('RANGETBLENTRY', { rtekind: 6, ctename: 'q', ctelevelsup: 2, securityQuals: '<>' });
    const inner = depth === 0 ? '<>' : list(recursive(depth - 1));
    return node('COMMONTABLEEXPR', {
      ctename: 'q',
      cterecursive: 'true',
      ctecolnames: '("a")',
      ctequery: selecting(column(1), {
        cteList: inner,
        rtable: list(arm(relation(20_000)), arm(self)),
        setOperations: node('SETOPERATIONSTMT', {
          op: 1,
          all: 'true',
          larg: node('RANGETBLREF', { rtindex: 1 }),
          rarg: node('RANGETBLREF', { rtindex: 2 }),
          groupClauses: '<>',
        }),
      }),
    });
  };
  const withQuery = node('RANGETBLENTRY', { rtekind: 6, ctename: 'q', ctelevelsup: 0, securityQuals: '<>' });

  it('follows recursion to its end', () => {
    const { outputs } = read(selecting(column(1), { cteList: list(recursive(2)), rtable: list(withQuery) }));
    expect(outputs.map(({ flow, derivation }) => [columns(flow), derivation])).toEqual([[['20000.1'], 'plain']]);
  });

  it.each([
    ['text that is no tree', '{QUERY'],
    ['a tree that is no query', node('PLANNEDSTMT', { commandType: 1 })],
    ['an expression that is not known', selecting(node('GRAPHLABELREF', { x: column(1) }))],
    ['the position of a cursor', selecting(node('CURRENTOFEXPR', { cvarno: 1 }))],
    [
      'an entry of FROM of a kind that is not known',
      selecting('<>', { rtable: list(node('RANGETBLENTRY', { rtekind: 10 })) }),
    ],
    ['the rows of a trigger', selecting('<>', { rtable: list(node('RANGETBLENTRY', { rtekind: 7 })) })],
    ['something else in FROM', selecting('<>', { jointree: node('GRAPHTABLE', {}) })],
    ['a relation that is not there', selecting(column(1, 2))],
    ['a query that is not around', selecting(column(1, 1, 1))],
    [
      'a column that its subquery has not',
      selecting(column(2), {
        rtable: list(node('RANGETBLENTRY', { rtekind: 1, subquery: selecting(column(1)), securityQuals: '<>' })),
      }),
    ],
    ['a WITH query that is not there', selecting(column(1), { rtable: list(withQuery) })],
    [
      'two WITH queries whose names differ in a line break only',
      selecting(column(1), {
        cteList: list(
          ...['a\\ b', 'a\\\nb'].map((ctename) =>
            node('COMMONTABLEEXPR', { ctename, cterecursive: 'false', ctequery: selecting(column(1)) }),
          ),
        ),
      }),
    ],
    [
      'an order by no output',
      selecting(column(1), { sortClause: list(node('SORTGROUPCLAUSE', { tleSortGroupRef: 7 })) }),
    ],
    [
      'a chain of calls that is too deep',
      selecting(Array.from({ length: 3_000 }).reduce<string>((inner) => call(871, inner), column(1))),
    ],
  ])('is unknown for %s', (_, tree) => {
    expect(lineageOf({ parsed: tree, rewritten: list(tree) })).toEqual({ unknown: expect.any(String) as string });
  });

  it('is unknown for recursion in recursion that would be followed for ever', () => {
    const tree = selecting(column(1), { cteList: list(recursive(14)), rtable: list(withQuery) });
    expect(lineageOf({ parsed: tree, rewritten: list(tree) })).toEqual({
      unknown: "the server's tree cannot be followed: it holds too many queries",
    });
  });
});
