import { type PolicyAnswer, type PolicyQuestion } from './answer.ts';
import { type CompiledPolicy } from './compiled-policy.ts';
import { evaluate } from './evaluate.ts';
import { maskFor } from './obligations.ts';
import { permitted } from './permits.ts';
import { type TestSource } from './policy-file.ts';
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
    const differences = [...differencesOf(policy, source, answer), ...usesDifferences(policy, source, question)];
    return { line, title: titleOf(source), passed: differences.length === 0, differences };
  });
}

const NOON_ON_A_MONDAY = '2026-03-02T12:00:00Z';

function questionOf(policy: CompiledPolicy, test: TestSource): PolicyQuestion {
  const known = policy.context.connections.find((connection) => connection.name === test.on.connection);
  const person = test.as.find((word) => word.startsWith('person:'))?.slice('person:'.length);
  const groups = test.as.filter((word) => word.startsWith('group:')).map((word) => word.slice('group:'.length));
  return {
    action: test.do,
    asker: {
      groups: groups.flatMap((name) => policy.providerNames.get(name)?.slice(0, 1) ?? []),
      verified: true,
      ...(person === undefined ? {} : { email: person }),
      ...(test.as.includes('agent') ? { agent: { id: 'agent' } } : {}),
    },
    connection: {
      name: known?.name ?? test.on.connection ?? '',
      environment: test.on.env ?? known?.environment ?? 'production',
      database: test.on.database ?? known?.database ?? '',
      ...(known?.team === undefined ? {} : { team: known.team }),
    },
    relation: relationOf(test.on.table),
    grants: test.grants ?? [],
    now: new Date(test.at ?? NOON_ON_A_MONDAY),
    ...(test.rows === undefined ? {} : { estimatedRows: test.rows }),
  };
}

function relationOf(table: string | undefined): PolicyQuestion['relation'] {
  if (table === undefined) return 'none';
  const dot = table.indexOf('.');
  return dot < 0 ? { schema: 'public', name: table } : { schema: table.slice(0, dot), name: table.slice(dot + 1) };
}

function titleOf(test: TestSource): string {
  const where = [test.on.connection, test.on.env, test.on.database, test.on.table].filter((part) => part !== undefined);
  return `${test.as.join(', ')}: ${test.do}${where.length === 0 ? '' : ` on ${where.join(' ')}`}`;
}

function* differencesOf(policy: CompiledPolicy, test: TestSource, answer: PolicyAnswer): Iterable<string> {
  const effect = answer.effect === 'allow' && answer.obligations.approvals.length > 0 ? 'approval' : answer.effect;
  if (effect !== test.expect) yield `expected ${test.expect}, got ${effect}${byWhom(answer)}`;
  if (test.by !== undefined && !answer.rules.some((rule) => rule.id === test.by)) {
    yield `expected rule ${test.by} to take part${byWhom(answer)}`;
  }
  for (const [name, expected] of Object.entries(test.mask ?? {})) {
    const group = policy.context.classes.find((entry) => entry.name === name)?.group ?? name;
    const strength = maskFor({ class: name, group }, answer.obligations)?.strength ?? 'clear';
    if (strength !== expected) yield `expected ${name} to be ${expected}, got ${strength}`;
  }
  const { rows, bytes, milliseconds } = answer.obligations;
  const got = { rows: rows?.value, bytes: bytes?.value, seconds: milliseconds && milliseconds.value / 1000 };
  for (const word of ['rows', 'bytes', 'seconds'] as const) {
    const expected = test.limits?.[word];
    if (expected !== undefined && expected !== got[word]) {
      yield `expected a limit of ${expected} ${word}, got ${got[word] ?? 'none'}`;
    }
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
