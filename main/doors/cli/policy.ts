/** Commands about a policy as it is written: they need no login, no database and no record. */
import { type PolicyDiffView, type PolicyTestView } from '../../../shared/policy-views.ts';
import { type CompiledPolicy, type PolicyContext } from '../../policy/compiled-policy.ts';
import { checkPolicy, isGood } from '../../policy/tools/check.ts';
import { diffPolicies } from '../../policy/tools/diff.ts';
import { matrixOf } from '../../policy/tools/matrix.ts';
import { runTestFile } from '../../policy/tools/test-files.ts';
import { printProblems } from '../../policy/yaml-file.ts';
import { readPolicyPlace } from '../../profile/policy-context.ts';
import { CountersignError } from '../../errors.ts';
import { runPolicyTests } from '../../policy/policy-tests.ts';
import { readPolicy } from '../policy/read-policy.ts';
import { type CliIo, DONE, type ExitCode, REFUSED, write } from './io.ts';
import { policyText, type PolicyText, readText } from './policy-files.ts';
import { checkText, diffText, matrixText, testLines } from './policy-text.ts';

export interface FileOptions {
  readonly json?: boolean;
}

/** `countersign policy check`: 0 where it could come into force. */
export async function policyCheck(
  io: CliIo,
  home: string,
  file: string | undefined,
  { json }: FileOptions,
): Promise<ExitCode> {
  const { context } = await readPolicyPlace(home);
  const { name, text } = await policyText(home, file);
  const view = checkPolicy(text, context);
  await write(io.stdout, json === true ? `${JSON.stringify(view)}\n` : checkText(name, view));
  return isGood(view) ? DONE : REFUSED;
}

/** `countersign policy test`: a line for each test; 0 where all pass. */
export async function policyTest(
  io: CliIo,
  home: string,
  file: string | undefined,
  { json, tests: files = [] }: FileOptions & { readonly tests?: readonly string[] },
): Promise<ExitCode> {
  const { context } = await readPolicyPlace(home);
  const { name, text } = await policyText(home, file);
  const policy = readPolicy(text, context, name);
  const results: (PolicyTestView & { readonly file: string })[] = runPolicyTests(policy).map((test) => ({
    file: name,
    ...test,
  }));
  for (const other of files) results.push(...(await testsOf(policy, other)));
  const failed = results.filter(({ passed }) => !passed).length;
  await write(
    io.stdout,
    json === true
      ? `${JSON.stringify({ passed: results.length - failed, failed, tests: results })}\n`
      : testLines(results),
  );
  return failed === 0 ? DONE : REFUSED;
}

async function testsOf(
  policy: CompiledPolicy,
  file: string,
): Promise<readonly (PolicyTestView & { readonly file: string })[]> {
  const ran = runTestFile(policy, await readText(file));
  if (ran.ok) return ran.results.map((test) => ({ file, ...test }));
  throw new CountersignError('tests-invalid', `${file} is not right:\n${printProblems(file, ran.problems)}`, {
    next: 'Correct it: a file of tests has "tests:" as the policy has it, and nothing else.',
  });
}

/** `countersign policy matrix`. */
export async function policyMatrix(
  io: CliIo,
  home: string,
  file: string | undefined,
  { json }: FileOptions,
): Promise<ExitCode> {
  const { context, connections } = await readPolicyPlace(home);
  const policy = policyOf(await policyText(home, file), context);
  const view = matrixOf(policy, new Map(connections.map(({ name, title }) => [name, title])));
  await write(io.stdout, json === true ? `${JSON.stringify(view)}\n` : matrixText(view));
  return DONE;
}

export interface DiffOptions extends FileOptions {
  readonly failOn: 'any' | 'wider';
}

/** `countersign policy diff`: 0 where nothing differs, or with `--fail-on wider` where nothing can be wider. */
export async function policyDiff(
  io: CliIo,
  home: string,
  first: string,
  second: string | undefined,
  { json, failOn }: DiffOptions,
): Promise<ExitCode> {
  const { context } = await readPolicyPlace(home);
  const before = policyOf(await policyText(home, second === undefined ? undefined : first), context);
  const after = policyOf(await policyText(home, second ?? first), context);
  const view = diffPolicies(before, after);
  await write(io.stdout, json === true ? `${JSON.stringify(view)}\n` : diffText(view));
  return (failOn === 'wider' ? mayBeWider(view) : !view.same) ? REFUSED : DONE;
}

/**
 * Whether the change gives more to somebody: in a cell, or by a part of the file that decides who is who, what may be taken for
 * a while and what a function may do, which no cell shows.
 */
function mayBeWider({ changes, rules: { added, changed } }: PolicyDiffView): boolean {
  return (
    changes.some(({ direction }) => direction !== 'narrower') || [...added, ...changed].some((part) => PARTS.test(part))
  );
}

const PARTS = /^(group|agent|service|grant|function) |^timezone$/;

const policyOf = ({ name, text }: PolicyText, context: PolicyContext): CompiledPolicy =>
  readPolicy(text, context, name);
