import { describe, expect, it } from 'vitest';
import {
  type CatalogCast,
  type CatalogFunction,
  type CatalogRelation,
  type CatalogSnapshot,
  type CatalogType,
} from '../../databases/catalog.ts';
import { type Hazard, type Lineage } from '../facts.ts';
import { understand } from '../understand/postgres/understand.ts';
import { CatalogIndex } from './catalog-index.ts';
import { outputsOf, trace } from './trace.ts';

let oid = 1;

function relation(
  name: string,
  columns: readonly string[],
  more: Partial<CatalogRelation> = {},
  generated: Readonly<Record<string, readonly string[]>> = {},
): CatalogRelation {
  return {
    oid: (oid += 1),
    schema: 'public',
    name,
    kind: 'table',
    columns: columns.map((column, at) => ({
      name: column,
      type: column.endsWith('s') ? 'text[]' : 'text',
      typeOid: 25,
      notNull: false,
      position: at + 1,
      ...(generated[column] === undefined ? {} : { generatedFrom: generated[column] }),
    })),
    parents: [],
    children: [],
    primaryKey: [],
    estimatedRows: 0,
    rowSecurity: false,
    rules: [],
    triggers: [],
    ...more,
  };
}

const view = (
  name: string,
  columns: readonly string[],
  definition: string,
  kind: 'view' | 'materialized view' = 'view',
): CatalogRelation => relation(name, columns, { kind, definition });

/** Written in a language that nothing here reads. */
function opaqueFunction(oid: number, schema: string, name: string, args: string): CatalogFunction {
  const types = args.split(', ');
  return {
    oid,
    schema,
    name,
    args,
    parameters: types.map((type) => ({ name: '', type, typeOid: 0 })),
    variadic: false,
    returns: 'text',
    returnType: 25,
    returnsSet: false,
    columns: [],
    kind: 'function',
    language: 'plpgsql',
    volatility: 'stable',
    securityDefiner: false,
    leakproof: false,
    owner: 'owner',
    ownedBySuperuser: false,
    signature: types.join(','),
    source: { kind: 'other' },
    sourceHash: '',
    settings: [],
    parts: [],
  };
}

/** Calls a function in a language that nothing here reads, wherever a value of the one type is put where the other is wanted. */
function opaqueCast(name: string, source: number, target: number): CatalogCast {
  const called = { oid: 1, schema: 'public', name: 'secret', count: 1 };
  return { oid: 9, name, source, target, method: 'function', function: called, context: 'implicit' };
}

function simpleType(oid: number, schema: string, name: string, kind: 'enum' | 'domain'): CatalogType {
  const made = kind === 'domain' ? [25] : [];
  return { oid, schema, name, kind, array: oid + 1, made, checks: [], functions: [], owner: 'owner' };
}

