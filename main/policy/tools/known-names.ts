import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { type PolicyContext } from '../compiled-policy.ts';
import { ANYBODY, APPROVERS, PEOPLE, selectorChoices, type SelectorKind, TAKERS } from '../selectors.ts';

/** A word that may stand somewhere, with a line about it. */
export interface Offered {
  readonly label: string;
  readonly detail: string;
}

/** The names that a policy's text gives, as far as it can be read, and those of the profile that it stands in. */
export interface KnownNames {
  readonly groups: readonly string[];
  readonly agents: readonly string[];
  readonly services: readonly string[];
  readonly grants: readonly string[];
  readonly rules: readonly string[];
  readonly context: PolicyContext;
}

export function knownNames(text: string, context: PolicyContext): KnownNames {
  const document = parseDocument(text, { prettyErrors: false, strict: false, uniqueKeys: false, logLevel: 'silent' });
  const keys = (name: string): readonly string[] => {
    const map = isMap(document.contents) ? document.get(name) : undefined;
    return isMap(map) ? map.items.flatMap(({ key }) => (isScalar(key) ? [String(key.value)] : [])) : [];
  };
  const rules = isMap(document.contents) ? document.get('rules') : undefined;
  const ids = (isSeq(rules) ? rules.items : []).flatMap((rule): readonly unknown[] =>
    isMap(rule) ? [rule.get('id')] : [],
  );
  return {
    groups: keys('groups'),
    agents: keys('agents'),
    services: keys('services'),
    grants: keys('grants'),
    rules: ids.filter((id) => typeof id === 'string'),
    context,
  };
}

type Offer = (names: KnownNames) => readonly Offered[];

const named =
  (list: (names: KnownNames) => readonly string[], detail: string): Offer =>
  (names) =>
    list(names).map((label) => ({ label, detail }));

const classNames: Offer = ({ context }) =>
  context.classes.map(({ name, group }) => ({ label: name, detail: `class, of ${group}` }));

const maskable: Offer = (names) => [
  ...classNames(names),
  ...[...new Set(names.context.classes.map(({ group }) => group))].map((label) => ({
    label,
    detail: 'group of classes',
  })),
  { label: '"*"', detail: 'everything classified' },
];

const selectors =
  (kinds: readonly SelectorKind[], ...more: readonly string[]): Offer =>
  (names) => {
    const of: Readonly<Record<string, readonly string[]>> = {
      group: names.groups,
      agent: names.agents,
      service: names.services,
    };
    const forms = selectorChoices(kinds).flatMap((form) => {
      const [kind = '', name] = form.split(':');
      if (name === undefined) return [form];
      return of[kind]?.map((one) => `${kind}:${one}`) ?? [`${kind}:`];
    });
    return [...more, ...forms].map((label) => ({ label, detail: whose(label) }));
  };

const WHOSE: Readonly<Record<string, string>> = {
  everyone: 'every person and every service',
  agent: 'any agent',
  service: 'any service',
  'owner-team': 'the team that the connection names',
  'person:': 'a person, by e-mail address',
};
const whose = (word: string): string => WHOSE[word] ?? `${word.split(':')[0] ?? ''} of this policy`;

const groups = named((names) => names.groups, 'group of this policy');
const grants = named((names) => names.grants, 'grant of this policy');
const connections: Offer = ({ context }) =>
  context.connections.map(({ name, environment }) => ({ label: name, detail: `connection in ${environment}` }));
const databases: Offer = ({ context }) =>
  [...new Set(context.connections.map(({ database }) => database))].map((label) => ({ label, detail: 'database' }));
const timeZones: Offer = () =>
  ['UTC', ...Intl.supportedValuesOf('timeZone')].map((label) => ({ label, detail: 'time zone' }));

/** By the end of the path of their key. */
const VALUES: Readonly<Record<string, Offer>> = {
  timezone: timeZones,
  'rules.to': selectors(ANYBODY),
  'rules.of': maskable,
  'tests.as': selectors(ANYBODY),
  'grants.for': selectors(TAKERS),
  'agents.for': selectors(PEOPLE),
  'approval.from': selectors(APPROVERS, 'owner-team'),
  'approval.within': selectors(['group']),
  'tests.approvers': selectors(APPROVERS, 'owner-team'),
  'unless.grant': grants,
  'tests.grants': grants,
  'unless.group': groups,
  'services.groups': groups,
  'grants.alert': groups,
  'in.connection': connections,
  'on.connection': connections,
  'in.database': databases,
  'on.database': databases,
  'tests.by': named((names) => names.rules, 'rule of this policy'),
};

/** Where the names of a map are neither the schema's nor new. */
const KEYS: Readonly<Record<string, Offer>> = {
  'require.mask': maskable,
  'tests.mask': classNames,
  'tests.uses': classNames,
};

const offer = (
  offers: Readonly<Record<string, Offer>>,
  keys: readonly string[],
  names: KnownNames,
): readonly Offered[] => (offers[keys.slice(-2).join('.')] ?? offers[keys.slice(-1).join('.')])?.(names) ?? [];

/** Names that may be the value at a path of keys. */
export const valueNames = (keys: readonly string[], names: KnownNames): readonly Offered[] =>
  offer(VALUES, keys, names);

/** Names that may be keys of the map at a path of keys. */
export const keyNames = (keys: readonly string[], names: KnownNames): readonly Offered[] => offer(KEYS, keys, names);
