import { type Asker, type Obligations, type PolicyAnswer, type PolicyQuestion } from './answer.ts';
import { compareText, inOrder, type CompiledPolicy, type CompiledRule } from './compiled-policy.ts';
import { type Condition, type ConditionFacts } from './condition.ts';
import { lifts } from './grants.ts';
import { accumulate, NO_OBLIGATIONS } from './obligations.ts';
import { isPlace } from './place.ts';
import { intersects, isAgentOf, isPersonOf, whoAsks, type Who } from './who.ts';

/**
 * One question, one answer. Deny over require over allow; nothing is allowed that no rule allows; what is required
 * accumulates; the order of rules is never seen. What is not known closes: it satisfies no allow and no exemption,
 * and every deny and require.
 */
export function evaluate(policy: CompiledPolicy, question: PolicyQuestion): PolicyAnswer {
  const { agent, ...person } = question.asker;
  const asked = new Asked(policy, question);
  const found = asked.match();
  // An agent has the rights that the person has and that an agent has, and is bound by what binds either.
  const own = agent === undefined ? found : new Asked(policy, { ...question, asker: person }).match();
  const agentMay = agent === undefined || found.allows.some((rule) => isAgentOf(rule.to, asked.who));
  const denies = union(found.denies, own.denies);
  const requires = union(found.requires, own.requires);
  const answer = {
    policy: policy.hash,
    failedConditions: [...new Set([...found.failed, ...own.failed])].sort(compareText),
  };
  if (denies.length > 0) {
    return { ...answer, effect: 'deny', rules: references(denies), obligations: NO_OBLIGATIONS, allowedTo: [] };
  }
  if (own.allows.length === 0 || !agentMay || !asked.who.known) {
    const allowedTo = whoMay(policy, question);
    return { ...answer, effect: 'deny', rules: [], obligations: NO_OBLIGATIONS, allowedTo };
  }
  return {
    ...answer,
    effect: 'allow',
    rules: references([...requires, ...union(found.allows, own.allows)]),
    obligations: accumulate(requires),
    allowedTo: [],
  };
}

/** What rules require of the asker there, whether or not they may do it: strictest of all. */
export function requiredOf(policy: CompiledPolicy, question: PolicyQuestion): Obligations {
  const { agent, ...person } = question.asker;
  const found = new Asked(policy, question).match().requires;
  if (agent === undefined) return accumulate(found);
  return accumulate(union(found, new Asked(policy, { ...question, asker: person }).match().requires));
}

interface Matched {
  readonly denies: readonly CompiledRule[];
  readonly requires: readonly CompiledRule[];
  readonly allows: readonly CompiledRule[];
  /** Ids of rules whose condition could not be evaluated. */
  readonly failed: readonly string[];
}

function union(one: readonly CompiledRule[], other: readonly CompiledRule[]): readonly CompiledRule[] {
  return one === other ? one : [...new Set([...one, ...other])].sort(inOrder);
}

function whoMay(policy: CompiledPolicy, question: PolicyQuestion): readonly string[] {
  const words = policy.rulesFor[question.action]
    .filter((rule) => rule.reference.effect === 'allow' && isPlace(rule.place, question, false))
    .flatMap((rule) => rule.to.words);
  return [...new Set(words)].sort(compareText);
}

/** Rules come in one order, whatever the file's: see `inOrder`. Only those of an agent and its person are two lists. */
function references(rules: readonly CompiledRule[]): PolicyAnswer['rules'] {
  return rules.map((rule) => rule.reference);
}

/** Why a rule says nothing to a question: it is about another place, for others, lifted for a group or by a grant, or its condition is false. */
export type Hindrance =
  { readonly by: 'place' | 'asker' | 'group' | 'condition' } | { readonly by: 'grant'; readonly name: string };

const ELSEWHERE: Hindrance = { by: 'place' };
const OTHERS: Hindrance = { by: 'asker' };
const EXEMPT: Hindrance = { by: 'group' };
const CONDITION: Hindrance = { by: 'condition' };

/** One question against one policy, with what several rules need worked out once. */
export class Asked {
  readonly #policy: CompiledPolicy;
  readonly #question: PolicyQuestion;
  readonly who: Who;
  readonly #results = new Map<Condition, boolean | 'failed'>();
  readonly #failed = new Set<string>();
  #facts: ConditionFacts | undefined;

