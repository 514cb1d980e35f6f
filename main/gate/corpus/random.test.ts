import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serversAtHand } from '../../databases/embedded/testing/installed.ts';
import { attackRows } from './testing/attack-corpus.ts';
import { numbers, randomQueries } from './testing/random-queries.ts';
import { comparable, databaseOf, startTwins, type Twins, type Visible } from './testing/twins.ts';

/**
 * More of these for whoever has the time: COUNTERSIGN_RANDOM_QUERIES=20000 COUNTERSIGN_RANDOM_SEED=7, and, where sqlsmith
 * is installed, COUNTERSIGN_SQLSMITH_QUERIES=2000. COUNTERSIGN_RANDOM_SERVER=15 asks another version that is at hand.
 */
const COUNT = Number(process.env['COUNTERSIGN_RANDOM_QUERIES'] ?? 400);
const SEED = Number(process.env['COUNTERSIGN_RANDOM_SEED'] ?? 1);
const SMITH_COUNT = Number(process.env['COUNTERSIGN_SQLSMITH_QUERIES'] ?? 0);
const smith = SMITH_COUNT === 0 ? undefined : spawnSync('sqlsmith', ['--version']).status;
const withoutSmith =
  SMITH_COUNT === 0
    ? ' (skipped: COUNTERSIGN_SQLSMITH_QUERIES is not set)'
    : smith === 0
      ? ''
      : ' (skipped: sqlsmith is not installed)';
const MAJOR = Number(process.env['COUNTERSIGN_RANDOM_SERVER'] ?? 18);
const server = serversAtHand.find(({ major, missing }) => major === MAJOR && !missing);
if (server === undefined) throw new Error(`PostgreSQL ${String(MAJOR)} is not at hand`);
/** What masked values of the twins look like, and nothing else in them does. */
const CANARY = /\b\d{3}-\d{2}-\d{4}\b|\bu[0-9a-f]{8}@mail\.example/g;
/** Milliseconds for one query on both twins, on a slow machine. */
const EACH = 200;

let twins: Twins;

beforeAll(async () => {
  twins = await startTwins([], server);
}, 120_000);

afterAll(async () => {
  await twins.close();
});

describe('random queries', () => {
  it('give the same on databases that differ in masked values only', { timeout: 30_000 + COUNT * EACH }, async () => {
    const { told, ran } = await differences(take(randomQueries(SEED), COUNT));
    expect(told).toEqual([]);
    expect(ran, 'enough of them run to show something').toBeGreaterThan(COUNT / 10);
  });

  it('of mutilated statements give the same', { timeout: 30_000 + COUNT * EACH }, async () => {
    expect((await differences(take(mutated(SEED), COUNT))).told).toEqual([]);
  });

  it.skipIf(withoutSmith !== '')(
    `of sqlsmith give the same, and write nothing${withoutSmith}`,
    { timeout: 60_000 + SMITH_COUNT * EACH },
    async () => {
      const before = await twins.contents('a');
      expect((await differences(smithQueries())).told).toEqual([]);
      expect(await twins.contents('a')).toEqual(before);
    },
  );
});

/** Statements of the corpus cut short, with a piece missing, twice, or of another one. */
function* mutated(seed: number): Generator<string> {
  const texts = [
    './pg-attacks.json',
    './pg-more-attacks.json',
    './own-attacks.json',
    './new-attacks.json',
    './ordinary.json',
  ].flatMap((file) => attackRows(file).flatMap((row) => row.sql));
  const random = numbers(seed);
  const below = (bound: number): number => Math.floor(random() * bound);
  const one = (): string => texts[below(texts.length)] ?? '';
  for (;;) {
    const text = one();
    const [from, to] = [below(text.length + 1), below(text.length + 1)].sort((a, b) => a - b) as [number, number];
    const piece = [
      text.slice(from, to).repeat(2),
      '',
      one().slice(0, below(40)),
      ' ',
      '(',
      "'",
      '/*',
      '"',
      ';',
      '\\',
      '\u00a0',
    ];
    yield text.slice(0, from) + (piece[below(piece.length)] ?? '') + text.slice(random() < 0.2 ? text.length : to);
  }
}

async function differences(
  queries: Iterable<string>,
): Promise<{ readonly told: readonly string[]; readonly ran: number }> {
  const told: string[] = [];
  let ran = 0;
  for (const text of queries) {
    const a = await twins.run('a', text);
    const b = await twins.run('b', text);
    if (a.verdict !== 'refuse' && !a.failed) ran++;
    if (JSON.stringify(comparable(a)) !== JSON.stringify(comparable(b))) told.push(text);
    else if (showsMasked(a, text)) told.push(`a masked value in the clear: ${text}`);
  }
  return { told, ran };
}

/** What the asker wrote is no secret of the asker's. */
function showsMasked({ output }: Visible, text: string): boolean {
  return (JSON.stringify(output).match(CANARY) ?? []).some((value) => !text.includes(value));
}

function* take(queries: Iterable<string>, count: number): Generator<string> {
  let left = count;
  for (const query of queries) {
    if (left-- <= 0) return;
    yield query;
  }
}

/** Made by sqlsmith from the schema, without running them itself. */
function smithQueries(): readonly string[] {
  const { host, port, user, password } = twins.server;
  const target = `host=${host} port=${String(port)} user=${user} password='${password}' dbname=${databaseOf('a')}`;
  const { stdout } = spawnSync(
    'sqlsmith',
    [
      `--target=${target}`,
      `--max-queries=${String(SMITH_COUNT)}`,
      `--seed=${String(SEED)}`,
      '--dry-run',
      '--exclude-catalog',
    ],
    { encoding: 'utf8', maxBuffer: 1024 ** 3 },
  );
  const queries = stdout.split(/;\s*\n/).filter((query) => query.trim() !== '');
  expect(queries.length).toBeGreaterThanOrEqual(SMITH_COUNT);
  return queries;
}