const snapshot: CatalogSnapshot = {
  serverMajor: 18,
  database: 'shop',
  role: 'reader',
  searchPath: ['public'],
  relations: [
    relation('t', ['a', 'b', 'c']),
    relation('u', ['a', 'd', 'tags']),
    relation('p', ['k', 'v'], { oid: 1000, kind: 'partitioned table', children: [1001] }),
    relation('p1', ['k', 'v'], { oid: 1001, parents: [1000], children: [1002] }),
    relation('p11', ['v', 'extra'], { oid: 1002, parents: [1001] }),
    relation('g', ['x', 'y', 'z'], {}, { z: ['x'] }),
    relation('t', ['a', 'hidden'], { schema: 'other' }),
    relation('pair', ['low', 'high'], { kind: 'composite type' }),
    view('v', ['k', 'up', 'w'], ' SELECT a AS k,\n    upper(b) AS up,\n    c\n   FROM t'),
    view('vv', ['up', 'k'], ' SELECT up, k FROM v'),
    view('vp', ['a'], " SELECT a FROM t WHERE b = 'x'::text"),
    view('vd', ['n', 'a'], ' SELECT DISTINCT upper(b) AS n, a FROM t'),
    view('vs', ['a', 'r'], ' SELECT a, unnest(string_to_array(b, NULL::text)) AS r FROM t'),
    view('vf', ['a', 's'], ' SELECT a, secret(1) AS s FROM t'),
    view('vl', ['a', 'n'], ' SELECT a, row_number() OVER (ORDER BY b) AS n FROM t LIMIT 3'),
    view('vk', ['a'], ' SELECT a FROM t FOR UPDATE'),
    view('loop', ['a'], ' SELECT a FROM loop'),
    view('broken', ['a'], ' SELECT FROM FROM'),
    view('narrow', ['a'], ' SELECT a, b FROM t'),
    view('m', ['k'], ' SELECT b AS k FROM t', 'materialized view'),
    relation('ruled', ['a'], { rules: ['also'] }),
    view('over_ruled', ['a'], ' SELECT a FROM ruled'),
  ],
  functions: [
    opaqueFunction(1, 'public', 'secret', 'integer'),
    opaqueFunction(2, 'public', 'length', 't'),
    opaqueFunction(3, 'other', 'lower', 'text'),
    opaqueFunction(4, 'public', 'modulo', 'text, text'),
  ],
  foreignKeys: [],
  operators: [
    {
      oid: 5,
      schema: 'public',
      name: '%',
      left: 25,
      right: 25,
      returns: 16,
      function: { oid: 4, schema: 'public', name: 'modulo', count: 2 },
      commutator: 0,
      negator: 0,
      owner: 'owner',
    },
  ],
  casts: [],
  types: [simpleType(6, 'public', 'mood', 'enum'), simpleType(8, 'other', 'far', 'domain')],
  extensions: [],
  configuredPath: ['public', 'pg_temp'],
  usableSchemas: { reader: ['public'] },
  roles: [],
  settings: { server_encoding: 'UTF8' },
  loadedAt: '2026-01-01T00:00:00.000Z',
};
const index = new CatalogIndex(snapshot);

/** What refuses a statement, code that no policy knows among it. */
function refusals({ hazards, code = [] }: Lineage): readonly Hazard[] {
  return [...hazards, ...code.flatMap(({ opaque }) => opaque?.hazard ?? [])];
}

async function lineageOf(text: string): Promise<Lineage> {
  const { tree, facts } = await understand(text, { standardConformingStrings: true, clientEncoding: 'UTF8' });
  if (tree === undefined) throw new Error(facts.hazards[0]?.sentence);
  return trace(tree, index);
}

const short = ({ relation, column }: { readonly relation: string; readonly column: string }): string =>
  `${relation}.${column}`;

const SIGNS = { plain: '=', whole: '*', bounded: '?', computed: '~' } as const;

/** `name=columns` where it is one of them, `*` where it is masked whole, `?` where uses say what shows, `~` else. */
async function outputs(text: string): Promise<string> {
  const { outputs, hazards } = await lineageOf(text);
  if (hazards.length > 0) return hazards.map((hazard) => hazard.code).join(' ');
  return outputs
    .map(({ name, flow, derivation }) => `${name}${SIGNS[derivation]}${flow.map(short).sort().join('+')}`)
    .join(' ');
}

/** `column@place`, each once, sorted. */
async function uses(text: string): Promise<string> {
  const { uses, hazards } = await lineageOf(text);
  if (hazards.length > 0) return hazards.map((hazard) => hazard.code).join(' ');
  return [...new Set(uses.map(({ column, place }) => `${short(column)}@${place}`))].sort().join(' ');
}

