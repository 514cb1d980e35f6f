import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serversAtHand } from '../../databases/embedded/testing/installed.ts';
import { type AttackRow, attackRows } from './testing/attack-corpus.ts';
import { runOutside } from './testing/outside.ts';
import { judgeBy, startGuardedTwins } from './testing/row-security-database.ts';
import { comparable, databaseOf, type Twin, type Twins, type Visible } from './testing/twins.ts';

const ROWS = attackRows('./row-security.json');

const title = ({ id, why, sql }: AttackRow): string => `${id}: ${why}: ${sql.join('; ')}`;

for (const server of serversAtHand.filter(({ major }) => major === 15 || major === 18)) {
  describe.skipIf(server.missing)(`row security on ${server.name}`, () => {
    const rows = ROWS.filter(({ since = 0 }) => since <= server.major);
    let twins: Twins;
    beforeAll(async () => {
      twins = await startGuardedTwins(server);
    }, 120_000);
    afterAll(() => twins.close());

    const run = async (twin: Twin, { sql }: AttackRow): Promise<Visible> => twins.run(twin, sql.join('; '));
    const outside = async (twin: Twin, { sql }: AttackRow): Promise<readonly string[]> => {
      const { password } = twins;
      const asked = { user: 'analyst', password, database: databaseOf(twin), transaction: 'read write' } as const;
      return (await runOutside(twins.server, sql, asked)).heard;
    };

    for (const row of rows) {
      const { verdict, refused, danger } = row;
      const outcome = { refuse: 'refuses', masked: 'masks', allow: 'lets through' }[verdict];
      it(`${outcome} ${title(row)}`, async () => {
        const [a, b] = [await run('a', row), await run('b', row)];
        expect(comparable(a), 'what is seen of databases that differ in masked values only').toEqual(comparable(b));
        expect(
          { verdict: a.verdict, because: a.because.slice(0, 1), failed: a.failed },
          JSON.stringify(a.output),
        ).toEqual({
          verdict,
          because:
            verdict !== 'refuse' ? [] : [refused ?? (row.family === 'opaque' ? 'user-function' : 'masked-column-used')],
          failed: false,
        });
      });

      it(`outside of the gate ${danger === 'reveals' ? 'reveals masked values' : 'reveals nothing'}: ${title(row)}`, async () => {
        const told = JSON.stringify(await outside('a', row)) !== JSON.stringify(await outside('b', row));
        expect(told ? 'reveals' : 'none').toBe(danger);
      });
    }

    it('says which table decides, and what an administrator can permit', async () => {
      const { output } = await twins.run('b', 'select id from g_plain');
      expect(output.reasons).toEqual([
        'public.g_plain.ssn (social security number, pii) is masked for you by rule masked; the row security of public.g_plain decides by it, and whether a row comes back would tell its value. For statements that only read, your administrator can permit view of public.g_plain once its conditions are reviewed. No rule of the policy permits what its reviewed views show of it.',
      ]);
    });

    it('is no obstacle to somebody who sees every column, and both readings of each row agree', async () => {
      await judgeBy(twins, 'clear');
      const failed: unknown[] = [];
      for (const row of rows.filter(({ refused }) => refused !== 'row-lock')) {
        for (const twin of ['a', 'b'] as const) {
          const seen = await run(twin, row);
          if (seen.verdict !== 'allow' || seen.failed) failed.push([title(row), twin, seen.output]);
        }
      }
      await judgeBy(twins, 'masked');
      // A policy keeps out rows of whoever writes them (insufficient_privilege).
      expect(failed.filter((one) => !JSON.stringify(one).includes('server-42501'))).toEqual([]);
    });
  });
}
