import { type PolicyAnswer } from '../answer.ts';
import { type CompiledPolicy } from '../compiled-policy.ts';
import { evaluate } from '../evaluate.ts';
import { type RecordedDecision, recordedQuestion } from './recorded-decision.ts';

/** Whether rows may leave the screen, as far as it can be said before it is known how many they are. */
export type Leaving = 'yes' | 'no' | 'asked-then';

/** What a policy says of the rows of a recorded statement: of `export`, about every relation that it reads. */
export function leavingOf(
  policy: CompiledPolicy,
  recorded: RecordedDecision,
  answers: readonly PolicyAnswer[],
): Leaving {
  const read = recorded.asked.filter(({ action }) => action === 'select').map(({ on }) => on);
  const exports = (read.length === 0 ? (['none'] as const) : read).map((relation) =>
    evaluate(policy, recordedQuestion(recorded, 'export', relation)),
  );
  if (exports.some(isClosed)) return 'no';
  const rows = Math.min(...answers.map(({ obligations }) => obligations.rows?.value ?? Infinity));
  return exports.some((answer) => depends(answer, rows)) ? 'asked-then' : 'yes';
}

const closing = ({ effect, rules, obligations }: PolicyAnswer): readonly string[] => {
  if (effect === 'deny') return rules.map(({ id }) => id);
  return obligations.noExport === undefined ? [] : [obligations.noExport.id];
};

/** By a rule that holds whatever is not known yet, or because no rule gives it. */
function isClosed(answer: PolicyAnswer): boolean {
  const by = closing(answer);
  return by.length === 0 ? answer.effect === 'deny' : by.some((id) => !answer.failedConditions.includes(id));
}

function depends(answer: PolicyAnswer, rows: number): boolean {
  const { approvals, rows: bound } = answer.obligations;
  return closing(answer).length > 0 || approvals.length > 0 || (bound?.value ?? Infinity) < rows;
}

export const LEAVING_WORDS: Readonly<Record<Leaving, string>> = {
  yes: 'rows may leave',
  no: 'rows stay on the screen',
  'asked-then': 'how many rows may leave is asked when they do',
};