describe('where an output comes from', () => {
  it.each([
    ['select a, b as x from t', 'a=t.a x=t.b'],
    ['select * from t', 'a=t.a b=t.b c=t.c'],
    ['select t.*, 1 from t', 'a=t.a b=t.b c=t.c ?column?~'],
    ['select public.t.a, shop.public.t.b from t', 'a=t.a b=t.b'],
    ['select hidden from other.t', 'hidden=t.hidden'],
    ['select x.q from t as x (q)', 'q=t.a'],
    ['select x.a from t as x (b, a)', 'a=t.b'],
    ['select a || b as x from t', 'x*t.a+t.b'],
    [
      'select a::text, upper(b), coalesce(c), (a), case when a = b then c end from t',
      'a*t.a upper*t.b coalesce*t.c a=t.a case~t.a+t.b+t.c',
    ],
    ['select s from (select b as s from t) q', 's=t.b'],
    ['select s from (select upper(b) as s from t) q', 's*t.b'],
    ['with q as (select b as s from t) select s from q', 's=t.b'],
    ['with q (s) as (select b from t), r as (select s from q) select * from r', 's=t.b'],
    ['with t as (select d from u) select * from t', 'd=u.d'],
    ['with t as (select d from u) select * from public.t', 'a=t.a b=t.b c=t.c'],
    ['with t as (select b from t) select * from t', 'b=t.b'],
    ['select (select b from t limit 1)', 'b=t.b'],
    ['select (select t.b) from t', 'b=t.b'],
    ['select array(select b from t), exists (select b from t)', 'array~t.b exists~'],
    ['select l.s from t, lateral (select t.b as s) l', 's=t.b'],
    ['select b from t union all select d from u', 'b=t.b+u.d'],
    ["select b from t union all select 'x'", 'b=t.b'],
    ['select b from t union select d from u', 'b=t.b+u.d'],
    ['values (1), (2)', 'column1~'],
    ['select y from (values ((select b from t)), ((select c from t))) q (y)', 'y=t.b+t.c'],
    ['select (t).b from t', 'b=t.b'],
    ['select (x).* from t x', 'a=t.a b=t.b c=t.c'],
    ['select t from t', 't~t.a+t.b+t.c'],
    ['select row(t.*), row(a) from t', 'row~t.a+t.b+t.c row~t.a'],
    ['select count(*), max(b) from t', 'count~ max~t.b'],
    ['select ctid, xmin, tableoid::regclass, t.ctid from t', 'ctid~ xmin~ tableoid~ ctid~'],
    ['select * from t join u using (a)', 'a=t.a+u.a b=t.b c=t.c d=u.d tags=u.tags'],
    ['select * from t natural join u', 'a=t.a+u.a b=t.b c=t.c d=u.d tags=u.tags'],
    ['select j.a, x.a from (t join u using (a) as j) cross join t x', 'a=t.a+u.a a=t.a'],
    ['select j.z from (t cross join u) as j (x, y, z)', 'z=t.c'],
    ['select t.b, u.d from t left join u on t.a = u.a', 'b=t.b d=u.d'],
    ['select x, o from u, unnest(tags) with ordinality q (x, o)', 'x~u.tags o~u.tags'],
    ['select * from generate_series(1, 2) g', 'g~'],
    ["select * from jsonb_array_elements('[]') g", 'value~'],
    ["select g from jsonb_array_elements('[]') g", 'g~'],
    ['select * from unnest(array[1], array[2]) g', 'unnest~ unnest~'],
    ["select * from unnest(string_to_array('a', ',')) g", 'g~'],
    ['select * from unnest(array[1])', 'unnest~'],
    ['select x from t, unnest(array(select t.b)) x', 'x~t.b'],
    ['select * from generate_series(1, 2)', 'generate_series~'],
    ['select k from t, json_each_text(to_json(t)) j (k)', 'k~t.a+t.b+t.c'],
    ["select * from json_to_record('{}') as r (m int, n text)", 'm~ n~'],
    ["select * from rows from (generate_series(1, 2), json_each('{}')) as r (m)", 'm~ key~ value~'],
    [
      "select x from t, json_table(t.b::jsonb, '$' columns (x text path '$.x', nested path '$.y' columns (z int))) j",
      'x~t.b',
    ],
    ["select x from t, xmltable('/a' passing (t.b::xml) columns x text path '.', n for ordinality) j", 'x~t.b'],
    ['with recursive r (n, s) as (select 1, b from t union all select n + 1, s from r) select * from r', 'n~ s=t.b'],
    [
      'with recursive r (n, s) as (select 1, b from t union all select n + 1, c from r, t) select s from r',
      's=t.b+t.c',
    ],
    [
      'with recursive r (x, y) as (select a, b from t union all select y, x from r) select x, y from r',
      'x=t.a+t.b y=t.a+t.b',
    ],
    [
      'with recursive r (x, y) as (select a, b from t union all select y, upper(x) from r) select x from r',
      'x~t.a+t.b',
    ],
    // What SEARCH and CYCLE add is left out of * inside another query.
    [
      'with recursive r (n) as (select 1 union all select n from r) search depth first by n set o select * from r',
      'n~ o~',
    ],
    [
      'with recursive r (n) as (select 1 union all select n from r) cycle n set y using p select * from (select * from r, u) q',
      'n~ a=u.a d=u.d tags=u.tags',
    ],
    // A name that an inner query only seems to have means the one outside.
    [
      "select (select x from json_table('1', '$' columns (nested path '$' columns (x int), y int)) j (z)) from (select b as x from t) q",
      'x~t.b',
    ],
    [
      "select (select y from json_table('1', '$' columns (nested path '$' columns (x int), y int)) j (z)) from (select b as y from t) q",
      'y=t.b',
    ],
    ["select (select z from unnest(to_tsvector('a')) z) from (select b as z from t) q", 'z~t.b'],
    ['with recursive q as (select s from r), r as (select b as s from t) select s from q', 's=t.b'],
    ['select v from p', 'v=p.v+p1.v+p11.v'],
    ['select v from p1', 'v=p.v+p1.v+p11.v'],
    ['select v, extra from only p11', 'v=p.v+p1.v+p11.v extra=p11.extra'],
    ['select y, z from g', 'y=g.y z~g.x+g.z'],
    ['select k, w from v', 'k=t.a+v.k w=t.c+v.w'],
    ['select up from vv', 'up*t.b+v.up+vv.up'],
    ['select k from m', 'k=m.k+t.b'],
    ['select relname, a from pg_class, t', 'relname~ a=t.a'],
    ['select * from pg_namespace', 'oid~ nspname~ nspowner~ nspacl~'],
    ['insert into t (a) values (1) returning a, upper(b) as x', 'a=t.a x*t.b'],
    ['update t set a = d from u returning u.d, old.b, new.c', 'd=u.d b=t.b c=t.c'],
    ['delete from t returning with (old as o) o.a', 'a=t.a'],
    ['merge into t using u on t.a = u.a when matched then delete returning u.d, merge_action()', 'd=u.d merge_action~'],
    ['explain select b from t', 'QUERY PLAN~'],
  ])('%s: %s', async (text, expected) => {
    expect(await outputs(text)).toBe(expected);
  });

  it('has the place in the text where the output is written', async () => {
    const text = "select '😀' as x, t.b from t";
    const span = (await lineageOf(text)).outputs[1]?.span;
    expect(text.slice(span?.start, span?.end)).toBe('t.b');
  });
});

