/** What a filter and a viewer ask for, in the words of the index. */
import { CountersignError } from '../../errors.ts';
import { type ActivityFilter, type Cursor, type Viewer } from './activity-store.ts';
import { END_KINDS } from './event-row.ts';
import { keyAt } from './sort-key.ts';
import { type Term, term } from './terms.ts';
import { type Phrase, phrasesOf } from './words.ts';

export interface Condition {
  /** At least one of each of these. */
  readonly groups: readonly (readonly Term[])[];
  /** Of listed events only these kinds, where not null; `ends` are kinds of ends that are asked for as well. */
  readonly kinds: { readonly listed: readonly Term[]; readonly ends: readonly Term[] } | null;
  readonly phrases: readonly Phrase[];
  /** Of keys: least and first one beyond. */
  readonly from: number;
  readonly to: number;
}

const EVERY_KEY = Number.MAX_SAFE_INTEGER;

/** Null where nothing can match. @throws CountersignError `activity-cursor` */
export function conditionOf(filter: ActivityFilter, viewer: Viewer, before?: Cursor): Condition | null {
  const phrases = filter.text === undefined ? null : phrasesOf(filter.text);
  if (phrases?.length === 0) return null;
  const groups: (readonly Term[])[] = [];
  const must = (...terms: readonly Term[]): void => void groups.push(terms);
  if (!viewer.everything) must(term('person', viewer.person));
  if (filter.person !== undefined)
    must(filter.person.includes(' ') ? term('person', filter.person) : term('email', filter.person.toLowerCase()));
  if (filter.agent !== undefined)
    must(term('agent', filter.agent), term('agent-id', filter.agent), term('agent-name', filter.agent));
  if (filter.connection !== undefined) must(term('connection', filter.connection));
  if (filter.environment !== undefined) must(term('environment', filter.environment));
  if (filter.table !== undefined) must(term('table', filter.table));
  if (filter.column !== undefined) must(term('column', filter.column));
  if (filter.columnClass !== undefined) must(term('class', filter.columnClass));
  if (filter.verdict !== undefined) must(term('verdict', filter.verdict));
  if (filter.status !== undefined) must(term('status', filter.status));
  if (filter.log !== undefined) must(term('log', filter.log));
  const from = filter.from === undefined ? 0 : keyAt(filter.from);
  const to = Math.min(
    filter.to === undefined ? EVERY_KEY : keyAt(filter.to),
    before === undefined ? EVERY_KEY : keyOf(before),
  );
  if (from >= to) return null;
  return { groups, kinds: kindsOf(filter.kinds), phrases: phrases ?? [], from, to };
}

function kindsOf(kinds: readonly string[] | undefined): Condition['kinds'] {
  if (kinds === undefined || kinds.length === 0) return null;
  const unique = [...new Set(kinds)];
  return {
    listed: unique.filter((kind) => !END_KINDS.has(kind)).map((kind) => term('kind', kind)),
    ends: unique.filter((kind) => END_KINDS.has(kind)).map((kind) => term('kind', kind)),
  };
}

export const cursorOf = (key: number): Cursor => String(key);

function keyOf(cursor: Cursor): number {
  if (/^\d{1,16}$/.test(cursor)) return Math.min(Number(cursor), EVERY_KEY);
  throw new CountersignError('activity-cursor', 'This is not the end of a page of events.', {
    next: 'Begin again with the newest page.',
  });
}

/** The same with every term as its number in the index; null where a term that must be there is not known to it. */
export interface Resolved extends Omit<Condition, 'groups' | 'kinds'> {
  readonly groups: readonly (readonly number[])[];
  readonly kinds: { readonly listed: readonly number[]; readonly ends: readonly number[] } | null;
}

export const termsIn = ({ groups, kinds }: Condition): readonly Term[] => [
  ...groups.flat(),
  ...(kinds?.listed ?? []),
  ...(kinds?.ends ?? []),
];

export function resolved(condition: Condition, idOf: (of: Term) => number | undefined): Resolved | null {
  const ids = (terms: readonly Term[]): readonly number[] => terms.map(idOf).filter((id) => id !== undefined);
  const groups = condition.groups.map(ids);
  const kinds =
    condition.kinds === null ? null : { listed: ids(condition.kinds.listed), ends: ids(condition.kinds.ends) };
  if (groups.some((group) => group.length === 0)) return null;
  // Ends have no words of their own.
  const ends = kinds === null || condition.phrases.length > 0 ? [] : kinds.ends;
  if (kinds !== null && kinds.listed.length + ends.length === 0) return null;
  return { ...condition, groups, kinds: kinds === null ? null : { listed: kinds.listed, ends } };
}
