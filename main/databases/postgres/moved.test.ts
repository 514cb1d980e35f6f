import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, startTemporary, type TemporaryServer } from '../embedded/index.ts';
import { type CatalogMarks, loadMarks, type MarkScope, sameMarks } from './marks.ts';
import { BodyReader, readDataRow } from './messages.ts';
import { type BeginOptions, connectPostgres, type PostgresSession, type RowSink } from './session.ts';
import { type PostgresTarget } from './target.ts';

/** What a second connection changes while a statement is between its decision, its Parse and its last row. */
let server: TemporaryServer;
let target: PostgresTarget;
const opened: PostgresSession[] = [];
const never = new AbortController().signal;

beforeAll(async () => {
  server = await startTemporary();
  const { host, port, user, password } = server;
  const searchPath = ['early', 'public'];
  target = { host, port, database: 'postgres', user, password, tls: 'disable', searchPath, applicationName: 'tests' };
});
afterAll(() => server.stop());
afterEach(async () => {
  await Promise.all(opened.splice(0).map((session) => session.close()));
});

const SETUP = [
  'DROP SCHEMA IF EXISTS early, public CASCADE',
  'CREATE SCHEMA public',
  'CREATE SCHEMA early',
  'CREATE TABLE people (id int PRIMARY KEY, name text, secret text)',
  `INSERT INTO people VALUES (1, 'Ana', 'hidden'), (2, 'Eli', 'hidden')`,
  'ALTER TABLE people ENABLE ROW LEVEL SECURITY',
  'CREATE POLICY first ON people USING (true)',
  'CREATE VIEW names AS SELECT id, name FROM people',
  `CREATE FUNCTION shown(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN $1; END $$`,
];
/** More than fits into the buffers between server and session. */
const MANY = 'CREATE TABLE many AS SELECT i, repeat(i::text, 200) AS text FROM generate_series(1, 50000) i';

/** A fresh database content, and a session that is about to run something. */
async function start(...more: readonly string[]): Promise<PostgresSession> {
  await change(...SETUP, ...more);
  return connect();
}
async function connect(): Promise<PostgresSession> {
  const session = await connectPostgres(target, never);
  opened.push(session);
  return session;
}
/** By another connection. */
const change = (...statements: readonly string[]): Promise<void> =>
  asSuperuser(server, 'postgres', async (query) => {
    for (const text of statements) await query(text);
  });

const scope = (changes: Partial<MarkScope> = {}): MarkScope => ({
  relations: ['people'],
  functions: ['upper'],
  operators: ['='],
  types: ['text'],
  functionOids: [],
  operatorOids: [],
  allCode: false,
  ...changes,
});

const statement = (text: string, changes: Partial<BeginOptions> = {}): BeginOptions => ({
  mode: 'read only',
  statementTimeout: 20_000,
  lockTimeout: 50,
  text,
  params: [],
  marks: scope(),
  ...changes,
});

function collector(then: () => Promise<void> = () => Promise.resolve()): RowSink & { readonly rows: unknown[] } {
  const rows: unknown[] = [];
  return {
    rows,
    async row(...body) {
      if (rows.push(readDataRow(new BodyReader(...body))) === 1) await then();
      return true;
    },
  };
}

async function marksOf(session: PostgresSession, of: MarkScope): Promise<CatalogMarks> {
  const { marks } = await session.begin(statement('SELECT 1', { marks: of }));
  await session.end('rollback');
  return marks ?? new Map<string, string>();
}

