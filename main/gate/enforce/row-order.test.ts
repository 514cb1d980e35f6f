import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TemporaryServer } from '../../databases/embedded/index.ts';
import { serversAtHand } from '../../databases/embedded/testing/installed.ts';
import {
  type BeginOptions,
  connectPostgres,
  type LeftOutScans,
  type PostgresSession,
} from '../../databases/postgres/session.ts';
import { openRoad, type Road, type Seen } from './testing/road.ts';

/**
 * One table, filled twice with rows that differ in nothing but the masked column. Each row of the list is an index and a
 * statement that never names that column: what the server gives by itself tells the two fillings apart, what comes
 * through the gate must not.
 */
interface Ordered {
  readonly title: string;
  readonly indexes: readonly string[];
  readonly text: string;
  readonly leftOut: LeftOutScans;
  /** Type and value of the masked column; text where nothing is said. */
  readonly secret?: { readonly type: string; readonly value: string };
  readonly since?: number;
}

const ORDERED: readonly Ordered[] = [
  {
    title: 'an index-only scan of a covering index that begins with the masked column',
    indexes: ['people (secret, city)'],
    text: 'SELECT city FROM people',
    leftOut: 'index-only',
  },
  {
    title: 'an index-only scan of an index that includes what is asked for',
    indexes: ['people (secret) INCLUDE (rare)'],
    text: 'SELECT rare FROM people LIMIT 30',
    leftOut: 'index-only',
  },
  {
    title: 'an index-only scan below an aggregate that keeps the order',
    indexes: ['people (secret, rare)'],
    text: 'SELECT array_agg(rare) FROM people',
    leftOut: 'index',
  },
  {
    title: 'ORDER BY the column before the masked one',
    indexes: ['people (city, secret)'],
    text: 'SELECT id FROM people ORDER BY city LIMIT 10',
    leftOut: 'index',
  },
  {
    title: 'ORDER BY the same backwards, through a view',
    indexes: ['people (city, secret)'],
    text: 'SELECT number FROM numbers ORDER BY town DESC LIMIT 10',
    leftOut: 'index',
  },
  {
    title: 'a condition on the column before the masked one',
    indexes: ['people (rare, secret)'],
    text: 'SELECT id FROM people WHERE rare = 1 LIMIT 2',
    leftOut: 'index',
  },
  {
    title: 'a condition on the column behind the masked one, for which the whole index is read',
    indexes: ['people (secret, rare)'],
    text: 'SELECT id FROM people WHERE rare = 1 LIMIT 5',
    leftOut: 'index',
  },
  {
    title: 'a partial index whose condition the statement implies',
    indexes: ['people (secret) WHERE rare = 1'],
    text: 'SELECT id FROM people WHERE rare = 1 LIMIT 5',
    leftOut: 'index',
  },
  {
    title: 'an expression over the masked column in the key',
    indexes: ['people (city, md5(secret))'],
    text: 'SELECT id FROM people ORDER BY city LIMIT 10',
    leftOut: 'index',
  },
  {
    title: 'sorting on by name what comes sorted by city',
    indexes: ['people (city, secret)'],
    text: 'SELECT id FROM people ORDER BY city, rare LIMIT 10',
    leftOut: 'index',
  },
  {
    title: 'grouping by what comes sorted',
    indexes: ['people (city, secret)'],
    text: 'SELECT city, array_agg(id) FROM people GROUP BY city ORDER BY city LIMIT 3',
    leftOut: 'index',
  },
  {
    title: 'the first of each city',
    indexes: ['people (city, secret)'],
    text: 'SELECT DISTINCT ON (city) city, id FROM people LIMIT 5',
    leftOut: 'index',
  },
  {
    title: 'numbers given by a window',
    indexes: ['people (city, secret)'],
    text: 'SELECT id, row_number() OVER (ORDER BY city) FROM people LIMIT 10',
    leftOut: 'index',
  },
  {
    title: 'an aggregate that wants its rows sorted, and sorts those of another one',
    indexes: ['people (pair, secret)'],
    text: 'SELECT count(DISTINCT pair), array_agg(id) FROM people WHERE pair < 20',
    leftOut: 'index',
    since: 16,
  },
  {
    title: 'the inner side of a nested loop',
    indexes: ['people (pair, secret)'],
    text: 'SELECT p.id FROM places JOIN people p ON p.pair = places.id WHERE places.id < 10',
    leftOut: 'index',
  },
  {
    title: 'a merge join over the order of the index',
    indexes: ['people (city, secret)'],
    text: `SELECT p.id FROM places JOIN people p ON p.city = places.name ORDER BY places.name LIMIT 10`,
    leftOut: 'index',
  },
  {
    title: 'a subquery that takes one of several',
    indexes: ['people (city, secret)'],
    text: 'SELECT name, (SELECT id FROM people WHERE city = name LIMIT 1) FROM places LIMIT 3',
    leftOut: 'index',
  },
  {
    title: 'a search tree of boxes that holds the masked column as well',
    indexes: ['people USING gist (place, secret)'],
    secret: { type: 'point', value: 'point(cos(s), sin(s))' },
    text: 'SELECT id FROM people WHERE place <@ box(point(1500,0), point(1500,0)) LIMIT 2',
    leftOut: 'index',
  },
  {
    title: 'the nearest first, in the order of such a tree where they are equally near',
    indexes: ['people USING gist (place, secret)'],
    secret: { type: 'point', value: 'point(cos(s), sin(s))' },
    text: 'SELECT id FROM people ORDER BY place <-> point(1500,0) LIMIT 5',
    leftOut: 'index',
  },
  {
    title: 'a materialized view with an index on what it took from the masked column',
    indexes: ['copied (town, hidden)'],
    text: 'SELECT number FROM copied ORDER BY town LIMIT 10',
    leftOut: 'index',
  },
  {
    title: 'a generated column of the masked one',
    indexes: ['people (city, made)'],
    text: 'SELECT id FROM people ORDER BY city LIMIT 10',
    leftOut: 'index',
    secret: { type: 'text', value: 'md5(s::text)' },
  },
];

