/**
 * The meaning of a policy, written from docs/policy.md and from nothing else of the product: what rules say of one question.
 * Deny over require over allow; what no rule allows is denied; what several rules require adds up; what is not known closes.
 */
import { readCondition, Unsupported, type Facts, type Value } from './cel.ts';
import { ACTIONS, clockOf, isAgent, KINDS, Match, type Circumstances, type Relation } from './policy-match.ts';
import { accumulate, inOrder, LEVELS, STRENGTHS, type Obligations } from './policy-obligations.ts';
import { readPolicy, type Policy, type Rule } from './policy-source.ts';

export { Unsupported };

export interface Answer {
  readonly effect: 'allow' | 'deny';
  /** Ids in one order: deny, require, allow; then by id. */
  readonly rules: readonly string[];
  readonly obligations: Obligations;
  /** Ids of rules whose condition had no value, sorted. */
  readonly failed: readonly string[];
}

/** A use of a masked column: its form, and the class and group of classes that the column has. */
export interface WantedUse {
  readonly form: string;
  readonly class: string;
  readonly group: string;
  readonly view?: string;
}

/** Answers that are kept at hand. */
const REMEMBERED = 10_000;

export class PolicyModel {
  readonly #policy: Policy;
  readonly #conditions = new Map<string, (facts: Facts) => Value>();
  readonly #clock: Intl.DateTimeFormat;
  /** Answers by question: the same people ask the same again and again. Conditions see no seconds. */
  readonly #known = new Map<string, Answer>();

  /** @param document the policy as the record has it. @throws Unsupported for what this verifier does not know */
  constructor(document: Buffer) {
    this.#policy = readPolicy(document);
    for (const { when, actions, require } of this.#policy.rules) {
      if (when !== undefined) this.#conditions.set(when, readCondition(when));
      for (const action of actions)
        if (!ACTIONS.has(action) && !(action in KINDS) && action !== 'all')
          throw new Unsupported(`the action ${action}`);
      for (const strength of Object.values(require.mask))
        if (!STRENGTHS.includes(strength)) throw new Unsupported(`the mask ${strength}`);
      if (require.record !== undefined && !LEVELS.includes(require.record))
        throw new Unsupported(`the record level ${require.record}`);
    }
    this.#clock = clockOf(this.#policy.timezone);
  }

  /** Rules of all kinds. */
  get rules(): number {
    return this.#policy.rules.length;
  }

  /** What the policy says to one action on one relation. @throws Unsupported for an action that is not known here */
  ask(asked: Circumstances, action: string, relation: Relation): Answer {
    const question = JSON.stringify([{ ...asked, at: Math.floor(asked.at / 60_000) }, action, relation]);
    const known = this.#known.get(question);
    if (known !== undefined) return known;
    const answer = this.#answer(asked, action, relation);
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    this.#known.set(question, answer);
    return answer;
  }

  #answer(asked: Circumstances, action: string, relation: Relation): Answer {
    const { rules, allows, denies, requires, failed } = this.#matching(asked, action, relation);
    const allowed = denies.length === 0 && allows;
    const speaking = denies.length > 0 ? denies : allowed ? rules : [];
    return {
      effect: allowed ? 'allow' : 'deny',
      rules: speaking.map(({ id }) => id),
      obligations: accumulate(allowed ? requires : []),
      failed,
    };
  }

  /** What is required there, whether or not it is allowed. */
  requiredOf(asked: Circumstances, action: string, relation: Relation): Obligations {
    return accumulate(this.#matching(asked, action, relation).requires);
  }

  /** Ids of the permits that give a use: one, for an agent its own and its person's; none where it is not given. */
  permitted(
    asked: Circumstances,
    relation: Relation,
    wanted: WantedUse,
  ): readonly { readonly id: string; readonly minimum: number }[] {
    const { agent: _agent, ...person } = asked;
    const offered = this.#policy.rules.filter(
      ({ effect, permit }) =>
        effect === 'permit' &&
        permit.forms.includes(wanted.form) &&
        [wanted.class, wanted.group, '*'].some((name) => permit.of.includes(name)) &&
        (wanted.form !== 'view' || wanted.view === undefined || permit.views.includes(wanted.view)),
    );
    const best = (who: Circumstances, rules: readonly Rule[]): Rule | undefined => {
      const match = new Match(this.#policy, this.#conditions, this.#clock, who, 'select', relation);
      return rules
        .filter((rule) => match.isKnown && match.applies(rule, false))
        .sort(({ id: one, permit: p }, { id: other, permit: q }) =>
          p.perDay === q.perDay ? p.minimum - q.minimum || inOrder(one, other) : q.perDay - p.perDay,
        )[0];
    };
    const own = best(person, offered);
    if (own === undefined) return [];
    const forAgent =
      asked.agent === undefined
        ? own
        : best(
            asked,
            offered.filter(({ to }) => isAgent(to, asked.agent)),
          );
    if (forAgent === undefined) return [];
    return [...new Set([forAgent, own])].map(({ id, permit: { minimum } }) => ({ id, minimum }));
  }

  /** An agent may what its person and an agent may, and is bound by what binds either. */
  #matching(asked: Circumstances, action: string, relation: Relation) {
    if (!ACTIONS.has(action)) throw new Unsupported(`the action ${action}`);
    const match = (who: Circumstances): Match =>
      new Match(this.#policy, this.#conditions, this.#clock, who, action, relation);
    const { agent, ...person } = asked;
    const matches = agent === undefined ? [match(asked)] : [match(asked), match(person)];
    const found = (effect: Rule['effect']): readonly Rule[] =>
      this.#policy.rules
        .filter((rule) => rule.effect === effect && matches.map((one) => one.of(rule)).includes(true))
        .sort((one, other) => inOrder(one.id, other.id));
    const [denies, requires, allowed] = [found('deny'), found('require'), found('allow')];
    const own = matches.at(-1);
    const allows =
      allowed.some((rule) => own?.of(rule)) &&
      matches[0]?.isKnown === true &&
      (agent === undefined || allowed.some((rule) => isAgent(rule.to, agent) && matches[0]?.of(rule)));
    const failed = [...new Set(matches.flatMap((one) => one.failed))].sort(inOrder);
    return { denies, requires, allows, rules: [...requires, ...allowed], failed };
  }
}
