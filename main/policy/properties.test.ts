import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type Obligations, type PolicyAnswer, type PolicyQuestion } from './answer.ts';
import { evaluate } from './evaluate.ts';
import { maskFor } from './obligations.ts';
import { compiled, question } from './testing.ts';
import { ACTIONS, ENVIRONMENTS, MASK_STRENGTHS, RECORD_LEVELS } from './vocabulary.ts';

const GROUPS = ['red', 'green', 'blue'];
const SCHEMAS = ['public', 'hr'];
const CONDITIONS = [
  'rows.estimate > 10',
  'person.verified',
  'now.hour >= 12',
  'table.name == "t1"',
  '"red" in person.groups',
];

const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: 1, maxLength: 3 });
const words = some(fc.constantFrom('read', 'write', 'ddl', 'select', 'update', 'drop', 'all'));
const where = fc.record(
  {
    env: some(fc.constantFrom(...ENVIRONMENTS)),
    schema: some(fc.constantFrom(...SCHEMAS, 'h*')),
    table: some(fc.constantFrom('t1', 't2', 't*')),
  },
  { requiredKeys: [] },
);
const scope = fc.record(
  {
    to: some(fc.constantFrom('everyone', 'agent', 'person:a@b.c', ...GROUPS.map((name) => `group:${name}`))),
    in: where,
    when: fc.constantFrom(...CONDITIONS),
    unless: fc.record({ group: some(fc.constantFrom(...GROUPS)), grant: fc.constant('open') }, { requiredKeys: [] }),
  },
  { requiredKeys: [] },
);
const obligations = fc
  .record(
    {
      mask: fc.dictionary(fc.constantFrom('pii', 'email', 'payment', '*'), fc.constantFrom(...MASK_STRENGTHS), {
        minKeys: 1,
      }),
      limits: fc.record(
        {
          rows: fc.integer({ min: 1, max: 100 }),
          bytes: fc.integer({ min: 1, max: 100 }),
          seconds: fc.integer({ min: 1, max: 100 }),
        },
        { requiredKeys: [] },
      ),
      approval: fc.record({
        from: some(fc.constantFrom('group:red', 'owner-team')),
        count: fc.integer({ min: 1, max: 3 }),
      }),
      reason: fc.constant(true),
      stepUp: fc.constant(true),
      record: fc.constantFrom(...RECORD_LEVELS),
      noExport: fc.constant(true),
    },
    { requiredKeys: [] },
  )
  .filter((value) => Object.keys(value).length > 0);

const allowRule = fc.record({ allow: words, scope });
const denyRule = fc.record({ deny: words, scope });
const requireRule = fc.record({ require: obligations, on: words, scope });
/** One rule as YAML has it, its scope apart. */
interface Rule {
  readonly allow?: unknown;
  readonly deny?: unknown;
  readonly require?: unknown;
  readonly on?: unknown;
  readonly scope: object;
}
const rules: fc.Arbitrary<Rule[]> = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Rule>[]>({ weight: 3, arbitrary: allowRule }, denyRule, requireRule),
  { maxLength: 8 },
);

const questions: fc.Arbitrary<PolicyQuestion> = fc
  .record({
    action: fc.constantFrom(...ACTIONS),
    groups: fc.oneof(fc.subarray(GROUPS), fc.constant('unknown' as const)),
    email: fc.constantFrom('a@b.c', 'x@y.z', undefined),
    verified: fc.boolean(),
    agent: fc.boolean(),
    environment: fc.constantFrom(...ENVIRONMENTS),
    relation: fc.oneof(
      fc.constantFrom('none' as const, 'unknown' as const),
      fc.record({ schema: fc.constantFrom(...SCHEMAS), name: fc.constantFrom('t1', 't2', 'other') }),
    ),
    grants: fc.constantFrom([], ['open']),
    hour: fc.integer({ min: 0, max: 23 }),
    estimatedRows: fc.constantFrom(undefined, 5, 50),
  })
  .map(({ groups, email, verified, agent, environment, hour, estimatedRows, ...rest }) =>
    question({
      ...rest,
      asker: {
        groups,
        verified,
        ...(email === undefined ? {} : { email }),
        ...(agent ? { agent: { id: 'a' } } : {}),
      },
      connection: { name: 'shop', environment, database: 'shop' },
      now: new Date(Date.UTC(2026, 2, 2, hour)),
      ...(estimatedRows === undefined ? {} : { estimatedRows }),
    }),
  );

