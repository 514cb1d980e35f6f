import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { trace } from '../lineage/trace.ts';
import { split } from '../understand/postgres/split.ts';
import { understand } from '../understand/postgres/understand.ts';
import { attackCatalog, attackRows } from './testing/attack-corpus.ts';
import { ORDINARY } from './testing/ordinary.ts';
import { numbers } from './testing/random-queries.ts';
import { kindRows } from './testing/statement-kinds.ts';
import { startTwins, type Twins } from './testing/twins.ts';

/** More of them for whoever has the time: COUNTERSIGN_FUZZED=200000 COUNTERSIGN_RANDOM_SEED=7. */
const COUNT = Number(process.env['COUNTERSIGN_FUZZED'] ?? 2_000);
const SEED = Number(process.env['COUNTERSIGN_RANDOM_SEED'] ?? 1);
/** Milliseconds for one text, on a slow machine. */
const EACH = 20;

const SETTINGS = { standardConformingStrings: true, clientEncoding: 'UTF8' };
const index = attackCatalog();

const texts: readonly string[] = [
  ...[
    './pg-attacks.json',
    './pg-more-attacks.json',
    './own-attacks.json',
    './new-attacks.json',
    './ordinary.json',
  ].flatMap((file) => attackRows(file).flatMap((row) => row.sql)),
  ...kindRows().map((row) => row.sql),
  ...ORDINARY.flatMap(({ rows }) => rows.map((row) => row.sql)),
];

/** What the gate does with a text before anybody is asked: gives true where it was understood and traced. */
async function judged(text: string): Promise<boolean> {
  for (const { start, end } of split(text)) {
    expect(start).toBeLessThan(end);
    expect(end).toBeLessThanOrEqual(text.length);
  }
  const { facts, tree } = await understand(text, SETTINGS);
  if (tree === undefined) expect(facts.hazards.length).toBeGreaterThan(0);
  return tree !== undefined && facts.hazards.length === 0 && trace(tree, index).hazards.length === 0;
}

/** Cut short, with bits flipped, bytes left out, doubled or moved, read as UTF-8 or as single bytes. */
function* fuzzed(seed: number): Generator<string> {
  const random = numbers(seed);
  const below = (bound: number): number => Math.floor(random() * bound);
  for (;;) {
    let bytes = Buffer.from(texts[below(texts.length)] ?? '');
    for (let times = 1 + below(4); times > 0; times -= 1) {
      const [from, to] = [below(bytes.length + 1), below(bytes.length + 1)].sort((a, b) => a - b) as [number, number];
      const kind = below(6);
      if (kind === 0) bytes = Buffer.from(bytes.subarray(0, to));
      else if (kind === 1) bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
      else if (kind === 2) bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
      else if (bytes.length > 0)
        bytes[below(bytes.length)] = kind === 3 ? below(256) : (bytes[from] ?? 0) ^ (1 << below(8));
    }
    yield bytes.toString(random() < 0.8 ? 'utf8' : 'latin1');
  }
}

describe('texts that are broken at random', () => {
  it(
    'are judged, one after the other, and none ends or hangs the process',
    { timeout: 60_000 + COUNT * EACH },
    async () => {
      let done = 0;
      for (const text of fuzzed(SEED)) {
        await judged(text);
        if (++done === COUNT) break;
      }
      expect(await judged('select id from customers')).toBe(true);
    },
  );

  it('are judged at each place where a text of the corpus can be cut', { timeout: 120_000 }, async () => {
    for (const text of texts.filter((_, at) => at % 40 === 0)) {
      for (let end = 0; end < Math.min(text.length, 400); end += 1) await judged(text.slice(0, end));
    }
  });
});

const chain = (count: number, step: (at: number) => string): string =>
  Array.from({ length: count }, (_, at) => step(at)).join('');

