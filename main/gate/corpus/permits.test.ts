import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { OTHER, startPermitTwins } from './testing/permit-database.ts';
import { runOutside } from './testing/outside.ts';
import { randomPermitQueries } from './testing/random-permit-queries.ts';
import { comparable, databaseOf, type Twins } from './testing/twins.ts';

const row = z.strictObject({
  id: z.string(),
  permit: z.string(),
  sql: z.string(),
  verdict: z.enum(['allow', 'refuse']),
  why: z.string(),
  params: z.array(z.string()).optional(),
  /** The rows that come back. */
  gives: z.array(z.array(z.string().nullable())).optional(),
  /** Code of the error that an allowed statement ends with. */
  ending: z.string().optional(),
  /** Why a statement that is refused gives the same on all of these databases even without a gate. */
  same: z.string().optional(),
});
const corpus = z.object({ about: z.string(), rows: z.array(row) });
const { rows } = corpus.parse(JSON.parse(readFileSync(new URL('./permits.json', import.meta.url), 'utf8')));

let twins: Twins;
beforeAll(async () => {
  twins = await startPermitTwins();
}, 120_000);
afterAll(() => twins.close());

/** What comes back to the analyst where no gate stands before the server. */
async function outside(database: string, sql: string, params: readonly string[] = []): Promise<readonly string[]> {
  const { heard } = await runOutside(twins.server, [sql], {
    user: 'analyst',
    password: twins.password,
    database,
    transaction: 'read write',
    params,
  });
  return heard;
}

for (const permit of new Set(rows.map((one) => one.permit))) {
  describe(`a permit of ${permit}`, () => {
    for (const { verdict, why, sql, params, gives, ending, same } of rows.filter((one) => one.permit === permit)) {
      it(`${verdict === 'allow' ? 'lets through' : 'does not let through'} ${why}: ${sql}`, async () => {
        const [a, b] = [await twins.run('a', sql, params), await twins.run('b', sql, params)];
        expect(comparable(a), 'what is seen of twins').toEqual(comparable(b));
        expect({ refused: a.verdict === 'refuse', reasons: a.output.reasons }).toEqual({
          refused: verdict === 'refuse',
          reasons: verdict === 'refuse' ? a.output.reasons : [],
        });
        if (verdict === 'refuse') {
          const heard: string[] = [];
          for (const database of [databaseOf('a'), databaseOf('b'), OTHER])
            heard.push(JSON.stringify(await outside(database, sql, params)));
          const told = new Set(heard).size > 1;
          expect({ sql, told }, 'what the server itself tells').toEqual({ sql, told: same === undefined });
          return;
        }
        expect(a.failed ? a.output.ending[0] : undefined).toBe(ending);
        if (ending !== undefined) expect(a.output.columns).toEqual([]);
        if (gives !== undefined) expect(a.output.rows).toEqual(gives);
      });
    }
  });
}

/** More for whoever has the time: COUNTERSIGN_RANDOM_QUERIES=20000 COUNTERSIGN_RANDOM_SEED=7. */
const COUNT = Number(process.env['COUNTERSIGN_RANDOM_QUERIES'] ?? 300);
const SEED = Number(process.env['COUNTERSIGN_RANDOM_SEED'] ?? 1);

describe('random statements near what permits allow', () => {
  it('give the same on twins', { timeout: 30_000 + COUNT * 200 }, async () => {
    const told: string[] = [];
    let ran = 0;
    let left = COUNT;
    for (const text of randomPermitQueries(SEED)) {
      if (left-- <= 0) break;
      const [a, b] = [await twins.run('a', text), await twins.run('b', text)];
      if (JSON.stringify(comparable(a)) !== JSON.stringify(comparable(b))) told.push(text);
      if (a.verdict !== 'refuse' && !a.failed) ran++;
    }
    expect(told).toEqual([]);
    expect(ran, 'enough of them run to show something').toBeGreaterThan(COUNT / 25);
  });
});
