import { type PolicyAnswer, type PolicyQuestion } from './answer.ts';
import { type CompiledPolicy } from './compiled-policy.ts';
import { evaluate } from './evaluate.ts';
import { maskFor } from './obligations.ts';
import { permitted } from './permits.ts';
import { type TestSource } from './policy-file.ts';
import { outcomeOf, questionOf, titleOf } from './situation.ts';
import { PERMIT_FORMS } from './vocabulary.ts';

/** The outcome of one entry under `tests:` of a policy file. */
export interface PolicyTestResult {
  readonly line: number;
  /** The test as a sentence: `group:analysts, agent: select on production`. */
  readonly title: string;
  readonly passed: boolean;
  /** What differs from what was expected; empty when passed. */
  readonly differences: readonly string[];
}

/** Runs the tests that a policy file carries about itself. Time is 12:00 UTC on a Monday where a test names none. */
export function runPolicyTests(policy: CompiledPolicy): readonly PolicyTestResult[] {
  return policy.tests.map(({ source, line }) => {
    const question = questionOf(policy, source);
    const answer = evaluate(policy, question);
    const differences = [
      ...effectDifferences(source, answer),
      ...obligationDifferences(policy, source, answer),
      ...usesDifferences(policy, source, question),
    ];
    return { line, title: titleOf(source), passed: differences.length === 0, differences };
  });
}

function* effectDifferences(test: TestSource, answer: PolicyAnswer): Iterable<string> {
  const { effect, needs, approvers } = outcomeOf(test.do, answer);
  if (effect !== test.expect) yield `expected ${test.expect}, got ${effect}${byWhom(answer)}`;
  if (test.by !== undefined && !answer.rules.some((rule) => rule.id === test.by))
    yield `expected rule ${test.by} to take part${byWhom(answer)}`;
  yield* listDifference('needs', test.needs, needs);
  yield* listDifference('approvers', test.approvers, approvers);
}

/** Of what a test does not name, it says nothing; what it lists has to be all. */
function* listDifference(
  what: string,
  expected: readonly string[] | undefined,
  got: readonly string[],
): Iterable<string> {
  if (expected === undefined || [...expected].sort().join() === [...got].sort().join()) return;
  yield `expected ${what}: ${expected.join(', ') || 'none'}, got ${got.join(', ') || 'none'}`;
}

function* obligationDifferences(policy: CompiledPolicy, test: TestSource, answer: PolicyAnswer): Iterable<string> {
  const { obligations } = answer;
  for (const [name, expected] of Object.entries(test.mask ?? {})) {
    const group = policy.context.classes.find((entry) => entry.name === name)?.group ?? name;
    const strength = maskFor({ class: name, group }, obligations)?.strength ?? 'clear';
    if (strength !== expected) yield `expected ${name} to be ${expected}, got ${strength}`;
  }
  const { rows, bytes, milliseconds, rowsPerHour } = obligations;
  const got = {
    rows: rows?.value,
    bytes: bytes?.value,
    seconds: milliseconds && milliseconds.value / 1000,
    rowsPerHour: rowsPerHour?.value,
  };
  for (const word of ['rows', 'bytes', 'seconds', 'rowsPerHour'] as const) {
    const expected = test.limits?.[word];
    if (expected !== undefined && expected !== got[word])
      yield `expected a limit of ${expected} ${word}, got ${got[word] ?? 'none'}`;
  }
  const level = obligations.record?.level ?? 'local';
  if (test.record !== undefined && test.record !== level)
    yield `expected a record that is ${test.record}, got ${level}`;
  for (const word of ['noExport', 'watermark'] as const) {
    const asked = obligations[word] !== undefined;
    if (test[word] !== undefined && test[word] !== asked) yield `expected ${word} to be ${test[word]}, got ${asked}`;
  }
}

/** The uses of each class that are permitted are those listed, and no others. */
function* usesDifferences(policy: CompiledPolicy, test: TestSource, question: PolicyQuestion): Iterable<string> {
  for (const [name, expected] of Object.entries(test.uses ?? {})) {
    const group = policy.context.classes.find((entry) => entry.name === name)?.group ?? name;
    const got = PERMIT_FORMS.filter(
      (form) => permitted(policy, question, { form, class: name, group }).given.length > 0,
    );
    const wanted = PERMIT_FORMS.filter((form) => expected.includes(form));
    if (got.join() !== wanted.join())
      yield `expected uses of ${name}: ${wanted.join(', ') || 'none'}, got ${got.join(', ') || 'none'}`;
  }
}

function byWhom(answer: PolicyAnswer): string {
  return answer.rules.length === 0
    ? ' (no rule applies)'
    : ` (rules: ${answer.rules.map((rule) => rule.id).join(', ')})`;
}
