import { type PolicyCheckView, type ProblemView } from '../../../shared/policy-views.ts';
import { compilePolicy } from '../compile.ts';
import { type CompiledPolicy, type PolicyContext } from '../compiled-policy.ts';
import { runPolicyTests } from '../policy-tests.ts';
import { warningsOf } from '../warnings.ts';
import { type Problem } from '../yaml-file.ts';

/** Reads a policy as it would be read when it came into force, and runs the tests that it carries. */
export function checkPolicy(text: string, context: PolicyContext): PolicyCheckView {
  const compiled = compilePolicy(text, context);
  if (!compiled.ok)
    return { problems: compiled.problems.map(problemView), warnings: [], hash: null, rules: 0, tests: [] };
  const { policy } = compiled;
  return {
    problems: [],
    warnings: warningsOf(text, context).map(problemView),
    hash: policy.hash,
    rules: countRules(policy),
    tests: runPolicyTests(policy),
  };
}

/** Whether it may come into force as it is. */
export const isGood = ({ problems, tests }: PolicyCheckView): boolean =>
  problems.length === 0 && tests.every(({ passed }) => passed);

export const countRules = ({ rulesFor, permits }: CompiledPolicy): number =>
  new Set([...Object.values(rulesFor).flat(), ...permits].map(({ reference }) => reference.id)).size;

export const problemView = ({ line, column, message, choices = [] }: Problem): ProblemView => ({
  line,
  column,
  message,
  choices,
});
