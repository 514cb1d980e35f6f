/**
 * A policy as the record keeps it (docs/policy.md, "Deciding again"), read strictly: a part that this verifier does not know
 * may change what the rest means, so the policy is then not judged by.
 */
import { Unsupported } from './cel-lexer.ts';
import { isObject, type Json } from './json.ts';

export interface Selectors {
  readonly everyone: boolean;
  /** Any agent, or those named. */
  readonly agent: boolean;
  readonly agents: readonly string[];
  readonly service: boolean;
  readonly services: readonly string[];
  readonly groups: readonly string[];
  /** In lower case. */
  readonly persons: readonly string[];
}

/** Every key that is there has to match. */
export type Place = Readonly<Partial<Record<(typeof PLACE)[number], readonly string[]>>>;

export interface Grant {
  readonly for: Selectors;
  readonly place: Place;
}

export interface Rule {
  readonly id: string;
  readonly effect: 'allow' | 'deny' | 'require' | 'permit';
  /** As written: `read`, `select`, ... */
  readonly actions: readonly string[];
  readonly to: Selectors;
  readonly place: Place;
  readonly when: string | undefined;
  readonly unlessGrants: readonly string[];
  readonly unlessGroups: readonly string[];
  readonly require: Required;
  readonly permit: Permit;
}

export interface Required {
  readonly mask: Readonly<Record<string, string>>;
  readonly rows?: number | undefined;
  readonly bytes?: number | undefined;
  readonly seconds?: number | undefined;
  readonly rowsPerHour?: number | undefined;
  readonly approval?:
    { readonly from: readonly string[]; readonly within: string | undefined; readonly count: number } | undefined;
  readonly reason: boolean;
  /** Minutes that the proof may be old. */
  readonly stepUp?: number | undefined;
  readonly noExport: boolean;
  readonly watermark: boolean;
  readonly record?: string | undefined;
}

export interface Permit {
  readonly forms: readonly string[];
  readonly of: readonly string[];
  readonly minimum: number;
  readonly perDay: number;
  readonly views: readonly string[];
}

export interface Policy {
  readonly timezone: string;
  /** The provider's names by the policy's. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly grants: ReadonlyMap<string, Grant>;
  /** Whom each agent is for; empty where the policy does not speak of agents. */
  readonly agents: ReadonlyMap<string, Selectors>;
  /** The policy's groups that each service is in. */
  readonly services: ReadonlyMap<string, readonly string[]>;
  readonly rules: readonly Rule[];
}

const PLACE = ['env', 'connection', 'database', 'schema', 'table'] as const;
const GRANT = ['for', 'in', 'approval', 'maxMinutes', 'reason', 'stepUp', 'alert', 'text'];
const AGENT = ['title', 'for', 'client', 'maxMinutes', 'text'];
const SERVICE = ['title', 'groups', 'client', 'issuer', 'audience', 'when', 'maxMinutes', 'text'];

/** @throws Unsupported for another version, or a part that is not known here */
export function readPolicy(bytes: Buffer): Policy {
  const source = object(JSON.parse(bytes.toString()), 'the policy');
  const parts = ['version', 'timezone', 'groups', 'agents', 'services', 'grants', 'rules', 'functions'];
  known(source, 'the policy', parts);
  if (source.version !== 1) throw new Unsupported(`a policy of version ${String(source.version)}`);
  const each = <T>(part: string, keys: readonly string[], read: (entry: Json) => T): ReadonlyMap<string, T> =>
    new Map(Object.entries(byName(source[part] ?? {}, part, (entry) => read(optional(entry, part, keys)))));
  return {
    timezone: text(source.timezone, 'timezone'),
    groups: byName(source.groups, 'groups', (names) => texts(names, 'groups')),
    grants: each('grants', GRANT, (grant) => ({ for: selectors(grant.for), place: readPlace(grant.in) })),
    agents: each('agents', AGENT, (agent) => selectors(agent.for)),
    services: each('services', SERVICE, (service) => texts(service.groups, 'services')),
    rules: list(source.rules, 'rules').map(readRule),
  };
}

const readPlace = (given: unknown): Place => byName(given ?? {}, 'in', (names) => texts(names, 'in'), PLACE);

const EFFECTS = ['allow', 'deny', 'require', 'permit'] as const;
const PARTS = [
  'id',
  ...EFFECTS,
  'on',
  'to',
  'in',
  'when',
  'unless',
  'text',
  'of',
  'minimum',
  'budget',
  'views',
  'record',
];
/** Rows that each group must have where the permit names no number. */
const MINIMUM = 10;

