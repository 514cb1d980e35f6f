import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serversAtHand } from '../../databases/embedded/testing/installed.ts';
import { ORDINARY, type OrdinaryDatabases, startOrdinary } from './testing/ordinary.ts';

for (const server of serversAtHand) {
  describe.skipIf(server.missing)(`ordinary work on a live ${server.name}`, () => {
    let databases: OrdinaryDatabases;
    beforeAll(async () => {
      databases = await startOrdinary(server);
    }, 120_000);
    afterAll(() => databases.close());

    for (const corpus of ORDINARY) {
      for (const row of corpus.rows) {
        if (server.major < (row.since ?? 0)) continue;
        const outcome = { allow: 'runs', masked: 'masks', refuse: 'refuses' }[row.verdict];
        const expectation = row.refused === undefined ? outcome : `refuses (${row.refused}), though harmless,`;
        it(`${expectation} ${row.id}: ${row.why}: ${row.sql}`, async () => {
          const { verdict, reasons, error, because } = await databases.run(corpus, row);
          if (row.refused === undefined) {
            expect({ verdict, error, reasons: row.verdict === 'refuse' ? [] : reasons }).toEqual({
              verdict: row.verdict,
              error: undefined,
              reasons: [],
            });
          } else expect(because).toContain(row.refused);
        });
      }
    }
  });
}

describe('ordinary work as a whole', () => {
  it('is refused without need in at most 5 of 100 statements', () => {
    const harmless = ORDINARY.flatMap(({ rows }) => rows.filter(({ verdict }) => verdict !== 'refuse'));
    expect(harmless.filter(({ refused }) => refused !== undefined).length / harmless.length).toBeLessThanOrEqual(0.05);
  });
});
