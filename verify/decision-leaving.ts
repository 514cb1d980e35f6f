/** Rows that left the screen, or were kept on it: decided again, with how many they were. */
import { askAgain, isAsker, OTHER_ASKER, sameRules, sameTime } from './decision-again.ts';
import { isFresh, isReason } from './decision-obligations.ts';
import { type Decided, type Difference } from './decided.ts';
import { at } from './json.ts';
import { type Answer } from './policy-model.ts';

/**
 * Whether the policy let rows leave: wherever they were read, with as many as the event says. That what was masked in the result
 * would still be enough is not judged again.
 */
export function* decideLeavingAgain(decided: Pick<Decided, 'leaf' | 'input' | 'policy'>): Iterable<Difference> {
  const { leaf, input } = decided;
  if (!isAsker(leaf, input)) yield OTHER_ASKER;
  yield* sameTime(leaf, input);
  if (input.cut) return;
  const { answers, differences } = askAgain(decided);
  yield* differences;
  if (input.rows !== at(leaf, 'export', 'rows') || input.questions.length === 0)
    yield { code: 'decision-question', sentence: 'The policy was not asked about the rows that the event names.' };
  if (input.questions.some(({ action }) => action !== 'export'))
    yield { code: 'decision-question', sentence: 'Rows left, and the policy was asked about something else.' };
  const rules = new Set(answers.flatMap((answer) => answer.rules));
  if (at(leaf, 'pol', 'decision') !== 'allow') return;
  yield* sameRules(leaf, rules);
  for (const answer of answers) {
    const why = keeps(decided, answer);
    if (why === undefined) continue;
    yield { code: 'decision-leaving', sentence: `Rows left the screen, and ${why}.` };
    return;
  }
}

/** Why the rows of the event may not leave by an answer; undefined where they may. */
function keeps(
  { leaf, input }: Pick<Decided, 'leaf' | 'input'>,
  { effect, rules, obligations }: Answer,
): string | undefined {
  const { noExport, approvals, reason, stepUp } = obligations;
  const [approval] = approvals;
  if (effect === 'deny') return rules.length === 0 ? 'no rule allows it' : `rule ${rules.join(', ')} denies it`;
  if (noExport !== undefined) return `rule ${noExport} keeps them there`;
  if (approval !== undefined && at(leaf, 'pol', 'approvals') === undefined)
    return `nobody approved it, which rule ${approval.rule} requires`;
  if (reason !== undefined && !isReason(at(leaf, 'why', 'reason')))
    return `no reason was given, which rule ${reason} requires`;
  if (stepUp !== undefined && !isFresh(input, stepUp.minutes))
    return `who took them had not proved who they are within ${stepUp.minutes} minutes, which rule ${stepUp.rule} requires`;
  for (const unit of ['rows', 'bytes'] as const) {
    const most = obligations[unit] ?? Infinity;
    if (Number(at(leaf, 'export', unit) ?? 0) > most) return `they are more than ${most} ${unit}`;
  }
  return undefined;
}
