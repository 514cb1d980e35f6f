import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogFunction, type CatalogRelation, type CatalogSnapshot } from '../catalog.ts';
import { asSuperuser, startTemporary, type TemporaryServer } from '../embedded/index.ts';
import { loadCatalog } from './catalog.ts';
import { connectPostgres, type PostgresSession } from './session.ts';

let server: TemporaryServer;
let session: PostgresSession;
let catalog: CatalogSnapshot;

const OBJECTS = `
CREATE SCHEMA "odd ""schema";
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE FUNCTION runs(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';
CREATE DOMAIN runs_code AS int CHECK (runs(VALUE));
CREATE TABLE customers (
  id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  dropped text,
  name varchar(40) NOT NULL,
  email text,
  search text GENERATED ALWAYS AS (lower(name) || email) STORED,
  virtual_mail text GENERATED ALWAYS AS (email) VIRTUAL
);
ALTER TABLE customers DROP COLUMN dropped;
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
COMMENT ON TABLE customers IS 'people who buy';
COMMENT ON COLUMN customers.email IS 'as given';
CREATE TABLE doubtful (a int NOT NULL, b int);
ALTER TABLE doubtful ADD CONSTRAINT later NOT NULL b NOT VALID;
CREATE TABLE orders (customer int, nr int, note text, PRIMARY KEY (customer, nr), CONSTRAINT who FOREIGN KEY (customer) REFERENCES customers (id));
CREATE TABLE log (at timestamptz, what text) PARTITION BY RANGE (at);
CREATE TABLE log_old PARTITION OF log FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE VIEW mails AS SELECT name, email FROM customers WHERE id > 0;
CREATE MATERIALIZED VIEW mails_copy AS SELECT * FROM mails;
CREATE TABLE "odd ""schema"."odd ""table" ("a b" int, "A" text);
CREATE RULE keep AS ON DELETE TO orders DO INSTEAD NOTHING;
CREATE FUNCTION noticed() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tell AFTER INSERT ON orders FOR EACH ROW EXECUTE FUNCTION noticed();
CREATE PROCEDURE tidy() LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION same(text, text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1 = $2';
CREATE OPERATOR === (FUNCTION = same, LEFTARG = text, RIGHTARG = text);
CREATE CAST (mood AS int) WITH INOUT;
CREATE FUNCTION searched(who int, OUT name text, OUT mail text) RETURNS SETOF record LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = "odd ""schema", public SET work_mem = '1MB' AS 'SELECT name, email FROM customers WHERE id = who';
CREATE FUNCTION doubled(i int, by numeric DEFAULT 2, VARIADIC rest text[] DEFAULT '{}') RETURNS numeric LANGUAGE sql IMMUTABLE
  BEGIN ATOMIC SELECT i * by; END;
CREATE AGGREGATE joined (text) (SFUNC = textcat, STYPE = text, FINALFUNC = upper);
CREATE EXTENSION citext;
CREATE POLICY own ON customers FOR SELECT TO PUBLIC USING (name = CURRENT_USER);
ALTER TABLE orders ADD CONSTRAINT numbered CHECK (nr > 0);
CREATE INDEX by_mail ON customers (email, lower(name)) INCLUDE (id) WHERE id > 0;
CREATE INDEX by_row ON log_old USING hash ((log_old IS NULL));
CREATE INDEX by_search ON customers USING gin (to_tsvector('simple', email));
ANALYZE;
CREATE ROLE reader LOGIN PASSWORD 'reader' NOSUPERUSER;
CREATE ROLE reviewers;
CREATE ROLE others;
GRANT reviewers, others TO reader;
CREATE POLICY reviewed ON customers FOR SELECT TO reviewers USING (true);
CREATE VIEW asked WITH (check_option = local, security_invoker = on) AS SELECT nr FROM orders;
`;

beforeAll(async () => {
  server = await startTemporary();
  await asSuperuser(server, 'postgres', (query) => query(OBJECTS));
  const { host, port } = server;
  session = await connectPostgres(
    {
      host,
      port,
      database: 'postgres',
      user: 'reader',
      password: 'reader',
      tls: 'disable',
      searchPath: ['public'],
      applicationName: 'tests',
    },
    new AbortController().signal,
  );
  catalog = await loadCatalog(session);
});
afterAll(async () => {
  await session.close();
  await server.stop();
});

function relation(name: string, schema = 'public'): CatalogRelation {
  const found = catalog.relations.find((one) => one.schema === schema && one.name === name);
  if (found === undefined) throw new Error(`no relation ${name}`);
  return found;
}