describe('a mark changes', () => {
  const CHANGES: readonly (readonly [what: string, statements: readonly string[], of?: Partial<MarkScope>])[] = [
    [
      'a view is replaced',
      ['CREATE OR REPLACE VIEW names AS SELECT id, secret AS name FROM people'],
      { relations: ['names'] },
    ],
    ['a column is renamed', ['ALTER TABLE people RENAME secret TO hidden']],
    ['a column is added', ['ALTER TABLE people ADD more text']],
    ['a default is set', [`ALTER TABLE people ALTER name SET DEFAULT 'x'`]],
    [
      'a table takes the place of another',
      ['ALTER TABLE people RENAME TO old', 'CREATE TABLE people (id int, name text, secret text)'],
    ],
    ['a policy is added to one that the table has', ['CREATE POLICY second ON people AS RESTRICTIVE USING (false)']],
    ['a policy is changed', ['ALTER POLICY first ON people USING (false)']],
    ['row security is switched off', ['ALTER TABLE people DISABLE ROW LEVEL SECURITY']],
    ['a table of the name appears in another schema', ['CREATE TABLE early.people (id int)']],
    ['a table of the name becomes its child', ['CREATE TABLE child () INHERITS (people)']],
    ['a rule is added', ['CREATE RULE r AS ON UPDATE TO people DO ALSO NOTHING']],
    [
      'a second trigger is added',
      [
        'CREATE TRIGGER a BEFORE UPDATE ON people EXECUTE FUNCTION suppress_redundant_updates_trigger()',
        'CREATE TRIGGER b BEFORE UPDATE ON people EXECUTE FUNCTION suppress_redundant_updates_trigger()',
      ],
    ],
    [
      'a function of the name is made',
      [`CREATE FUNCTION early.upper(text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$`],
    ],
    [
      'a function that is used is replaced',
      [`CREATE OR REPLACE FUNCTION shown(text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$`],
      { functions: ['shown'] },
    ],
    [
      'a function is replaced while all code counts',
      [`CREATE OR REPLACE FUNCTION shown(text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$`],
      { allCode: true },
    ],
    [
      'an operator of the name is made',
      [
        'CREATE FUNCTION early.eq(text, int) RETURNS bool LANGUAGE sql AS $$ SELECT true $$',
        'CREATE OPERATOR early.= (LEFTARG = text, RIGHTARG = int, FUNCTION = early.eq)',
      ],
    ],
    [
      'a cast is made',
      [
        'CREATE FUNCTION early.c(text) RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
        'CREATE CAST (text AS int) WITH FUNCTION early.c(text)',
      ],
    ],
    ['a type of the name is made', [`CREATE TYPE early.text AS ENUM ('a')`]],
    ['a schema leaves the path', ['DROP SCHEMA early']],
  ];

  for (const [what, statements, of] of CHANGES) {
    it(`when ${what}`, async () => {
      const session = await start();
      const names = scope(of);
      const before = await loadMarks(session);
      expect(sameMarks(before, await marksOf(session, names), names)).toBe(true);
      await change(...statements);
      expect(sameMarks(before, await marksOf(session, names), names)).toBe(false);
      await change('DROP CAST IF EXISTS (text AS int)');
    });
  }

  it('when a function is replaced whose name only a view knows', async () => {
    const session = await start();
    const before = await loadMarks(session);
    const [[oid] = []] = await session.query(`SELECT 'shown'::regproc::oid`);
    const names = scope({ functionOids: [Number(oid)] });
    expect(sameMarks(before, await marksOf(session, names), names)).toBe(true);
    await change(`CREATE OR REPLACE FUNCTION shown(text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$`);
    expect(sameMarks(before, await marksOf(session, names), names)).toBe(false);
  });

  it('when somebody makes a temporary table of the name in that very session', async () => {
    const session = await start();
    const before = await loadMarks(session);
    await session.query('CREATE TEMP TABLE people (id int)');
    expect(sameMarks(before, await marksOf(session, scope()), scope())).toBe(false);
  });

  it('when the role is let into a schema of its path', async () => {
    await change(...SETUP, 'DROP ROLE IF EXISTS clerk', `CREATE ROLE clerk LOGIN PASSWORD 'only for tests'`);
    target = { ...target, user: 'clerk', password: 'only for tests' };
    try {
      const session = await connect();
      const before = await loadMarks(session);
      await change('GRANT USAGE ON SCHEMA early TO clerk');
      expect(sameMarks(before, await marksOf(session, scope()), scope())).toBe(false);
      await session.close();
    } finally {
      target = { ...target, user: server.user, password: server.password };
      await change('DROP OWNED BY clerk', 'DROP ROLE clerk');
    }
  });

  it.each([
    ['a function', 'CREATE FUNCTION unrelated() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$'],
    ['a table', 'CREATE TABLE unrelated (id int)'],
    ['a type', `CREATE TYPE unrelated AS ENUM ('a')`],
    ['an operator', 'CREATE OPERATOR <<<>>> (LEFTARG = text, RIGHTARG = text, FUNCTION = pg_catalog.starts_with)'],
  ])('not, for %s that the statement has nothing to do with', async (_what, text) => {
    const session = await start();
    const before = await loadMarks(session);
    await change(text);
    expect(sameMarks(before, await marksOf(session, scope()), scope())).toBe(true);
  });

  it('whatever operators somebody makes for the types of the catalog', async () => {
    const session = await start();
    await change(
      'CREATE FUNCTION early.no(oid, int) RETURNS bool LANGUAGE sql AS $$ SELECT false $$',
      'CREATE OPERATOR early.>= (LEFTARG = oid, RIGHTARG = int, FUNCTION = early.no)',
      'CREATE FUNCTION early.no(oid, regnamespace) RETURNS bool LANGUAGE sql AS $$ SELECT false $$',
      'CREATE OPERATOR early.<> (LEFTARG = oid, RIGHTARG = regnamespace, FUNCTION = early.no)',
      'CREATE FUNCTION early.none(name[], name[]) RETURNS name[] LANGUAGE sql AS $$ SELECT NULL::name[] $$',
      'CREATE OPERATOR early.|| (LEFTARG = name[], RIGHTARG = name[], FUNCTION = early.none)',
    );
    const names = scope({ functions: ['shown'], allCode: true });
    const marks = await marksOf(session, names);
    expect([...marks.keys()].sort()).toEqual(
      ['cast:', 'function:', 'function:shown', 'operator:', 'path:', 'relation:people'].sort(),
    );
    expect(sameMarks(await loadMarks(session), marks, names)).toBe(true);
  });
});

