import { type Asker, type Obligations, type PolicyAnswer, type PolicyQuestion } from './answer.ts';
import { compareText, inOrder, type CompiledPolicy, type CompiledRule, type Selectors } from './compiled-policy.ts';
import { type Condition, type ConditionFacts } from './condition.ts';
import { accumulate, NO_OBLIGATIONS } from './obligations.ts';

/**
 * One question, one answer. Deny over require over allow; nothing is allowed that no rule allows; what is required
 * accumulates; the order of rules is never seen. What is not known closes: it satisfies no allow and no exemption,
 * and every deny and require.
 */
export function evaluate(policy: CompiledPolicy, question: PolicyQuestion): PolicyAnswer {
  const { agent, ...person } = question.asker;
  const found = new Asked(policy, question).match();
  // An agent has the rights that the person has and that an agent has, and is bound by what binds either.
  const own = agent === undefined ? found : new Asked(policy, { ...question, asker: person }).match();
  const agentMay = agent === undefined || found.allows.some((rule) => rule.to.agent);
  const denies = union(found.denies, own.denies);
  const requires = union(found.requires, own.requires);
  const answer = {
    policy: policy.hash,
    failedConditions: [...new Set([...found.failed, ...own.failed])].sort(compareText),
  };
  if (denies.length > 0) {
    return { ...answer, effect: 'deny', rules: references(denies), obligations: NO_OBLIGATIONS, allowedTo: [] };
  }
  if (own.allows.length === 0 || !agentMay) {
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
    .filter((rule) => rule.reference.effect === 'allow' && isPlace(rule, question, false))
    .flatMap((rule) => rule.to.words);
  return [...new Set(words)].sort(compareText);
}

/** Rules come in one order, whatever the file's: see `inOrder`. Only those of an agent and its person are two lists. */
function references(rules: readonly CompiledRule[]): PolicyAnswer['rules'] {
  return rules.map((rule) => rule.reference);
}

/** One question against one policy, with what several rules need worked out once. */
export class Asked {
  readonly #policy: CompiledPolicy;
  readonly #question: PolicyQuestion;
  readonly #groups: ReadonlySet<string> | 'unknown';
  readonly #email: string | undefined;
  readonly #results = new Map<Condition, boolean | 'failed'>();
  readonly #failed = new Set<string>();
  #facts: ConditionFacts | undefined;

  constructor(policy: CompiledPolicy, question: PolicyQuestion) {
    this.#policy = policy;
    this.#question = question;
    this.#email = question.asker.email?.toLowerCase();
    const { groups } = question.asker;
    this.#groups =
      groups === 'unknown' ? groups : new Set(groups.flatMap((provided) => policy.groupsOf.get(provided) ?? []));
  }

  match(): Matched {
    const denies: CompiledRule[] = [];
    const requires: CompiledRule[] = [];
    const allows: CompiledRule[] = [];
    for (const rule of this.#policy.rulesFor[this.#question.action]) {
      const { effect } = rule.reference;
      if (!this.#applies(rule, effect !== 'allow')) continue;
      (effect === 'deny' ? denies : effect === 'require' ? requires : allows).push(rule);
    }
    return { denies, requires, allows, failed: [...this.#failed] };
  }

  /** Whether a rule that gives something gives it here: what is not known gives nothing. */
  gives(rule: CompiledRule): boolean {
    return this.#applies(rule, false);
  }

  /** `closing` is the answer for what is not known: true for deny and require, false for allow. */
  #applies(rule: CompiledRule, closing: boolean): boolean {
    return (
      isPlace(rule, this.#question, closing) &&
      this.#isAsker(rule.to, closing) &&
      !this.#exempt(rule, closing) &&
      this.#holds(rule, closing)
    );
  }

  /** Whether the person, whoever acts for them, is one of those meant. */
  #personIs(to: Selectors, closing: boolean): boolean {
    if (to.everyone) return true;
    if (to.persons.size > 0 && (this.#email === undefined ? closing : to.persons.has(this.#email))) return true;
    if (to.groups.size === 0) return false;
    return this.#groups === 'unknown' ? closing : intersects(to.groups, this.#groups);
  }

  #isAsker(to: Selectors, closing: boolean): boolean {
    return this.#personIs(to, closing) || (to.agent && this.#question.asker.agent !== undefined);
  }

  #exempt(rule: CompiledRule, closing: boolean): boolean {
    if (rule.unlessGroups.size > 0) {
      if (this.#groups === 'unknown' ? !closing : intersects(rule.unlessGroups, this.#groups)) return true;
    }
    if (rule.unlessGrants.size === 0) return false;
    return this.#question.grants.some((name) => rule.unlessGrants.has(name) && this.#mayUse(name, closing));
  }

  /** A grant counts only for those whom the policy in force names; it lifts what binds an agent only where it names agents. */
  #mayUse(name: string, closing: boolean): boolean {
    const grant = this.#policy.grants.get(name);
    if (grant === undefined || !this.#personIs(grant.for, !closing)) return false;
    return !closing || this.#question.asker.agent === undefined || grant.for.agent;
  }

  #holds(rule: CompiledRule, closing: boolean): boolean {
    if (rule.condition === undefined) return true;
    let result = this.#results.get(rule.condition);
    if (result === undefined) {
      this.#facts ??= conditionFacts(this.#policy, this.#question, this.#groups);
      result = rule.condition.holds(this.#facts);
      this.#results.set(rule.condition, result);
    }
    if (result !== 'failed') return result;
    this.#failed.add(rule.reference.id);
    return closing;
  }
}

function isPlace({ place }: CompiledRule, question: PolicyQuestion, closing: boolean): boolean {
  const { connection, relation } = question;
  if (place.environments !== undefined && !place.environments.has(connection.environment)) return false;
  if (place.connections !== undefined && !place.connections.has(connection.name)) return false;
  if (place.databases !== undefined && !place.databases(connection.database)) return false;
  if (place.schemas === undefined && place.tables === undefined) return true;
  if (relation === 'none') return false;
  if (relation === 'unknown') return closing;
  return (place.schemas?.(relation.schema) ?? true) && (place.tables?.(relation.name) ?? true);
}

function intersects(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  for (const item of one) if (other.has(item)) return true;
  return false;
}

function conditionFacts(
  policy: CompiledPolicy,
  question: PolicyQuestion,
  groups: ReadonlySet<string> | 'unknown',
): ConditionFacts {
  const { asker, connection, relation, estimatedRows, rowsLastHour } = question;
  return {
    person: personFacts(asker, groups),
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

function personFacts(asker: Asker, groups: ReadonlySet<string> | 'unknown'): ConditionFacts['person'] {
  return {
    verified: asker.verified,
    ...(asker.name === undefined ? {} : { name: asker.name }),
    ...(asker.email === undefined ? {} : { email: asker.email }),
    ...(asker.acr === undefined ? {} : { acr: asker.acr }),
    ...(groups === 'unknown' ? {} : { groups: [...groups] }),
  };
}

/** PostgreSQL says -1 for a table never analysed: that is not a count. */
function isCount(value: number | undefined): value is number {
  return value !== undefined && Number.isFinite(value) && value >= 0;
}
