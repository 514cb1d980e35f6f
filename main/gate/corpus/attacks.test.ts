import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AttackRow, attackRows } from './attack-corpus.ts';
import { comparable, startTwins, type Twin, type Twins, type Visible } from './twins.ts';

let twins: Twins;
let before: readonly string[];

beforeAll(async () => {
  twins = await startTwins();
  before = await twins.contents('a');
}, 120_000);

afterAll(async () => {
  await twins.close();
});

/** A script as a person runs it: one statement after the other, until one is refused or fails. */
async function runScript(twin: Twin, { sql, params = [] }: AttackRow): Promise<readonly Visible[]> {
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

for (const file of ['./pg-attacks.json', './pg-more-attacks.json', './own-attacks.json', './ordinary.json']) {
  const rows = attackRows(file);
  describe(`what an analyst gets of a live server for each row of ${file}`, () => {
    for (const row of rows) {
      const outcome =
        row.given !== undefined
          ? 'does not let settings decide:'
          : { refuse: 'refuses', masked: 'masks or refuses', allow: 'runs' }[row.verdict];
      const expectation = row.refused === undefined ? outcome : `refuses (${row.refused}), though harmless,`;
      it(`${expectation} ${title(row)}`, async () => {
        const [a, b] = [await runScript('a', row), await runScript('b', row)];
        expect(a.map(comparable), 'what is seen of databases that differ in masked values only').toEqual(
          b.map(comparable),
        );
        const verdict = verdictOf(a);
        // Sessions of the gate have their settings pinned, whatever the role brings along.
        if (row.given !== undefined) return;
        if (row.verdict === 'allow' && row.refused === undefined) {
          expect({ verdict, outputs: a.filter(({ failed }) => failed).map(({ output }) => output.ending) }).toEqual({
            verdict: 'allow',
            outputs: [],
          });
        } else if (row.verdict === 'masked') expect(verdict).not.toBe('allow');
        else if (verdict !== row.alsoRight) expect(verdict).toBe('refuse');
      });
    }
  });
}

describe('the corpus as a whole', () => {
  it('allows at least 95 % of ordinary statements', () => {
    const ordinary = ['./pg-attacks.json', './ordinary.json'].flatMap((file) =>
      attackRows(file).filter((row) => row.verdict === 'allow'),
    );
    expect(ordinary.filter((row) => row.refused !== undefined).length / ordinary.length).toBeLessThanOrEqual(0.05);
  });

  it('leaves every table, sequence, large object and setting as it was', async () => {
    for (const file of ['./pg-attacks.json', './pg-more-attacks.json', './own-attacks.json']) {
      for (const row of attackRows(file).filter(({ id }) => /write|session|server/.test(id))) await runScript('a', row);
    }
    expect(await twins.contents('a')).toEqual(before);
  });
});