/** Each is meant to cost more than it is long. */
const COSTLY: readonly (readonly [string, string])[] = [
  [
    '600 WITH queries, each reading the one before twice',
    `with a0 as (select 1 as x)${chain(600, (at) => `, a${String(at + 1)} as (select p.x from a${String(at)} p, a${String(at)} q)`)} select x from a600`,
  ],
  [
    '600 WITH RECURSIVE queries in a chain',
    `with recursive a0 as (select 1 as x)${chain(600, (at) => `, a${String(at + 1)} as (select x from a${String(at)} union all select x from a${String(at + 1)} where false)`)} select x from a600`,
  ],
  [
    'columns that double forty times',
    `with a0 as (select * from customers)${chain(40, (at) => `, a${String(at + 1)} as (select * from a${String(at)} p, a${String(at)} q)`)} select count(*) from a40`,
  ],
  [
    'WITH RECURSIVE nested twelve deep',
    chain(12, (at) => `with recursive r${String(at)}(x) as (select 1 union all select x from (`) +
      'select 1 as x' +
      chain(12, (at) => `) q${String(at)}) select x from r${String(11 - at)}`),
  ],
  ['subqueries nested 300 deep', `${'select * from ('.repeat(300)}select 1${chain(300, (at) => `) q${String(at)}`)}`],
  [
    'scalar subqueries nested 300 deep',
    `${'select (select id from customers where id = ('.repeat(150)}select 1${'))'.repeat(150)}`,
  ],
  ['100,000 parentheses', `select ${'('.repeat(100_000)}1${')'.repeat(100_000)}`],
  ['100,000 comments inside each other', `select ${'/*'.repeat(100_000)} 1 ${'*/'.repeat(100_000)}`],
  ['comments that are never closed', 'select 1 /*'.repeat(20_000)],
  ['quotes that are never closed', "select 1; select '".repeat(5_001)],
  ['dollar quotes that are never closed', chain(5_000, (at) => `select $a${String(at)}$ ; `)],
  ['3,000 arms of UNION ALL', `select ssn from customers${' union all select ssn from customers'.repeat(3_000)}`],
  [
    'a join of 400 tables',
    `select count(*) from customers c${chain(400, (at) => ` join orders o${String(at)} on o${String(at)}.id = c.id`)}`,
  ],
  [
    'NATURAL JOIN of 60 wide tables',
    `select * from customers c0${chain(60, (at) => ` natural join customers c${String(at + 1)}`)}`,
  ],
  ['a list of 100,000 numbers', `select id from customers where id in (1${',1'.repeat(100_000)})`],
  ['50,000 conditions', `select id from customers where id = 1${' or id = 1'.repeat(50_000)}`],
  ['CASE nested 5,000 deep', `select ${'case when true then '.repeat(5_000)}1${' end'.repeat(5_000)}`],
  ['50,000 statements', 'select 1;'.repeat(50_000)],
  ['a literal of almost a mebibyte', `select '${'x'.repeat(1_000_000)}'`],
  ['a name of almost a mebibyte', `select "${'x'.repeat(1_000_000)}" from customers`],
  ['20,000 rows of VALUES', `values (1, 'a')${", (1, 'a')".repeat(20_000)}`],
  [
    'grouping sets to the power of themselves',
    `select count(*) from customers group by ${chain(12, () => 'cube (id, name, city), ')} ()`,
  ],
];

describe('texts that are meant to cost much', () => {
  for (const [what, text] of COSTLY) {
    it(`are judged within bounds: ${what}`, async () => {
      await judged(text);
      expect(await judged('select id from customers')).toBe(true);
    });
  }
});

/** They run, and are ended by the bounds of the policy, not by the server's patience. */
const ENDLESS = [
  ['a series without end', 'select count(*) from generate_series(1, 1000000000000) g'],
  ['a recursion without end', 'with recursive t(n) as (select 1 union all select n + 1 from t) select n from t'],
  ['rows without end', 'select repeat(name, 1000) from customers, generate_series(1, 1000000) g'],
] as const;

describe('statements that would never end', () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = await startTwins();
  }, 120_000);
  afterAll(() => twins.close());

  for (const [what, sql] of ENDLESS) {
    it(`are ended by the limits of the policy: ${what}`, { timeout: 90_000 }, async () => {
      const { verdict, failed, output } = await twins.run('a', sql);
      expect(verdict).toBe('allow');
      // Stopped by the server after the policy's seconds, or cut at its rows and bytes.
      expect(failed ? output.ending[0] : output.ending[3]).toMatch(/^server-57014$|^cut at/);
    });
  }
});
