import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { testContext } from './testing.ts';
import { warningsOf } from './warnings.ts';
import { printProblems } from './yaml-file.ts';

const HEAD = `version: 1
groups: { staff: [staff], dba: [dba], ops: [ops] }
`;
/** Uses every group, so that a case warns of nothing else. */
const USED = '  - { id: used, allow: show, to: [group:staff, group:dba, group:ops] }\n';

const warned = (text: string, context = testContext): readonly string[] =>
  printProblems('policy.yaml', warningsOf(text, context))
    .split('\n')
    .filter((line) => line !== '');

describe('the warnings of a policy', () => {
  it.each([
    [
      'a rule at a connection that is elsewhere',
      '  - { id: a, allow: read, in: { connection: shop, env: staging } }\n',
      'policy.yaml:5:27: rule a is never about anything: no connection is there',
    ],
    [
      'a rule for a group that is exempt from it',
      '  - { id: a, deny: read, to: [group:dba], unless: { group: [dba, ops] } }\n',
      'policy.yaml:5:43: rule a is for nobody: everybody whom it is for is exempt from it',
    ],
    [
      'an allow that a deny takes away',
      '  - { id: a, allow: drop, to: group:dba, in: { env: production } }\n  - { id: b, deny: ddl, in: { env: [staging, production] } }\n',
      'policy.yaml:5:5: rule a has no effect: rule b denies all that it is about',
    ],
    [
      'an allow at a connection whose environment a deny covers',
      '  - { id: a, allow: write, in: { connection: shop } }\n  - { id: b, deny: write, in: { env: production } }\n',
      'policy.yaml:5:5: rule a has no effect: rule b denies all that it is about',
    ],
    [
      'a mask on what is denied',
      '  - { id: a, require: { mask: { pii: redact } }, on: read, to: group:ops }\n  - { id: b, deny: all, to: [group:ops, group:dba] }\n',
      'policy.yaml:5:5: rule a has no effect: rule b denies all that it is about',
    ],
    [
      'a rule for agents where there are none',
      '  - { id: a, allow: read, to: agent }\n',
      'policy.yaml:5:27: rule a is for agents, and "agents" names none: no agent can act for anybody',
    ],
    [
      'a permit of what nothing masks',
      '  - { id: a, permit: nullness, of: [card, pii] }\n  - { id: b, require: { mask: { email: partial } } }\n',
      'policy.yaml:5:37: rule a permits uses of card, which no rule masks: they need no permit',
    ],
  ])('name %s', (_what, rules, line) => {
    expect(warned(`${HEAD}rules:\n${USED}${rules}`)).toEqual([line]);
  });

  it.each([
    ['the deny has a condition', '  - { id: b, deny: all, when: now.hour < 7 }\n'],
    ['a grant lifts the deny', '  - { id: b, deny: all, unless: { group: ops } }\n'],
    ['the deny is for others', '  - { id: b, deny: all, to: [group:ops, agent] }\n'],
    ['the deny leaves an action', '  - { id: b, deny: [select, explain] }\n'],
    ['the deny is about one table', '  - { id: b, deny: all, in: { table: t } }\n'],
    [
      'the deny is about today’s connections',
      '  - { id: b, deny: all, in: { connection: [shop, shop-dev, shop-staging] } }\n',
    ],
  ])('do not say that an allow has no effect where %s', (_what, deny) => {
    const agents = 'agents: { scout: { for: everyone, maxMinutes: 5 } }\n';
    const text = `${HEAD}${agents}rules:\n${USED}  - { id: a, allow: read, to: [group:dba, agent] }\n${deny}`;
    expect(warned(text)).toEqual([]);
  });

  it('name what is named and then not spoken of', () => {
    const text = `${HEAD}agents: { scout: { for: group:staff, maxMinutes: 5 } }
services: { nightly: { groups: dba, client: c } }
grants: { open: { for: group:staff, maxMinutes: 5 } }
rules: [{ id: a, allow: read, to: group:staff }]
`;
    expect(warned(text)).toEqual([
      'policy.yaml:2:39: nothing is said of the group ops',
      'policy.yaml:3:11: the agent scout may do nothing: no rule that allows names agents',
      'policy.yaml:4:13: the service nightly may do nothing: no rule allows anything to it, its groups or everyone',
      'policy.yaml:5:11: the grant open lifts nothing: no rule has it under "unless"',
    ]);
  });

  it('say that a grant which names agents gives them nothing', () => {
    const text = `${HEAD}grants: { open: { for: [group:staff, agent], maxMinutes: 5 } }
rules:
${USED}  - { id: m, require: { mask: { '*': redact } }, unless: { grant: open } }
`;
    expect(warned(text)).toEqual(['policy.yaml:3:19: the grant open names agents, and an agent has no grants']);
  });

  it('know groups of conditions, of approvals and of connections', () => {
    const team = {
      ...testContext,
      connections: [{ name: 'x', environment: 'staging', database: 'x', team: 'ops' } as const],
    };
    const text = `${HEAD}rules:
  - { id: a, allow: read, when: '"staff" in person.groups' }
  - { id: b, require: { approval: { from: owner-team, within: group:dba } }, on: write }
`;
    expect(warned(text, team)).toEqual([]);
  });

  it('name masks on classes that no column has', () => {
    const context = {
      ...testContext,
      classes: [
        { name: 'email', group: 'pii', columns: 2 },
        { name: 'birth-date', group: 'pii', columns: 0 },
        { name: 'card', group: 'payment', columns: 0 },
      ],
    };
    const rule = '  - { id: a, require: { mask: { pii: partial, payment: redact, birth-date: redact } } }\n';
    expect(warned(`${HEAD}rules:\n${USED}${rule}`, context)).toEqual([
      'policy.yaml:5:47: rule a masks payment, and classification.yaml names no column of it',
      'policy.yaml:5:64: rule a masks birth-date, and classification.yaml names no column of it',
    ]);
  });

  it('are none where the policy is not valid, which is said by its problems', () => {
    expect(warned(`${HEAD}rules: [{ id: a, alow: read }]\n`)).toEqual([]);
  });

  const folder = new URL('../../docs/examples/', import.meta.url);
  it.each(readdirSync(folder).filter((name) => name !== 'policy.yaml'))('are none for the example %s', (name) => {
    expect(warned(readFileSync(new URL(name, folder), 'utf8'))).toEqual([]);
  });
});