describe('what else a column is used for', () => {
  it.each([
    ['select a from t', ''],
    ['select a from (select * from t) q', ''],
    ['select a from t union all select d from u', ''],
    ['select exists (select * from t)', ''],
    ['select count(*) from t', ''],
    ["select a from t where b = 'x'", 't.b@predicate'],
    ['select a from t where upper(b) in (select d from u)', 't.b@predicate u.d@predicate'],
    ['select a from t where exists (select 1 from u where u.d = t.b)', 't.b@predicate u.d@predicate'],
    ['select a from t where t.b > all (select d from u where a is null)', 't.b@predicate u.a@predicate u.d@predicate'],
    ['select a from t where (t).b is null', 't.b@predicate'],
    ['select a from t where t is null', 't.a@predicate t.b@predicate t.c@predicate'],
    ['select t.a from t join u on b = d', 't.b@join-key u.d@join-key'],
    ['select 1 from t natural join u', 't.a@join-key u.a@join-key'],
    ['select count(*) from t group by b', 't.b@grouping'],
    ['select b as x from t group by x', 't.b@grouping'],
    ['select c as b from t group by b', 't.b@grouping'],
    ['select b from t group by 1', 't.b@grouping'],
    ['select 1 from t group by grouping sets ((a), rollup (b, c))', 't.a@grouping t.b@grouping t.c@grouping'],
    ['select count(*) from t having max(b) > 0', 't.b@predicate'],
    ['select a from t order by b', 't.b@ordering'],
    ['select a, c as b from t order by b', 't.c@ordering'],
    ['select a, b from t order by 2', 't.b@ordering'],
    ['select a from t union all select d from u order by a', 't.a@ordering u.d@ordering'],
    ['select distinct a, b from t', 't.a@distinct t.b@distinct'],
    ['select distinct on (b) a from t', 't.b@distinct'],
    ['select a from t union select d from u', 't.a@distinct u.d@distinct'],
    ['select a from t except all select d from u', 't.a@distinct u.d@distinct'],
    ['select row_number() over (partition by b order by c) from t', 't.b@window t.c@window'],
    ['select row_number() over w from t window w as (order by b)', 't.b@window'],
    [
      'select string_agg(a, c order by b) filter (where c is null) from t',
      't.a@argument t.b@ordering t.c@argument t.c@predicate',
    ],
    ['select a from t limit (select length2 from (select b::int as length2 from t) q)', 't.b@argument t.b@limit'],
    ['select a from t tablesample system ((select b::int from u, t limit 1))', 't.b@argument'],
    ['select case b when c then a else null end from t', 't.a@argument t.b@predicate t.c@predicate'],
    ['select x from (select upper(b) as x, a from t) q', ''],
    ['select a from (select upper(b) as x, a from t) q', ''],
    ['select t from t', 't.a@whole-row t.b@whole-row t.c@whole-row'],
    ['select to_json(t.*) from t', 't.a@whole-row t.b@whole-row t.c@whole-row'],
    ['select g from t, generate_series(1, b::int) g', 't.b@argument'],
    ['insert into u (d) select b from t', 't.b@assignment'],
    ['insert into u (d) values ((select b from t))', 't.b@assignment'],
    [
      "insert into t (a) values ('x') on conflict (a) where b is null do update set c = excluded.a where t.b = 'x'",
      't.a@assignment t.a@predicate t.b@predicate',
    ],
    ["insert into t (b) values ('x') on conflict (b) do nothing", 't.b@predicate'],
    ['explain analyze select a from (select a, b from t) q', 't.a@measure t.b@measure'],
    ['explain select a from (select a, b from t) q', ''],
    ['update t set a = d from u where u.a = c', 't.c@predicate u.a@predicate u.d@assignment'],
    ['update t set (a, b) = (select d, a from u)', 'u.a@assignment u.d@assignment'],
    ['delete from t using u where t.b = u.d', 't.b@predicate u.d@predicate'],
    [
      'merge into t using u on t.a = u.a when matched and c is null then update set b = d when not matched then insert (a) values (tags::text)',
      't.a@join-key t.c@predicate u.a@join-key u.d@assignment u.tags@assignment',
    ],
    ['create table x as select b from t', 't.b@assignment'],
    ['select b into x from t', 't.b@assignment'],
    ['create view x as select b from t', 't.b@assignment'],
    ['copy (select b from t) to stdout', 't.b@assignment'],
    ['create index on t (upper(b)) where c is null', 't.b@assignment t.c@assignment'],
    ['alter table t alter column a type text using b', 't.b@assignment'],
    ["explain select a from t where b = 'x'", 't.b@predicate'],
    ['select z from g', 'g.x@argument g.z@argument'],
    ['select x from g', ''],
    ['select k from v', ''],
    ['select up from v', ''],
    ['select k from vv', ''],
    ['select a from vp', 't.b@predicate'],
    ['select count(*) from vp', 't.b@predicate'],
    ['select a from vd', 't.a@distinct t.b@distinct'],
    ['select a from vs', 't.b@argument'],
    ['select a from vl', 't.b@window'],
    [
      'with recursive r as (select a, b from t union all select r.a, r.b from r) cycle b set m using p select a from r',
      't.b@predicate',
    ],
  ])('%s: %s', async (text, expected) => {
    expect(await uses(text)).toBe(expected);
  });

  it('has the place in the text, also for what a view does inside', async () => {
    const [use] = (await lineageOf('select a from vp')).uses;
    expect(use?.span).toEqual({ start: 14, end: 16 });
  });
});

