import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttackRow, attackRows } from './testing/attack-corpus.ts';
import { type Outside, type OutsideOptions, runOutside } from './testing/outside.ts';
import { databaseOf, startTwins, type Twin, type Twins } from './testing/twins.ts';

/** Rows that say what they do when nothing stands between them and the server. */
const rows = attackRows('./new-attacks.json').filter((row) => row.danger !== undefined);

describe('what attacks do on the server itself, outside of the gate', () => {
  let twins: Twins;
  beforeAll(async () => {
    twins = await startTwins();
  }, 120_000);
  afterAll(() => twins.close());

  const run = async (twin: Twin, row: AttackRow, transaction: OutsideOptions['transaction']): Promise<Outside> => {
    const { user, password } = row.role === 'owner' ? twins.server : { user: 'analyst', password: twins.password };
    const params = row.params ?? [];
    return runOutside(twins.server, row.sql, { user, password, params, transaction, database: databaseOf(twin) });
  };

  for (const row of rows) {
    const said = { reveals: 'reveals masked values', changes: 'leaves something behind', none: 'does no harm there' };
    it(`${row.id} ${said[row.danger ?? 'none']}: ${row.why}: ${row.sql.join('; ')}`, async () => {
      const [once, again, other] = [
        await run('a', row, 'read write'),
        await run('a', row, 'read write'),
        await run('b', row, 'read write'),
      ];
      const stable = JSON.stringify(once.heard) === JSON.stringify(again.heard);
      const reveals = stable && JSON.stringify(once.heard) !== JSON.stringify(other.heard);
      expect(reveals ? 'reveals' : once.left.length > 0 ? 'changes' : 'none').toBe(row.danger);
    });
  }

  for (const row of rows.filter(({ verdict, danger }) => verdict === 'allow' && danger === 'none')) {
    it(`${row.id} runs in a READ ONLY transaction: ${row.sql.join('; ')}`, async () => {
      expect(await run('a', row, 'read only')).toMatchObject({ sqlstate: undefined, left: [] });
    });
  }

  it('that READ ONLY does not stop are the larger part', async () => {
    const dangerous = rows.filter(({ danger }) => danger !== 'none');
    let stopped = 0;
    for (const row of dangerous) if ((await run('a', row, 'read only')).sqlstate === '25006') stopped += 1;
    expect(stopped / dangerous.length).toBeLessThan(0.2);
  });
});