  constructor(policy: CompiledPolicy, question: PolicyQuestion) {
    this.#policy = policy;
    this.#question = question;
    this.who = whoAsks(policy, question.asker);
  }

  match(): Matched {
    const denies: CompiledRule[] = [];
    const requires: CompiledRule[] = [];
    const allows: CompiledRule[] = [];
    for (const rule of this.#policy.rulesFor[this.#question.action]) {
      const { effect } = rule.reference;
      if (this.#hindrance(rule, effect !== 'allow') !== undefined) continue;
      (effect === 'deny' ? denies : effect === 'require' ? requires : allows).push(rule);
    }
    return { denies, requires, allows, failed: [...this.#failed] };
  }

  /** Whether a rule that gives something gives it here: what is not known gives nothing. */
  gives(rule: CompiledRule): boolean {
    return this.who.known && this.hindrance(rule) === undefined;
  }

  /** What keeps a rule from speaking of this question; undefined where it does. */
  hindrance(rule: CompiledRule): Hindrance | undefined {
    const { effect } = rule.reference;
    return this.#hindrance(rule, effect === 'deny' || effect === 'require');
  }

  /** `closing` is the answer for what is not known: true for deny and require, false for allow and permit. */
  #hindrance(rule: CompiledRule, closing: boolean): Hindrance | undefined {
    if (!isPlace(rule.place, this.#question, closing)) return ELSEWHERE;
    if (!isPersonOf(rule.to, this.who, closing) && !isAgentOf(rule.to, this.who)) return OTHERS;
    return this.#exemption(rule, closing) ?? (this.#holds(rule, closing) ? undefined : CONDITION);
  }

  #exemption({ unlessGroups, unlessGrants }: CompiledRule, closing: boolean): Hindrance | undefined {
    if (unlessGroups.size > 0) {
      const { groups } = this.who;
      if (groups === 'unknown' ? !closing : intersects(unlessGroups, groups)) return EXEMPT;
    }
    if (unlessGrants.size === 0) return undefined;
    const grant = this.#question.grants.find((name) => {
      const meant = unlessGrants.has(name) ? this.#policy.grants.get(name) : undefined;
      return meant !== undefined && lifts(meant, this.who, this.#question, closing);
    });
    return grant === undefined ? undefined : { by: 'grant', name: grant };
  }

  #holds(rule: CompiledRule, closing: boolean): boolean {
    if (rule.condition === undefined) return true;
    let result = this.#results.get(rule.condition);
    if (result === undefined) {
      this.#facts ??= conditionFacts(this.#policy, this.#question, this.who);
      result = rule.condition.holds(this.#facts);
      this.#results.set(rule.condition, result);
    }
    if (result !== 'failed') return result;
    this.#failed.add(rule.reference.id);
    return closing;
  }
}

function conditionFacts(policy: CompiledPolicy, question: PolicyQuestion, { groups, service }: Who): ConditionFacts {
  const { asker, connection, relation, estimatedRows, rowsLastHour } = question;
  return {
    person: personFacts(asker, groups),
    service: service === undefined ? { name: '', acting: false } : { name: service, acting: true },
    agent: asker.agent === undefined ? { id: '', acting: false } : { id: asker.agent.id, acting: true },
    connection: {
      name: connection.name,
      env: connection.environment,
      database: connection.database,
      ...(connection.team === undefined ? {} : { team: connection.team }),
    },
    table:
      relation === 'unknown'
        ? {}
        : relation === 'none'
          ? { schema: '', name: '' }
          : { schema: relation.schema, name: relation.name },
    statement: { action: question.action },
    rows: isCount(estimatedRows) ? { estimate: BigInt(Math.ceil(estimatedRows)) } : {},
    usage: isCount(rowsLastHour) ? { rowsLastHour: BigInt(Math.ceil(rowsLastHour)) } : {},
    now: policy.localTime(question.now),
  };
}

function personFacts(asker: Asker, groups: Who['groups']): ConditionFacts['person'] {
  return {
    verified: asker.verified,
    ...(asker.name === undefined ? {} : { name: asker.name }),
    ...(asker.email === undefined || asker.service !== undefined ? {} : { email: asker.email }),
    ...(asker.acr === undefined ? {} : { acr: asker.acr }),
    ...(asker.amr === undefined ? {} : { amr: asker.amr }),
    ...(groups === 'unknown' ? {} : { groups: [...groups] }),
  };
}

/** PostgreSQL says -1 for a table never analysed: that is not a count. */
function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0;
}
