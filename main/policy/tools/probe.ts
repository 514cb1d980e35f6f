import { type PolicyQuestion, type RuleReference } from '../answer.ts';
import { type CompiledPolicy, type CompiledRule, type Selectors } from '../compiled-policy.ts';
import { Asked, type Hindrance } from '../evaluate.ts';
import { type Action } from '../vocabulary.ts';

/**
 * One rule by itself, or a part of it, put to the evaluation that decides: the tools explain what it does, and so they ask
 * it and have no second opinion.
 */

const NOBODY: Selectors = {
  everyone: false,
  agent: false,
  agents: new Set(),
  service: false,
  services: new Set(),
  groups: new Set(),
  persons: new Set(),
  words: [],
};
export const EVERYONE: Selectors = { ...NOBODY, everyone: true, words: ['everyone'] };

/** What keeps a rule from having a part in the answer; undefined where it has. An agent is bound by what binds its person, too. */
export function hindranceOf(
  policy: CompiledPolicy,
  question: PolicyQuestion,
  rule: CompiledRule,
): Hindrance | undefined {
  const { agent, ...person } = question.asker;
  const found = new Asked(policy, question).hindrance(rule);
  if (found === undefined || agent === undefined) return found;
  return new Asked(policy, { ...question, asker: person }).hindrance(rule) === undefined ? undefined : found;
}

/** What a condition comes to; `unknown` where a fact is missing: that closes, one way or the other. */
export function conditionHolds(
  policy: CompiledPolicy,
  question: PolicyQuestion,
  condition: CompiledRule['condition'],
): boolean | 'unknown' {
  if (condition === undefined) return true;
  const holds = (effect: RuleReference['effect']): boolean =>
    hindranceOf(policy, question, { ...ALWAYS, reference: { id: '', effect }, condition }) === undefined;
  return holds('allow') || (holds('deny') ? 'unknown' : false);
}

const ALWAYS: Omit<CompiledRule, 'reference'> = {
  to: EVERYONE,
  place: {},
  unlessGrants: new Set(),
  unlessGroups: new Set(),
};

/** Of selectors, whom they name besides everyone, groups and persons. */
export function namingAgents(to: Selectors): Selectors {
  return { ...to, everyone: false, service: false, groups: new Set(), persons: new Set(), services: new Set() };
}

/** Every rule that has to do with an action: those that decide it and, of reading, those that permit single uses. */
export function rulesAsked(policy: CompiledPolicy, action: Action): readonly CompiledRule[] {
  return action === 'select' ? [...policy.rulesFor[action], ...policy.permits] : policy.rulesFor[action];
}
