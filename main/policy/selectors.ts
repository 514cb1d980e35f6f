import { type Selectors } from './compiled-policy.ts';

/** Words that say who: `everyone`, `agent:scout`, `group:analysts`. What they mean for somebody who asks is in who.ts. */
export type SelectorKind = 'everyone' | 'agent' | 'service' | 'group' | 'person';

const FORMS: Readonly<Record<SelectorKind, readonly string[]>> = {
  everyone: ['everyone'],
  agent: ['agent', 'agent:NAME'],
  service: ['service', 'service:NAME'],
  group: ['group:NAME'],
  person: ['person:EMAIL'],
};

/** Who rules and tests may name. */
export const ANYBODY: readonly SelectorKind[] = ['everyone', 'agent', 'service', 'group', 'person'];
/** Agents act for people. */
export const PEOPLE: readonly SelectorKind[] = ['everyone', 'group', 'person'];
/** A grant is a person's; where it names agents too, it lifts what binds them. A service never has one. */
export const TAKERS: readonly SelectorKind[] = ['everyone', 'agent', 'group', 'person'];
export const APPROVERS: readonly SelectorKind[] = ['group', 'person'];

/** The forms of some kinds, as an error offers them. */
export function selectorChoices(kinds: readonly SelectorKind[]): readonly string[] {
  return kinds.flatMap((kind) => FORMS[kind]);
}

/** The names that a policy gives to each kind. */
export interface KnownNames {
  readonly group: readonly string[];
  readonly agent: readonly string[];
  readonly service: readonly string[];
}

export interface WrongSelector {
  /** Which of the words. */
  readonly at: number;
  readonly message: string;
  readonly choices: readonly string[];
}

interface Parsed {
  readonly kind: SelectorKind;
  /** Empty for any of the kind. */
  readonly name: string;
}

/** Reads the words of a list; `wrong` gets each that says nobody, or somebody whom the policy does not know. */
export function readSelectors(
  words: readonly string[],
  kinds: readonly SelectorKind[],
  names: KnownNames,
  wrong: (problem: WrongSelector) => void,
): Selectors {
  const parsed = words.flatMap((word, at): readonly Parsed[] => {
    const read = parse(word);
    if (read === undefined || !kinds.includes(read.kind)) {
      const message = read === undefined ? `"${word}" does not say who` : `"${word}" cannot be meant here`;
      wrong({ at, message, choices: selectorChoices(kinds) });
      return [];
    }
    const { kind, name } = read;
    if ((kind === 'group' || kind === 'agent' || kind === 'service') && name !== '' && !names[kind].includes(name))
      wrong({ at, message: `no ${kind} is called "${name}"`, choices: names[kind] });
    return [read];
  });
  const any = (kind: SelectorKind): boolean => parsed.some((read) => read.kind === kind && read.name === '');
  const named = (kind: SelectorKind): ReadonlySet<string> =>
    new Set(parsed.flatMap((read) => (read.kind === kind && read.name !== '' ? [read.name] : [])));
  return {
    everyone: any('everyone'),
    agent: any('agent'),
    agents: named('agent'),
    service: any('service'),
    services: named('service'),
    groups: named('group'),
    persons: named('person'),
    words,
  };
}

function parse(word: string): Parsed | undefined {
  if (word === 'everyone' || word === 'agent' || word === 'service') return { kind: word, name: '' };
  const colon = word.indexOf(':');
  const [kind, name] = [word.slice(0, Math.max(colon, 0)), word.slice(colon + 1)];
  if (kind === 'person') return /^[^\s@]+@[^\s@]+$/.test(name) ? { kind, name: name.toLowerCase() } : undefined;
  if (kind === 'group' || kind === 'agent' || kind === 'service') return name === '' ? undefined : { kind, name };
  return undefined;
}
