import { performance } from 'node:perf_hooks';
import { type PolicyQuestion } from '../main/policy/answer.ts';
import { compilePolicy } from '../main/policy/compile.ts';
import { type CompiledPolicy } from '../main/policy/compiled-policy.ts';
import { evaluate } from '../main/policy/evaluate.ts';

const RULES = 200;
const GROUPS = 50;
const DECISIONS = 2_000;

/** Decisions of a policy of 200 rules for a person in 50 groups; the goal is at most 100 µs each. */
export const policyBench = {
  name: 'policy',
  run(): Promise<readonly { readonly metric: string; readonly value: number; readonly unit: string }[]> {
    const usual = policyText(
      (rule) => (rule % 4 === 0 ? `now.hour >= ${rule % 24}` : undefined),
      (rule) => rule % GROUPS,
    );
    const worst = policyText(
      (rule) => `now.hour != 99 && rows.estimate != ${rule}`,
      () => 0,
    );
    const [compileUsual, usualPolicy] = timed(() => compiled(usual));
    const decision = medianOf(usualPolicy);
    const decisionWorst = medianOf(compiled(worst));
    return Promise.resolve([
      { metric: `decision, ${RULES} rules, ${GROUPS} groups`, value: decision, unit: 'µs' },
      {
        metric: `decision, ${RULES} rules that all apply, each with its own condition`,
        value: decisionWorst,
        unit: 'µs',
      },
      { metric: `read and check ${RULES} rules`, value: compileUsual, unit: 'ms' },
    ]);
  },
};

function policyText(condition: (rule: number) => string | undefined, group: (rule: number) => number): string {
  const groups = Array.from({ length: GROUPS }, (_, index) => `  g${index}: [provider-${index}]`);
  const effects = [
    'allow: read',
    'deny: [drop, truncate]',
    'require: { mask: { pii: partial } }',
    'allow: [read, write]',
  ];
  const rules = Array.from({ length: RULES }, (_, index) => {
    const when = condition(index);
    const effect = when !== undefined && group(index) === 0 ? 'allow: read' : (effects[index % effects.length] ?? '');
    return `  - { id: r${index}, ${effect}, to: 'group:g${group(index)}'${when === undefined ? '' : `, when: '${when}'`} }`;
  });
  return ['version: 1', 'groups:', ...groups, 'rules:', ...rules, ''].join('\n');
}

function compiled(text: string): CompiledPolicy {
  const result = compilePolicy(text, { classes: [{ name: 'email', group: 'pii' }], connections: [] });
  if (!result.ok) throw new Error(result.problems.map((problem) => problem.message).join('\n'));
  return result.policy;
}

function timed<T>(work: () => T): readonly [milliseconds: number, result: T] {
  const start = performance.now();
  const result = work();
  return [performance.now() - start, result];
}

/** Microseconds of CPU time per decision, median of rounds: wall time would measure the neighbours too. */
function medianOf(policy: CompiledPolicy): number {
  const question: PolicyQuestion = {
    action: 'select',
    asker: {
      groups: Array.from({ length: GROUPS }, (_, index) => `provider-${index}`),
      verified: true,
      email: 'a@b.c',
    },
    connection: { name: 'shop', environment: 'production', database: 'shop' },
    relation: { schema: 'public', name: 'orders' },
    grants: [],
    now: new Date('2026-03-02T10:00:00Z'),
    estimatedRows: 1_000_000,
  };
  const rounds = Array.from({ length: 15 }, () => {
    const before = process.cpuUsage();
    for (let index = 0; index < DECISIONS; index++) evaluate(policy, question);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / DECISIONS;
  });
  rounds.sort((one, other) => one - other);
  return rounds[Math.floor(rounds.length / 2)] ?? Number.NaN;
}
