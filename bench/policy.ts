import { performance } from 'node:perf_hooks';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { type Asker, type PolicyQuestion } from '../main/policy/answer.ts';
import { compilePolicy } from '../main/policy/compile.ts';
import { type CompiledPolicy } from '../main/policy/compiled-policy.ts';
import { evaluate } from '../main/policy/evaluate.ts';
import { median, type Bench } from './bench.ts';

const RULES = 200;
const GROUPS = 50;
const DECISIONS = 2_000;
const ROUNDS = 15;
/** Microseconds that a decision may take. */
const GOAL = 100;

/**
 * Decisions of a policy of 200 rules for a person in 50 groups. Cedar decides the allows and denials of the same rules in the
 * same run: what another engine takes for a part of it on this machine.
 */
export const policyBench: Bench = {
  name: 'policy',
  run() {
    const usual = policyText(
      (rule) => (rule % 4 === 0 ? `now.hour >= ${rule % 24}` : undefined),
      (rule) => rule % GROUPS,
    );
    const worst = policyText(
      (rule) => `now.hour != 99 && rows.estimate != ${rule}`,
      () => 0,
    );
    const [compileUsual, policy] = timed(() => compiled(usual));
    const decision = perDecision(DECISIONS, () => evaluate(policy, question(person)));
    const byCedar = perDecision(DECISIONS / 20, cedarDecision());
    const worstPolicy = compiled(worst);
    const named = `decision, ${String(RULES)} rules, ${String(GROUPS)} groups`;
    return Promise.resolve([
      { metric: `${named}: of what Cedar takes to allow or deny`, value: decision / byCedar, unit: 'x', goal: 1 },
      { metric: named, value: decision, unit: 'µs', goal: GOAL },
      {
        metric: `${named}, of an agent`,
        value: perDecision(DECISIONS, () => evaluate(policy, question({ ...person, agent: { id: 'scout' } }))),
        unit: 'µs',
        goal: GOAL,
      },
      {
        metric: `${named}, of a service`,
        value: perDecision(DECISIONS, () => evaluate(policy, question({ ...person, service: { name: 'nightly' } }))),
        unit: 'µs',
        goal: GOAL,
      },
      {
        metric: `decision, ${String(RULES)} rules that all apply, each with its own condition`,
        value: perDecision(DECISIONS, () => evaluate(worstPolicy, question(person))),
        unit: 'µs',
        goal: GOAL,
      },
      { metric: `Cedar, ${String(RULES)} rules, ${String(GROUPS)} groups`, value: byCedar, unit: 'µs' },
      { metric: `read and check ${String(RULES)} rules`, value: compileUsual, unit: 'ms' },
    ]);
  },
};

const EFFECTS = [
  'allow: read',
  'deny: [drop, truncate]',
  'require: { mask: { pii: partial } }',
  'allow: [read, write]',
];

function policyText(condition: (rule: number) => string | undefined, group: (rule: number) => number): string {
  const groups = Array.from({ length: GROUPS }, (_, index) => `  g${String(index)}: [provider-${String(index)}]`);
  const rules = Array.from({ length: RULES }, (_, index) => {
    const when = condition(index);
    const effect = when !== undefined && group(index) === 0 ? 'allow: read' : (EFFECTS[index % EFFECTS.length] ?? '');
    const to = `[agent, 'group:g${String(group(index))}']`;
    return `  - { id: r${String(index)}, ${effect}, to: ${to}${when === undefined ? '' : `, when: '${when}'`} }`;
  });
  const names = Array.from({ length: GROUPS }, (_, index) => `g${String(index)}`);
  return [
    'version: 1',
    'groups:',
    ...groups,
    'agents: { scout: { for: everyone, maxMinutes: 60 } }',
    `services: { nightly: { client: nightly, groups: [${names.join(', ')}] } }`,
    'rules:',
    ...rules,
    '',
  ].join('\n');
}

function compiled(text: string): CompiledPolicy {
  const result = compilePolicy(text, { classes: [{ name: 'email', group: 'pii' }], connections: [] });
  if (!result.ok) throw new Error(result.problems.map((problem) => problem.message).join('\n'));
  return result.policy;
}

const person: Asker = {
  groups: Array.from({ length: GROUPS }, (_, index) => `provider-${String(index)}`),
  verified: true,
  email: 'a@b.c',
};

const question = (asker: Asker): PolicyQuestion => ({
  action: 'select',
  asker,
  connection: { name: 'shop', environment: 'production', database: 'shop' },
  relation: { schema: 'public', name: 'orders' },
  grants: [],
  now: new Date('2026-03-02T10:00:00Z'),
  estimatedRows: 1_000_000,
});

/** The same question to the rules of the usual policy that allow or deny, read once. */
function cedarDecision(): () => void {
  const ACTIONS = ['"select"', '"drop", Action::"truncate"', undefined, '"select", Action::"update"'];
  const staticPolicies = Object.fromEntries(
    Array.from({ length: RULES }, (_, rule): readonly [string, string] | undefined => {
      const actions = ACTIONS[rule % ACTIONS.length];
      if (actions === undefined) return undefined;
      const effect = rule % ACTIONS.length === 1 ? 'forbid' : 'permit';
      const when = rule % 4 === 0 ? ` when { context.hour >= ${String(rule % 24)} }` : '';
      const about = `principal in Group::"g${String(rule % GROUPS)}", action in [Action::${actions}], resource`;
      return [`r${String(rule)}`, `${effect}(${about})${when};`];
    }).filter((entry) => entry !== undefined),
  );
  const read = cedar.preparsePolicySet('usual', { staticPolicies });
  if (read.type === 'failure') throw new Error(JSON.stringify(read.errors));
  const principal = { type: 'Asker', id: 'a' };
  const call: cedar.StatefulAuthorizationCall = {
    principal,
    action: { type: 'Action', id: 'select' },
    resource: { type: 'Relation', id: 'public.orders' },
    context: { hour: 10 },
    preparsedPolicySetId: 'usual',
    entities: [
      {
        uid: principal,
        attrs: {},
        parents: Array.from({ length: GROUPS }, (_, index) => ({ type: 'Group', id: `g${String(index)}` })),
      },
    ],
  };
  return () => {
    const answer = cedar.statefulIsAuthorized(call);
    if (answer.type === 'failure' || answer.response.decision !== 'allow') throw new Error('Cedar refused');
  };
}

function timed<T>(work: () => T): readonly [milliseconds: number, result: T] {
  const start = performance.now();
  const result = work();
  return [performance.now() - start, result];
}

/** Microseconds of CPU time, median of rounds: wall time would measure the neighbours too. */
function perDecision(decisions: number, decide: () => unknown): number {
  return median(
    Array.from({ length: ROUNDS }, () => {
      const before = process.cpuUsage();
      for (let index = 0; index < decisions; index++) decide();
      const { user, system } = process.cpuUsage(before);
      return (user + system) / decisions;
    }),
  );
}
