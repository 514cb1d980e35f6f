/**
 * Terms: what an event is found by besides its words, each a kind of thing and a value. A filter asks for terms, a facet
 * counts them, a chart's rollup has a row for each of them.
 */
import { hash } from 'node:crypto';

export type Space =
  | 'log'
  | 'kind'
  | 'person'
  | 'name'
  | 'email'
  | 'agent'
  | 'agent-id'
  | 'agent-name'
  | 'connection'
  | 'environment'
  | 'verdict'
  | 'status'
  | 'table'
  | 'column'
  | 'class'
  | 'pair';

/** `space:value`. */
export type Term = `${Space}:${string}`;

/** A value longer than this is kept as its beginning and its hash: an index has a longest key. UTF-16 units. */
const LONGEST_VALUE = 500;
const KEPT = 400;

/** Text as both databases keep it: PostgreSQL has no NUL, and neither has half a surrogate pair. */
export const clean = (text: string): string => text.toWellFormed().replaceAll('\0', '\ufffd');

export function term(space: Space, value: string): Term {
  const cleaned = clean(value);
  if (cleaned.length <= LONGEST_VALUE) return `${space}:${cleaned}`;
  return `${space}:${clean(cleaned.slice(0, KEPT))}… ${hash('sha256', cleaned, 'hex')}`;
}

/**
 * What is counted together, for charts over both: an event has one of each at most, and there are few. Of people only where
 * they were: with more the rollups would be most of the index.
 */
const PAIRED: ReadonlyMap<Space, ReadonlySet<Space>> = new Map([
  ['kind', new Set<Space>(['connection', 'environment', 'status'])],
  ['status', new Set<Space>(['connection', 'environment'])],
  ['person', new Set<Space>(['environment'])],
]);

/** Two terms as one: only rollups have it. Null where such are not counted. */
export function pairOf(a: Term, b: Term): Term | null {
  if (PAIRED.get(spaceOf(a))?.has(spaceOf(b)) === true) return joined(a, b);
  return PAIRED.get(spaceOf(b))?.has(spaceOf(a)) === true ? joined(b, a) : null;
}

/** All pairs of an event. */
export function pairsOf(terms: readonly Term[]): readonly Term[] {
  const pairs: Term[] = [];
  for (const a of terms) {
    const others = PAIRED.get(spaceOf(a));
    if (others === undefined) continue;
    for (const b of terms) if (others.has(spaceOf(b))) pairs.push(joined(a, b));
  }
  return pairs;
}

/** The length of the first tells where the second begins, whatever they hold. */
function joined(a: Term, b: Term): Term {
  const value = `${String(a.length)} ${a}${b}`;
  return value.length <= LONGEST_VALUE ? `pair:${value}` : term('pair', value);
}

export const spaceOf = (of: Term): Space => of.slice(0, of.indexOf(':')) as Space;
export const valueOf = (of: Term): string => of.slice(of.indexOf(':') + 1);

/** The value that terms have of a space; null where none is of it. */
export function first(terms: readonly Term[], space: Space): string | null {
  const found = terms.find((of) => of.startsWith(`${space}:`));
  return found === undefined ? null : valueOf(found);
}

export const all = (terms: readonly Term[], space: Space): readonly string[] =>
  terms.filter((of) => of.startsWith(`${space}:`)).map(valueOf);

/** How an agent is called: two of the same name are still told apart. */
export const agentValue = (id: string, name: string | undefined): string =>
  name === undefined || name === id ? id : `${name} (${id})`;