describe('between Parse and the first row', () => {
  it.each([
    ['a view is replaced', 'names', 'CREATE OR REPLACE VIEW names AS SELECT id, secret AS name FROM people'],
    ['a column is renamed', 'people', 'ALTER TABLE people RENAME secret TO x'],
    ['a table is renamed', 'people', 'ALTER TABLE people RENAME TO x'],
    ['a policy is made', 'people', 'CREATE POLICY second ON people USING (false)'],
  ])('the locks of the Parse keep it that %s', async (_what, relation, text) => {
    const session = await start();
    const prepared = await session.begin(statement(`SELECT name FROM ${relation} WHERE id = 1`));
    await expect(change(`SET lock_timeout = 50`, text)).rejects.toMatchObject({ code: '55P03' });
    const sink = collector();
    await session.execute(prepared, sink, never);
    expect(sink.rows).toEqual([['Ana']]);
  });

  /** The server reads its names anew at Bind where ANALYZE has touched the table and the session has heard of it. */
  const shadow = async (session: PostgresSession): Promise<void> => {
    await change('CREATE TABLE early.people AS SELECT id, secret AS name FROM public.people', 'ANALYZE public.people');
    await session.query('SELECT count(*) FROM pg_catalog.pg_class');
  };

  it('a table can take the place of the one that was parsed, which the marks show before any row', async () => {
    const session = await start();
    const marks = await loadMarks(session);
    const prepared = await session.begin(statement('SELECT name FROM people WHERE id = 1'));
    await shadow(session);
    const sink = collector();
    const run = session.execute(prepared, sink, never, { held: { scope: scope(), marks } });
    await expect(run).rejects.toMatchObject({ code: 'definitions-moved' });
    expect(sink.rows).toEqual([]);
    expect(await session.query('SELECT 1')).toEqual([['1']]);
  });

  it('that really gives the rows of the other table where no marks are held', async () => {
    const session = await start();
    const prepared = await session.begin(statement('SELECT name FROM people WHERE id = 1'));
    await shadow(session);
    const sink = collector();
    await session.execute(prepared, sink, never);
    expect(sink.rows).toEqual([['hidden']]);
  });

  it.each([true, false])(
    'a function that runs can be replaced, which the marks show (said to run: %s)',
    async (userCode) => {
      const session = await start();
      const names = scope({ functions: ['shown'] });
      const marks = await loadMarks(session);
      const prepared = await session.begin(statement('SELECT shown(name) FROM people', { marks: names }));
      await change(
        `CREATE OR REPLACE FUNCTION shown(text) RETURNS text LANGUAGE sql AS $$ SELECT secret FROM people LIMIT 1 $$`,
      );
      const sink = collector();
      const run = session.execute(prepared, sink, never, { held: { scope: names, marks }, userCode });
      await expect(run).rejects.toMatchObject({ code: 'definitions-moved' });
      expect(sink.rows).toEqual([]);
    },
  );
});

