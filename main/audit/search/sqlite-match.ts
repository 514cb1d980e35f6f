/**
 * A condition in the query language of FTS5. Every word and token stands in quotes and holds letters, digits or BREAK only
 * (words.ts), so nothing that a person typed can be read as syntax.
 */
import { type Resolved } from './condition.ts';
import { type Row, tallyOf } from './event-row.ts';
import { BREAK, type Phrase } from './words.ts';

/** A term in the postings: no word is like it, because a word never begins with BREAK. Those of ends are apart. */
export const tokenOf = (id: number, listed: boolean): string => `${BREAK}${listed ? 't' : 'e'}${id.toString(36)}`;

/** Tokens of what charts count apart: of listed events that are not allowed, and of those with masked cells. */
export const MARKS = {
  refused: `${BREAK}mr`,
  failed: `${BREAK}mf`,
  other: `${BREAK}mo`,
  masked: `${BREAK}mm`,
} as const;

/** An event that still runs has none: it counts as allowed, and nothing that is marked is ever taken back. */
export function marksOf(row: Row): readonly string[] {
  if (!row.listed) return [];
  const tally = tallyOf(row.terms);
  return [...(tally === 'allowed' ? [] : [MARKS[tally]]), ...((row.maskedCells ?? 0) > 0 ? [MARKS.masked] : [])];
}

/** Null where every listed event matches. */
export function matchOf({ groups, kinds, phrases }: Pick<Resolved, 'groups' | 'kinds' | 'phrases'>): string | null {
  const both = [
    ...(kinds === null || kinds.listed.length > 0
      ? [conjunction([...groups, ...(kinds === null ? [] : [kinds.listed])], phrases, true)]
      : []),
    ...(kinds === null || kinds.ends.length === 0 ? [] : [conjunction([...groups, kinds.ends], [], false)]),
  ].filter((part) => part !== '');
  return both.length === 0 ? null : both.join(' OR ');
}

function conjunction(groups: readonly (readonly number[])[], phrases: readonly Phrase[], listed: boolean): string {
  const tokens = groups.map((ids) => `(${ids.map((id) => `"${tokenOf(id, listed)}"`).join(' OR ')})`);
  const words = phrases.map((phrase) => `"${phrase.words.join(' ')}"${phrase.prefix ? ' *' : ''}`);
  const parts = [...tokens, ...words];
  return parts.length === 0 ? '' : `(${parts.join(' AND ')})`;
}
