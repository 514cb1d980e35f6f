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

/** Of each of these an event has one at most, and there are few: what has two of them is counted as such, for charts. */
const PAIRED: ReadonlySet<Space> = new Set(['person', 'kind', 'connection', 'environment', 'status']);

/** Two terms as one: only rollups have it. Null where such are not counted. */
export function pairOf(a: Term, b: Term): Term | null {
  if (!PAIRED.has(spaceOf(a)) || !PAIRED.has(spaceOf(b)) || spaceOf(a) === spaceOf(b)) return null;
  return term('pair', JSON.stringify(a < b ? [a, b] : [b, a]));
}

/** All pairs of an event. */
export function pairsOf(terms: readonly Term[]): readonly Term[] {
  const paired = terms.filter((of) => PAIRED.has(spaceOf(of)));
  return paired.flatMap((a, i) => paired.slice(i + 1).flatMap((b) => pairOf(a, b) ?? []));
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
