import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { runOutside } from './testing/outside.ts';
import { startStrangerTwins } from './testing/stranger-database.ts';
import { comparable, databaseOf, type Twin, type Twins } from './testing/twins.ts';

const row = z.strictObject({ id: z.string(), sql: z.string(), verdict: z.enum(['allow', 'refuse']), why: z.string() });
const corpus = z.object({ about: z.string(), rows: z.array(row) });
const { rows } = corpus.parse(JSON.parse(readFileSync(new URL('./stranger.json', import.meta.url), 'utf8')));

let twins: Twins;
beforeAll(async () => {
  twins = await startStrangerTwins();
}, 120_000);
afterAll(() => twins.close());

/** What comes back to the analyst where no gate stands before the server. */
async function outside(twin: Twin, sql: string): Promise<readonly string[]> {
  const { heard } = await runOutside(twins.server, [sql], {
    user: 'analyst',
    password: twins.password,
    database: databaseOf(twin),
    transaction: 'read only',
  });
  return heard;
}

describe('a stranger who tells twins apart', () => {
  for (const { id, verdict, why, sql } of rows) {
    it(`${verdict === 'allow' ? 'is answered the same' : 'gets no answer'} (${id}), ${why}: ${sql}`, async () => {
      const [a, b] = [await twins.run('a', sql), await twins.run('b', sql)];
      expect(comparable(a), 'what is seen of twins').toEqual(comparable(b));
      expect({ refused: a.verdict === 'refuse', failed: a.failed }).toEqual({
        refused: verdict === 'refuse',
        failed: false,
      });
      if (verdict === 'refuse')
        expect(await outside('a', sql), 'what the server itself tells').not.toEqual(await outside('b', sql));
    });
  }
});
