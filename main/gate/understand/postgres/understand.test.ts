import { describe, expect, it } from 'vitest';
import { type Facts } from '../../facts.ts';
import { MAX_TEXT_BYTES, understand } from './understand.ts';

const SETTINGS = { standardConformingStrings: true, clientEncoding: 'UTF8' } as const;

async function factsOf(text: string): Promise<Facts> {
  return (await understand(text, SETTINGS)).facts;
}

async function hazardsOf(text: string): Promise<readonly string[]> {
  return (await factsOf(text)).hazards.map((hazard) => hazard.code);
}

/** What the span of the first hazard covers. */
async function blamed(text: string): Promise<string> {
  const span = (await factsOf(text)).hazards[0]?.span;
  return span === undefined ? '' : text.slice(span.start, span.end);
}

describe('texts that the parser and the server would read differently', () => {
  it.each([
    ['a NUL', 'select 1 \0; drop table x', 'nul-byte', '\0'],
    ['a lone surrogate', "select '\ud83d'", 'lone-surrogate', '\ud83d'],
    ['a lone surrogate after a whole character', "select '😀\ude00'", 'lone-surrogate', '\ude00'],
  ])('are refused for %s, with its place', async (_, text, code, part) => {
    expect(await hazardsOf(text)).toEqual([code]);
    expect(await blamed(text)).toBe(part);
  });

  it('are refused where they are longer than the cap in bytes, though not in characters, from there on', async () => {
    const text = `select '${'é'.repeat(MAX_TEXT_BYTES / 2)}'; drop`;
    const { hazards } = await factsOf(text);
    expect(hazards.map(({ code }) => code)).toEqual(['too-long']);
    expect(Buffer.byteLength(text.slice(0, hazards[0]?.span?.start))).toBe(MAX_TEXT_BYTES);
  });

  it('are refused where the session ends strings at backslashes, or reads another encoding', async () => {
    const off = await understand("select 'a\\' || '; drop table x; --'", {
      ...SETTINGS,
      standardConformingStrings: false,
    });
    expect(off.facts.hazards.map((hazard) => hazard.code)).toEqual(['string-setting']);
    const sjis = await understand('select 1', { ...SETTINGS, clientEncoding: 'SJIS' });
    expect(sjis.facts.hazards.map((hazard) => hazard.code)).toEqual(['encoding-setting']);
  });
});

describe('exactly one statement', () => {
  it.each([
    ['', 'empty'],
    ['  \n', 'empty'],
    ['-- nothing\n/* at all */ ;', 'empty'],
    ['select 1; select 2', 'several-statements'],
    ['select 1;; drop table x', 'several-statements'],
  ])('%j is %s', async (text, code) => {
    expect(await hazardsOf(text)).toEqual([code]);
  });

  it('may end with semicolons and comments', async () => {
    expect(await hazardsOf('select 1; -- done\n;')).toEqual([]);
  });
});

describe('syntax errors', () => {
  it('say what PostgreSQL says and point at the word, counted in UTF-16 units', async () => {
    const text = "select '😀é' frm t wher x";
    const [hazard] = (await factsOf(text)).hazards;
    expect(hazard?.sentence).toBe('PostgreSQL cannot read this: syntax error at or near "t".');
    expect(text.slice(hazard?.span?.start, hazard?.span?.end)).toBe('t');
    expect(hazard?.span?.start).toBe(text.indexOf('t wher'));
  });

  it('point into the text where it ends too early', async () => {
    const [hazard] = (await factsOf('select (1')).hazards;
    expect(hazard?.code).toBe('syntax-error');
    expect(hazard?.span?.end).toBeLessThanOrEqual('select (1'.length);
  });
});

describe('places in the text', () => {
  it('count UTF-16 units behind characters of two, three and four bytes', async () => {
    const text = 'select \'é€😀\', pg_sleep(1) from "größe😀"';
    const facts = await factsOf(text);
    expect(await blamed(text)).toBe('pg_sleep');
    const span = facts.relations[0]?.span;
    expect(text.slice(span?.start, span?.end)).toBe('"größe😀"');
  });
});

