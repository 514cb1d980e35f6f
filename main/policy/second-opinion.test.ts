/** The verifier's reading of the policy language against this one's: two programs written apart, over policies of any rules. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { CelError, readCondition as readAgain, type Facts } from '../../verify/cel.ts';
import { type Circumstances } from '../../verify/policy-match.ts';
import { PolicyModel } from '../../verify/policy-model.ts';
import { maskOn, type Obligations as Again } from '../../verify/policy-obligations.ts';
import { type Obligations, type PolicyQuestion } from './answer.ts';
import { readCondition, type ConditionFacts } from './condition.ts';
import { evaluate, requiredOf } from './evaluate.ts';
import { maskFor } from './obligations.ts';
import { permitted } from './permits.ts';
import { compiled, question } from './testing.ts';
import { ACTION_WORDS, ACTIONS, ENVIRONMENTS, MASK_STRENGTHS, PERMIT_FORMS, RECORD_LEVELS } from './vocabulary.ts';

/** More for whoever has the time: COUNTERSIGN_RANDOM_POLICIES=20000. Each policy is asked several questions. */
const RUNS = Number(process.env['COUNTERSIGN_RANDOM_POLICIES'] ?? 600);
/** Milliseconds. */
const timeout = 60_000 + RUNS * 300;

