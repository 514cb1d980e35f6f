import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Asker, type Obligations, type PolicyAnswer } from './answer.ts';
import { evaluate } from './evaluate.ts';
import { maskFor } from './obligations.ts';
import {
  allowRule,
  denyRule,
  GROUPS,
  numbered,
  policyOf,
  questions,
  requireRule,
  rules,
} from './testing/random-policies.ts';
import { MASK_STRENGTHS, RECORD_LEVELS } from './vocabulary.ts';

/** Milliseconds: each run reads policies anew, and the machine may have more to do. */
const timeout = 180_000;

/** Whether `two` binds at least as tightly as `one`. */
function atLeast(one: Obligations, two: Obligations): boolean {
  const strength = (obligations: Obligations, name: string, group: string) =>
    MASK_STRENGTHS.indexOf(maskFor({ class: name, group }, obligations)?.strength ?? ('clear' as 'null'));
  const masks = [
    ['email', 'pii'],
    ['card', 'payment'],
    ['token', 'secret'],
  ] as const;
  const numbers = ['rows', 'bytes', 'milliseconds', 'rowsPerHour'] as const;
  const flags = ['reason', 'noExport', 'watermark'] as const;
  const level = (obligations: Obligations) => RECORD_LEVELS.indexOf(obligations.record?.level ?? 'local');
  return (
    masks.every(([name, group]) => strength(two, name, group) >= strength(one, name, group)) &&
    numbers.every((key) => (two[key]?.value ?? Infinity) <= (one[key]?.value ?? Infinity)) &&
    flags.every((key) => one[key] === undefined || two[key] !== undefined) &&
    level(two) >= level(one) &&
    (two.stepUp?.minutes ?? Infinity) <= (one.stepUp?.minutes ?? Infinity) &&
    one.approvals.every((approval) => two.approvals.some((other) => other.rule.id === approval.rule.id))
  );
}

/** Whether `after` gives no more than `before`. */
function noWider(before: PolicyAnswer, after: PolicyAnswer): boolean {
  if (after.effect === 'deny') return true;
  return before.effect === 'allow' && atLeast(before.obligations, after.obligations);
}