describe('texts that are hard on the parser', () => {
  it.each([
    ['parentheses', `select ${'('.repeat(20_000)}1${')'.repeat(20_000)}`],
    ['operators', `select ${'1+'.repeat(20_000)}1`],
    ['casts', `select 1${'::int'.repeat(20_000)}`],
    ['subselects', `select * from ${'(select * from '.repeat(3_000)}t${')'.repeat(3_000)}`],
    ['negations', `select ${'not '.repeat(12_000)}true`],
  ])('are refused for too many nested %s, and the next statement is understood', async (_, text) => {
    expect(await hazardsOf(text)).toEqual(['too-deep']);
    expect(await hazardsOf('select 1')).toEqual([]);
  });

  it.each([
    ['operators', `select ${'1+'.repeat(4_000)}1`],
    ['negations', `select ${'not '.repeat(2_000)}true`],
    ['subselects', `select * from ${'(select * from '.repeat(400)}t${') a'.repeat(400)}`],
  ])('are understood, with literals taken out, where %s are nested thousands deep', async (_, text) => {
    const facts = await factsOf(text);
    expect([facts.action, facts.hazards]).toEqual(['select', []]);
    expect(facts.normalized).not.toContain('1+');
  });

  it('are understood beside the thread of the gate where they are large but flat', async () => {
    const list = Array.from({ length: 20_000 }, (_, at) => String(at)).join(',');
    const facts = await factsOf(`select id from t where id in (${list})`);
    expect([facts.action, facts.hazards]).toEqual(['select', []]);
  });
});

describe('what a statement is', () => {
  it.each<[string, string, string]>([
    ['select 1', 'select', 'SELECT'],
    ['table t', 'select', 'SELECT'],
    ['values (1)', 'select', 'VALUES'],
    ['with a as (select 1) select * from a', 'select', 'SELECT'],
    ['select * into x from t', 'ddl', 'SELECT INTO'],
    ['(select 1 into x) union select 2', 'ddl', 'SELECT INTO'],
    ['with d as (delete from t returning *) select * from d', 'delete', 'WITH DELETE'],
    ['with a as (insert into t values (1)), b as (delete from t) select 1', 'insert', 'WITH INSERT, DELETE'],
    ['with d as (select 1) insert into t select * from d', 'insert', 'INSERT'],
    ['insert into t values (1) on conflict do nothing', 'insert', 'INSERT'],
    ['insert into t values (1) on conflict (a) do update set a = 2', 'merge', 'INSERT ON CONFLICT UPDATE'],
    ['update t set a = 1', 'update', 'UPDATE'],
    ['delete from only t', 'delete', 'DELETE'],
    ['merge into t using s on true when matched then delete', 'merge', 'MERGE'],
    ['truncate t', 'truncate', 'TRUNCATE TABLE'],
    ['drop table t', 'drop', 'DROP TABLE'],
    ['alter table t drop column a', 'drop', 'ALTER TABLE DROP COLUMN'],
    ['alter table t add column a int', 'ddl', 'ALTER TABLE'],
    ['create table t (a int default 1 check (a > 0))', 'ddl', 'CREATE TABLE'],
    ['create table t as select 1', 'ddl', 'CREATE TABLE AS'],
    ['create materialized view v as select 1', 'ddl', 'CREATE MATERIALIZED VIEW'],
    ['create or replace view v as select 1', 'ddl', 'CREATE OR REPLACE VIEW'],
    ['refresh materialized view v', 'ddl', 'REFRESH MATERIALIZED VIEW'],
    ['create index on t (a)', 'ddl', 'CREATE INDEX'],
    ['comment on table t is null', 'ddl', 'COMMENT'],
    ["create function f() returns int language sql set search_path = a as 'select 1'", 'ddl', 'CREATE FUNCTION'],
    ['alter function f() set work_mem = 1', 'ddl', 'ALTER FUNCTION'],
    ['explain delete from t', 'explain', 'EXPLAIN'],
    ['explain analyze select 1', 'explain', 'EXPLAIN ANALYZE'],
    ['explain (analyze off, verbose) delete from t', 'explain', 'EXPLAIN'],
    ['show all', 'show', 'SHOW'],
  ])('%s: %s, %s, and no hazard', async (text, action, title) => {
    const facts = await factsOf(text);
    expect([facts.action, facts.title, facts.hazards]).toEqual([action, title, []]);
  });

  it.each<[string, string]>([
    ['set search_path = x', 'session-setting'],
    ['set local role x', 'session-setting'],
    ['set transaction read write', 'session-setting'],
    ['set session characteristics as transaction read write', 'session-setting'],
    ['set session authorization x', 'session-setting'],
    ["set names 'utf8'", 'session-setting'],
    ['set constraints all deferred', 'session-setting'],
    ['reset all', 'session-setting'],
    ['discard temp', 'session-setting'],
    ["load 'x'", 'administration'],
    ...[
      ...[
        'grant select on t to x',
        'revoke select on t from x',
        'create schema a grant select on t to x',
        'drop owned by x',
      ],
      ...[
        'vacuum t',
        'analyze t',
        'cluster t',
        'reindex table t',
        "security label on table t is 'x'",
        'alter system set port = 1',
      ],
      ...[
        'import foreign schema a from server b into c',
        'create extension dblink',
        'drop extension dblink',
        'drop role x',
      ],
      ...['drop policy p on t', 'alter policy p on t rename to q', 'alter table t disable row level security'],
      ...['alter table t owner to x', 'drop event trigger e', 'drop publication p', 'alter role a rename to b'],
      ...[
        "create function f() returns int language c as 'x', 'y'",
        "create function f() returns int language 'internal' as 'x'",
      ],
    ].map((text): [string, string] => [text, 'administration']),
    ['begin', 'transaction-control'],
    ['start transaction read write', 'transaction-control'],
    ['commit and chain', 'transaction-control'],
    ['end', 'transaction-control'],
    ['rollback to a', 'transaction-control'],
    ["prepare transaction 'a'", 'transaction-control'],
    ['prepare p as select 1', 'prepared-statement'],
    ['execute p', 'prepared-statement'],
    ['deallocate all', 'prepared-statement'],
    ['explain execute p', 'prepared-statement'],
    ['declare c cursor for select 1', 'cursor'],
    ['fetch all from c', 'cursor'],
    ['move c', 'cursor'],
    ['close all', 'cursor'],
    ['update t set a = 1 where current of c', 'cursor'],
    ['listen a', 'channel'],
    ['unlisten *', 'channel'],
    ["notify a, 'b'", 'channel'],
    ['lock t', 'lock-table'],
    ['select * from t for update', 'row-lock'],
    ['select * from (select * from t for share) q', 'row-lock'],
    ['truncate a cascade', 'cascade'],
    ['create index concurrently on t (a)', 'outside-transaction'],
    ['drop index concurrently i', 'outside-transaction'],
    ['alter table t detach partition p concurrently', 'outside-transaction'],
    ['create temp table t (a int)', 'temporary-object'],
    ['create temp view v as select 1', 'temporary-object'],
    ['select 1 as a into temp t', 'temporary-object'],
    ['do $$begin end$$', 'do-block'],
    ['call p()', 'procedure-call'],
    ['copy t to stdout', 'copy'],
    ['copy t from stdin', 'copy'],
    ["copy t to program 'cat'", 'copy'],
    ["copy (select 1) to '/tmp/x'", 'copy'],
    ['with a as (insert into t values (1)) select * into x from a', 'several-writes'],
    ['create table x as with a as (delete from t returning 1) select * from a', 'several-writes'],
    ['explain analyze delete from t', 'explain-analyze'],
    ['explain analyze create table x as select 1', 'explain-analyze'],
    ['explain (verbose, analyze 1) create materialized view x as select 1', 'explain-analyze'],
    ['explain (analyze off, analyze) delete from t', 'explain-analyze'],
    ['explain analyze select * into x from t', 'explain-analyze'],
    ['explain analyze select * from t for update', 'explain-analyze'],
    ['explain analyze with d as (delete from t) select 1', 'explain-analyze'],
  ])('%s: refused as %s, with a sentence and what to do instead', async (text, code) => {
    const [hazard] = (await factsOf(text)).hazards.filter((one) => one.code === code);
    expect(hazard?.sentence).toMatch(/\.$/);
    expect(hazard?.next).toMatch(/\.$/);
  });
});

