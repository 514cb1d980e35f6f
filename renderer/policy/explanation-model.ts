import { type ExplainedQuestionView } from '../../shared/views.ts';

type Rule = ExplainedQuestionView['rules'][number];

const strongest: readonly Rule['effect'][] = ['deny', 'require', 'permit', 'allow'];

/** Rules that apply first, and among them those that weigh most; otherwise the order of the file. */
export function rulesInOrder(rules: readonly Rule[]): Rule[] {
  const weight = (rule: Rule): number => (rule.applies ? 0 : strongest.length) + strongest.indexOf(rule.effect);
  return rules.toSorted((one, other) => weight(one) - weight(other));
}
