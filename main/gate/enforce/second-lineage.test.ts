import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { READABLE_MAJORS } from '../../databases/postgres/trees.ts';
import { COMPARED_MAJORS } from '../lineage/server/index.ts';
import { openRoad, type Road } from './testing/road.ts';

const SETUP = [
  'CREATE TABLE people (id int PRIMARY KEY, name text, secret text)',
  `INSERT INTO people VALUES (1, 'Ana', 'the secret'), (2, 'Eli', 'another')`,
  'CREATE TABLE shops (id int PRIMARY KEY, owner int)',
  'INSERT INTO shops VALUES (1, 2)',
  'GRANT SELECT, INSERT, UPDATE ON people, shops TO analyst',
  `ALTER ROLE analyst SET log_min_messages = 'fatal'`,
];

/** The same bytes with one text in place of another that is as long. */
const swapped =
  (from: string, to: string) =>
  (bytes: Buffer): Buffer =>
    Buffer.from(bytes.toString('latin1').replaceAll(from, to.padEnd(from.length)), 'latin1');

describe('the server as second opinion', () => {
  let road: Road;
  beforeAll(async () => {
    road = await openRoad(SETUP);
  }, 60_000);
  afterAll(() => road.close());

  it.each([
    'SELECT name, secret FROM people WHERE id = 1',
    'SELECT count(*) FROM people p JOIN shops s ON s.owner = p.id',
    'WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 3) SELECT i FROM n',
    'VALUES (1, 2)',
    'TABLE shops',
    'SELECT 1 AS "} :relid 99 {QUERY :commandType 2 (b) "',
    'INSERT INTO shops VALUES (2, 1) RETURNING id',
    'UPDATE shops SET owner = 1 WHERE id = 1',
    'EXPLAIN SELECT name FROM people WHERE id = 1',
    'EXPLAIN (ANALYZE, COSTS OFF) /* now */ SELECT upper(name) FROM people',
    'EXPLAIN ANALYZE VERBOSE (SELECT name FROM people) UNION SELECT name FROM people',
    'EXPLAIN (SELECT name FROM people)',
    'EXPLAIN -- why\n(COSTS OFF) ((SELECT name FROM people))',
    'EXPLAIN INSERT INTO shops SELECT id, id FROM people',
  ])('agrees, and its trees are in the record by their hash: %s', async (text) => {
    const seen = await road.run(text);
    expect(seen.end).toMatchObject({ kind: 'done' });
    expect(seen.outcomes).toMatchObject([
      { status: 'done', server: { tree: expect.stringMatching(/^[0-9a-f]{64}$/) as string } },
    ]);
  });

  it('gives the same hash whatever the constants are, and another for another meaning', async () => {
    const hashOf = async (text: string): Promise<unknown> => {
      const { outcomes } = await road.run(text);
      const [outcome] = outcomes;
      return outcome !== undefined && 'server' in outcome ? outcome.server?.tree : undefined;
    };
    const one = await hashOf(`SELECT name FROM people WHERE name = 'Ana'`);
    expect(await hashOf(`SELECT name FROM people WHERE name = 'a much longer secret'`)).toBe(one);
    expect(await hashOf(`SELECT name FROM people WHERE name > 'Ana'`)).not.toBe(one);
  });

  it.each([
    ['sends no trees although it is asked to', 'elog_node_display', 'elog_node_displax'],
    ['says that an output is another column', ':varattno 2', ':varattno 3'],
    ['says that another relation is read', ':relid 1', ':relid 2'],
    ['sends a tree that ends in the middle', '{FROMEXPR', ''],
    ['sends a tree with a node that nobody knows', '{TARGETENTRY', '{TARGETENTRX'],
  ])('refuses before anything runs where it %s', async (_what, from, to) => {
    const text = `SELECT name FROM people WHERE id = ${String(from.length)} + ${String(to.length)}`;
    const seen = await road.run(text, { answer: swapped(from, to) });
    expect(seen.end).toMatchObject({ kind: 'failed', error: { code: 'lineage-disagreement' } });
    expect(seen.outcomes).toMatchObject([{ status: 'refused', code: 'lineage-disagreement' }]);
    // The Parse and the ROLLBACK: no Bind, no Execute.
    expect(seen.flights).toBeLessThanOrEqual(4);
    expect(await road.run(text)).toMatchObject({ end: { kind: 'done' } });
  });

  it('compares a text once for as long as its trees are the same', async () => {
    const text = 'SELECT name, id FROM people';
    await road.run(text);
    expect((await road.run(text)).end?.kind).toBe('done');
    const moved = await road.run(text, { answer: swapped(':varattno 2', ':varattno 3') });
    expect(moved.end).toMatchObject({ error: { code: 'lineage-disagreement' } });
  });

  it('runs a write of more values than can be compared, and refuses a read with as many', async () => {
    const rows = Array.from({ length: 30_000 }, (_, at) => `(${String(at + 100)}, 1)`).join(', ');
    expect(await road.run(`INSERT INTO shops VALUES ${rows}`)).toMatchObject({ end: { kind: 'done' } });
    for (const text of [
      `SELECT name FROM people WHERE id IN (${rows.replaceAll(/[()]/g, '')})`,
      `INSERT INTO shops VALUES ${rows} RETURNING owner`,
    ]) {
      const seen = await road.run(text);
      expect(seen.end).toMatchObject({ kind: 'failed', error: { code: 'too-large-to-compare' } });
      expect(seen.outcomes).toMatchObject([{ status: 'refused', code: 'too-large-to-compare' }]);
    }
  });

  it('refuses what row security decides by a classified column', async () => {
    await road.change(
      'CREATE TABLE guarded (id int, secret text)',
      'GRANT SELECT ON guarded TO analyst',
      'ALTER TABLE guarded ENABLE ROW LEVEL SECURITY',
      'CREATE POLICY p ON guarded USING (EXISTS (SELECT FROM people WHERE people.secret = guarded.secret))',
    );
    const seen = await road.run('SELECT id FROM guarded');
    expect(seen.end?.kind).not.toBe('done');
  });

  it('takes two round trips for a statement that is known', async () => {
    const text = 'SELECT id, name FROM people WHERE id = 2';
    await road.run(text);
    expect((await road.run(text)).flights).toBe(2);
  });
});

it('is asked for the trees of exactly those versions that can be compared', () => {
  expect([...READABLE_MAJORS]).toEqual([...COMPARED_MAJORS]);
});

describe('the lineage of the text alone', () => {
  let road: Road;
  beforeAll(async () => {
    road = await openRoad(SETUP, { secondLineage: 'never' });
  }, 60_000);
  afterAll(() => road.close());

  it('takes two round trips as well, and its record has no hash of trees', async () => {
    const text = 'SELECT name FROM people WHERE id = 1';
    await road.run(text);
    const seen = await road.run(text);
    expect(seen.flights).toBe(2);
    expect(seen.outcomes).toMatchObject([{ server: { mark: expect.any(String) as string } }]);
    expect(JSON.stringify(seen.outcomes)).not.toContain('"tree"');
  });

  it('takes three for a change, which is committed only when it has been checked', async () => {
    const text = 'UPDATE shops SET owner = owner WHERE id = 1';
    await road.run(text);
    expect(await road.run(text)).toMatchObject({ flights: 3, end: { kind: 'done' } });
  });
});
