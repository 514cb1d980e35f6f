import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CatalogSnapshot } from '../catalog.ts';
import { serversAtHand } from '../embedded/testing/installed.ts';
import { type TemporaryServer } from '../embedded/index.ts';
import { refreshCatalog } from './catalog-refresh.ts';
import { loadCatalog } from './catalog.ts';
import { loadMarks } from './marks.ts';
import { connectPostgres, type PostgresSession } from './session.ts';

const OBJECTS = `
CREATE SCHEMA first; CREATE SCHEMA other;
CREATE TYPE mood AS ENUM ('good', 'bad');
CREATE DOMAIN small AS int CHECK (VALUE < 100);
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 2 * $1';
CREATE TABLE part (i int);
CREATE TABLE a (id int PRIMARY KEY, name text, feeling mood, size small);
CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a, note text, whole part);
CREATE TABLE other.c (id int, note text);
CREATE TABLE log (at date, what text) PARTITION BY RANGE (at);
CREATE TABLE log_old PARTITION OF log FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TYPE pair AS (low int, high int);
CREATE VIEW va AS SELECT id, name, twice(id) AS doubled FROM a;
CREATE VIEW vva AS SELECT va.name, b.note FROM va JOIN b ON b.a = va.id;
CREATE VIEW vc AS SELECT note FROM other.c;
CREATE MATERIALIZED VIEW ma AS SELECT name FROM a;
CREATE SEQUENCE counted;
CREATE FUNCTION told() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
`;

/** Each once by itself; then in any order, where many no longer fit. */
const CHANGES: readonly string[] = [
  'ALTER TABLE a ADD COLUMN added int',
  'ALTER TABLE a RENAME COLUMN name TO called',
  'ALTER TABLE a RENAME COLUMN called TO name',
  'ALTER TABLE a ALTER COLUMN name SET NOT NULL',
  'ALTER TABLE a ALTER COLUMN name DROP NOT NULL',
  'ALTER TABLE a DROP COLUMN added',
  'ALTER TABLE a RENAME TO renamed',
  'ALTER TABLE renamed RENAME TO a',
  "COMMENT ON COLUMN a.name IS 'as given'",
  'COMMENT ON COLUMN a.name IS NULL',
  "COMMENT ON TABLE b IS 'a table'",
  'ALTER TABLE part RENAME TO piece',
  'ALTER TABLE piece RENAME TO part',
  'ALTER TYPE mood RENAME TO humour',
  'ALTER TYPE humour RENAME TO mood',
  "ALTER TYPE mood ADD VALUE 'fair'",
  'ALTER DOMAIN small ADD CONSTRAINT positive CHECK (VALUE > 0)',
  'ALTER DOMAIN small DROP CONSTRAINT positive',
  'ALTER FUNCTION twice(int) RENAME TO doubled',
  'ALTER FUNCTION doubled(int) RENAME TO twice',
  "CREATE OR REPLACE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 + $1'",
  'CREATE OR REPLACE VIEW va AS SELECT id, name, id AS doubled FROM a',
  'CREATE TABLE first.a (id int)',
  'DROP TABLE first.a',
  'CREATE TABLE first.c (id int)',
  "CREATE FUNCTION first.twice(int) RETURNS int LANGUAGE sql AS 'SELECT 1'",
  'DROP FUNCTION first.twice(int)',
  'ALTER TABLE other.c SET SCHEMA public',
  'ALTER TABLE c SET SCHEMA other',
  'ALTER SCHEMA other RENAME TO another',
  'ALTER SCHEMA another RENAME TO other',
  'ALTER TABLE b ENABLE ROW LEVEL SECURITY',
  "CREATE POLICY own ON b USING (note <> 'x')",
  'ALTER TABLE b FORCE ROW LEVEL SECURITY',
  'DROP POLICY own ON b',
  'CREATE TRIGGER tells AFTER INSERT ON b FOR EACH ROW EXECUTE FUNCTION told()',
  'ALTER TABLE b DISABLE TRIGGER tells',
  'DROP TRIGGER tells ON b',
  'CREATE RULE keep AS ON DELETE TO b DO INSTEAD NOTHING',
  'DROP RULE keep ON b',
  'ALTER TABLE b ADD CONSTRAINT short CHECK (length(note) < 10)',
  'ALTER TABLE b RENAME CONSTRAINT short TO brief',
  'ALTER TABLE b DROP CONSTRAINT brief',
  'ALTER TABLE log DETACH PARTITION log_old',
  "ALTER TABLE log ATTACH PARTITION log_old FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')",
  'ALTER TYPE pair ADD ATTRIBUTE middle int',
  'ALTER TYPE pair DROP ATTRIBUTE middle',
  'CREATE TABLE d (id int, p pair)',
  'DROP TABLE d',
  'ALTER SEQUENCE counted RENAME TO numbered',
  'ALTER SEQUENCE numbered RENAME TO counted',
  'CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)',
  'DROP OPERATOR === (int, int)',
  'CREATE CAST (mood AS int) WITH INOUT',
  'DROP CAST (mood AS int)',
  'CREATE EXTENSION citext',
  'ALTER TABLE b ADD COLUMN mail citext',
  'ALTER EXTENSION citext SET SCHEMA other',
  'DROP EXTENSION citext CASCADE',
  'INSERT INTO a SELECT i FROM generate_series(1, 50) i',
  'ANALYZE a',
  'GRANT USAGE ON SCHEMA other TO PUBLIC',
  'ALTER FUNCTION twice(int) SECURITY DEFINER',
  'DROP VIEW vva',
  'CREATE VIEW vva AS SELECT va.name, b.note FROM va JOIN b ON b.a = va.id',
];

