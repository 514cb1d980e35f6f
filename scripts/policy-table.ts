/**
 * Writes the cases of docs/policy.md: who, what, where and when, and what the policy says to it. Every row is a test of an example
 * in docs/examples, with what the evaluation answers, so the page cannot say what the program does not do.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type Obligations } from '../main/policy/answer.ts';
import { compilePolicy } from '../main/policy/compile.ts';
import { type CompiledPolicy } from '../main/policy/compiled-policy.ts';
import { evaluate } from '../main/policy/evaluate.ts';
import { type TestSource } from '../main/policy/policy-file.ts';
import { outcomeOf, questionOf } from '../main/policy/situation.ts';
import { testContext } from '../main/policy/testing.ts';
import { printProblems } from '../main/policy/yaml-file.ts';

const PAGE = new URL('../docs/policy.md', import.meta.url);
const EXAMPLES = ['people', 'agents', 'services', 'grants', 'exports', 'masked-columns'];
const [BEGIN, END] = ['<!-- cases: written by scripts/policy-table.ts -->', '<!-- end of cases -->'];

/** docs/policy.md as it should be; and how many cases it has. */
export function pageWithCases(page: string): { readonly page: string; readonly cases: number } {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) throw new Error(`docs/policy.md has no ${BEGIN} ... ${END}`);
  const sections = EXAMPLES.map(sectionOf);
  const text = sections.map((section) => section.text).join('\n');
  const cases = sections.reduce((sum, section) => sum + section.cases, 0);
  return { page: `${before}${BEGIN}\n\n${String(cases)} cases.\n\n${text}\n${END}${after}`, cases };
}

function sectionOf(name: string): { readonly text: string; readonly cases: number } {
  const file = `${name}.yaml`;
  const text = readFileSync(new URL(`../docs/examples/${file}`, import.meta.url), 'utf8');
  const result = compilePolicy(text, testContext);
  if (!result.ok) throw new Error(printProblems(file, result.problems));
  const lines = text.split('\n');
  const heading = (line: number): string => {
    const above = lines.slice(0, line - 1).findLast((one) => /^ *(#|tests:)/.test(one)) ?? '';
    return above.trim().startsWith('#') ? above.replace(/^ *# */, '') : '';
  };
  const byHeading = Map.groupBy(result.policy.tests, ({ line }) => heading(line));
  const tables = [...byHeading].map(([title, tests]) => {
    const rows = tests.map(({ source }) => rowOf(result.policy, source));
    return [...(title === '' ? [] : [`**${title}**`, '']), ...TABLE, ...rows, ''].join('\n');
  });
  const about = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('#')),
  );
  const title = about.map((line) => line.replace(/^# ?/, '')).join('\n');
  return {
    text: `### [examples/${file}](examples/${file})\n\n${title}\n\n${tables.join('\n')}`,
    cases: result.policy.tests.length,
  };
}

const TABLE = [
  '| who | does | on | when, with | verdict | bound by | rules |',
  '| --- | --- | --- | --- | --- | --- | --- |',
];
const VERDICTS = { allow: 'allowed', deny: '**refused**', approval: '_needs approval_' } as const;

function rowOf(policy: CompiledPolicy, test: TestSource): string {
  const answer = evaluate(policy, questionOf(policy, test));
  const { effect } = outcomeOf(test.do, answer);
  const uses = Object.entries(test.uses ?? {}).map(([name, forms]) => `${name}: ${forms.join(', ') || 'no use'}`);
  const cells = [
    whoOf(test.as),
    test.do,
    whereOf(test.on),
    circumstances(policy, test),
    VERDICTS[effect],
    [...(effect === 'deny' ? [] : words(test.do, answer.obligations)), ...uses].join('; '),
    answer.rules.length === 0 ? 'no rule gives it' : answer.rules.map(({ id }) => id).join(', '),
  ];
  return `| ${cells.join(' | ')} |`;
}

function whoOf(as: readonly string[]): string {
  const [agents, others] = [
    as.filter((word) => word.startsWith('agent')),
    as.filter((word) => !word.startsWith('agent')),
  ];
  const people = others.map((word) => word.replace(/^(group|person):/, '').replace(':', ' ')).join(' and ');
  const person = people === 'everyone' ? 'somebody in no group' : people;
  const [agent] = agents;
  if (agent === undefined) return person;
  return `${agent === 'agent' ? 'an agent' : agent.replace(':', ' ')} for ${person === '' ? 'somebody in no group' : person}`;
}

function whereOf({ connection, env, database, table }: TestSource['on']): string {
  return [connection, env, ...(database === undefined ? [] : [`database ${database}`]), table]
    .filter((part) => part !== undefined)
    .join(', ');
}

function circumstances(policy: CompiledPolicy, { at, grants = [], rows, usage, do: action }: TestSource): string {
  return [
    ...(at === undefined ? [] : [clock(policy, new Date(at))]),
    ...(rows === undefined ? [] : [`${count(rows)} ${rows === 1 ? 'row' : 'rows'}`]),
    ...(rows === undefined && ['update', 'delete', 'export'].includes(action) ? ['rows not known'] : []),
    ...(usage === undefined || usage === 0 ? [] : [`${count(usage)} rows had this hour`]),
    ...grants.map((name) => `grant ${name}`),
  ].join(', ');
}

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

/** In the policy's own time zone. */
function clock(policy: CompiledPolicy, at: Date): string {
  const { weekday, hour, minute } = policy.localTime(at);
  return `${DAYS[Number(weekday) - 1] ?? ''} ${[hour, minute].map((part) => String(part).padStart(2, '0')).join(':')}`;
}

/** What gives no values has none to mask. */
const GIVES_VALUES: ReadonlySet<string> = new Set(['select', 'insert', 'update', 'delete', 'merge', 'export']);

function words(action: string, bound: Obligations): readonly string[] {
  const { masks, approvals, rows, rowsPerHour, milliseconds, reason, stepUp, record, noExport, watermark } = bound;
  return [
    ...approvals.map(({ from, within, count: people }) => {
      const who = from.map((word) => word.replace(/^(group|person):/, '')).join(' or ');
      const also = within === undefined ? '' : `, also in ${within.replace('group:', '')}`;
      return `approval of ${String(people)} from ${who}${also}`;
    }),
    ...(reason === undefined ? [] : ['a reason']),
    ...(stepUp === undefined ? [] : [`sign-in at most ${String(stepUp.minutes)} min old`]),
    ...(GIVES_VALUES.has(action) ? [...masks].sort() : []).map(([name, { strength }]) => `${name} ${strength}`),
    ...(rows === undefined ? [] : [`${count(rows.value)} rows`]),
    ...(rowsPerHour === undefined ? [] : [`${count(rowsPerHour.value)} rows an hour`]),
    ...(milliseconds === undefined ? [] : [`${count(milliseconds.value / 1000)} s`]),
    ...(record === undefined ? [] : [`record ${record.level}`]),
    ...(noExport === undefined ? [] : ['stays on the screen']),
    ...(watermark === undefined ? [] : ['watermark']),
  ];
}

const count = (value: number): string => value.toLocaleString('en-US');

if (import.meta.main) {
  const { page, cases } = pageWithCases(readFileSync(PAGE, 'utf8'));
  writeFileSync(PAGE, page);
  console.log(`docs/policy.md: ${String(cases)} cases`);
}