function readRule(given: unknown): Rule {
  const rule = object(given, 'a rule');
  known(rule, 'a rule', PARTS);
  const effects = EFFECTS.filter((name) => rule[name] !== undefined);
  const [effect] = effects;
  if (effect === undefined || effects.length > 1) throw new Unsupported('a rule without exactly one effect');
  const unless = optional(rule.unless, 'unless', ['grant', 'group']);
  const budget = optional(rule.budget, 'a budget', ['perDay']);
  const actions = effect === 'permit' ? [] : effect === 'require' ? (rule.on ?? ['all']) : rule[effect];
  return {
    id: text(rule.id, 'id'),
    effect,
    actions: texts(actions, effect),
    to: selectors(rule.to ?? ['everyone']),
    place: readPlace(rule.in),
    when: rule.when === undefined ? undefined : text(rule.when, 'when'),
    unlessGrants: texts(unless.grant ?? [], 'unless'),
    unlessGroups: texts(unless.group ?? [], 'unless'),
    require: readRequired(effect === 'require' ? rule.require : {}),
    permit: {
      forms: effect === 'permit' ? texts(rule.permit, 'permit') : [],
      of: texts(rule.of ?? [], 'of'),
      minimum: numberOr(rule.minimum, MINIMUM),
      perDay: numberOr(budget.perDay, Infinity),
      views: texts(rule.views ?? [], 'views'),
    },
  };
}

const REQUIRED = ['mask', 'limits', 'approval', 'reason', 'stepUp', 'record', 'noExport', 'watermark'];
/** Minutes, where a rule asks for a fresh proof and does not say how fresh. */
const STEP_UP = 15;

function readRequired(given: unknown): Required {
  const asked = optional(given, 'require', REQUIRED);
  const limits = optional(asked.limits, 'limits', ['rows', 'bytes', 'seconds', 'rowsPerHour']);
  const approval =
    asked.approval === undefined ? undefined : optional(asked.approval, 'approval', ['from', 'within', 'count']);
  return {
    mask: byName(asked.mask ?? {}, 'mask', (strength) => text(strength, 'mask')),
    rows: limits.rows === undefined ? undefined : number(limits.rows),
    bytes: limits.bytes === undefined ? undefined : number(limits.bytes),
    seconds: limits.seconds === undefined ? undefined : number(limits.seconds),
    rowsPerHour: limits.rowsPerHour === undefined ? undefined : number(limits.rowsPerHour),
    approval: approval && {
      from: texts(approval.from, 'approval'),
      within: approval.within === undefined ? undefined : text(approval.within, 'approval'),
      count: number(approval.count),
    },
    reason: asked.reason === true,
    stepUp:
      asked.stepUp === undefined || asked.stepUp === true
        ? asked.stepUp && STEP_UP
        : number(optional(asked.stepUp, 'stepUp', ['minutes']).minutes),
    noExport: asked.noExport === true,
    watermark: asked.watermark === true,
    record: asked.record === undefined ? undefined : text(asked.record, 'record'),
  };
}

/** Words that mean any of a kind, and those that name one. */
const ANY = new Set(['everyone', 'agent', 'service']);
const ONE = ['agent:', 'service:', 'group:', 'person:'];

function selectors(given: unknown): Selectors {
  const words = texts(given, 'to');
  const other = words.find((word) => !ANY.has(word) && !ONE.some((kind) => word.startsWith(kind)));
  if (other !== undefined) throw new Unsupported(`the selector ${other}`);
  const named = (kind: string): readonly string[] =>
    words.flatMap((word) => (word.startsWith(kind) ? [word.slice(kind.length)] : []));
  return {
    everyone: words.includes('everyone'),
    agent: words.includes('agent'),
    agents: named('agent:'),
    service: words.includes('service'),
    services: named('service:'),
    groups: named('group:'),
    persons: named('person:').map((email) => email.toLowerCase()),
  };
}

function wrong(what: string): never {
  throw new Unsupported(`what it says of ${what}`);
}

function known(given: Json, what: string, keys: readonly string[]): void {
  const other = Object.keys(given).find((key) => !keys.includes(key));
  if (other !== undefined) throw new Unsupported(`"${other}" in ${what}`);
}

const object = (given: unknown, what: string): Json => (isObject(given) ? given : wrong(what));
const list = (given: unknown, what: string): readonly unknown[] => (Array.isArray(given) ? given : wrong(what));
const text = (given: unknown, what: string): string => (typeof given === 'string' ? given : wrong(what));
const texts = (given: unknown, what: string): readonly string[] => list(given, what).map((item) => text(item, what));
const number = (given: unknown): number => (typeof given === 'number' ? given : wrong('a number'));
const numberOr = (given: unknown, otherwise: number): number => (given === undefined ? otherwise : number(given));

function optional(given: unknown, what: string, keys: readonly string[]): Json {
  const found = given === undefined ? {} : object(given, what);
  known(found, what, keys);
  return found;
}

function byName<T>(
  given: unknown,
  what: string,
  read: (value: unknown) => T,
  keys?: readonly string[],
): Readonly<Record<string, T>> {
  const found = object(given, what);
  if (keys !== undefined) known(found, what, keys);
  return Object.fromEntries(Object.entries(found).map(([name, value]) => [name, read(value)]));
}
