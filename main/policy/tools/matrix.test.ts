import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type MatrixCellView, type MatrixView } from '../../../shared/policy-views.ts';
import { evaluate } from '../evaluate.ts';
import { compiled } from '../testing.ts';
import { everyAsker } from './askers.ts';
import { matrixOf } from './matrix.ts';
import { anyAction, anyConnection, anyRules, circumstances, policyOf, question } from './testing.ts';

function cellOf(matrix: MatrixView, who: string, connection: string, action: string): MatrixCellView {
  const { places, actions } = matrix;
  const row = matrix.who.findIndex(({ id }) => id === who);
  const place = places.findIndex((one) => one.connection === connection);
  const cell = matrix.cells[(row * places.length + place) * actions.length + actions.indexOf(action)];
  if (cell === undefined) throw new Error(`there is no cell for ${who} on ${connection}: ${action}`);
  return cell;
}

const shop = matrixOf(
  compiled(`
version: 1
groups: { analysts: [/analysts], engineers: [/engineers], dba: [/dba] }
agents: { scout: { title: Scout, for: [group:analysts], maxMinutes: 60 } }
services: { nightly: { groups: [analysts], client: nightly-client } }
grants: { unmask: { for: [group:analysts], approval: none, maxMinutes: 30 } }
rules:
  - { id: read, allow: read, to: [group:analysts, agent:scout] }
  - { id: change, allow: [read, write], to: group:engineers }
  - { id: audit, allow: select, to: person:aud@example.com, in: { schema: audit, table: 'log_*' } }
  - { id: masked, require: { mask: { pii: partial } }, in: { env: production }, unless: { grant: unmask } }
  - { id: agents-masked, require: { mask: { '*': redact }, limits: { rowsPerHour: 10000 } }, to: agent }
  - { id: seen, require: { approval: { from: owner-team }, reason: true }, on: write, in: { env: production } }
  - { id: bulk, require: { approval: { from: group:dba } }, on: [update, delete], when: rows.estimate > 1000 }
  - { id: no-drop, deny: drop }
  - { id: nights, deny: select, to: group:engineers, in: { env: production }, when: now.hour < 6 }
  - { id: unverified, deny: write, when: '!person.verified' }
  - { id: look-up, permit: equality, of: email, to: group:analysts, budget: { perDay: 20 } }
`),
);