const ROWS = 3000;

/** Versions on which every row is tried: the oldest, one of the middle and the newest; the others plan as their neighbours do. */
const IN_FULL: readonly number[] = [13, 15, 18];

/** `s` is the number that makes the masked value: other numbers in another filling. */
function filled(
  { indexes, secret = { type: 'text', value: 'md5(s::text)' } }: Ordered,
  filling: number,
): readonly string[] {
  const made = secret.type === 'text' ? ', made text GENERATED ALWAYS AS (md5(secret)) STORED' : '';
  return [
    'DROP MATERIALIZED VIEW IF EXISTS copied',
    'DROP VIEW IF EXISTS numbers',
    'DROP TABLE IF EXISTS people, places',
    `CREATE TABLE people (id int PRIMARY KEY, city text, rare int, pair int, place point, pad text, secret ${secret.type}${made})`,
    'ALTER TABLE people ALTER pad SET STORAGE plain',
    `INSERT INTO people SELECT i, 'city ' || i % 100, i % 300, i / 2, point(least(i, 1500), 0), repeat('-', 800), ${secret.value}
       FROM generate_series(1, ${String(ROWS)}) i, LATERAL (SELECT (i * 7919 + ${String(filling)} * 104729) % 1000003) x (s)`,
    'CREATE TABLE places (id int PRIMARY KEY, name text)',
    `INSERT INTO places SELECT i, 'city ' || i FROM generate_series(0, 99) i`,
    'CREATE VIEW numbers AS SELECT id AS number, city AS town FROM people',
    'CREATE MATERIALIZED VIEW copied AS SELECT id AS number, city AS town, secret AS hidden, pad FROM people ORDER BY id',
    ...indexes.map((index) => `CREATE INDEX ON ${index}`),
    'GRANT SELECT ON people, places, numbers, copied TO analyst',
    'VACUUM ANALYZE people',
    'VACUUM ANALYZE copied',
    'ANALYZE places',
  ];
}

