import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serversAtHand } from '../../databases/embedded/testing/installed.ts';
import { type AttackRow, attackRows } from './testing/attack-corpus.ts';
import { comparable, startTwins, type Twin, type Twins, type Visible } from './testing/twins.ts';

const FILES = [
  ...['./pg-attacks.json', './pg-more-attacks.json', './own-attacks.json', './new-attacks.json', './ordinary.json'],
];
const NEWEST = 18;

/** What an older server answers to words, functions and columns that it does not know yet. */
const UNKNOWN_THERE = /^server-(42601|42703|42704|42804|42883|42P01|42P02|0A000|22023)$/;

/** A script as a person runs it: one statement after the other, until one is refused or fails. */
async function runScript(twins: Twins, twin: Twin, { sql, params = [] }: AttackRow): Promise<readonly Visible[]> {
  const seen: Visible[] = [];
  for (const text of sql) {
    const one = await twins.run(twin, text, params);
    seen.push(one);
    if (one.verdict === 'refuse' || one.failed) break;
  }
  return seen;
}

function verdictOf(runs: readonly Visible[]): Visible['verdict'] {
  if (runs.some(({ verdict }) => verdict === 'refuse')) return 'refuse';
  return runs.some(({ verdict }) => verdict === 'masked') ? 'masked' : 'allow';
}

const title = ({ id, why, sql }: AttackRow): string => `${id}: ${why}: ${sql.join('; ')}`;

for (const server of serversAtHand) {
  describe.skipIf(server.missing)(`what an analyst gets of a live ${server.name}`, () => {
    let twins: Twins;
    let before: readonly string[];
    beforeAll(async () => {
      twins = await startTwins([], server);
      before = await twins.contents('a');
    }, 120_000);
    afterAll(() => twins.close());

    for (const file of FILES) {
      for (const row of attackRows(file)) {
        if (server.major < (row.since ?? 0)) continue;
        const outcome =
          row.given !== undefined
            ? 'does not let settings decide:'
            : { refuse: 'refuses', masked: 'masks or refuses', allow: 'runs' }[row.verdict];
        const expectation = row.refused === undefined ? outcome : `refuses (${row.refused}), though harmless,`;
        it(`${expectation} ${title(row)}`, async () => {
          const [a, b] = [await runScript(twins, 'a', row), await runScript(twins, 'b', row)];
          expect(a.map(comparable), 'what is seen of databases that differ in masked values only').toEqual(
            b.map(comparable),
          );
          const verdict = verdictOf(a);
          // Sessions of the gate have their settings pinned, whatever the role brings along.
          if (row.given !== undefined) return;
          if (row.verdict === 'allow' && row.refused === undefined) {
            const failed = a.filter((one) => one.failed).map(({ output }) => output.ending);
            const unknownThere = failed.every(([code]) => UNKNOWN_THERE.test(String(code)));
            const outputs = server.major < NEWEST && unknownThere ? [] : failed;
            // A column that an older catalog lacks is the masked one further out: then it must come masked. A word that an
            // older grammar lacks is refused.
            const newer = a.some(({ because }) => because.includes('newer-grammar'));
            const right = server.major < NEWEST && (verdict === 'masked' || newer) ? verdict : 'allow';
            expect({ verdict, outputs }).toEqual({ verdict: right, outputs: [] });
          } else if (row.verdict === 'masked') expect(verdict).not.toBe('allow');
          else if (verdict !== row.alsoRight) expect(verdict).toBe('refuse');
        });
      }
    }

    it('leaves every table, sequence, large object and setting as it was', async () => {
      for (const file of FILES.slice(0, 4)) {
        for (const row of attackRows(file).filter(({ id }) => /write|session|server|new/.test(id))) {
          await runScript(twins, 'a', row);
        }
      }
      expect(await twins.contents('a')).toEqual(before);
    });
  });
}

describe('the corpus as a whole', () => {
  it('allows at least 95 % of ordinary statements', () => {
    const ordinary = ['./pg-attacks.json', './ordinary.json'].flatMap((file) =>
      attackRows(file).filter((row) => row.verdict === 'allow'),
    );
    expect(ordinary.filter((row) => row.refused !== undefined).length / ordinary.length).toBeLessThanOrEqual(0.05);
  });
});
