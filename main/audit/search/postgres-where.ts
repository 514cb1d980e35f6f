import { type Resolved } from './condition.ts';
import { phraseLine } from './words.ts';

/**
 * A condition as SQL over `events`. Words hold letters and digits only (words.ts), so they are whole lexemes inside the quotes
 * of a tsquery; words in a row are looked for in the line of words, among the events that have them all.
 */
export function whereOf({ groups, kinds, phrases, from, to }: Resolved): {
  readonly sql: string;
  readonly values: readonly unknown[];
} {
  const values: unknown[] = [];
  const value = (of: unknown): string => `$${String(values.push(of))}`;
  const parts = [`key >= ${value(from)}`, `key < ${value(to)}`];
  for (const group of groups) parts.push(`terms ${group.length === 1 ? '@>' : '&&'} ${value(group)}::integer[]`);
  if (kinds === null) parts.push('listed');
  else {
    const listed = kinds.listed.length === 0 ? [] : [`(listed AND terms && ${value(kinds.listed)}::integer[])`];
    const ends = kinds.ends.length === 0 ? [] : [`(NOT listed AND terms && ${value(kinds.ends)}::integer[])`];
    parts.push(`(${[...listed, ...ends].join(' OR ')})`);
  }
  if (phrases.length > 0) {
    const lexemes = phrases.flatMap(({ words, prefix }) =>
      words.map((word, i) => `'${word}'${prefix && i === words.length - 1 ? ':*' : ''}`),
    );
    parts.push(`lexemes @@ ${value(lexemes.join(' & '))}::tsquery`);
    for (const phrase of phrases.filter(({ words }) => words.length > 1))
      parts.push(`strpos(' ' || line || ' ', ${value(phraseLine(phrase))}) > 0`);
  }
  return { sql: parts.join(' AND '), values };
}