/** Expressions of each type, some of which fail: a fact that is missing, a number by zero. */
const { truth } = fc.letrec<{ truth: string; whole: string; real: string; text: string; texts: string }>((tie) => {
  const joined = (words: readonly string[], ...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
    fc.tuple(fc.constantFrom(...words), ...parts).map(([word, ...made]) => made.join(` ${word} `));
  const call = (make: (...parts: string[]) => string, ...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
    fc.tuple(...parts).map((made) => make(...made));
  const [b, n, r, t, l] = [tie('truth'), tie('whole'), tie('real'), tie('text'), tie('texts')];
  const compare = ['<', '<=', '>', '>=', '==', '!='];
  const options = { maxDepth: 4, depthIdentifier: 'expression' } as const;
  return {
    truth: fc.oneof(
      options,
      fc.constantFrom(
        'true',
        'false',
        'person.verified',
        'agent.acting',
        'service.acting',
        'has(person.email)',
        'has(rows.estimate)',
      ),
      joined(compare, n, n),
      joined(compare, r, r),
      joined(compare, t, t),
      joined(['==', '!='], b, b).map((text) => `(${text})`),
      joined(['&&', '||'], b, b).map((text) => `(${text})`),
      call((one) => `!(${one})`, b),
      call((one, two, three) => `(${one} ? ${two} : ${three})`, b, b, b),
      joined(['in'], t, l),
      call((one, two) => `${one}.startsWith(${two})`, t, t),
      call((one, two) => `${one}.endsWith(${two})`, t, t),
      call((one, two) => `${one}.contains(${two})`, t, t),
      fc
        .tuple(fc.constantFrom('exists', 'all', 'exists_one'), l, fc.constantFrom('x', 'g'), t, b)
        .map(([name, list, item, other, inner]) => `${list}.${name}(${item}, ${item} == ${other} || ${inner})`),
    ),
    whole: fc.oneof(
      options,
      fc.constantFrom('rows.estimate', 'usage.rowsLastHour', 'now.hour', 'now.weekday', 'now.minute', 'now.year'),
      fc.constantFrom('0', '1', '-7', '0x1F', '9223372036854775807', '25'),
      joined(['+', '-', '*', '/', '%'], n, n).map((text) => `(${text})`),
      call((one) => `size(${one})`, t),
      call((one) => `${one}.size()`, l),
      call((one) => `int(${one})`, r),
      call((one, two, three) => `(${one} ? ${two} : ${three})`, b, n, n),
    ),
    real: fc.oneof(
      options,
      fc.constantFrom('0.5', '1e3', '-2.25', '0.0'),
      joined(['+', '-', '*', '/'], r, r).map((text) => `(${text})`),
      call((one) => `double(${one})`, n),
    ),
    text: fc.oneof(
      options,
      fc.constantFrom('person.name', 'person.email', 'person.acr', 'connection.name', 'connection.team', 'table.name'),
      fc.constantFrom(
        '"red"',
        "'b'",
        '""',
        'r"\\n"',
        '"\\u00e9\\x41\\n"',
        '"""a"b"""',
        'statement.action',
        'agent.id',
        'service.name',
      ),
      joined(['+'], t, t).map((text) => `(${text})`),
      call((one) => `string(${one})`, n),
      call((one) => `string(${one})`, b),
      call((one, two) => `(${one})[${two}]`, l, n),
    ),
    texts: fc.oneof(
      options,
      fc.constantFrom('person.groups', 'person.amr', '["red", "green"]', '["x"]', '[person.name, "blue",]'),
      joined(['+'], l, l).map((text) => `(${text})`),
    ),
  };
});

const facts: fc.Arbitrary<ConditionFacts> = fc.record({
  person: fc.record(
    {
      verified: fc.boolean(),
      name: fc.constantFrom('red', 'Ana'),
      email: fc.constantFrom('a@b.c', 'é'),
      groups: fc.subarray(['red', 'green', 'blue']),
      acr: fc.constant('high'),
      amr: fc.subarray(['pwd', 'otp']),
    },
    { requiredKeys: ['verified'] },
  ),
  service: fc.constantFrom({ name: '', acting: false }, { name: 'nightly', acting: true }),
  agent: fc.constantFrom({ id: '', acting: false }, { id: 'bot', acting: true }),
  connection: fc.record(
    {
      name: fc.constant('shop'),
      env: fc.constantFrom(...ENVIRONMENTS),
      database: fc.constant('d'),
      team: fc.constant('pay'),
    },
    { requiredKeys: ['name', 'env', 'database'] },
  ),
  table: fc.constantFrom({}, { schema: 'public', name: 'red' }),
  statement: fc.record({ action: fc.constantFrom(...ACTIONS) }),
  rows: fc.constantFrom({}, { estimate: 0n }, { estimate: 10n }),
  usage: fc.constantFrom({}, { rowsLastHour: 1000n }),
  now: fc.constant({ year: 2026n, month: 3n, day: 2n, weekday: 1n, hour: 10n, minute: 0n }),
});

describe('a condition', () => {
  it('has the same value for the verifier, and none where it has none here', { timeout }, () => {
    let compared = 0;
    fc.assert(
      fc.property(truth, fc.array(facts, { minLength: 1, maxLength: 4 }), (source, list) => {
        const read = readCondition(source);
        fc.pre(read.ok);
        const again = readAgain(source);
        for (const known of list) {
          compared++;
          expect([source, secondly(again, known as unknown as Facts)]).toEqual([source, read.condition.holds(known)]);
        }
      }),
      { numRuns: RUNS },
    );
    expect(compared).toBeGreaterThan(RUNS);
  });

  it.each([
    '1 < 2 == true',
    '!person.verified || 1 / 0 > 0',
    '1 / 0 > 0 || true',
    'false && 1 / 0 > 0',
    '[1, 2, 3].exists(x, 10 / (x - 1) > 5)',
    '[1, 2].all(x, x > 0) // why',
    'person.groups.exists_one(g, g == "red")',
    '"\\u0041" == \'A\' && """a""" == "a"',
    'size("\\U0001F600") == 1',
    '-(-3) == 3 && - 3 < 0',
    '1.0 == double(1) && int(2.9) == 2 && string(1) == "1"',
    'int(double(9223372036854775807)) < 5',
    'int(1e19) - 1 > 0',
    '-int(1e19) < 0',
    'connection.name in ["shop", "other"] ? true : false',
    'person.name in [connection.name, "Ana"]',
    'has(person.email) && person.email.endsWith("c")',
  ])('%s', (source) => {
    const read = readCondition(source);
    const known = fc.sample(facts, { numRuns: 50, seed: 7 });
    const here = known.map((one) => (read.ok ? read.condition.holds(one) : read.message));
    expect(known.map((one) => secondly(readAgain(source), one as unknown as Facts))).toEqual(here);
  });
});

function secondly(condition: ReturnType<typeof readAgain>, known: Facts): boolean | 'failed' {
  try {
    const value = condition(known);
    return typeof value === 'boolean' ? value : 'failed';
  } catch (error) {
    if (error instanceof CelError) return 'failed';
    throw error;
  }
}

const GROUPS = ['red', 'green', 'blue'];
const AGENTS = ['bot', 'crawler'];
const CLASSES = ['email', 'birth-date', 'card', 'token', 'pii', 'payment', 'secret', '*'];
const some = <T>(arbitrary: fc.Arbitrary<T>) => fc.array(arbitrary, { minLength: 1, maxLength: 3 });
const WHO = ['everyone', 'agent', 'person:A@b.c', ...GROUPS.map((name) => `group:${name}`)];
const selector = fc.constantFrom(...WHO, ...WHO, 'agent:bot', 'agent:crawler', 'service', 'service:nightly');
const place = fc.record(
  {
    env: some(fc.constantFrom(...ENVIRONMENTS)),
    connection: fc.constantFrom('shop', ['shop', 'shop-dev']),
    database: some(fc.constantFrom('sh*', 'other', '*', 's*o*p')),
    schema: some(fc.constantFrom('public', 'h*')),
    table: some(fc.constantFrom('t1', 't*', '*', 'a*b*c', 'a*a')),
  },
  { requiredKeys: [] },
);
const CONDITIONS = [
  'now.hour >= 12 && now.weekday < 6',
  '"red" in person.groups',
  'rows.estimate > 10',
  'table.name.startsWith("t")',
  'person.email == "a@b.c" || agent.acting',
  '!agent.acting',
  'usage.rowsLastHour >= 100',
  'service.acting && "red" in person.groups',
  'statement.action == "export"',
];
const scope = fc.record(
  {
    to: some(selector),
    in: place,
    when: fc.oneof(fc.constantFrom(...CONDITIONS), truth.filter(isCondition)),
    unless: fc.record(
      { group: some(fc.constantFrom(...GROUPS)), grant: fc.constantFrom('open', 'ajar', 'aside') },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);
const obligations = fc
  .record(
    {
      mask: fc.dictionary(fc.constantFrom(...CLASSES), fc.constantFrom(...MASK_STRENGTHS), { minKeys: 1 }),
      limits: fc.record(
        {
          rows: fc.integer({ min: 1, max: 100 }),
          bytes: fc.constantFrom(1, '1 KiB', '2 MiB'),
          seconds: fc.constantFrom(0.5, 1.2345, 60),
          rowsPerHour: fc.integer({ min: 1, max: 100 }),
        },
        { requiredKeys: [] },
      ),
      approval: fc.record(
        {
          from: some(fc.constantFrom('group:red', 'owner-team', 'person:a@b.c')),
          count: fc.nat(2).map((n) => n + 1),
          within: fc.constantFrom('group:red', 'group:blue'),
        },
        { requiredKeys: ['from'] },
      ),
      reason: fc.constant(true),
      watermark: fc.constant(true),
      stepUp: fc.oneof(fc.constant(true), fc.record({ minutes: fc.integer({ min: 1, max: 30 }) })),
      record: fc.constantFrom(...RECORD_LEVELS),
      noExport: fc.constant(true),
    },
    { requiredKeys: [] },
  )
  .filter((value) => Object.keys(value).length > 0);
const words = some(fc.constantFrom(...ACTION_WORDS));
/** No rule allows export by itself. */
function withoutExport(list: readonly string[]): readonly string[] {
  return list.map((word) => (word === 'export' ? 'select' : word));
}
const permit = fc
  .record({
    permit: some(fc.constantFrom(...PERMIT_FORMS)),
    of: some(fc.constantFrom(...CLASSES)),
    perDay: fc.integer({ min: 1, max: 9 }),
    minimum: fc.integer({ min: 5, max: 20 }),
  })
  .map(({ perDay, minimum, ...rule }) => {
    const counted = !rule.permit.some((form) => form === 'view' || form === 'clear');
    const forms = counted ? rule.permit : rule.permit.filter((form) => form !== 'equality' && form !== 'conflict');
    return {
      ...rule,
      permit: forms.length === 0 ? (['nullness'] as const) : forms,
      ...(counted ? { budget: { perDay } } : {}),
      ...(forms.includes('view') ? { views: ['public.v1'] } : {}),
      ...(forms.some((form) => form === 'group' || form === 'aggregate') ? { minimum } : {}),
    };
  });
const rule = fc.oneof(
  { weight: 3, arbitrary: fc.record({ allow: words.map(withoutExport), scope }) },
  fc.record({ deny: words, scope }),
  fc.record({ require: obligations, on: words, scope }),
  fc.record({ parts: permit, scope }).map(({ parts, scope: where }) => ({ ...parts, scope: where })),
);
const policies = fc
  .record({
    rules: fc.array(rule, { maxLength: 8 }),
    timezone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata'),
    agents: fc.constantFrom(['group:red'], ['everyone'], ['person:a@b.c', 'group:blue']),
  })
  .map(({ rules, timezone, agents }) =>
    stringify(
      {
        version: 1,
        timezone,
        groups: { red: ['idp-red', 'both'], green: ['idp-green', 'both'], blue: ['blue'] },
        agents: Object.fromEntries(AGENTS.map((name) => [name, { for: agents, maxMinutes: 60 }])),
        services: {
          nightly: { groups: ['red', 'green'], client: 'nightly' },
          deploy: { issuer: 'https://ci.example', audience: 'us', when: 'claims.ref == "main"' },
        },
        grants: {
          open: { for: ['group:red', 'person:x@y.z', 'agent'], approval: 'none', maxMinutes: 5 },
          aside: { for: ['everyone', 'agent:bot'], in: { env: 'staging', table: 't*' }, maxMinutes: 5 },
          ajar: { for: 'everyone', approval: { from: 'group:red' }, maxMinutes: 5 },
        },
        rules: rules.map(({ scope: where, ...parts }, index) => ({ id: `r${index}`, ...parts, ...where })),
      },
      { aliasDuplicateObjects: false },
    ),
  );

function isCondition(source: string): boolean {
  return source.length < 2000 && readCondition(source).ok;
}

const questions: fc.Arbitrary<PolicyQuestion> = fc
  .record(
    {
      action: fc.constantFrom(...ACTIONS),
      asker: fc.record(
        {
          groups: fc.oneof(
            fc.subarray(['idp-red', 'idp-green', 'both', 'blue', 'else']),
            fc.constant('unknown' as const),
          ),
          verified: fc.boolean(),
          name: fc.constant('Ana'),
          email: fc.constantFrom('a@B.c', 'x@y.z'),
          acr: fc.constant('high'),
          amr: fc.constant(['pwd', 'otp']),
          agent: fc.constantFrom({ id: 'bot' }, { id: 'crawler' }, { id: 'gone' }),
          service: fc.constantFrom({ name: 'nightly' }, { name: 'deploy' }, { name: 'gone' }),
        },
        { requiredKeys: ['groups', 'verified'] },
      ),
      connection: fc.record(
        {
          name: fc.constantFrom('shop', 'shop-dev'),
          environment: fc.constantFrom(...ENVIRONMENTS),
          database: fc.constantFrom('shop', 'other', 'sop'),
          team: fc.constant('pay'),
        },
        { requiredKeys: ['name', 'environment', 'database'] },
      ),
      relation: fc.oneof(
        fc.constantFrom('none' as const, 'unknown' as const),
        fc.record({
          schema: fc.constantFrom('public', 'hr'),
          name: fc.constantFrom('t1', 't2', 'abc', 'aa', 'a', 'aXbXc'),
        }),
      ),
      grants: fc.subarray(['open', 'ajar', 'aside', 'none']),
      now: fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true }),
      estimatedRows: fc.constantFrom(-1, 0, 5, 10.5),
      rowsLastHour: fc.constantFrom(0, 99.5, 1000),
    },
    { requiredKeys: ['action', 'asker', 'connection', 'relation', 'grants', 'now'] },
  )
  .map((asked) => question(asked));

function circumstances({ asker, connection, grants, now, estimatedRows, rowsLastHour }: PolicyQuestion): Circumstances {
  const { agent, service, ...person } = asker;
  const { environment, ...where } = connection;
  return {
    person,
    ...(agent === undefined ? {} : { agent: agent.id }),
    ...(service === undefined ? {} : { service: service.name }),
    connection: { ...where, env: environment },
    grants,
    at: now.getTime(),
    ...(estimatedRows === undefined ? {} : { estimatedRows }),
    ...(rowsLastHour === undefined ? {} : { rowsLastHour }),
  };
}

/** Obligations in a form that both sides can be brought into. */
function plain(given: Obligations): unknown {
  return {
    masks: [...given.masks].map(([name, { strength, rule: by }]) => [name, strength, by.id]).sort(),
    bounds: [given.rows?.value, given.bytes?.value, given.milliseconds?.value, given.rowsPerHour?.value],
    approvals: given.approvals.map(({ rule: by, count, from, within }) => [by.id, count, from, within]),
    words: [given.reason?.id, given.noExport?.id, given.watermark?.id, given.record?.level],
    stepUp: given.stepUp && [given.stepUp.minutes, given.stepUp.rule.id],
  };
}

function plainAgain(given: Again): unknown {
  return {
    masks: [...given.masks].map(([name, { strength, rule: by }]) => [name, strength, by]).sort(),
    bounds: [given.rows, given.bytes, given.ms, given.rowsPerHour],
    approvals: given.approvals.map(({ rule: by, count, from, within }) => [by, count, from, within]),
    words: [given.reason, given.noExport, given.watermark, given.record],
    stepUp: given.stepUp && [given.stepUp.minutes, given.stepUp.rule],
  };
}

/** The same policy as one that does not speak of agents: rules about `agent` are then about any. */
function withoutAgents(document: string): string {
  const { agents: _agents, ...rest } = JSON.parse(document) as Record<string, unknown>;
  return JSON.stringify(rest);
}

describe('a policy of any rules', () => {
  it('answers any question for the verifier as it does here', { timeout }, () => {
    fc.assert(
      fc.property(policies, fc.array(questions, { minLength: 4, maxLength: 8 }), (source, list) => {
        const policy = compiled(source);
        const model = new PolicyModel(Buffer.from(policy.document));
        for (const asked of list) {
          const here = evaluate(policy, asked);
          const there = model.ask(circumstances(asked), asked.action, asked.relation);
          expect({ ...there, obligations: plainAgain(there.obligations) }).toEqual({
            effect: here.effect,
            rules: here.rules.map(({ id }) => id),
            obligations: plain(here.obligations),
            failed: here.failedConditions,
          });
          const required = model.requiredOf(circumstances(asked), asked.action, asked.relation);
          expect(plainAgain(required)).toEqual(plain(requiredOf(policy, asked)));
          for (const column of [
            { class: 'email', group: 'pii' },
            { class: 'card', group: 'payment' },
          ])
            expect(maskOn(column, [required])).toBe(maskFor(column, requiredOf(policy, asked))?.strength);
        }
      }),
      { numRuns: RUNS },
    );
  });

  it('that does not speak of agents lets any agent act, for the verifier too', { timeout }, () => {
    fc.assert(
      fc.property(policies, fc.array(questions, { minLength: 2, maxLength: 4 }), (source, list) => {
        const named = compiled(source);
        const policy = { ...named, agents: new Map() };
        const model = new PolicyModel(Buffer.from(withoutAgents(named.document)));
        for (const asked of list)
          expect(model.ask(circumstances(asked), asked.action, asked.relation).effect).toBe(
            evaluate(policy, asked).effect,
          );
      }),
      { numRuns: RUNS / 4 },
    );
  });

  it('permits the verifier the same uses by the same rules', { timeout }, () => {
    fc.assert(
      fc.property(policies, fc.array(questions, { minLength: 2, maxLength: 4 }), (source, list) => {
        const policy = compiled(source);
        const model = new PolicyModel(Buffer.from(policy.document));
        for (const asked of list)
          for (const form of PERMIT_FORMS)
            for (const view of ['public.v1', 'public.v2', undefined]) {
              const wanted = { form, class: 'email', group: 'pii', ...(view === undefined ? {} : { view }) };
              const here = permitted(policy, { ...asked, action: 'select' }, wanted).given;
              const there = model.permitted(circumstances(asked), asked.relation, wanted);
              expect(there).toEqual(here.map(({ reference, minimum }) => ({ id: reference.id, minimum })));
            }
      }),
      { numRuns: RUNS / 4 },
    );
  });
});