describe('what cannot be traced', () => {
  it.each([
    ['select x from nowhere', 'unknown-relation unknown-column'],
    ['select x from t', 'unknown-column'],
    ['select q.a from t', 'unknown-relation'],
    ['select t.a from t as x', 'unknown-relation'],
    ['select other.t.a from t', 'unknown-relation'],
    ['select else_.public.t.a from t', 'unknown-relation'],
    ['select a from t, u', 'ambiguous-column'],
    ['select a from pg_temp.t', 'unknown-relation unknown-column'],
    ['select * from pair', 'unknown-relation'],
    ['select a from elsewhere.public.t', 'unknown-relation unknown-column'],
    ['select t.secret from t', 'unknown-column'],
    ['select (t).secret from t', 'unknown-column'],
    ['select (q.r).secret from (select t as r from t) q', 'user-function'],
    ['select (row(a)).* from t', 'untraceable'],
    ['select s.*, b from unnest(array(select t from t)) s, t', 'untraceable'],
    ["select * from unnest(to_tsvector('a'))", 'untraceable'],
    ["select z from (unnest(to_tsvector('a')) as f (x) cross join t) as j (x, y, z)", 'untraceable'],
    ['select s.b from unnest(array(select t from t)) s', 'untraceable'],
    ['select 1 from t natural join unnest(array(select u from u)) s', 'untraceable'],
    ['select a union select 1, 2', 'unknown-column untraceable'],
    ['select a from loop', 'untraceable unknown-column'],
    ['select a from vk', 'row-lock'],
    ['update ruled set a = null', 'rule'],
    ['insert into over_ruled values (1)', 'rule'],
    ['select a from broken', 'untraceable unknown-column'],
    ['select a from narrow', 'untraceable unknown-column'],
    ['select a from vf', 'user-function'],
    ['select length(a) from t', 'user-function'],
    ['select 7 % 4', 'user-operator'],
    ['create schema a create table b (c int default set_config()) ', 'unknown-function'],
    ['select f(1)', 'unknown-function'],
    ['select lower(1, 2, 3)', 'unknown-function'],
    ['select public.lower($1)', 'unknown-function'],
    ['select information_schema._pg_truetypid(1, 2)', 'unknown-function'],
    ['select 1 operator(public.+) 2', 'user-operator'],
    ['select a ~~~ b from t', 'user-operator'],
    ['select a from t order by a using operator(public.<)', 'user-operator'],
    ['select 1 where 1 operator(public.=) any (select 1)', 'user-operator'],
    ["select 'x'::far", 'user-type'],
    ["select '(a,b)'::pair", 'user-type'],
    ['select u.d from t, (select t.a) u', 'unknown-relation unknown-column'],
    ['select 1 from t join (select t.a) u on true', 'unknown-relation'],
  ])('%s: refused as %s', async (text, codes) => {
    const found = refusals(await lineageOf(text));
    expect([...new Set(found.map((hazard) => hazard.code))].sort()).toEqual(codes.split(' ').sort());
  });

  it.each([
    "select 'x'::mood, '{x}'::mood[], 'x'::public.mood",
    'select pg_catalog.length(a) from t',
    'select lower(a), 7 operator(pg_catalog.%) 4 from t',
  ])('%s: not refused', async (text) => {
    expect(refusals(await lineageOf(text))).toEqual([]);
  });

  it.each([
    ["select 'x'::mood", 'user-cast'],
    ["select 'x'::mood[]", 'user-cast'],
    ["select '1'::int", ''],
    ["select (select 'x'::mood)::int", 'user-cast'],
    ['select id from t where a = $1', 'user-cast'],
    ['select a from t', ''],
    ["select 'x'::numeric", ''],
  ])('%s, where casts from mood to integer and from text to date are defined: %s', async (text, code) => {
    const { tree } = await understand(text, { standardConformingStrings: true, clientEncoding: 'UTF8' });
    if (tree === undefined) throw new Error('not understood');
    const lineage = trace(
      tree,
      new CatalogIndex({
        ...snapshot,
        casts: [opaqueCast('mood AS integer', 6, 23), opaqueCast('text AS date', 25, 1082)],
      }),
    );
    expect(
      refusals(lineage)
        .filter((hazard) => hazard.code !== 'unknown-column')
        .map((hazard) => hazard.code)
        .join(' '),
    ).toBe(code);
  });

  it('names what was nearly meant', async () => {
    expect((await lineageOf('select bb from t')).hazards[0]?.next).toBe('Did you mean b?');
    expect((await lineageOf('select 1 from brokn')).hazards[0]?.next).toBe('Did you mean broken?');
  });

  it('is a statement nested deeper than the stack', async () => {
    const { tree } = await understand('select 1', { standardConformingStrings: true, clientEncoding: 'UTF8' });
    if (tree === undefined) throw new Error('not understood');
    let deep: Record<string, unknown> = { A_Const: {} };
    for (let at = 0; at < 100_000; at += 1) deep = { BoolExpr: { args: [deep] } };
    const root = { kind: 'SelectStmt', fields: { targetList: [{ ResTarget: { val: deep } }] } };
    expect(trace({ ...tree, root }, index).hazards.map((hazard) => hazard.code)).toEqual(['too-deep']);
  });

  it("is the star over a catalog relation of a server whose catalog is not the listed one's", async () => {
    const { tree } = await understand('select * from pg_class', {
      standardConformingStrings: true,
      clientEncoding: 'UTF8',
    });
    if (tree === undefined) throw new Error('not understood');
    expect(
      trace(tree, new CatalogIndex({ ...snapshot, serverMajor: 12 })).hazards.map((hazard) => hazard.code),
    ).toEqual(['untraceable']);
  });
});

