import { type PolicyQuestion } from './answer.ts';
import { compilePolicy } from './compile.ts';
import { type CompiledPolicy, type PolicyContext } from './compiled-policy.ts';
import { printProblems } from './yaml-file.ts';

/** What policies of tests may refer to. */
export const testContext: PolicyContext = {
  classes: [
    { name: 'email', group: 'pii' },
    { name: 'birth-date', group: 'pii' },
    { name: 'card', group: 'payment' },
    { name: 'token', group: 'secret' },
  ],
  connections: [
    { name: 'shop-dev', environment: 'development', database: 'shop' },
    { name: 'shop-staging', environment: 'staging', database: 'shop' },
    { name: 'shop', environment: 'production', database: 'shop', team: 'payments' },
  ],
};

/** The policy, or a failed test that shows its problems. */
export function compiled(text: string, context: PolicyContext = testContext): CompiledPolicy {
  const result = compilePolicy(text, context);
  if (!result.ok) throw new Error(printProblems('policy.yaml', result.problems));
  return result.policy;
}

/** A question by a person in no group, on production, Monday 2 March 2026, 10:00 in Berlin. */
export function question(change: Partial<PolicyQuestion>): PolicyQuestion {
  return {
    action: 'select',
    asker: { groups: [], verified: true },
    connection: { name: 'shop', environment: 'production', database: 'shop', team: 'payments' },
    relation: { schema: 'public', name: 'orders' },
    grants: [],
    now: new Date('2026-03-02T09:00:00Z'),
    ...change,
  };
}
