import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRoad, type Road } from './testing/road.ts';

/** What a second connection changes between the decision and the server's Parse, each on tables of its own. */
interface Race {
  readonly title: string;
  readonly setup: readonly string[];
  readonly text: string;
  readonly change: readonly string[];
  /** What the asker gets in the end; refused where nothing is said. */
  readonly rows?: readonly (readonly (string | null)[])[];
}

const table = (name: string): readonly string[] => [
  `CREATE TABLE ${name} (id int PRIMARY KEY, name text, note text)`,
  `INSERT INTO ${name} VALUES (1, 'Ana', 'a note')`,
  `GRANT SELECT ON ${name} TO analyst`,
];

const RACES: readonly Race[] = [
  {
    title: 'a view is replaced by one of the masked column',
    setup: ['CREATE VIEW v1 AS SELECT id, name FROM people', 'GRANT SELECT ON v1 TO analyst'],
    text: 'SELECT name FROM v1 WHERE id = 1',
    change: ['CREATE OR REPLACE VIEW v1 AS SELECT id, secret AS name FROM people'],
    rows: [['•••']],
  },
  {
    title: 'two columns change names',
    setup: table('t2'),
    text: 'SELECT note FROM t2 WHERE id = 1',
    change: [
      'ALTER TABLE t2 RENAME note TO n',
      'ALTER TABLE t2 RENAME name TO note',
      'ALTER TABLE t2 RENAME n TO name',
    ],
    rows: [['Ana']],
  },
  {
    title: 'a table is swapped for a view of the masked column',
    setup: table('t3'),
    text: 'SELECT note FROM t3 WHERE id = 1',
    change: [
      'ALTER TABLE t3 RENAME TO t3_old',
      'CREATE VIEW t3 AS SELECT id, secret AS note FROM people',
      'GRANT SELECT ON t3 TO analyst',
    ],
    rows: [['•••']],
  },
  {
    title: 'a policy is added that lets no row through',
    setup: [...table('t4'), 'ALTER TABLE t4 ENABLE ROW LEVEL SECURITY', 'CREATE POLICY a ON t4 USING (true)'],
    text: 'SELECT note FROM t4 WHERE id = 1',
    change: ['CREATE POLICY b ON t4 AS RESTRICTIVE USING (false)'],
    rows: [],
  },
  {
    title: 'a policy turns to the masked column',
    setup: [...table('t4b'), 'ALTER TABLE t4b ENABLE ROW LEVEL SECURITY', 'CREATE POLICY a ON t4b USING (true)'],
    text: 'SELECT note FROM t4b WHERE id = 1',
    change: [`ALTER POLICY a ON t4b USING (id IN (SELECT id FROM people WHERE secret LIKE 'the%'))`],
  },
  {
    title: 'a function of the name is made that reads the masked column',
    setup: table('t5'),
    text: 'SELECT reverse(note) FROM t5 WHERE id = 1',
    change: [
      `CREATE FUNCTION early.reverse(text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$ SELECT secret FROM public.people LIMIT 1 $$`,
    ],
  },
  {
    title: 'an operator of the name is made that compares something else',
    setup: table('t6'),
    text: `SELECT note FROM t6 WHERE note = 1.5::float4::text`,
    change: [
      'CREATE FUNCTION early.same(text, text) RETURNS bool LANGUAGE sql AS $$ SELECT true $$',
      'CREATE OPERATOR early.= (LEFTARG = text, RIGHTARG = text, FUNCTION = early.same)',
    ],
    rows: [],
  },
  {
    title: 'a table of the name is made earlier on the path',
    setup: table('t7'),
    text: 'SELECT note FROM t7 WHERE id = 1',
    change: [
      'CREATE VIEW early.t7 AS SELECT id, secret AS note FROM public.people',
      'GRANT SELECT ON early.t7 TO analyst',
    ],
    rows: [['•••']],
  },
  {
    title: 'the role is let into a schema that was shut',
    setup: [
      ...table('t8'),
      'CREATE VIEW shut.t8 AS SELECT id, secret AS note FROM public.people',
      'GRANT SELECT ON shut.t8 TO analyst',
    ],
    text: 'SELECT note FROM t8 WHERE id = 1',
    change: ['GRANT USAGE ON SCHEMA shut TO analyst'],
    rows: [['•••']],
  },
];

describe.each([
  ['with the server as second opinion', 'fatal'],
  ['with the lineage of the text alone', 'warning'],
])('what changes between decision and Parse, %s,', (_what, level) => {
  let road: Road;
  beforeAll(async () => {
    road = await openRoad(
      [
        `ALTER ROLE analyst SET log_min_messages = '${level}'`,
        'CREATE SCHEMA early',
        'GRANT USAGE ON SCHEMA early TO analyst',
        'CREATE SCHEMA shut',
        'CREATE TABLE people (id int PRIMARY KEY, name text, secret text)',
        `INSERT INTO people VALUES (1, 'Ana', 'the secret')`,
        'GRANT SELECT ON people TO analyst',
        ...RACES.flatMap(({ setup }) => setup),
      ],
      { searchPath: ['shut', 'early', 'public'] },
    );
  }, 60_000);
  afterAll(() => road.close());

  it.each(RACES)('is judged anew: $title', async ({ text, change, rows }) => {
    const before = await road.run(text);
    expect(before.end?.kind).toBe('done');
    let changed = false;
    const seen = await road.run(text, {
      async decided() {
        if (!changed) await road.change(...change);
        changed = true;
      },
    });
    expect(JSON.stringify(seen.rows)).not.toContain('the secret');
    expect(seen.outcomes[0]).toMatchObject({ status: 'refused', code: 'catalog-changed' });
    if (rows !== undefined) expect(seen).toMatchObject({ end: { kind: 'done' }, rows });
    else expect(seen.events).toContainEqual(expect.objectContaining({ kind: 'verdict', judgement: refusal }));
    expect(await road.run(text)).toMatchObject({ rows: rows ?? [] });
    await road.change('DROP OPERATOR IF EXISTS early.= (text, text)');
  });

  it('shows nothing of another table that takes the place between Parse and run', async () => {
    const text = 'SELECT name FROM people WHERE id = 1';
    await road.run(text);
    const seen = await road.run(text, {
      async flight(number) {
        if (number !== 2) return;
        await road.change(
          'CREATE VIEW early.people AS SELECT id, secret AS name FROM public.people',
          'GRANT SELECT ON early.people TO analyst',
          'ANALYZE public.people',
        );
      },
    });
    expect(seen.end?.kind).toBe('done');
    expect(JSON.stringify(seen.rows)).not.toContain('the secret');
    expect(seen.rows).toEqual([['•••']]);
    await road.change('DROP VIEW early.people');
  });

  it('keeps what somebody else does apart', async () => {
    const text = 'SELECT note FROM t2';
    await road.run(text);
    const seen = await road.run(text, {
      decided: () => road.change('CREATE TABLE unrelated (i int)', 'DROP TABLE unrelated'),
    });
    expect(seen.outcomes).toHaveLength(1);
  });
});

const refusal = expect.objectContaining({
  verdict: expect.objectContaining({ verdict: 'refuse' }) as unknown,
}) as unknown;
