/** Policies of any rules, and any questions to them: what properties are tested over. */
import fc from 'fast-check';
import { stringify } from 'yaml';
import { type Asker, type PolicyQuestion } from '../answer.ts';
import { type CompiledPolicy } from '../compiled-policy.ts';
import { compiled, question } from '../testing.ts';
import { ACTIONS, type ActionWord, ENVIRONMENTS, MASK_STRENGTHS, RECORD_LEVELS } from '../vocabulary.ts';

export const GROUPS = ['red', 'green', 'blue'];
const SCHEMAS = ['public', 'hr'];

/** Conditions, the same in Cedar, and what of the facts has to be there in Cedar for the condition to have a value. */
export const CONDITIONS: Readonly<Record<string, { readonly cedar: string; readonly needs: string }>> = {
  'rows.estimate > 10': { cedar: 'context.rows > 10', needs: 'context has rows' },
  'person.verified': { cedar: 'context.verified', needs: 'true' },
  'now.hour >= 12': { cedar: 'context.hour >= 12', needs: 'true' },
  'table.name == "t1"': { cedar: 'resource.name == "t1"', needs: 'resource has name' },
  '"red" in person.groups': { cedar: 'principal in Group::"red"', needs: 'context.groupsKnown' },
  'usage.rowsLastHour < 100': { cedar: 'context.usage < 100', needs: 'context has usage' },
  // Of people and not of their agents: it binds an agent all the same.
  '!agent.acting': { cedar: 'context.agent == ""', needs: 'true' },
  'service.acting || agent.id == "scout"': {
    cedar: 'context.service != "" || context.agent == "scout"',
    needs: 'true',
  },
  'person.amr.exists(method, method == "otp")': { cedar: 'context.amr.contains("otp")', needs: 'context has amr' },
};

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
/** Rules with everything that narrows them speak of nothing in the end: each part is there now and then. */
const now = <T>(arbitrary: fc.Arbitrary<T>, outOf: number) => fc.option(arbitrary, { nil: undefined, freq: outOf });
const scope = fc
  .record({
    to: now(
      some(
        fc.constantFrom(
          ...['everyone', 'everyone', 'agent', 'agent', 'agent:scout', 'service', 'service:nightly', 'person:a@b.c'],
          ...GROUPS.map((name) => `group:${name}`),
        ),
      ),
      3,
    ),
    in: now(where, 1),
    when: now(fc.constantFrom(...Object.keys(CONDITIONS)), 1),
    unless: now(
      fc.record({ group: some(fc.constantFrom(...GROUPS)), grant: fc.constant('open') }, { requiredKeys: [] }),
      1,
    ),
  })
  .map((parts): Rule['scope'] => Object.fromEntries(Object.entries(parts).filter(([, part]) => part !== undefined)));
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

export const allowRule = fc.record({ allow: words, scope });
export const denyRule = fc.record({ deny: taken, scope });
export const requireRule = fc.record({ require: obligations, on: taken, scope });
/** One rule as YAML has it, its scope apart. */
export interface Rule {
  readonly allow?: readonly ActionWord[];
  readonly deny?: readonly ActionWord[];
  readonly require?: unknown;
  readonly on?: readonly ActionWord[];
  readonly scope: {
    readonly to?: readonly string[];
    readonly in?: {
      readonly env?: readonly string[];
      readonly schema?: readonly string[];
      readonly table?: readonly string[];
    };
    readonly when?: string;
    readonly unless?: { readonly group?: readonly string[]; readonly grant?: string };
  };
}
export const rules: fc.Arbitrary<Rule[]> = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Rule>[]>(
    { weight: 6, arbitrary: allowRule },
    { weight: 1, arbitrary: denyRule },
    { weight: 3, arbitrary: requireRule },
  ),
  { minLength: 1, maxLength: 12, size: 'max' },
);

const askers: fc.Arbitrary<Asker> = fc
  .record({
    groups: fc.oneof(
      { weight: 4, arbitrary: fc.subarray(GROUPS) },
      { weight: 1, arbitrary: fc.constant('unknown' as const) },
    ),
    email: fc.constantFrom('a@b.c', 'x@y.z', undefined),
    verified: fc.boolean(),
    amr: fc.constantFrom(['pwd'], ['pwd', 'otp'], undefined),
    acting: fc.constantFrom(
      ...[
        undefined,
        undefined,
        undefined,
        undefined,
        { agent: { id: 'scout' } },
        { agent: { id: 'crawler' } },
        { agent: { id: 'gone' } },
      ],
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

/** What random rules speak of. */
const ASKED_OFTEN = ['select', 'select', 'select', 'explain', 'update', 'insert', 'drop', 'export', 'export'] as const;

export const questions: fc.Arbitrary<PolicyQuestion> = fc
  .record({
    action: fc.constantFrom(...ACTIONS, ...ASKED_OFTEN, ...ASKED_OFTEN),
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

/** Whom the agents are for, the groups of the services, and whom the grant is for. */
export const AGENTS = { scout: ['group:red', 'group:green'], crawler: ['everyone'] } as const;
export const SERVICES: Readonly<Record<string, readonly string[]>> = { nightly: ['green'], deploy: [] };
export const GRANT_FOR = ['group:red', 'person:x@y.z', 'agent'];

/** A policy of these rules, each with its id. */
export function policyOf(list: readonly (readonly [id: string, rule: Rule])[]): CompiledPolicy {
  const source = {
    version: 1,
    groups: Object.fromEntries(GROUPS.map((name) => [name, [name]])),
    agents: Object.fromEntries(Object.entries(AGENTS).map(([name, whom]) => [name, { for: whom, maxMinutes: 5 }])),
    services: Object.fromEntries(Object.entries(SERVICES).map(([name, groups]) => [name, { groups, client: name }])),
    grants: { open: { for: GRANT_FOR, approval: 'none', maxMinutes: 5 } },
    rules: list.map(
      ([
        id,
        {
          scope: { in: place, ...scope },
          ...rule
        },
      ]) => ({
        id,
        ...rule,
        ...scope,
        ...(place === undefined ? {} : { in: place }),
      }),
    ),
  };
  return compiled(stringify(source, { aliasDuplicateObjects: false }));
}

export const numbered = (list: readonly Rule[]): (readonly [string, Rule])[] =>
  list.map((rule, index) => [`rule-${index}`, rule]);
