import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { compilePolicy } from './compile.ts';
import { runPolicyTests } from './policy-tests.ts';
import { compiled, testContext } from './testing.ts';

const folder = new URL('../../docs/examples/', import.meta.url);
const examples = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const textOf = (name: string): string => readFileSync(new URL(name, folder), 'utf8');

interface Written {
  readonly rules: readonly { readonly id: string }[];
}

/** Whether any of its own tests shows that the policy is without one of its rules. */
function isMissed(policy: Written, id: string): boolean {
  const without = { ...policy, rules: policy.rules.filter((rule) => rule.id !== id) };
  const result = compilePolicy(stringify(without, { aliasDuplicateObjects: false }), testContext);
  // A test that names the rule does not even compile.
  return !result.ok || runPolicyTests(result.policy).some(({ passed }) => !passed);
}

describe('the example policies', () => {
  it.each(examples)('of %s pass the tests that they carry', (name) => {
    const policy = compiled(textOf(name));
    expect(policy.tests.length).toBeGreaterThan(0);
    expect(runPolicyTests(policy).filter((result) => !result.passed)).toEqual([]);
  });

  // What policy.yaml leaves to evaluate.test.ts is there.
  it.each(examples.filter((name) => name !== 'policy.yaml'))('of %s have a test for every rule', (name) => {
    const policy = parse(textOf(name)) as Written;
    expect(policy.rules.map(({ id }) => id).filter((id) => !isMissed(policy, id))).toEqual([]);
  });
});
