/** Which rules of a policy speak of a question: who asks, where, when, and what is not known of it. */
import { CelError, Unsupported, type Facts, type Value } from './cel.ts';
import { type Place, type Policy, type Rule, type Selectors } from './policy-source.ts';

/** Who asks, where and when: the part that all questions of a statement share. */
export interface Circumstances {
  readonly person: {
    readonly name?: string;
    readonly email?: string;
    /** The provider's names. */
    readonly groups: readonly string[] | 'unknown';
    readonly verified: boolean;
    readonly acr?: string;
    readonly amr?: readonly string[];
  };
  readonly agent?: string;
  /** A service of the policy, which is then nobody's. */
  readonly service?: string;
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

export const KINDS: Readonly<Record<string, readonly string[]>> = {
  read: ['select', 'explain', 'show'],
  write: ['insert', 'update', 'delete', 'merge'],
  ddl: ['ddl', 'truncate', 'drop'],
};
export const ACTIONS: ReadonlySet<string> = new Set([
  ...Object.values(KINDS).flat(),
  ...['call', 'copy', 'session', 'transaction', 'lock', 'admin', 'export'],
]);

/** One question by one asker. */
export class Match {
  readonly failed: string[] = [];
  readonly #policy: Policy;
  readonly #conditions: ReadonlyMap<string, (facts: Facts) => Value>;
  readonly #clock: Intl.DateTimeFormat;
  readonly #asked: Circumstances;
  readonly #action: string;
  readonly #relation: Relation;
  /** The policy's names of the asker's groups; for a service, those that the policy gives it. */
  readonly #groups: readonly string[] | 'unknown';
  /** Of a service: whether the policy names it, and nobody acts for it. Of an agent: whether it is for its person. */
  readonly isKnown: boolean;
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
    const { agent, service, person } = asked;
    const { groups } = person;
    this.#groups =
      service !== undefined
        ? (policy.services.get(service) ?? 'unknown')
        : groups === 'unknown'
          ? groups
          : Object.entries(policy.groups).flatMap(([name, provided]) =>
              provided.some((given) => groups.includes(given)) ? [name] : [],
            );
    const whose = agent === undefined ? undefined : policy.agents.get(agent);
    this.isKnown =
      service !== undefined
        ? agent === undefined && policy.services.has(service)
        : agent === undefined || policy.agents.size === 0 || (whose !== undefined && this.#isPerson(whose, false));
  }

  /** Whether a rule speaks of this question. */
  of(rule: Rule): boolean {
    const before = this.#known.get(rule);
    if (before !== undefined) return before;
    const found = isAbout(rule, this.#action) && this.applies(rule, rule.effect !== 'allow');
    this.#known.set(rule, found);
    return found;
  }

  /** `closing` is the answer wherever something is not known: true for what takes away or binds. */
  applies(rule: Rule, closing: boolean): boolean {
    if (!this.#isHere(rule.place, closing)) return false;
    if (!this.#isPerson(rule.to, closing) && !isAgent(rule.to, this.#asked.agent)) return false;
    return !this.#isExempt(rule, closing) && this.#holds(rule, closing);
  }

  #isHere(place: Place, closing: boolean): boolean {
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

  #isPerson({ everyone, persons, groups, ...named }: Selectors, closing: boolean): boolean {
    if (everyone) return true;
    const { service, person } = this.#asked;
    const email = person.email?.toLowerCase();
    if (service !== undefined) {
      if (named.service || named.services.includes(service)) return true;
    } else if (persons.length > 0 && (email === undefined ? closing : persons.includes(email))) return true;
    return groups.length > 0 && this.#isIn(groups, closing);
  }

  #isIn(groups: readonly string[], unknown: boolean): boolean {
    return this.#groups === 'unknown' ? unknown : this.#groups.some((name) => groups.includes(name));
  }

  /** An exemption that is not known to be one is none where the rule closes. */
  #isExempt({ unlessGroups, unlessGrants }: Rule, closing: boolean): boolean {
    if (unlessGroups.length > 0 && this.#isIn(unlessGroups, !closing)) return true;
    const { grants, agent, service } = this.#asked;
    if (service !== undefined) return false;
    return grants.some((name) => {
      const grant = this.#policy.grants.get(name);
      if (grant === undefined || !unlessGrants.includes(name)) return false;
      if (!this.#isHere(grant.place, !closing) || !this.#isPerson(grant.for, !closing)) return false;
      // What binds an agent is lifted only by a grant that names agents.
      return !closing || agent === undefined || isAgent(grant.for, agent);
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
    const { person, agent, service, connection, at, estimatedRows, rowsLastHour } = this.#asked;
    const { name, verified, acr, amr } = person;
    const email = service === undefined ? person.email : undefined;
    const relation = this.#relation;
    return {
      person: { name, email, verified, acr, amr, groups: this.#groups === 'unknown' ? undefined : this.#groups },
      service: { name: service ?? '', acting: service !== undefined },
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

export const isAgent = (to: Selectors, agent: string | undefined): boolean =>
  agent !== undefined && (to.agent || to.agents.includes(agent));

/**
 * Whether a rule speaks of an action. Rows may leave wherever they may be read: of `export`, what allows `select` allows it
 * and what denies `select` denies it, and nothing else allows it.
 */
function isAbout({ effect, actions }: Rule, action: string): boolean {
  const names = (one: string): boolean =>
    actions.some((word) => word === 'all' || word === one || KINDS[word]?.includes(one) === true);
  if (action !== 'export') return names(action);
  return effect === 'allow' ? names('select') : names('export') || (effect === 'deny' && names('select'));
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

export function clockOf(timeZone: string): Intl.DateTimeFormat {
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