function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

for (const at of serversAtHand) {
  describe.skipIf(at.missing)(`rows of ${at.name}`, () => {
    let server: TemporaryServer;
    let road: Road;
    const start = async (): Promise<TemporaryServer> => (server = await at.start());
    beforeAll(async () => {
      // Workers return rows in the order in which they happen to run.
      road = await openRoad(
        [
          'ALTER ROLE analyst SET max_parallel_workers_per_gather = 0',
          'CREATE TABLE everybody (id int, city text)',
          'GRANT SELECT ON everybody TO analyst',
        ],
        {},
        start,
      );
    }, 60_000);
    afterAll(() => road.close());

    const connect = (): Promise<PostgresSession> =>
      connectPostgres(
        {
          host: server.host,
          port: server.port,
          database: 'postgres',
          user: 'analyst',
          password: 'only for tests',
          tls: 'disable',
          searchPath: ['public'],
          applicationName: 'countersign: tests',
        },
        new AbortController().signal,
      );

    /** What each judgement of the statement left out. */
    const judgedSo = ({ events }: Seen): readonly (LeftOutScans | 'none' | 'refused')[] =>
      events.flatMap((event) => {
        if (event.kind !== 'verdict') return [];
        const { verdict } = event.judgement;
        return verdict.verdict === 'allow' ? [verdict.leftOut ?? 'none'] : ['refused'];
      });
    const leftOutOf = (seen: Seen): unknown => judgedSo(seen).at(-1);

    for (const row of ORDERED.filter(({ since = 0 }) => at.major >= since && IN_FULL.includes(at.major))) {
      it(`do not come in the order of a masked column by ${row.title}`, async () => {
        const bare: unknown[] = [];
        const seen: Seen[] = [];
        for (const filling of [1, 2]) {
          await road.change(...filled(row, filling));
          const session = await connect();
          bare.push(await session.query(row.text));
          await session.close();
          seen.push(await road.run(row.text));
        }
        expect(bare[0], 'without the gate').not.toEqual(bare[1]);
        expect(seen.map(leftOutOf)).toEqual([row.leftOut, row.leftOut]);
        expect(seen[0]?.end).toMatchObject({ kind: 'done' });
        expect(seen[0]?.rows).toEqual(seen[1]?.rows);
      }, 30_000);
    }

    const BY_CITY: Ordered = {
      title: 'by city',
      indexes: ['people (city, secret)'],
      text: 'SELECT id FROM people ORDER BY city LIMIT 10',
      leftOut: 'index',
    };

    /** The plan of a statement as `begin` has it planned. */
    async function planOf(text: string, options: Pick<BeginOptions, 'leftOut' | 'plansOnly'>): Promise<string> {
      const session = await connect();
      const bounds = { mode: 'read only', statementTimeout: 20_000, lockTimeout: 1000, params: [] } as const;
      await session.begin({ ...bounds, ...options, text: `EXPLAIN ${text}` });
      const plan = (await session.query(`EXPLAIN ${text}`)).flat().join('\n');
      await session.close();
      return plan;
    }

    it('are not taken from the index where every other plan is made to cost more than anything', async () => {
      await road.change(...filled(BY_CITY, 1));
      const crossed = `SELECT a.id FROM people a, people b, people c, people d, people e ORDER BY a.city LIMIT 10`;
      expect(await planOf(crossed, {})).toContain('people_city_secret_idx');
      expect(await planOf(crossed, { leftOut: 'index' })).not.toContain('people_city_secret_idx');
    });

    it('are not taken from the index where the role may use nothing else', async () => {
      const others = ['seqscan', 'bitmapscan', 'sort', 'hashagg', 'hashjoin', 'nestloop', 'mergejoin'];
      await road.change(...filled(BY_CITY, 1), ...others.map((name) => `ALTER ROLE analyst SET enable_${name} = off`));
      try {
        expect(await planOf(BY_CITY.text, {})).toContain('people_city_secret_idx');
        expect(await planOf(BY_CITY.text, { leftOut: 'index' })).not.toContain('people_city_secret_idx');
      } finally {
        await road.change(...others.map((name) => `ALTER ROLE analyst RESET enable_${name}`));
      }
    });

    it('have a plan with the costs of the server where somebody asks for the plan', async () => {
      await road.change(...filled(BY_CITY, 1));
      const { rows } = await road.run(`EXPLAIN ${BY_CITY.text}`);
      const plan = rows.flat().join('\n');
      expect(plan).toMatch(/Seq Scan on people .*cost=0.00..[1-9]/);
      expect(plan).not.toContain('people_city_secret_idx');
    });

    it('come as the planner likes where the statement gives it no use for the index', async () => {
      await road.change(...filled(BY_CITY, 1));
      const byNumber = await road.run('SELECT id, city FROM people ORDER BY id LIMIT 10');
      expect(leftOutOf(byNumber)).toBe('index-only');
      expect((await road.run('EXPLAIN SELECT id, city FROM people WHERE id = 5')).rows.flat().join()).toContain(
        'Index Scan using people_pkey',
      );
      expect(leftOutOf(await road.run('SELECT name FROM places ORDER BY name'))).toBe('none');
      await road.change(...filled({ ...BY_CITY, indexes: ['people (secret) WHERE rare = 1'] }, 1));
      expect(leftOutOf(await road.run('SELECT id, city FROM people ORDER BY id LIMIT 10'))).toBe('index-only');
    });

    it('are read in as many flights as any, and leave the next statement alone', async () => {
      await road.change(...filled(BY_CITY, 1));
      const warm = await road.run(BY_CITY.text);
      expect(leftOutOf(warm)).toBe('index');
      expect((await road.run(BY_CITY.text)).flights).toBe(2);
      const plan = await road.run('EXPLAIN SELECT id FROM places WHERE id = 5 ORDER BY id');
      expect(plan.rows.flat().join()).toMatch(/Scan/);
    });

    it('of a write come without it too', async () => {
      await road.change(
        ...filled({ ...BY_CITY, indexes: ['people (rare, secret)'] }, 1),
        'GRANT UPDATE ON people TO analyst',
      );
      const seen = await road.run(`UPDATE people SET pad = 'x' WHERE rare = 1 RETURNING id`);
      expect(leftOutOf(seen)).toBe('index');
      expect(seen.rows.map(([id]) => Number(id))).toEqual([1, 301, 601, 901, 1201, 1501, 1801, 2101, 2401, 2701]);
    });

    it('of a child that has the masked column for itself come without it too', async () => {
      await road.change(...filled(BY_CITY, 1), 'ALTER TABLE people INHERIT everybody');
      expect(leftOutOf(await road.run('SELECT id FROM everybody ORDER BY city LIMIT 10'))).toBe('index');
      expect(leftOutOf(await road.run('SELECT count(*) FROM everybody'))).toBe('index-only');
      expect(leftOutOf(await road.run('SELECT count(*) FROM ONLY everybody'))).toBe('index-only');
    });

    it('are judged anew where an index was made between decision and Parse', async () => {
      await road.change(...filled({ ...BY_CITY, indexes: [] }, 1));
      await road.run(BY_CITY.text);
      const seen = await road.run(BY_CITY.text, {
        decided: once(() => road.change('CREATE INDEX ON people (city, secret)', 'ANALYZE people')),
      });
      expect(judgedSo(seen)).toEqual(['none', 'index']);
    });
  });
}
