import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import { ana, asked, codesOf, NOW, policyWith, scout, selecting } from './testing/questions.ts';
import { type UsedGrant } from './verdict.ts';

const after = (minutes: number): string => new Date(NOW.getTime() + minutes * 60_000).toISOString();
const unmask: UsedGrant = { id: 'g1', name: 'unmask', until: after(10) };
const wide: UsedGrant = { id: 'g2', name: 'wide', until: after(20) };
const MASKED = '{ id: masked, require: { mask: { pii: partial } }, unless: { grant: unmask } }';
const EITHER = '{ id: masked, require: { mask: { pii: partial } }, unless: { grant: [unmask, wide] } }';

function decided(rules: readonly string[], granted: readonly UsedGrant[], columns = ['id', 'email']) {
  const verdict = decide(
    asked(policyWith(...rules), { lineage: selecting(columns), granted, grants: granted.map(({ name }) => name) }),
  );
  if (verdict.verdict !== 'allow') throw new Error(codesOf(verdict));
  return verdict;
}

describe('the grants that a verdict rests on', () => {
  it('are those that lifted something', () => {
    expect(decided([MASKED], [unmask, wide]).grants).toEqual([unmask]);
  });

  it('are none where what they lift is not touched', () => {
    expect(decided([MASKED], [unmask], ['id']).grants).toBeUndefined();
  });

  it('are none where another rule masks the same', () => {
    const verdict = decided([MASKED, '{ id: always, require: { mask: { pii: partial } } }'], [unmask]);
    expect(verdict.grants).toBeUndefined();
    expect(verdict.masks).toHaveLength(1);
  });

  it('is the one that lasts longer, where two lift the same', () => {
    expect(decided([EITHER], [unmask, wide]).grants).toEqual([wide]);
    expect(decided([EITHER], [wide, unmask]).grants).toEqual([wide]);
  });

  it('is the later of two of one name', () => {
    const again = { ...unmask, id: 'g3', until: after(30) };
    expect(decided([MASKED], [again, unmask]).grants).toEqual([again]);
  });

  it('are each that is needed, where one lifts one thing and one another', () => {
    const rules = [MASKED, '{ id: few, require: { limits: { rows: 10 } }, unless: { grant: wide } }'];
    expect(decided(rules, [unmask, wide]).grants?.map(({ id }) => id)).toEqual(['g1', 'g2']);
  });

  it.each([
    ['an approval', '{ id: r, require: { approval: { from: group:dba } }, unless: { grant: unmask } }'],
    ['a denial', '{ id: r, deny: select, unless: { grant: unmask } }'],
    ['a row limit', '{ id: r, require: { limits: { rows: 1 } }, unless: { grant: unmask } }'],
    ['a bound of the hour', '{ id: r, require: { limits: { rowsPerHour: 1 } }, unless: { grant: unmask } }'],
    ['that nothing leaves', '{ id: r, require: { noExport: true }, unless: { grant: unmask } }'],
    ['a watermark', '{ id: r, require: { watermark: true }, unless: { grant: unmask } }'],
    ['a reason', '{ id: r, require: { reason: true }, unless: { grant: unmask } }'],
  ])('count where they lift %s', (_what, rule) => {
    expect(decided([rule], [unmask]).grants).toEqual([unmask]);
  });
});

describe('what rests on a grant or a login', () => {
  it('ends with it: the server gets no more time than that', () => {
    const soon = { ...unmask, until: after(0.5) };
    const { limits, narrowedFrom } = decided([MASKED], [soon]);
    expect(limits).toMatchObject({ statementTimeout: 30_000, lockTimeout: 5_000 });
    expect(narrowedFrom?.statementTimeout).toBe(120_000);
  });

  it('ends with the first of the grants, and of the login', () => {
    const verdict = decide(
      asked(policyWith(MASKED), {
        granted: [{ ...unmask, until: after(1) }],
        grants: ['unmask'],
        expiresAt: after(0.05),
      }),
    );
    expect(verdict).toMatchObject({ limits: { statementTimeout: 3_000, lockTimeout: 3_000 } });
  });

  it('is given what the policy gives where both last longer', () => {
    expect(decided([MASKED], [unmask]).narrowedFrom).toBeUndefined();
  });

  it('does not end with a grant that lifted nothing', () => {
    expect(decided([MASKED], [{ ...unmask, until: after(0.1) }], ['id']).narrowedFrom).toBeUndefined();
  });
});

describe('an approval that is needed', () => {
  const policy = policyWith('{ id: seen, require: { approval: { from: group:dba } }, unless: { grant: unmask } }');
  const needed = (change: Parameters<typeof asked>[1] = {}) => decide(asked(policy, change));

  it('names the grant that would lift it, to those who may take it', () => {
    expect(needed()).toMatchObject({
      reasons: [{ code: 'approval-needed', grants: ['unmask'], next: expect.stringContaining('unmask') as string }],
    });
  });

  it('names none to an agent or to somebody who may not take it', () => {
    const rules = ['{ id: agents, allow: read, to: agent }', '{ id: all, allow: read }'];
    const open = policyWith(
      '{ id: seen, require: { approval: { from: group:dba } }, unless: { grant: unmask } }',
      ...rules,
    );
    for (const principal of [scout, { ...ana, groups: ['engineers'] }]) {
      const verdict = decide(asked(open, { principal }));
      expect(codesOf(verdict)).toBe('approval-needed');
      expect(verdict).not.toHaveProperty('reasons.0.grants');
    }
  });
});
