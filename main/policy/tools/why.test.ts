import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PolicyQuestion } from '../answer.ts';
import { evaluate } from '../evaluate.ts';
import { compiled } from '../testing.ts';
import { askerAs } from '../situation.ts';
import { everyAsker } from './askers.ts';
import { explainQuestions } from './explain.ts';
import { ruleLines } from './rule-sources.ts';
import { anyAction, anyConnection, anyRules, circumstances, policyOf, question } from './testing.ts';

const TEXT = `version: 1
groups: { analysts: [/analysts], engineers: [/engineers], dba: [/dba] }
agents: { scout: { for: [group:analysts], maxMinutes: 60 } }
services: { nightly: { groups: [analysts], client: nightly } }
grants: { unmask: { for: [group:analysts], approval: none, maxMinutes: 30 } }
rules:
  - { id: read, allow: read, to: [group:analysts, person:eli@example.com] }
  - { id: agents, allow: read, to: agent }
  - { id: staging, deny: read, in: { env: staging } }
  - { id: audit, deny: read, in: { schema: audit, table: 'log_*' } }
  - { id: masked, require: { mask: { pii: partial } }, unless: { grant: unmask, group: dba } }
  - id: bulk
    deny: read
    when: rows.estimate > 1000
  - { id: nights, allow: read, to: everyone, when: now.hour < 6 }
  - { id: look-up, permit: equality, of: email, to: group:engineers, budget: { perDay: 20 } }
`;

const policy = compiled(TEXT);

function why(as: readonly string[], change: Partial<PolicyQuestion> = {}): Readonly<Record<string, string>> {
  const asked = question({ asker: askerAs(policy, as), ...change });
  const [explained] = explainQuestions(policy, [asked], ruleLines(TEXT));
  return Object.fromEntries(
    (explained?.rules ?? []).map(({ id, applies, why: words }) => [id, `${applies ? 'yes' : 'no'}: ${words}`]),
  );
}

describe('why a rule has a part in an answer', () => {
  it.each<[string, readonly string[], Partial<PolicyQuestion>, string, string]>([
    ['for whom it is', ['group:analysts'], {}, 'read', 'yes: it is for group analysts'],
    [
      'for whom it is',
      ['group:dba'],
      {},
      'read',
      'no: it is for group analysts or person eli@example.com, and their address is not known',
    ],
    ['the person', ['person:eli@example.com'], {}, 'read', 'yes: it is for person eli@example.com'],
    [
      'groups that nobody stated',
      [],
      { asker: { groups: 'unknown', verified: true } },
      'read',
      'no: it is for group analysts or person eli@example.com, and their groups are not known',
    ],
    ['the service’s groups', ['service:nightly'], {}, 'read', 'yes: it is for group analysts'],
    [
      'the environment',
      ['group:analysts'],
      {},
      'staging',
      'no: the connection is in production, and it is for staging',
    ],
    ['the table', ['group:analysts'], {}, 'audit', 'no: it is about table log_* of schema audit'],
    [
      'no table',
      ['group:analysts'],
      { relation: 'none' },
      'audit',
      'no: it is about table log_* of schema audit, and no table is touched',
    ],
    ['tables that are not known', ['group:analysts'], { relation: 'unknown' }, 'audit', 'yes: it is for everyone'],
    ['a grant', ['group:analysts'], { grants: ['unmask'] }, 'masked', 'no: the grant unmask lifts it'],
    [
      'a grant of somebody for whom it is not',
      ['group:engineers'],
      { grants: ['unmask'] },
      'masked',
      'yes: it is for everyone',
    ],
    ['a group', ['group:dba'], {}, 'masked', 'no: group dba is exempt from it'],
    [
      'a condition that is true',
      ['group:dba'],
      { estimatedRows: 2000 },
      'bulk',
      'yes: it is for everyone; its condition is true: rows.estimate > 1000',
    ],
    [
      'a condition that is false',
      ['group:dba'],
      { estimatedRows: 2 },
      'bulk',
      'no: its condition is false: rows.estimate > 1000',
    ],
    [
      'a fact that is missing',
      ['group:dba'],
      {},
      'bulk',
      'yes: it is for everyone; its condition asks for what is not known, which counts as true: rows.estimate > 1000',
    ],
    ['an allow by night', ['group:dba'], {}, 'nights', 'no: its condition is false: now.hour < 6'],
    ['an agent', ['group:analysts', 'agent:scout'], {}, 'agents', 'yes: it is for any agent'],
    [
      'what an agent’s person has',
      ['group:analysts', 'agent:scout'],
      {},
      'read',
      'yes: it is for group analysts; an agent needs one that names agents as well',
    ],
    [
      'an agent that is for others',
      ['group:engineers', 'agent:scout'],
      {},
      'agents',
      'no: the agent scout may not act for them',
    ],
    ['a permit', ['group:engineers'], {}, 'look-up', 'yes: it is for group engineers'],
  ])('names %s', (_what, as, change, rule, words) => {
    expect(why(as, change)[rule]).toBe(words);
  });

  it('says on which line of the text each rule stands', () => {
    const [explained] = explainQuestions(policy, [question({})], ruleLines(TEXT));
    expect(explained?.rules.map(({ id, line }) => `${id} ${String(line)}`)).toContain('bulk 12');
    expect(ruleLines('rules:\n  - id: half\n    allow: [rea')).toEqual(new Map([['half', 2]]));
  });

  it('is that of the answer itself, whatever the rules and circumstances', () => {
    fc.assert(
      fc.property(anyRules, anyConnection, anyAction, circumstances, (rules, connection, action, more) => {
        const any = policyOf(rules);
        for (const { asker } of everyAsker(any)) {
          const asked = question({
            ...more,
            action,
            asker: asker.agent ? { ...asker, groups: ['red'] } : asker,
            connection,
          });
          const answer = evaluate(any, asked);
          const [explained] = explainQuestions(any, [asked], new Map());
          const applying = (effect: string) =>
            (explained?.rules ?? []).flatMap((rule) => (rule.applies && rule.effect === effect ? [rule.id] : []));
          const ofAnswer = (effect: string) =>
            answer.rules.flatMap((rule) => (rule.effect === effect ? [rule.id] : []));
          expect(explained?.effect).toBe(answer.effect);
          expect(ofAnswer('deny')).toEqual(applying('deny'));
          if (answer.effect === 'allow')
            for (const effect of ['require', 'allow']) expect(ofAnswer(effect)).toEqual(applying(effect));
        }
      }),
      { numRuns: 120 },
    );
  }, 60_000);
});