describe('policies of any rules', () => {
  it('give no more when a deny or a require is added', { timeout }, () => {
    fc.assert(
      fc.property(rules, fc.oneof(denyRule, requireRule), questions, (list, added, asked) => {
        const before = evaluate(policyOf(numbered(list)), asked);
        const after = evaluate(policyOf([...numbered(list), ['added', added]]), asked);
        return noWider(before, after);
      }),
      { numRuns: 300 },
    );
  });

  it('drop no obligation when an allow is added', { timeout }, () => {
    fc.assert(
      fc.property(rules, allowRule, questions, (list, added, asked) => {
        const before = evaluate(policyOf(numbered(list)), asked);
        const after = evaluate(policyOf([...numbered(list), ['added', added]]), asked);
        return before.effect === 'deny' || (after.effect === 'allow' && atLeast(before.obligations, after.obligations));
      }),
      { numRuns: 300 },
    );
  });

  it('answer the same in whatever order the rules are written', { timeout }, () => {
    const shuffled = rules.chain((list) => {
      const named = numbered(list);
      return fc.tuple(fc.constant(named), fc.shuffledSubarray(named, { minLength: named.length }));
    });
    fc.assert(
      fc.property(shuffled, questions, ([one, other], asked) => {
        const { policy: _one, ...answer } = evaluate(policyOf(one), asked);
        const { policy: _other, ...again } = evaluate(policyOf(other), asked);
        expect(again).toEqual(answer);
      }),
      { numRuns: 300 },
    );
  });

  it('give an agent never more than the person it acts for', { timeout }, () => {
    fc.assert(
      fc.property(rules, questions, (list, asked) => {
        const policy = policyOf(numbered(list));
        const { agent: _agent, ...person } = asked.asker;
        const alone = evaluate(policy, { ...asked, asker: person });
        return ['scout', 'crawler', 'gone'].every((id) =>
          noWider(alone, evaluate(policy, { ...asked, asker: { ...person, agent: { id } } })),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('give nobody more when the identity provider stops saying which groups they are in', { timeout }, () => {
    fc.assert(
      fc.property(rules, questions, (list, asked) => {
        const policy = policyOf(numbered(list));
        const unknown = evaluate(policy, { ...asked, asker: { ...asked.asker, groups: 'unknown' } });
        return noWider(evaluate(policy, asked), unknown);
      }),
      { numRuns: 300 },
    );
  });

  it(
    'give an agent nothing that no rule gives to agents, and nothing for a person whom it is not for',
    { timeout },
    () => {
      fc.assert(
        fc.property(rules, questions, (list, asked) => {
          const { agent: _agent, service: _service, ...person } = asked.asker;
          const policy = policyOf(numbered(list));
          const through = (id: string, who: Asker): PolicyAnswer =>
            evaluate(policy, { ...asked, asker: { ...who, agent: { id } } });
          const named = (id: string): boolean =>
            list.some(
              ({ allow, scope: { to = [] } }) => allow !== undefined && (to.includes('agent') || to.includes(id)),
            );
          expect(through('scout', { ...person, groups: ['blue'] }).effect).toBe('deny');
          expect(through('gone', person).effect).toBe('deny');
          if (!named('agent:crawler')) expect(through('crawler', person).effect).toBe('deny');
        }),
        { numRuns: 300 },
      );
    },
  );

  it(
    'give a service what they give to it, to services, to its groups or to everyone, whatever its token says',
    { timeout },
    () => {
      fc.assert(
        fc.property(rules, questions, fc.subarray(GROUPS), (list, asked, claimed) => {
          const policy = policyOf(numbered(list));
          const as = (asker: Partial<Asker>): PolicyAnswer =>
            evaluate(policy, { ...asked, asker: { groups: claimed, verified: true, ...asker } });
          const nightly = as({ service: { name: 'nightly' } });
          const given = list.some(
            ({ allow, scope: { to = ['everyone'] } }) =>
              allow !== undefined &&
              ['everyone', 'service', 'service:nightly', 'group:green'].some((word) => to.includes(word)),
          );
          if (!given) expect(nightly.effect).toBe('deny');
          expect(as({ service: { name: 'nightly' }, groups: 'unknown', email: 'a@b.c' })).toEqual(nightly);
          expect(as({ service: { name: 'gone' } }).effect).toBe('deny');
          expect(as({ service: { name: 'nightly' }, agent: { id: 'crawler' } }).effect).toBe('deny');
        }),
        { numRuns: 300 },
      );
    },
  );

  it('lift nothing for a service by any grant', { timeout }, () => {
    fc.assert(
      fc.property(rules, questions, (list, asked) => {
        const policy = policyOf(numbered(list));
        const asker: Asker = { ...asked.asker, service: { name: 'nightly' } };
        const as = (grants: readonly string[]): PolicyAnswer => evaluate(policy, { ...asked, asker, grants });
        expect(as(['open'])).toEqual(as([]));
      }),
      { numRuns: 300 },
    );
  });

  it('let nobody take out what they do not let them read', { timeout }, () => {
    fc.assert(
      fc.property(rules, questions, (list, asked) => {
        const policy = policyOf(numbered(list));
        const reads = evaluate(policy, { ...asked, action: 'select' });
        const leaves = evaluate(policy, { ...asked, action: 'export' });
        if (reads.effect === 'deny') expect(leaves.effect).toBe('deny');
      }),
      { numRuns: 300 },
    );
  });

  it('give nobody more when a fact is no longer known', { timeout }, () => {
    fc.assert(
      fc.property(rules, questions, (list, asked) => {
        const policy = policyOf(numbered(list));
        const { estimatedRows: _rows, rowsLastHour: _hour, ...less } = asked;
        const { amr: _amr, email: _email, ...asker } = asked.asker;
        return noWider(evaluate(policy, asked), evaluate(policy, { ...less, asker }));
      }),
      { numRuns: 300 },
    );
  });
});