describe('functions', () => {
  it.each([
    ["select pg_read_file('x')", 'refused-function'],
    ["select pg_catalog.set_config('a', 'b', false)", 'refused-function'],
    ["select ts_rewrite('a', 'select 1')", 'refused-function'],
    ["select query_to_xml('select 1', true, true, '')", 'refused-function'],
    ['select nextval($1)', 'refused-function'],
    ["select (('x')::text).pg_read_file", 'refused-function'],
    ['select 1 order by pg_sleep(1)', 'refused-function'],
    ['select * from pg_ls_dir($1)', 'refused-function'],
    ['select count(*) filter (where pg_try_advisory_lock(1)) from t', 'refused-function'],
    ['select * from t tablesample system_rows(1)', 'unknown-function'],
  ])('%s: refused as %s', async (text, code) => {
    expect(await hazardsOf(text)).toContain(code);
  });

  it.each([
    "select lower('A'), pg_catalog.upper('a'), now(), concat_ws(',', 1, 2, 3), count(*)",
    "select ts_rewrite('a'::tsquery, 'a'::tsquery, 'b'::tsquery)",
    "select extract(year from now()), position('a' in 'b'), trim('a'), 'a' like 'b' escape 'c', x is normalized from t",
    'select percentile_cont(0.5) within group (order by a), concat(variadic array[1]) from t',
    "select pg_get_viewdef('v'::regclass), has_table_privilege('t', 'select'), current_setting('server_version')",
    "insert into t values (nextval('s'))",
    'select a between 1 and 2, a not between symmetric 1 and 2, a in (1, 2), a is distinct from 1, nullif(a, 1) from t',
  ])('%s: allowed', async (text) => {
    expect(await hazardsOf(text)).toEqual([]);
  });

  it('that give random or changing values are an effect, not a hazard', async () => {
    expect((await factsOf('select random()')).effects).toContain('random-or-time');
  });
});

