import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogRelation, type CatalogSnapshot } from '../catalog.ts';
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
ANALYZE;
CREATE ROLE reader LOGIN PASSWORD 'reader' NOSUPERUSER;
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

  it('has keys of several columns and foreign keys by name', () => {
    expect(relation('orders').primaryKey).toEqual(['customer', 'nr']);
    expect(catalog.foreignKeys).toEqual([
      {
        name: 'who',
        from: { schema: 'public', relation: 'orders', columns: ['customer'] },
        to: { schema: 'public', relation: 'customers', columns: ['id'] },
      },
    ]);
  });

  it('has the queries of views and materialized views', () => {
    expect(relation('mails')).toMatchObject({
      kind: 'view',
      definition: expect.stringContaining('FROM customers') as string,
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

  it('names the rules and triggers that make a write do more than it says', () => {
    expect(relation('orders')).toMatchObject({ rules: ['keep'], triggers: ['tell'] });
    expect(relation('mails').rules).toEqual([]);
  });

  it('has odd names as they are', () => {
    expect(relation('odd "table', 'odd "schema').columns.map(({ name }) => name)).toEqual(['a b', 'A']);
  });

  it('has functions and procedures made here, and none of the built-in ones', () => {
    expect(
      catalog.functions.map(({ name, kind, args, language, securityDefiner, volatility }) => [
        name,
        kind,
        args,
        language,
        securityDefiner,
        volatility,
      ]),
    ).toEqual([
      ['noticed', 'function', '', 'plpgsql', true, 'volatile'],
      ['runs', 'function', 'integer', 'sql', false, 'immutable'],
      ['same', 'function', 'text, text', 'sql', false, 'immutable'],
      ['tidy', 'procedure', '', 'sql', false, 'volatile'],
    ]);
  });

  it('names operators and casts made here', () => {
    expect([...catalog.userOperators].sort()).toEqual(['===', 'mood AS integer']);
  });

  it('has the types that a cast to runs no code of', () => {
    expect(catalog.types).toEqual([
      { schema: 'public', name: 'mood', kind: 'enum' },
      { schema: 'public', name: 'positive', kind: 'domain' },
    ]);
  });

  it("has the server's own relations with their columns", () => {
    expect(relation('pg_stats', 'pg_catalog').columns.map(({ name }) => name)).toContain('most_common_vals');
    expect(relation('tables', 'information_schema').kind).toBe('view');
    expect(catalog.relations.some(({ schema }) => schema.startsWith('pg_toast'))).toBe(false);
  });
});