describe('relations that a statement reaches', () => {
  it('have the schema that the search path gives, and the view through which they are reached', async () => {
    const { relations } = await lineageOf('insert into t select k from v, other.t x');
    expect(
      relations
        .map(({ schema, name, access, via }) => `${access} ${schema}.${name}${via === undefined ? '' : ` via ${via}`}`)
        .sort(),
    ).toEqual(['read other.t', 'read public.t via public.v', 'read public.v', 'write public.t']);
  });

  it('are named by statements that create, change or drop them, whether they are there or not', async () => {
    const written = async (text: string): Promise<readonly string[]> =>
      (await lineageOf(text)).relations.map(({ schema, name, access }) => `${access} ${schema}.${name}`).sort();
    expect(await written('create table x as select a from t')).toEqual(['read public.t', 'write .x']);
    expect(await written('drop table t, other.t')).toEqual(['write other.t', 'write public.t']);
    expect(await written('truncate p')).toEqual(['write public.p']);
    expect(await written('alter table u drop column d')).toEqual(['write public.u']);
    expect(await written('grant select on t to x')).toEqual(['write public.t']);
  });

  it('are read and written behind a view that is written', async () => {
    const { relations } = await lineageOf("update vp set a = 'x'");
    expect(relations.map(({ name, access }) => `${access} ${name}`).sort()).toEqual(['read t', 'write t', 'write vp']);
  });
});

describe('lineage of a view for the schema tree', () => {
  it('is that of its columns', () => {
    const v = index.relation('public', 'v');
    if (v === undefined) throw new Error('no view');
    const { outputs } = outputsOf(v, index);
    expect(outputs.map(({ name, flow, derivation }) => [name, flow.map(short), derivation === 'plain'])).toEqual([
      ['k', ['t.a', 'v.k'], true],
      ['up', ['t.b', 'v.up'], false],
      ['w', ['t.c', 'v.w'], true],
    ]);
  });
});

describe('what it costs to trace a statement', () => {
  it('is bounded, however often nested WITH RECURSIVE would have to be traced', async () => {
    let text = 'select a from t';
    for (let level = 0; level < 40; level++)
      text = `with recursive r (a) as (${text} union all select a from r) select a from r`;
    expect(await outputs(text)).toBe('too-deep');
  });

  it('is bounded, however many columns * would stand for', async () => {
    let text = 'select * from t';
    for (let level = 0; level < 11; level++) text = `select * from (${text}) x, (${text}) y, (select 1) z`;
    expect(await outputs(text)).toBe('too-deep');
  });
});