describe('catalog relations', () => {
  it.each([
    'pg_stats',
    'pg_catalog.pg_statistic',
    'pg_authid',
    'pg_stat_activity',
    'pg_largeobject',
    'pg_user_mapping',
    'pg_locks',
  ])('%s is refused', async (name) => {
    expect(await hazardsOf(`select 1 from ${name}`)).toEqual(['refused-catalog']);
  });

  it.each(['pg_class', 'pg_catalog.pg_attribute', 'information_schema.columns', 'pg_views', 'pg_settings'])(
    '%s may be read',
    async (name) => {
      expect(await hazardsOf(`select 1 from ${name}`)).toEqual([]);
    },
  );

  it('are not meant by a WITH query of the same name, which is seen only where it is', async () => {
    expect(await hazardsOf('with pg_stats as (select 1) select * from pg_stats')).toEqual([]);
    expect(await hazardsOf('with pg_stats as (select * from pg_stats) select * from pg_stats')).toEqual([
      'refused-catalog',
    ]);
    expect(await hazardsOf('with a as (with pg_stats as (select 1) select 1) select * from pg_stats')).toEqual([
      'refused-catalog',
    ]);
    expect(await hazardsOf('with pg_stats as (select 1) select * from pg_catalog.pg_stats')).toEqual([
      'refused-catalog',
    ]);
  });
});

describe('relations', () => {
  it('are read or written, as the statement names them', async () => {
    const { relations } = await factsOf('with c as (select * from a) insert into s.b select * from c join a on true');
    expect(relations.map(({ schema, name, access }) => `${access} ${schema}.${name}`)).toEqual([
      'read .a',
      'write s.b',
      'read .a',
    ]);
  });

  it('say what each write does, where a statement makes several', async () => {
    const { relations } = await factsOf(
      'with x as (delete from a), y as (update b set c = 1) insert into d values (1) on conflict (e) do update set e = 2',
    );
    expect(relations.map(({ name, action }) => `${action ?? ''} ${name}`).sort()).toEqual([
      'delete a',
      'insert d',
      'update b',
      'update d',
    ]);
  });

  it('are only read under EXPLAIN', async () => {
    const { relations, effects } = await factsOf('explain delete from t');
    expect(relations.map((relation) => relation.access)).toEqual(['read']);
    expect(effects).not.toContain('writes');
  });

  it('are named by DROP', async () => {
    const { relations } = await factsOf('drop table a, s.b');
    expect(relations.map(({ schema, name }) => [schema, name])).toEqual([
      ['', 'a'],
      ['s', 'b'],
    ]);
  });
});

describe('what the record may keep', () => {
  it('has no literal of any kind and no comment', async () => {
    const texts = [
      "select 'secret', 12345, $q$secret$q$, E'sec\\x72et', x'5ec2e7', -12345.5 /* secret */ -- secret",
      "comment on table t is 'secret'",
      "create role r password 'secret'",
      "set application_name = 'secret'",
      'do $$ secret $$',
      "notify a, 'secret'",
    ];
    for (const text of texts) expect((await factsOf(text)).normalized).not.toMatch(/secret|12345|5ec2e7/);
  });

  it('is equal for texts that differ in literals and spaces only, by fingerprint', async () => {
    const [a, b] = [await factsOf("select a from t where b = 'x'"), await factsOf("SELECT a\nFROM t WHERE b = 'y'")];
    expect(a.fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(a.fingerprint).toBe(b.fingerprint);
  });
});

describe('the cache', () => {
  it('gives one answer for equal text and settings, and asks again for others', async () => {
    const first = await understand('select 42', SETTINGS);
    expect(await understand('select 42', SETTINGS)).toBe(first);
    expect((await understand('select 42', { ...SETTINGS, clientEncoding: 'LATIN1' })).facts.hazards).toHaveLength(1);
  });
});
