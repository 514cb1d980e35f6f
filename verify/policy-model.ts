/**
 * The meaning of a policy, written from docs/policy.md and from nothing else of the product: what rules say of one question.
 * Deny over require over allow; what no rule allows is denied; what several rules require adds up; what is not known closes.
 */
import { CelError, readCondition, Unsupported, type Facts, type Value } from './cel.ts';
import { readPolicy, type Policy, type Rule, type Selectors } from './policy-source.ts';

export { Unsupported };

/** Who asks, where and when: the part that all questions of a statement share. */
export interface Circumstances {
  readonly person: {
    readonly name?: string;
    readonly email?: string;
    /** The provider's names. */
    readonly groups: readonly string[] | 'unknown';
    readonly verified: boolean;
    readonly acr?: string;
  };
  readonly agent?: string;
  readonly connection: {
    readonly name: string;
    readonly env: string;
    readonly database: string;
    readonly team?: string;
  };
  readonly grants: readonly string[];
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
  readonly estimatedRows?: number;
  readonly rowsLastHour?: number;
}

/** `none`: no relation is touched. `unknown`: some may be that are not named. */
export type Relation = 'none' | 'unknown' | { readonly schema: string; readonly name: string };

/** The strictest of everything that is required, with the first rule that asks for it; milliseconds and bytes. */
export interface Obligations {
  readonly masks: ReadonlyMap<string, { readonly strength: string; readonly rule: string }>;
  readonly rows?: number | undefined;
  readonly bytes?: number | undefined;
  readonly ms?: number | undefined;
  readonly approvals: readonly { readonly rule: string; readonly count: number; readonly from: readonly string[] }[];
  readonly reason?: string | undefined;
  readonly stepUp?: string | undefined;
  readonly noExport?: string | undefined;
  readonly record?: string | undefined;
}

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

const KINDS: Readonly<Record<string, readonly string[]>> = {
  read: ['select', 'explain', 'show'],
  write: ['insert', 'update', 'delete', 'merge'],
  ddl: ['ddl', 'truncate', 'drop'],
};
const ACTIONS: ReadonlySet<string> = new Set([
  ...Object.values(KINDS).flat(),
  ...['call', 'copy', 'session', 'transaction', 'lock', 'admin'],
]);
/** Weakest first. */
const STRENGTHS = ['partial', 'redact', 'null'];
const LEVELS = ['local', 'uploaded', 'witnessed'];

/** Answers that are kept at hand. */
const REMEMBERED = 10_000;

const inOrder = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

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
        .filter((rule) => match.applies(rule, false))
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
            offered.filter(({ to }) => to.agent),
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
      (agent === undefined || allowed.some((rule) => rule.to.agent && matches[0]?.of(rule)));
    const failed = [...new Set(matches.flatMap((one) => one.failed))].sort(inOrder);
    return { denies, requires, allows, rules: [...requires, ...allowed], failed };
  }
}

/** One question by one asker. */
class Match {
  readonly failed: string[] = [];
  readonly #policy: Policy;
  readonly #conditions: ReadonlyMap<string, (facts: Facts) => Value>;
  readonly #clock: Intl.DateTimeFormat;
  readonly #asked: Circumstances;
  readonly #action: string;
  readonly #relation: Relation;
  /** The policy's names of the asker's groups. */
  readonly #groups: readonly string[] | 'unknown';
  #facts: Facts | undefined;
  readonly #known = new Map<Rule, boolean>();

  constructor(
    policy: Policy,
    conditions: ReadonlyMap<string, (facts: Facts) => Value>,
    clock: Intl.DateTimeFormat,
    asked: Circumstances,
    action: string,
    relation: Relation,
  ) {
    this.#policy = policy;
    this.#conditions = conditions;
    this.#clock = clock;
    this.#asked = asked;
    this.#action = action;
    this.#relation = relation;
    const { groups } = asked.person;
    this.#groups =
      groups === 'unknown'
        ? groups
        : Object.entries(policy.groups).flatMap(([name, provided]) =>
            provided.some((given) => groups.includes(given)) ? [name] : [],
          );
  }

  /** Whether a rule speaks of this question. */
  of(rule: Rule): boolean {
    const before = this.#known.get(rule);
    if (before !== undefined) return before;
    const about = rule.actions.some(
      (word) => word === 'all' || word === this.#action || KINDS[word]?.includes(this.#action) === true,
    );
    const found = about && this.applies(rule, rule.effect !== 'allow');
    this.#known.set(rule, found);
    return found;
  }

