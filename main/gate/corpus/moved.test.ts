import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { asSuperuser } from '../../databases/embedded/index.ts';
import { databaseOf, startTwins, type Twins } from './testing/twins.ts';

/**
 * The catalog that a statement is judged by is cached. Each row runs a statement that may run, changes what a name in it
 * means, and runs it again at once: it must be judged by what the name means then.
 */
const MOVES: readonly { readonly title: string; readonly text: string; readonly change: readonly string[] }[] = [
  {
    title: 'a view is replaced by one that gives the masked column under the same name',
    text: 'SELECT name FROM v_moved_1 WHERE id = 7',
    change: ['CREATE OR REPLACE VIEW v_moved_1 AS SELECT id, ssn AS name FROM customers'],
  },
  {
    title: 'two columns change their names with each other',
    text: 'SELECT note FROM t_moved_2 WHERE id = 7',
    change: [
      'ALTER TABLE t_moved_2 RENAME note TO n',
      'ALTER TABLE t_moved_2 RENAME secret TO note',
      'ALTER TABLE t_moved_2 RENAME n TO secret',
    ],
  },
  {
    title: 'a table takes the place of another by its name',
    text: 'SELECT note FROM t_moved_3 WHERE id = 7',
    change: [
      'ALTER TABLE t_moved_3 RENAME TO t_moved_3_old',
      'CREATE VIEW t_moved_3 AS SELECT id, ssn AS note FROM customers',
      'GRANT SELECT ON t_moved_3 TO analyst',
    ],
  },
  {
    title: 'a view below the view is replaced',
    text: 'SELECT name FROM v_moved_4 WHERE id = 7',
    change: ['CREATE OR REPLACE VIEW v_moved_4_inner AS SELECT id, ssn AS name FROM customers'],
  },
  {
    title: 'an unmasked table gets a child with the masked rows',
    text: "SELECT note FROM t_moved_5 WHERE note LIKE '%-%' LIMIT 1",
    change: [
      'CREATE VIEW t_moved_5_source AS SELECT 1',
      'DROP VIEW t_moved_5_source',
      'DROP TABLE t_moved_5',
      'CREATE VIEW t_moved_5 AS SELECT id, ssn AS note FROM customers',
      'GRANT SELECT ON t_moved_5 TO analyst',
    ],
  },
  {
    title: 'a policy of row security turns to the masked column',
    text: 'SELECT count(*) FROM t_moved_6',
    change: [
      "ALTER POLICY p ON t_moved_6 USING (EXISTS (SELECT FROM customers c WHERE c.id = t_moved_6.id AND c.ssn LIKE '%1'))",
    ],
  },
  {
    title: 'row security is turned on',
    text: 'SELECT count(*) FROM t_moved_7',
    change: ['ALTER TABLE t_moved_7 ENABLE ROW LEVEL SECURITY'],
  },
  {
    title: 'a schema earlier on the search path is opened to the role',
    text: 'SELECT note FROM orders WHERE id = 7',
    change: [
      'INSERT INTO shut.orders (id, note) SELECT id, ssn FROM customers',
      'GRANT USAGE ON SCHEMA shut TO analyst',
      'DROP TABLE shut.orders',
      'CREATE VIEW shut.orders AS SELECT id, ssn AS note FROM public.customers',
      'GRANT SELECT ON shut.orders TO analyst',
    ],
  },
];

const SETUP = [
  'CREATE VIEW v_moved_1 AS SELECT id, name FROM customers',
  "CREATE TABLE t_moved_2 AS SELECT i AS id, 'n' || i AS note, 'unclassified' AS secret FROM generate_series(1, 9) i",
  "CREATE TABLE t_moved_3 AS SELECT i AS id, 'n' || i AS note FROM generate_series(1, 9) i",
  'CREATE VIEW v_moved_4_inner AS SELECT id, name FROM customers',
  'CREATE VIEW v_moved_4 AS SELECT id, name FROM v_moved_4_inner',
  "CREATE TABLE t_moved_5 AS SELECT i AS id, 'n-' || i AS note FROM generate_series(1, 9) i",
  'CREATE TABLE t_moved_6 AS SELECT i AS id FROM generate_series(1, 99) i',
  'CREATE POLICY p ON t_moved_6 USING (true)',
  'ALTER TABLE t_moved_6 ENABLE ROW LEVEL SECURITY',
  'CREATE TABLE t_moved_7 AS SELECT i AS id FROM generate_series(1, 99) i',
  "CREATE POLICY p ON t_moved_7 USING (EXISTS (SELECT FROM customers c WHERE c.id = t_moved_7.id AND c.ssn LIKE '%1'))",
  'GRANT SELECT ON ALL TABLES IN SCHEMA public TO analyst',
];

describe('a definition that changes while its catalog is cached', () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = await startTwins(SETUP);
  }, 120_000);
  afterAll(() => twins.close());

  for (const { title, text, change } of MOVES) {
    it(`is judged anew: ${title}`, async () => {
      const before = await twins.run('a', text);
      expect(before).toMatchObject({ verdict: 'allow', failed: false });
      for (const twin of ['a', 'b'] as const) {
        await asSuperuser(twins.server, databaseOf(twin), async (query) => {
          for (const statement of change) await query(statement);
        });
      }
      const [a, b] = [await twins.run('a', text), await twins.run('b', text)];
      expect(a, 'judged anew and not given up').toMatchObject({ failed: false });
      expect(a.output).toEqual(b.output);
      expect(JSON.stringify(a.output)).not.toMatch(/\d{3}-\d{2}-\d{4}/);
    });
  }

  it('finds a table that somebody has made since the catalog was read', async () => {
    const text = 'SELECT count(*) FROM t_made_since';
    expect(await twins.run('a', text)).toMatchObject({ verdict: 'refuse', because: ['unknown-relation'] });
    await asSuperuser(twins.server, databaseOf('a'), async (query) => {
      await query('CREATE TABLE t_made_since (i int)');
      await query('GRANT SELECT ON t_made_since TO analyst');
    });
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 5_000 });
    try {
      expect(await twins.run('a', text)).toMatchObject({ verdict: 'allow', failed: false });
    } finally {
      vi.useRealTimers();
    }
  });
});
