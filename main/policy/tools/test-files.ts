import { isMap, parseDocument } from 'yaml';
import { z } from 'zod';
import { compilePolicy } from '../compile.ts';
import { type CompiledPolicy } from '../compiled-policy.ts';
import { policyFile } from '../policy-file.ts';
import { type PolicyTestResult, runPolicyTests } from '../policy-tests.ts';
import { readYaml, type Problem } from '../yaml-file.ts';

/** A file that holds nothing but tests of a policy. */
const testFile = z.strictObject({ version: z.literal(1).optional(), tests: policyFile.shape.tests });

export type TestFileResult =
  | { readonly ok: true; readonly results: readonly PolicyTestResult[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Runs the tests of a file of their own against a policy, as if they stood in it; lines are those of the file. */
export function runTestFile(policy: CompiledPolicy, text: string): TestFileResult {
  const read = readYaml(text, testFile);
  if (!read.ok) return read;
  const { contents } = parseDocument(text);
  if (isMap(contents) && contents.flow === true)
    return {
      ok: false,
      problems: [{ line: 1, column: 1, message: 'the file begins with "tests:", not with a brace' }],
    };
  // Tests come first and keep their lines; what they are tests of follows, as the policy was read.
  const { version, ...tested } = JSON.parse(policy.document) as Record<string, unknown>;
  const parts = { ...(read.file.value.version === undefined ? { version } : {}), ...tested };
  const lines = Object.entries(parts).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  const whole = [text.replace(/^\.\.\.\s*$/m, ''), ...lines, ''].join('\n');
  const compiled = compilePolicy(whole, policy.context);
  return compiled.ok ? { ok: true, results: runPolicyTests(compiled.policy) } : compiled;
}