describe('the matrix', () => {
  it('has a row for each group, named person, agent and service, and one for everyone else', () => {
    expect(shop.who.map(({ id }) => id)).toEqual([
      'group:analysts',
      'group:engineers',
      'group:dba',
      'person:aud@example.com',
      'everyone',
      'agent:scout',
      'service:nightly',
    ]);
    expect(shop.cells).toHaveLength(7 * 3 * shop.actions.length);
  });

  it.each([
    ['group:analysts', 'shop', 'select', 'allow', 'masks pii'],
    ['group:analysts', 'shop-dev', 'select', 'allow', 'allowed'],
    ['group:analysts', 'shop', 'export', 'allow', 'masks pii'],
    ['group:analysts', 'shop', 'update', 'deny', 'no rule allows it'],
    ['group:engineers', 'shop-dev', 'drop', 'deny', 'denied by no-drop'],
    ['group:engineers', 'shop', 'insert', 'approval', 'approval of owner-team; masks pii; a reason'],
    ['group:engineers', 'shop-dev', 'update', 'depends', 'more in some cases'],
    ['group:engineers', 'shop', 'select', 'depends', 'masks pii'],
    ['group:dba', 'shop', 'select', 'deny', 'no rule allows it'],
    ['person:aud@example.com', 'shop-dev', 'select', 'depends', 'depends'],
    ['everyone', 'shop', 'select', 'deny', 'no rule allows it'],
    ['agent:scout', 'shop', 'select', 'allow', 'masks everything classified, pii; 10,000 rows an hour'],
    ['agent:scout', 'shop', 'update', 'deny', 'no rule allows it'],
    ['service:nightly', 'shop-dev', 'select', 'allow', 'allowed'],
  ])('says of %s on %s: %s -> %s (%s)', (who, connection, action, effect, summary) => {
    expect(cellOf(shop, who, connection, action)).toMatchObject({ effect, summary });
  });

  it('quotes conditions and tables as they are written', () => {
    expect(cellOf(shop, 'group:engineers', 'shop', 'select').conditions).toEqual([
      'denied when now.hour < 6 (rule nights)',
    ]);
    expect(cellOf(shop, 'person:aud@example.com', 'shop-dev', 'select').conditions).toEqual([
      'allowed on table log_* of schema audit (rule audit)',
    ]);
  });

  it('says each obligation in a sentence with its rule, what lifts it, and single uses that are permitted', () => {
    expect(cellOf(shop, 'group:analysts', 'shop', 'select').obligations).toEqual([
      'masks pii (partial, rule masked; the grant unmask lifts it)',
      'permits equality of email, 20 a day (rule look-up)',
    ]);
  });

  it('settles conditions about who and where before anybody asks', () => {
    expect(cellOf(shop, 'group:engineers', 'shop', 'insert').conditions).toEqual([]);
  });

  it('finds the one table on which two patterns meet', () => {
    const policy = compiled(`version: 1
rules:
  - { id: read, allow: select, in: { table: 'a*' } }
  - { id: closed, deny: select, in: { table: '*z' } }
  - { id: other, allow: select, in: { schema: s1 } }
  - { id: never, deny: select, in: { schema: s1 } }
`);
    expect(cellOf(matrixOf(policy), 'everyone', 'shop', 'select').effect).toBe('depends');
    const covered = compiled(`version: 1
rules:
  - { id: read, allow: select, in: { schema: hr, table: 'a*' } }
  - { id: closed, deny: select, in: { schema: 'h*' } }
`);
    expect(cellOf(matrixOf(covered), 'everyone', 'shop', 'select')).toMatchObject({
      effect: 'deny',
      summary: 'denied by closed',
    });
  });

  it('promises nothing of a cell with more cases than anybody waits for', () => {
    const rules = Array.from({ length: 200 }, (_, i) => {
      const place = `in: { schema: 's${String(i)}*', table: '*t${String(i)}' }`;
      return `  - { id: r${String(i)}, ${i % 2 === 0 ? 'allow' : 'deny'}: select, ${place}, when: rows.estimate > ${String(i)} }`;
    });
    const policy = compiled(`version: 1\nrules:\n  - { id: read, allow: select }\n${rules.join('\n')}\n`);
    expect(cellOf(matrixOf(policy), 'everyone', 'shop', 'select').effect).toBe('depends');
  });

  it('promises nothing that the policy does not answer, whatever the rules and circumstances', () => {
    fc.assert(
      fc.property(
        anyRules,
        anyConnection,
        anyAction,
        fc.array(circumstances, { minLength: 4, maxLength: 8 }),
        (rules, connection, action, asked) => {
          const policy = policyOf(rules);
          const matrix = matrixOf(policy);
          for (const { id, asker } of everyAsker(policy)) {
            const { effect } = cellOf(matrix, id, connection.name, action);
            for (const more of asked) {
              // An agent is asked as that of a person who is in the group it is for: what it may do less is the person's.
              const who = asker.agent === undefined ? asker : { ...asker, groups: ['red'] };
              const { effect: answer, obligations } = evaluate(
                policy,
                question({ ...more, action, asker: who, connection }),
              );
              const got = answer === 'allow' && obligations.approvals.length > 0 ? 'approval' : answer;
              const allowed = asker.agent === undefined || effect === 'deny' ? [effect] : [effect, 'deny', 'approval'];
              if (effect !== 'depends') expect(allowed, `${id} ${action} on ${connection.name}`).toContain(got);
            }
          }
        },
      ),
      { numRuns: 120 },
    );
  }, 60_000);
});
