import { type ExplainedQuestionView } from '../../../shared/policy-views.ts';
import { type PolicyQuestion } from '../answer.ts';
import { type CompiledPolicy } from '../compiled-policy.ts';
import { evaluate } from '../evaluate.ts';
import { rulesAsked } from './probe.ts';
import { whyRule } from './why.ts';

/** Questions that are explained one by one: a statement over a thousand tables asks as many. */
const MOST_QUESTIONS = 100;

/**
 * What a policy answers to each question, with every rule of the action and why it has a part in the answer or not.
 * @param lines of rules in the policy's text; those that are not known have line 0
 */
export function explainQuestions(
  policy: CompiledPolicy,
  questions: readonly PolicyQuestion[],
  lines: ReadonlyMap<string, number>,
): readonly ExplainedQuestionView[] {
  return questions.slice(0, MOST_QUESTIONS).map((question) => ({
    action: question.action,
    on: relationWords(question.relation),
    effect: evaluate(policy, question).effect,
    rules: rulesAsked(policy, question.action).map((rule) => ({
      id: rule.reference.id,
      effect: rule.reference.effect,
      line: lines.get(rule.reference.id) ?? 0,
      ...whyRule(policy, question, rule),
    })),
  }));
}

function relationWords(relation: PolicyQuestion['relation']): string {
  if (relation === 'none') return 'nothing';
  return relation === 'unknown' ? 'unknown' : `${relation.schema}.${relation.name}`;
}