  /** `closing` is the answer wherever something is not known: true for what takes away or binds. */
  applies(rule: Rule, closing: boolean): boolean {
    if (!this.#isHere(rule, closing)) return false;
    if (!this.#isPerson(rule.to, closing) && !(rule.to.agent && this.#asked.agent !== undefined)) return false;
    return !this.#isExempt(rule, closing) && this.#holds(rule, closing);
  }

  #isHere({ place }: Rule, closing: boolean): boolean {
    const { name, env, database } = this.#asked.connection;
    if (place.env?.includes(env) === false || place.connection?.includes(name) === false) return false;
    if (place.database !== undefined && !matches(place.database, database)) return false;
    if (place.schema === undefined && place.table === undefined) return true;
    if (this.#relation === 'none') return false;
    if (this.#relation === 'unknown') return closing;
    return (
      (place.schema === undefined || matches(place.schema, this.#relation.schema)) &&
      (place.table === undefined || matches(place.table, this.#relation.name))
    );
  }

  #isPerson({ everyone, persons, groups }: Selectors, closing: boolean): boolean {
    if (everyone) return true;
    const email = this.#asked.person.email?.toLowerCase();
    if (persons.length > 0 && (email === undefined ? closing : persons.includes(email))) return true;
    return groups.length > 0 && this.#isIn(groups, closing);
  }

  #isIn(groups: readonly string[], unknown: boolean): boolean {
    return this.#groups === 'unknown' ? unknown : this.#groups.some((name) => groups.includes(name));
  }

  /** An exemption that is not known to be one is none where the rule closes. */
  #isExempt({ unlessGroups, unlessGrants }: Rule, closing: boolean): boolean {
    if (unlessGroups.length > 0 && this.#isIn(unlessGroups, !closing)) return true;
    return this.#asked.grants.some((name) => {
      const whose = this.#policy.grants.get(name);
      if (whose === undefined || !unlessGrants.includes(name) || !this.#isPerson(whose, !closing)) return false;
      // What binds an agent is lifted only by a grant that names agents.
      return !closing || this.#asked.agent === undefined || whose.agent;
    });
  }

  #holds({ id, when }: Rule, closing: boolean): boolean {
    const condition = when === undefined ? undefined : this.#conditions.get(when);
    if (condition === undefined) return true;
    try {
      const value = condition((this.#facts ??= this.#told()));
      if (typeof value === 'boolean') return value;
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
    }
    this.failed.push(id);
    return closing;
  }

  #told(): Facts {
    const { person, agent, connection, at, estimatedRows, rowsLastHour } = this.#asked;
    const { name, email, verified, acr } = person;
    const relation = this.#relation;
    return {
      person: { name, email, verified, acr, groups: this.#groups === 'unknown' ? undefined : this.#groups },
      agent: { id: agent ?? '', acting: agent !== undefined },
      connection: { ...connection },
      table: relation === 'unknown' ? {} : relation === 'none' ? { schema: '', name: '' } : { ...relation },
      statement: { action: this.#action },
      rows: { estimate: count(estimatedRows) },
      usage: { rowsLastHour: count(rowsLastHour) },
      now: localTime(this.#clock, at),
    };
  }
}

const count = (value: number | undefined): bigint | undefined =>
  value !== undefined && Number.isFinite(value) && value >= 0 ? BigInt(Math.ceil(value)) : undefined;

/** Names with `*` for any run of characters. */
function matches(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => {
    const [first = '', ...parts] = pattern.split('*');
    const last = parts.pop();
    if (last === undefined) return name === pattern;
    if (!name.startsWith(first)) return false;
    let at = first.length;
    for (const part of parts) {
      const found = name.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return name.length - last.length >= at && name.endsWith(last);
  });
}

function accumulate(rules: readonly Rule[]): Obligations {
  const masks = new Map<string, { readonly strength: string; readonly rule: string }>();
  for (const { id: rule, require } of rules)
    for (const [name, strength] of Object.entries(require.mask))
      if (STRENGTHS.indexOf(strength) > STRENGTHS.indexOf(masks.get(name)?.strength ?? ''))
        masks.set(name, { strength, rule });
  const least = (values: readonly (number | undefined)[]): number | undefined => {
    const given = values.filter((value) => value !== undefined);
    return given.length === 0 ? undefined : Math.min(...given);
  };
  const first = (asks: (required: Rule['require']) => boolean): string | undefined =>
    rules.find(({ require }) => asks(require))?.id;
  const seconds = least(rules.map(({ require }) => require.seconds));
  return {
    masks,
    rows: least(rules.map(({ require }) => require.rows)),
    bytes: least(rules.map(({ require }) => require.bytes)),
    ms: seconds === undefined ? undefined : Math.ceil(seconds * 1000),
    approvals: rules.flatMap(({ id: rule, require: { approval } }) =>
      approval === undefined ? [] : [{ rule, count: approval.count, from: [...approval.from].sort(inOrder) }],
    ),
    reason: first(({ reason }) => reason),
    stepUp: first(({ stepUp }) => stepUp),
    noExport: first(({ noExport }) => noExport),
    record: LEVELS.filter((level) => rules.some(({ require }) => require.record === level)).at(-1),
  };
}

/** The strictest mask on a column of the class and group, or undefined. */
export function maskOn(
  column: { readonly class: string; readonly group: string },
  bound: readonly Obligations[],
): string | undefined {
  const found = bound.flatMap(({ masks }) =>
    [column.class, column.group, '*'].flatMap((name) => masks.get(name)?.strength ?? []),
  );
  return STRENGTHS.filter((strength) => found.includes(strength)).at(-1);
}

function clockOf(timeZone: string): Intl.DateTimeFormat {
  const parts = { weekday: 'short', year: 'numeric', month: 'numeric', day: 'numeric' } as const;
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      ...parts,
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch {
    throw new Unsupported(`the time zone ${timeZone}`);
  }
}

/** Weekdays count from 1, Monday (ISO 8601). */
const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

function localTime(clock: Intl.DateTimeFormat, at: number): Facts {
  const parts = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]));
  const whole = (name: string): bigint => BigInt(parts[name] ?? 0);
  return {
    ...{ year: whole('year'), month: whole('month'), day: whole('day') },
    weekday: BigInt(WEEKDAYS.indexOf(parts.weekday ?? '') + 1),
    ...{ hour: whole('hour'), minute: whole('minute') },
  };
}
