import fc from 'fast-check';
import { stringify } from 'yaml';
import { type PolicyQuestion } from '../answer.ts';
import { compiled, question, testContext } from '../testing.ts';
import { type CompiledPolicy } from '../compiled-policy.ts';
import { ACTIONS } from '../vocabulary.ts';

/** Policies of any rules and questions of any circumstances: what tools say of a policy has to hold for each. */

const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: 1, maxLength: 2 });
const words = some(fc.constantFrom('read', 'write', 'select', 'update', 'drop', 'all'));

const scope = fc.record(
  {
    to: some(
      fc.constantFrom(
        'everyone',
        'agent',
        'agent:scout',
        'service',
        'service:nightly',
        'person:a@b.c',
        'group:red',
        'group:green',
      ),
    ),
    in: fc.record(
      {
        env: some(fc.constantFrom('production', 'staging')),
        connection: fc.constantFrom('shop', 'shop-staging'),
        schema: some(fc.constantFrom('public', 'h*')),
        table: some(fc.constantFrom('t1', 't*', '*1')),
      },
      { requiredKeys: [] },
    ),
    when: fc.constantFrom(
      'rows.estimate > 10',
      'now.hour >= 12',
      'person.verified',
      '"red" in person.groups || now.hour < 6',
      'connection.env == "production"',
      'has(rows.estimate)',
      'table.name == "t1"',
      '!agent.acting && statement.action != "drop"',
    ),
    unless: fc.record({ group: fc.constant('green'), grant: fc.constant('open') }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);

const bound = fc
  .record(
    {
      mask: fc.dictionary(fc.constantFrom('pii', 'email', '*'), fc.constantFrom('partial', 'redact', 'null'), {
        minKeys: 1,
      }),
      limits: fc.record(
        { rows: fc.integer({ min: 1, max: 50 }), rowsPerHour: fc.integer({ min: 1, max: 50 }) },
        { requiredKeys: [] },
      ),
      approval: fc.record({ from: fc.constantFrom('group:red', 'owner-team'), count: fc.integer({ min: 1, max: 2 }) }),
      reason: fc.constant(true),
      stepUp: fc.constantFrom(true, { minutes: 5 }),
      noExport: fc.constant(true),
      watermark: fc.constant(true),
    },
    { requiredKeys: [] },
  )
  .filter((value) => Object.keys(value).length > 0);

const actions = words.filter((list) => list.length > 0);
const rule = fc.oneof(
  { weight: 3, arbitrary: fc.record({ effect: fc.record({ allow: actions }), scope }) },
  { weight: 1, arbitrary: fc.record({ effect: fc.record({ deny: actions }), scope }) },
  { weight: 2, arbitrary: fc.record({ effect: fc.record({ require: bound, on: actions }), scope }) },
);

export const anyRules = fc.array(rule, { maxLength: 7 });
export type AnyRules = typeof anyRules extends fc.Arbitrary<infer T> ? T : never;

export function policyOf(rules: AnyRules): CompiledPolicy {
  return compiled(textOf(rules));
}

export function textOf(rules: AnyRules): string {
  const source = {
    version: 1,
    groups: { red: ['red'], green: ['green'] },
    agents: { scout: { for: 'group:red', maxMinutes: 10 } },
    services: { nightly: { groups: ['green'], client: 'nightly' } },
    grants: { open: { for: ['everyone'], approval: 'none', maxMinutes: 5 } },
    rules: rules.map(({ effect, scope: where }, index) => ({ id: `rule-${String(index)}`, ...effect, ...where })),
  };
  return stringify(source, { aliasDuplicateObjects: false });
}

/** What is known only when somebody asks. */
export const circumstances: fc.Arbitrary<Partial<PolicyQuestion>> = fc
  .record({
    relation: fc.oneof(
      fc.constantFrom('none' as const, 'unknown' as const),
      fc.record({ schema: fc.constantFrom('public', 'hr', 'other'), name: fc.constantFrom('t1', 't2', 'x1', 'z') }),
    ),
    hour: fc.integer({ min: 0, max: 23 }),
    rows: fc.constantFrom(undefined, 5, 50),
  })
  .map(({ relation, hour, rows }) => ({
    relation,
    now: new Date(Date.UTC(2026, 2, 2, hour)),
    ...(rows === undefined ? {} : { estimatedRows: rows }),
  }));

export const anyAction = fc.constantFrom(...ACTIONS);
export const anyConnection = fc.constantFrom(...testContext.connections);
export { question };
