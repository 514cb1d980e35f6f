import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../evaluate.ts';
import { compiled, testContext } from '../testing.ts';
import { everyAsker } from './askers.ts';
import { compareOutcomes, directionOf } from './compare.ts';
import { diffPolicies } from './diff.ts';
import { anyAction, anyConnection, anyRules, circumstances, policyOf, question } from './testing.ts';

const BASE = `
version: 1
groups: { analysts: [/analysts], engineers: [/engineers] }
grants: { unmask: { for: [group:analysts], approval: none, maxMinutes: 30 } }
rules:
  - { id: read, allow: read, to: group:analysts }
  - { id: change, allow: [read, write], to: group:engineers }
  - { id: masked, require: { mask: { pii: partial } } }
  - { id: rows, require: { limits: { rows: 1000 } }, to: group:analysts }
  - { id: seen, require: { approval: { from: owner-team } }, on: write, in: { env: production } }
  - { id: hr, deny: all, in: { schema: hr } }
`;

function changed(from: string | RegExp, to: string) {
  const text = BASE.replace(from, to);
  if (text === BASE) throw new Error(`the policy does not hold ${String(from)}`);
  const { rules, changes } = diffPolicies(compiled(BASE), compiled(text));
  return {
    rules,
    changes: changes.map(({ who, connection, action, direction }) => `${direction}: ${who} ${action} on ${connection}`),
  };
}

describe('what a change of policy gives and takes', () => {
  it('is nothing where only layout, comments and tests differ', () => {
    const { same, changes } = diffPolicies(
      compiled(BASE),
      compiled(`# New\n${BASE}tests: [{ as: everyone, do: select, expect: deny }]\n`),
    );
    expect([same, changes]).toEqual([true, []]);
  });

  it.each([
    ['a weaker mask', 'pii: partial', 'email: partial', /^wider/],
    ['a stronger mask', 'pii: partial', 'pii: redact', /^narrower/],
    ['another mask', 'pii: partial', 'payment: redact', /^mixed/],
    ['more rows', 'rows: 1000', 'rows: 2000', /^wider: group:analysts/],
    ['an approval less', '  - { id: seen', '  #', /^wider: group:engineers (insert|update|delete|merge) on shop$/],
    ['approval by others', 'owner-team', 'group:analysts', /^mixed: group:engineers/],
    ['a table that is closed', 'in: { schema: hr }', 'in: { schema: [hr, pay] }', /^narrower/],
    ['a table that is opened', 'in: { schema: hr }', 'in: { schema: hr, table: "s*" }', /^wider/],
    ['a condition on what was denied', 'in: { schema: hr } }', 'in: { schema: hr }, when: now.hour < 6 }', /^wider/],
    [
      'a grant that lifts more',
      'partial } } }',
      'partial } }, unless: { grant: unmask } }',
      /^wider: group:analysts with the grant unmask/,
    ],
    ['export denied', 'deny: all', 'deny: [all]', undefined],
    ['a new rule for agents', 'rules:', 'rules:\n  - { id: agents, allow: read, to: agent }', /^wider: agent/],
  ])('tells of %s', (_what, from, to, direction) => {
    const { changes } = changed(from, to);
    if (direction === undefined) return expect(changes).toEqual([]);
    expect(changes.length).toBeGreaterThan(0);
    for (const change of changes) expect(change).toMatch(direction);
  });

  it('names what was added, removed and changed, rules and other parts', () => {
    const { rules } = changed(
      / {2}- \{ id: rows[^\n]*/,
      '  - { id: few, require: { limits: { rows: 1000 } }, to: group:analysts }',
    );
    expect(rules).toEqual({ added: ['few'], removed: ['rows'], changed: [] });
    expect(changed('maxMinutes: 30', 'maxMinutes: 60').rules.changed).toEqual(['grant unmask']);
    expect(changed('[/engineers]', '[/engineers, /staff]').rules.changed).toEqual(['group engineers']);
  });

  it('is no change where a rule is only called otherwise', () => {
    expect(changed('id: hr', 'id: personnel').changes).toEqual([]);
  });

  it('is found for every asker, table and circumstance in which the two policies answer otherwise', () => {
    fc.assert(
      fc.property(
        anyRules,
        anyRules,
        anyConnection,
        anyAction,
        fc.subarray(['open']),
        fc.array(circumstances, { minLength: 3, maxLength: 6 }),
        (one, added, connection, action, grants, asked) => {
          const [before, after] = [policyOf(one), policyOf([...one.slice(1), ...added])];
          const { changes } = diffPolicies(before, after);
          for (const { id, asker } of everyAsker(before)) {
            if (asker.agent !== undefined) continue;
            const told = changes.filter((change) => change.connection === connection.name && change.action === action);
            const plain = told.find(({ who }) => who === id);
            const found =
              grants.length === 0 ? plain : (told.find(({ who }) => who === `${id} with the grant open`) ?? plain);
            for (const more of asked) {
              const asking = question({ ...more, action, asker, connection, grants });
              const difference = directionOf(
                compareOutcomes(evaluate(before, asking), evaluate(after, asking), testContext.classes),
              );
              if (difference === undefined) continue;
              expect(found, `${difference}: ${id} ${action} on ${connection.name}`).toBeDefined();
              if (grants.length === 0 && found?.direction !== 'mixed') expect(found?.direction).toBe(difference);
            }
          }
        },
      ),
      { numRuns: 120 },
    );
  }, 60_000);
});
