import { describe, expect, it } from 'vitest';
import {
  type AttackRow,
  attackCatalog,
  attackRows,
  type CorpusVerdict,
  judgeAsReader,
} from './testing/attack-corpus.ts';

const index = attackCatalog();

async function verdictOf({
  sql,
  given,
}: AttackRow): Promise<{ readonly verdict: CorpusVerdict; readonly because: string }> {
  let verdict: CorpusVerdict = 'allow';
  for (const text of sql) {
    const judged = await judgeAsReader(text, index, given);
    if (judged.verdict === 'refuse') return { verdict: 'refuse', because: judged.because.join(', ') };
    if (judged.verdict === 'masked') verdict = 'masked';
  }
  return { verdict, because: '' };
}

const title = ({ id, why, sql }: AttackRow): string => `${id}: ${why}: ${sql.join('; ')}`;

/** Ordinary rows that fail closed, with the reason. */
const REFUSED_ORDINARY: ReadonlyMap<string, string> = new Map();

for (const file of ['./pg-attacks.json', './pg-more-attacks.json']) {
  const rows = attackRows(file);
  describe(`what an analyst gets for each row of ${file}`, () => {
    for (const row of rows.filter((one) => one.verdict === 'refuse')) {
      it(`refuses ${title(row)}`, async () => {
        const { verdict } = await verdictOf(row);
        expect([verdict, row.alsoRight === verdict]).toSatisfy(([got, also]) => got === 'refuse' || also === true);
      });
    }
    for (const row of rows.filter((one) => one.verdict === 'masked')) {
      it(`masks or refuses ${title(row)}`, async () => {
        expect((await verdictOf(row)).verdict).not.toBe('allow');
      });
    }
    for (const row of rows.filter((one) => one.verdict === 'allow')) {
      const reason = REFUSED_ORDINARY.get(row.id);
      it(
        reason === undefined ? `allows ${title(row)}` : `refuses (${reason}), though harmless, ${title(row)}`,
        async () => {
          const { verdict, because } = await verdictOf(row);
          expect({ verdict, because }).toEqual(
            reason === undefined ? { verdict: 'allow', because: '' } : { verdict: 'refuse', because: reason },
          );
        },
      );
    }
  });
}

describe('how much of the corpus is decided as a person would', () => {
  it('allows at least 95 % of ordinary statements', () => {
    const ordinary = attackRows('./pg-attacks.json').filter((row) => row.verdict === 'allow');
    expect(REFUSED_ORDINARY.size / ordinary.length).toBeLessThanOrEqual(0.05);
  });

  it('refuses no plain reading of masked columns but computed ones, cursors and comparing set operations', async () => {
    const refused: string[] = [];
    for (const row of attackRows('./pg-attacks.json').filter((one) => one.verdict === 'masked')) {
      if ((await verdictOf(row)).verdict === 'refuse') refused.push(row.id);
    }
    expect(refused).toEqual(['pg-plain-15']);
  });
});
