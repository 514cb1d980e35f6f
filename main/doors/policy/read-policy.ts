import { CountersignError } from '../../errors.ts';
import { compilePolicy } from '../../policy/compile.ts';
import { type CompiledPolicy, type PolicyContext } from '../../policy/compiled-policy.ts';
import { printProblems } from '../../policy/yaml-file.ts';

/** A policy from its text. @throws CountersignError `policy-invalid` with one line per problem */
export function readPolicy(text: string, context: PolicyContext, file = 'policy.yaml'): CompiledPolicy {
  const compiled = compilePolicy(text, context);
  if (compiled.ok) return compiled.policy;
  throw new CountersignError('policy-invalid', `${file} is not right:\n${printProblems(file, compiled.problems)}`, {
    next: 'Correct it first: countersign policy check says the same. docs/policy.md explains every key.',
  });
}