/** A linear congruential generator: the same numbers every time. */
function* orders(seed: number, size: number): Generator<number> {
  for (let state = seed; ;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield Math.floor((state / 2 ** 32) * size);
  }
}

for (const server of serversAtHand.filter(({ major }) => major === 13 || major === 15 || major === 18)) {
  describe.skipIf(server.missing)(`a catalog of ${server.name} that is refreshed`, () => {
    let running: TemporaryServer;
    let owner: Client;
    let session: PostgresSession;
    beforeAll(async () => {
      running = await server.start();
      const { host, port, user, password } = running;
      owner = new Client({ host, port, user, password, database: 'postgres', ssl: false });
      await owner.connect();
      // Estimates of rows must not change between two reads.
      await owner.query('ALTER SYSTEM SET autovacuum = off');
      await owner.query('SELECT pg_reload_conf()');
      await owner.query(OBJECTS);
      session = await connectPostgres(
        {
          host,
          port,
          user,
          password,
          database: 'postgres',
          tls: 'disable',
          searchPath: ['first', 'public'],
          applicationName: 'tests',
        },
        new AbortController().signal,
      );
    });
    afterAll(async () => {
      await session.close();
      await owner.end();
      await running.stop();
    });

    const comparable = ({ loadedAt: _, ...catalog }: CatalogSnapshot): unknown => catalog;

    it('is the one that is read whole, after each change and after changes in any order', async () => {
      let marks = await loadMarks(session);
      let catalog = await loadCatalog(session);
      const compare = async (changes: readonly string[], all: boolean): Promise<void> => {
        for (const change of changes) {
          const done = owner.query(change);
          await (all ? done : done.catch(() => undefined));
        }
        const now = await loadMarks(session);
        catalog = await refreshCatalog(session, catalog, marks, now);
        marks = now;
        const whole = await loadCatalog(session);
        expect(comparable(catalog), changes.join('; ')).toEqual(comparable(whole));
      };
      for (const change of CHANGES) await compare([change], true);
      const order = orders(7, CHANGES.length);
      const next = (): string => CHANGES[order.next().value as number] ?? '';
      for (let round = 0; round < 30; round += 1) await compare([next(), next(), next()], false);
    }, 120_000);

    it('keeps what did not change, and leaves the older one as it was', async () => {
      const marks = await loadMarks(session);
      const before = await loadCatalog(session);
      const copy = structuredClone(before);
      await owner.query('ALTER TABLE log ADD COLUMN extra int');
      const after = await refreshCatalog(session, before, marks, await loadMarks(session));
      const of = (catalog: CatalogSnapshot, name: string): unknown =>
        catalog.relations.find((relation) => relation.name === name)?.columns;
      expect(of(after, 'log')).not.toEqual(of(before, 'log'));
      expect(of(after, 'counted')).toBe(of(before, 'counted'));
      expect(of(after, 'pg_class')).toBe(of(before, 'pg_class'));
      expect(before).toEqual(copy);
    });
  });
}
