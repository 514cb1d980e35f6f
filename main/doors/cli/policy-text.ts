import {
  type MatrixCellView,
  type MatrixView,
  type PolicyChangeView,
  type PolicyCheckView,
  type PolicyDiffView,
  type PolicyExplanationView,
  type PolicyTestView,
  type ProblemView,
  type SimulationView,
} from '../../../shared/policy-views.ts';
import { printable } from '../format/printable.ts';
import { formatTable } from '../format/rows.ts';
import { explainText } from './explain-text.ts';

/** What the commands about policy say to a person; `--json` prints the views themselves. */

const text = (lines: readonly string[]): string => printable(`${lines.join('\n')}\n`);

const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;

/** As compilers print them, so that an editor finds the place. */
function problemLine(file: string, { line, column, message, choices }: ProblemView, kind = ''): string {
  const list = choices.length === 0 ? '' : ` (choices: ${choices.join(', ')})`;
  return `${file}:${String(line)}:${String(column)}: ${kind}${message}${list}`;
}

export function checkText(file: string, { problems, warnings, hash, rules, tests }: PolicyCheckView): string {
  const failing = tests.filter(({ passed }) => !passed);
  const found = [
    ...problems.map((problem) => problemLine(file, problem)),
    ...warnings.map((warning) => problemLine(file, warning, 'warning: ')),
    ...failing.map(
      ({ line, title, differences }) => `${file}:${String(line)}: test fails: ${title}: ${differences.join('; ')}`,
    ),
  ];
  if (hash === null) return text([...found, `${file} is not right: ${counted(problems.length, 'problem')}.`]);
  const passed =
    failing.length === 0
      ? `${counted(tests.length, 'test')} pass${tests.length === 1 ? 'es' : ''}`
      : `${String(failing.length)} of ${counted(tests.length, 'test')} fail`;
  const good = failing.length === 0 ? 'is good' : 'is not right';
  return text([...found, `${file} ${good}: ${counted(rules, 'rule')}, ${passed}. ${hash.slice(0, 12)}`]);
}

export function testLines(tests: readonly (PolicyTestView & { readonly file: string })[]): string {
  const failed = tests.filter(({ passed }) => !passed).length;
  return text([
    ...tests.flatMap(({ file, line, title, passed, differences }) => [
      `${passed ? 'ok  ' : 'FAIL'} ${file}:${String(line)}: ${title}`,
      ...differences.map((difference) => `       ${difference}`),
    ]),
    failed === 0
      ? `${counted(tests.length, 'test')}, all pass.`
      : `${counted(tests.length, 'test')}, ${String(failed)} fail${failed === 1 ? 's' : ''}.`,
  ]);
}

const COLUMNS = (...names: readonly string[]) => names.map((name) => ({ name, numeric: false }));

/** Actions that come to the same stand in one row; what no rule allows is left out, and said once. */
export function matrixText({ who, places, actions, cells }: MatrixView): string {
  const rows = who.flatMap(({ id }, row) =>
    places.flatMap(({ connection }, place) => {
      const same = new Map<string, { readonly cell: MatrixCellView; readonly actions: string[] }>();
      actions.forEach((action, column) => {
        const cell = cells[(row * places.length + place) * actions.length + column];
        if (cell === undefined || (cell.effect === 'deny' && cell.rules.length === 0)) return;
        const key = JSON.stringify([cell.effect, cellWords(cell)]);
        const known = same.get(key) ?? { cell, actions: [] };
        known.actions.push(action);
        same.set(key, known);
      });
      return [...same.values()].map((group) => [
        id,
        connection,
        group.actions.join(', '),
        group.cell.effect,
        cellWords(group.cell),
      ]);
    }),
  );
  return `${formatTable(COLUMNS('who', 'connection', 'actions', 'may', 'bound by'), rows)}${text(['What is not listed is not allowed.'])}`;
}

function cellWords({ summary, conditions }: MatrixCellView): string {
  return [summary, ...conditions].join('; ');
}

const SIGNS = { wider: 'WIDER   ', narrower: 'narrower', mixed: 'MIXED   ' } as const;

export function diffText({ same, rules, changes }: PolicyDiffView): string {
  if (same) return 'The two are the same policy.\n';
  const parts = [
    ...rules.added.map((id) => `+ ${id}`),
    ...rules.removed.map((id) => `- ${id}`),
    ...rules.changed.map((id) => `~ ${id}`),
  ];
  const grouped = new Map<string, { readonly change: PolicyChangeView; readonly actions: string[] }>();
  for (const change of [...changes].sort((one, other) => rank(one) - rank(other))) {
    const { who, connection, direction, before, after } = change;
    const key = JSON.stringify([who, connection, direction, before, after]);
    const group = grouped.get(key) ?? { change, actions: [] };
    group.actions.push(change.action);
    grouped.set(key, group);
  }
  const lines = [...grouped.values()].flatMap(({ change: { who, connection, direction, before, after }, actions }) => [
    `${SIGNS[direction]} ${who} on ${connection}: ${actions.join(', ')}`,
    `           before: ${before.effect}: ${cellWords(before)}`,
    `           after:  ${after.effect}: ${cellWords(after)}`,
  ]);
  return text([...parts, ...(lines.length === 0 ? ['Nobody may do more or less on these connections.'] : lines)]);
}

const rank = ({ direction }: PolicyChangeView): number => (direction === 'wider' ? 0 : direction === 'mixed' ? 1 : 2);

export function explanationText({ as, verdict, questions }: PolicyExplanationView, sql: string): string {
  const lines = questions.flatMap(({ action, on, effect, rules }) => [
    `${action} on ${on}: ${effect}`,
    ...rules.map(({ id, effect: kind, line, applies, why }) => {
      const place = line === 0 ? '' : `, line ${String(line)}`;
      return `  ${applies ? '+' : '-'} ${id} (${kind}${place}): ${why}`;
    }),
  ]);
  return `${text([`As ${as}`])}${explainText(verdict, sql)}${text(['Asked of the policy:', ...lines.map((line) => `  ${line}`)])}`;
}

export function simulationText({
  examined,
  same,
  skipped,
  nowAllowed,
  nowRefused,
  otherwiseBound,
  changed,
  cut,
}: SimulationView): string {
  const rows = changed.map(({ at, person, agent, connection, title, before, after, changes }) => [
    at.slice(0, 19),
    agent === null ? person : `${agent} for ${person}`,
    connection,
    title,
    before === after ? before : `${before} -> ${after}`,
    changes.join('; '),
  ]);
  return [
    rows.length === 0
      ? ''
      : formatTable(COLUMNS('at', 'who', 'connection', 'statement', 'verdict', 'what changes'), rows),
    text([
      ...(cut ? ['These are the newest 1,000; there are more.'] : []),
      `${counted(examined, 'statement')}: ${counted(same, 'is', 'are')} as before, ${counted(nowAllowed, 'is', 'are')} now allowed, ${counted(nowRefused, 'is', 'are')} now refused, ${counted(otherwiseBound, 'is', 'are')} bound otherwise.`,
      ...skipped.map(({ why, count }) => `Not decided again: ${counted(count, 'statement')}: ${why}.`),
    ]),
  ].join('');
}