describe('while rows are on their way', () => {
  const names = scope({ relations: ['many'], functions: ['shown'] });
  const replacing = (): RowSink & { readonly rows: unknown[] } =>
    collector(() => change(`CREATE OR REPLACE FUNCTION shown(text) RETURNS text LANGUAGE sql AS $$ SELECT 'x' $$`));

  it('a function can be replaced, which the marks show behind the last row', async () => {
    const session = await start(MANY);
    const marks = await loadMarks(session);
    const prepared = await session.begin(statement('SELECT shown(text) FROM many', { marks: names }));
    const run = session.execute(prepared, replacing(), never, { held: { scope: names, marks }, userCode: true });
    await expect(run).rejects.toMatchObject({ code: 'definitions-moved' });
    expect(await session.query('SELECT 1')).toEqual([['1']]);
  });

  it('the marks are read as well where no further row was wanted', async () => {
    const session = await start(MANY);
    const marks = await loadMarks(session);
    const prepared = await session.begin(statement('SELECT shown(text) FROM many', { marks: names }));
    const { row } = replacing();
    const sink: RowSink = { row: async (...body) => (await row(...body)) && false };
    const run = session.execute(prepared, sink, never, { held: { scope: names, marks }, userCode: true });
    await expect(run).rejects.toMatchObject({ code: 'definitions-moved' });
  });

  it('a statement that only stops early keeps its rows', async () => {
    const session = await start(MANY);
    const marks = await loadMarks(session);
    const prepared = await session.begin(statement('SELECT shown(text) FROM many', { marks: names }));
    const run = session.execute(prepared, { row: () => false }, never, {
      held: { scope: names, marks },
      userCode: true,
    });
    expect(await run).toMatchObject({ tag: undefined });
  });
});

describe("the gate's own statements", () => {
  const TAKE = `CREATE FUNCTION takes() RETURNS int LANGUAGE plpgsql AS $$
    DECLARE one text;
    BEGIN
      FOR one IN SELECT name FROM pg_prepared_statements WHERE name LIKE 'countersign%' LOOP
        EXECUTE format('DEALLOCATE %I', one);
        IF one LIKE '%rollback' THEN EXECUTE format('PREPARE %I AS SELECT 1', one);
        ELSE EXECUTE format('PREPARE %I AS SELECT NULL::text, current_setting(''countersign.envelope'', true)', one); END IF;
      END LOOP;
      INSERT INTO many VALUES (0, 'written');
      RETURN 1;
    END $$`;

  it('cannot be put others in place of by a function that runs', async () => {
    const session = await start('CREATE TABLE many (i int, text text)', TAKE);
    const names = scope({ relations: [], functions: ['takes'] });
    const marks = await loadMarks(session);
    const prepared = await session.begin(statement('SELECT takes()', { mode: 'read write', marks: names }));
    const { transactionId } = await session.execute(prepared, collector(), never, {
      held: { scope: names, marks },
      userCode: true,
    });
    expect(transactionId).not.toBeNull();
    await session.end('rollback');
    expect(await session.query(`SELECT count(*) FROM many WHERE i = 0`)).toEqual([['0']]);
    const after = await session.begin(statement('SELECT name FROM people WHERE id = 1'));
    expect(after.probe.readOnly).toBe(true);
    expect(after.marks?.has('relation:people')).toBe(true);
  });
});