function policyOf(list: readonly (readonly [id: string, rule: Rule])[]) {
  const source = {
    version: 1,
    groups: Object.fromEntries(GROUPS.map((name) => [name, [name]])),
    grants: { open: { for: ['group:red', 'person:x@y.z', 'agent'], approval: 'none', maxMinutes: 5 } },
    rules: list.map(([id, { scope: where, ...rule }]) => ({ id, ...rule, ...where })),
  };
  return compiled(stringify(source, { aliasDuplicateObjects: false }));
}
const numbered = (list: readonly Rule[]) => list.map((rule, index) => [`rule-${index}`, rule] as const);

/** Whether `two` binds at least as tightly as `one`. */
function atLeast(one: Obligations, two: Obligations): boolean {
  const strength = (obligations: Obligations, name: string, group: string) =>
    MASK_STRENGTHS.indexOf(maskFor({ class: name, group }, obligations)?.strength ?? ('clear' as 'null'));
  const masks = [
    ['email', 'pii'],
    ['card', 'payment'],
    ['token', 'secret'],
  ] as const;
  const numbers = ['rows', 'bytes', 'milliseconds'] as const;
  const flags = ['reason', 'stepUp', 'noExport'] as const;
  const level = (obligations: Obligations) => RECORD_LEVELS.indexOf(obligations.record?.level ?? 'local');
  return (
    masks.every(([name, group]) => strength(two, name, group) >= strength(one, name, group)) &&
    numbers.every((key) => (two[key]?.value ?? Infinity) <= (one[key]?.value ?? Infinity)) &&
    flags.every((key) => one[key] === undefined || two[key] !== undefined) &&
    level(two) >= level(one) &&
    one.approvals.every((approval) => two.approvals.some((other) => other.rule.id === approval.rule.id))
  );
}

/** Whether `after` gives no more than `before`. */
function noWider(before: PolicyAnswer, after: PolicyAnswer): boolean {
  if (after.effect === 'deny') return true;
  return before.effect === 'allow' && atLeast(before.obligations, after.obligations);
}

describe('policies of any rules', () => {
  it('give no more when a deny or a require is added', () => {
    fc.assert(
      fc.property(rules, fc.oneof(denyRule, requireRule), questions, (list, added, asked) => {
        const before = evaluate(policyOf(numbered(list)), asked);
        const after = evaluate(policyOf([...numbered(list), ['added', added]]), asked);
        return noWider(before, after);
      }),
      { numRuns: 300 },
    );
  });

  it('drop no obligation when an allow is added', () => {
    fc.assert(
      fc.property(rules, allowRule, questions, (list, added, asked) => {
        const before = evaluate(policyOf(numbered(list)), asked);
        const after = evaluate(policyOf([...numbered(list), ['added', added]]), asked);
        return before.effect === 'deny' || (after.effect === 'allow' && atLeast(before.obligations, after.obligations));
      }),
      { numRuns: 300 },
    );
  });

  it('answer the same in whatever order the rules are written', () => {
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

  it('give an agent never more than the person it acts for', () => {
    fc.assert(
      fc.property(rules, questions, (list, asked) => {
        const policy = policyOf(numbered(list));
        const { agent: _agent, ...person } = asked.asker;
        const alone = evaluate(policy, { ...asked, asker: person });
        const through = evaluate(policy, { ...asked, asker: { ...person, agent: { id: 'a' } } });
        return noWider(alone, through);
      }),
      { numRuns: 300 },
    );
  });

  it('give nobody more when the identity provider stops saying which groups they are in', () => {
    fc.assert(
      fc.property(rules, questions, (list, asked) => {
        const policy = policyOf(numbered(list));
        const unknown = evaluate(policy, { ...asked, asker: { ...asked.asker, groups: 'unknown' } });
        return noWider(evaluate(policy, asked), unknown);
      }),
      { numRuns: 300 },
    );
  });
});
