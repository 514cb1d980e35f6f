import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type Asker, type Obligations, type PolicyAnswer, type PolicyQuestion } from './answer.ts';
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
  'usage.rowsLastHour < 100',
  'service.acting || agent.id == "scout"',
  'person.amr.exists(method, method == "otp")',
];

const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: 1, maxLength: 3 });
const words = some(fc.constantFrom('read', 'write', 'ddl', 'select', 'update', 'drop', 'all'));
const taken = some(fc.constantFrom('read', 'write', 'ddl', 'select', 'update', 'drop', 'export', 'all'));
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
    to: some(
      fc.constantFrom(
        ...['everyone', 'agent', 'agent:scout', 'service', 'service:nightly', 'person:a@b.c'],
        ...GROUPS.map((name) => `group:${name}`),
      ),
    ),
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
          rowsPerHour: fc.integer({ min: 1, max: 100 }),
        },
        { requiredKeys: [] },
      ),
      approval: fc.record({
        from: some(fc.constantFrom('group:red', 'owner-team')),
        count: fc.integer({ min: 1, max: 3 }),
      }),
      reason: fc.constant(true),
      watermark: fc.constant(true),
      stepUp: fc.oneof(fc.constant(true), fc.record({ minutes: fc.integer({ min: 1, max: 30 }) })),
      record: fc.constantFrom(...RECORD_LEVELS),
      noExport: fc.constant(true),
    },
    { requiredKeys: [] },
  )
  .filter((value) => Object.keys(value).length > 0);

const allowRule = fc.record({ allow: words, scope });
const denyRule = fc.record({ deny: taken, scope });
const requireRule = fc.record({ require: obligations, on: taken, scope });
/** One rule as YAML has it, its scope apart. */
interface Rule {
  readonly allow?: unknown;
  readonly deny?: unknown;
  readonly require?: unknown;
  readonly on?: unknown;
  readonly scope: { readonly to?: readonly string[] };
}
const rules: fc.Arbitrary<Rule[]> = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Rule>[]>({ weight: 3, arbitrary: allowRule }, denyRule, requireRule),
  { maxLength: 8 },
);

const askers: fc.Arbitrary<Asker> = fc
  .record({
    groups: fc.oneof(fc.subarray(GROUPS), fc.constant('unknown' as const)),
    email: fc.constantFrom('a@b.c', 'x@y.z', undefined),
    verified: fc.boolean(),
    amr: fc.constantFrom(['pwd'], ['pwd', 'otp'], undefined),
    acting: fc.constantFrom(
      ...[undefined, undefined, { agent: { id: 'scout' } }, { agent: { id: 'crawler' } }, { agent: { id: 'gone' } }],
      ...[{ service: { name: 'nightly' } }, { service: { name: 'deploy' } }, { service: { name: 'gone' } }],
    ),
  })
  .map(({ groups, verified, email, amr, acting }) => ({
    groups,
    verified,
    ...(email === undefined ? {} : { email }),
    ...(amr === undefined ? {} : { amr }),
    ...acting,
  }));

const questions: fc.Arbitrary<PolicyQuestion> = fc
  .record({
    action: fc.constantFrom(...ACTIONS),
    asker: askers,
    environment: fc.constantFrom(...ENVIRONMENTS),
    relation: fc.oneof(
      fc.constantFrom('none' as const, 'unknown' as const),
      fc.record({ schema: fc.constantFrom(...SCHEMAS), name: fc.constantFrom('t1', 't2', 'other') }),
    ),
    grants: fc.constantFrom([], ['open']),
    hour: fc.integer({ min: 0, max: 23 }),
    estimatedRows: fc.constantFrom(undefined, 5, 50),
    rowsLastHour: fc.constantFrom(undefined, 5, 500),
  })
  .map(({ environment, hour, estimatedRows, rowsLastHour, ...rest }) =>
    question({
      ...rest,
      connection: { name: 'shop', environment, database: 'shop' },
      now: new Date(Date.UTC(2026, 2, 2, hour)),
      ...(estimatedRows === undefined ? {} : { estimatedRows }),
      ...(rowsLastHour === undefined ? {} : { rowsLastHour }),
    }),
  );

function policyOf(list: readonly (readonly [id: string, rule: Rule])[]) {
  const source = {
    version: 1,
    groups: Object.fromEntries(GROUPS.map((name) => [name, [name]])),
    agents: {
      scout: { for: ['group:red', 'group:green'], maxMinutes: 5 },
      crawler: { for: 'everyone', maxMinutes: 5 },
    },
    services: { nightly: { groups: ['green'], client: 'nightly' }, deploy: { client: 'deploy' } },
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
        return ['scout', 'crawler', 'gone'].every((id) =>
          noWider(alone, evaluate(policy, { ...asked, asker: { ...person, agent: { id } } })),
        );
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

  it('give an agent nothing that no rule gives to agents, and nothing for a person whom it is not for', () => {
    fc.assert(
      fc.property(rules, questions, (list, asked) => {
        const { agent: _agent, service: _service, ...person } = asked.asker;
        const through = (id: string, who: Asker): PolicyAnswer =>
          evaluate(policyOf(numbered(list)), { ...asked, asker: { ...who, agent: { id } } });
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
  });

  it('give a service what they give to it, to services, to its groups or to everyone, whatever its token says', () => {
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
  });

  it('lift nothing for a service by any grant', () => {
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

  it('let nobody take out what they do not let them read', () => {
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

  it('give nobody more when a fact is no longer known', () => {
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