describe('the catalog, as a role without any rights sees it', () => {
  it('says whose it is', () => {
    expect(catalog).toMatchObject({ serverMajor: 18, database: 'postgres', role: 'reader', searchPath: ['public'] });
  });

  it('has the columns of a table, without dropped ones, and what generated ones are made of', () => {
    const customers = relation('customers');
    expect(customers).toMatchObject({
      kind: 'table',
      primaryKey: ['id'],
      rowSecurity: true,
      comment: 'people who buy',
      estimatedRows: 0,
    });
    expect(customers.columns).toEqual([
      { name: 'id', type: 'integer', typeOid: 23, notNull: true, position: 1 },
      { name: 'name', type: 'character varying(40)', typeOid: 1043, notNull: true, position: 3 },
      { name: 'email', type: 'text', typeOid: 25, notNull: false, position: 4, comment: 'as given' },
      { name: 'search', type: 'text', typeOid: 25, notNull: false, position: 5, generatedFrom: ['name', 'email'] },
      { name: 'virtual_mail', type: 'text', typeOid: 25, notNull: false, position: 6, generatedFrom: ['email'] },
    ]);
  });

  it('takes a column for one without NULL only where all of its rows were checked', () => {
    expect(relation('doubtful').columns.map(({ name, notNull }) => ({ name, notNull }))).toEqual([
      { name: 'a', notNull: true },
      { name: 'b', notNull: false },
    ]);
  });

  it('has keys of several columns and foreign keys by name', () => {
    expect(relation('orders').primaryKey).toEqual(['customer', 'nr']);
    expect(catalog.foreignKeys).toEqual([
      {
        name: 'who',
        from: { schema: 'public', relation: 'orders', columns: ['customer'] },
        to: { schema: 'public', relation: 'customers', columns: ['id'] },
        onUpdate: 'no action',
        onDelete: 'no action',
      },
    ]);
  });

  it('has the queries of views and materialized views', () => {
    expect(relation('mails')).toMatchObject({
      kind: 'view',
      definition: expect.stringContaining('FROM customers') as string,
      calls: [],
    });
    expect(relation('mails_copy')).toMatchObject({
      kind: 'materialized view',
      definition: expect.stringContaining('FROM mails') as string,
    });
  });

  it('links partitions with their parents', () => {
    const [log, old] = [relation('log'), relation('log_old')];
    expect([log.kind, log.children, log.parents]).toEqual(['partitioned table', [old.oid], []]);
    expect([old.kind, old.children, old.parents]).toEqual(['table', [], [log.oid]]);
  });

  it('has the keys of indexes that rows can come through in order, with the columns of expressions', () => {
    expect(relation('customers').indexes).toEqual([
      { name: 'by_mail', keys: ['name', 'email'], condition: ['id'] },
      { name: 'customers_pkey', keys: ['id'] },
    ]);
    expect(relation('orders').indexes).toMatchObject([{ name: 'orders_pkey', keys: ['customer', 'nr'] }]);
    expect(relation('log_old').indexes).toMatchObject([{ name: 'by_row', keys: ['at', 'what'] }]);
    expect(relation('doubtful').indexes).toBeUndefined();
  });

  it('names the rules and triggers that make a write do more than it says', () => {
    expect(relation('orders')).toMatchObject({ rules: ['keep'], triggers: ['tell'] });
    expect(relation('mails').rules).toEqual([]);
  });

  it('has odd names as they are', () => {
    expect(relation('odd "table', 'odd "schema').columns.map(({ name }) => name)).toEqual(['a b', 'A']);
  });

  const made = <T extends { readonly extension?: string }>(all: readonly T[]): readonly T[] =>
    all.filter(({ extension }) => extension === undefined);

  it('has functions and procedures made here, and none of the built-in ones', () => {
    expect(
      made(catalog.functions).map(({ name, kind, args, language, securityDefiner, volatility }) => [
        name,
        kind,
        args,
        language,
        securityDefiner,
        volatility,
      ]),
    ).toEqual([
      ['doubled', 'function', 'i integer, by numeric, VARIADIC rest text[]', 'sql', false, 'immutable'],
      ['joined', 'aggregate', 'text', 'internal', false, 'immutable'],
      ['noticed', 'function', '', 'plpgsql', true, 'volatile'],
      ['runs', 'function', 'integer', 'sql', false, 'immutable'],
      ['same', 'function', 'text, text', 'sql', false, 'immutable'],
      ['searched', 'function', 'who integer, OUT name text, OUT mail text', 'sql', true, 'stable'],
      ['tidy', 'procedure', '', 'sql', false, 'volatile'],
    ]);
  });

  const named = (name: string): CatalogFunction | undefined => made(catalog.functions).find((one) => one.name === name);

  it('has the body of a function in SQL, the path it runs with and the columns it gives', () => {
    expect(named('searched')).toMatchObject({
      parameters: [{ name: 'who', type: 'integer', typeOid: 23 }],
      columns: [
        { name: 'name', type: 'text', typeOid: 25 },
        { name: 'mail', type: 'text', typeOid: 25 },
      ],
      returnsSet: true,
      settings: ['search_path="odd ""schema", public', 'work_mem=1MB'],
      source: { kind: 'sql', text: 'SELECT name, email FROM customers WHERE id = who' },
      ownedBySuperuser: true,
    });
  });

  it('has the defaults of arguments, and a body that was resolved when it was made', () => {
    expect(named('doubled')?.source).toMatchObject({ calls: [] });
    expect(named('doubled')).toMatchObject({
      variadic: true,
      signature: 'int4,numeric,_text',
      defaults: { count: 2, text: expect.stringMatching(/^2, '\{\}'/) as string },
      source: { kind: 'atomic', text: expect.stringContaining('BEGIN ATOMIC') as string },
    });
  });

  it('has the functions that an aggregate is made of', () => {
    expect(named('joined')?.parts.map(({ schema, name, count }) => [schema, name, count])).toEqual([
      ['pg_catalog', 'upper', 1],
      ['pg_catalog', 'textcat', 2],
    ]);
  });

  it('knows members of extensions, with the symbol and library of compiled ones', () => {
    const input = catalog.functions.find(({ name }) => name === 'citext_eq');
    expect(input).toMatchObject({
      extension: 'citext',
      source: { kind: 'compiled', symbol: 'citext_eq', library: '$libdir/citext' },
    });
    expect(catalog.extensions.map(({ name }) => name)).toEqual(['citext', 'plpgsql']);
  });

  it('has operators and casts made here, with what they call', () => {
    expect(made(catalog.operators)).toMatchObject([
      { schema: 'public', name: '===', left: 25, right: 25, returns: 16, function: { name: 'same', count: 2 } },
    ]);
    expect(made(catalog.casts)).toMatchObject([{ name: 'mood AS integer', method: 'inout', context: 'explicit' }]);
  });

  it('has types made here, with what a use of them may call', () => {
    const types = new Map(catalog.types.map((type) => [type.name, type]));
    const called = (name: string): readonly string[] => types.get(name)?.functions.map((one) => one.name) ?? [];
    expect(types.get('mood')).toMatchObject({ kind: 'enum', functions: [] });
    expect(types.get('positive')).toMatchObject({ kind: 'domain', made: [23], checks: ['CHECK ((VALUE > 0))'] });
    expect(called('runs_code')).toEqual(['runs']);
    expect(called('citext')).toEqual(expect.arrayContaining(['citextin', 'citext_cmp', 'citext_hash', 'citext_eq']));
  });

  it('has what runs by itself on a table', () => {
    expect(relation('orders').code).toMatchObject({
      triggers: [{ name: 'tell', timing: 'after', events: ['insert'], perRow: true, fires: true }],
      checks: [{ name: 'numbered', definition: 'CHECK ((nr > 0))' }],
      rules: [{ name: 'keep' }],
    });
    expect(relation('customers').code?.policies).toMatchObject([
      { name: 'own', command: 'select', roles: [] },
      { name: 'reviewed', command: 'select', roles: ['reviewers'] },
    ]);
    expect(relation('log').code).toBeUndefined();
  });

  it('knows the schemas that this role, and owners whose rights functions lend, may use', () => {
    expect(catalog.usableSchemas['reader']).toContain('public');
    expect(catalog.usableSchemas['reader']).not.toContain('odd "schema');
    expect(catalog.usableSchemas['postgres']).toContain('odd "schema');
    expect(catalog.configuredPath).toEqual(['public', 'pg_temp']);
  });

  it('knows with whose rights views read, and which policies of row security are for these roles', () => {
    expect(relation('asked').securityInvoker).toBe(true);
    expect(relation('mails').securityInvoker).toBeUndefined();
    expect(catalog.roles).toEqual([
      { name: 'postgres', bypassesRowSecurity: true, hasRightsOf: ['postgres', 'reviewers'] },
      { name: 'reader', bypassesRowSecurity: false, hasRightsOf: ['reviewers'] },
    ]);
  });

  it("has the server's own relations with their columns", () => {
    expect(relation('pg_stats', 'pg_catalog').columns.map(({ name }) => name)).toContain('most_common_vals');
    expect(relation('tables', 'information_schema').kind).toBe('view');
    expect(catalog.relations.some(({ schema }) => schema.startsWith('pg_toast'))).toBe(false);
  });
});
