/**
 * What counts as a word, for everything that is searched and for every search: one definition, so that two databases
 * with two tokenizers of their own find the same events. A word is a run of letters and digits, without case and
 * diacritics (Unicode NFKD, `L`, `N`); `order_items` is two words in a row.
 */

/** Words in a row; the last one is the beginning of a word where `prefix`. */
export interface Phrase {
  readonly words: readonly string[];
  readonly prefix: boolean;
}

/** Longer words are cut here, in what is searched as in searches. UTF-16 units. */
const LONGEST_WORD = 60;
/** Words of one event that are searched, and phrases of one search that are looked for. */
const MOST_WORDS = 5_000;
const MOST_PHRASES = 32;

/** Stands between the parts of a text, so that no phrase reaches from one into the next: no word, and in no search. */
export const BREAK = '\u241f';

// eslint-disable-next-line no-control-regex -- the range of ASCII is what is meant
const ASCII = /^[\x00-\x7f]*$/;

/** Upper case makes more letters equal than lower case: ß and ss, all three sigmas. */
const folded = (text: string): string =>
  (ASCII.test(text) ? text : text.normalize('NFKD').replaceAll(/\p{M}+/gu, '')).toUpperCase();

export const wordsOf = (text: string): readonly string[] =>
  (folded(text).match(/[\p{L}\p{N}]+/gu) ?? []).map((word) =>
    word.length <= LONGEST_WORD ? word : word.slice(0, LONGEST_WORD).replace(/[\ud800-\udbff]$/, ''),
  );

/** The words of several texts in one line, to be searched: words parted by single spaces, texts by BREAK. */
export function searchLine(texts: Iterable<string>): string {
  const line: string[] = [];
  const seen = new Set<string>();
  for (const text of texts) {
    if (seen.has(text)) continue;
    seen.add(text);
    const words = wordsOf(text);
    if (words.length === 0) continue;
    if (line.length > 0) line.push(BREAK);
    for (const word of words) {
      if (line.length >= MOST_WORDS) return line.join(' ');
      line.push(word);
    }
  }
  return line.join(' ');
}

/**
 * What a person typed: words, `beg*` for words that begin so, `"words in a row"`. Nothing else is syntax. Null where
 * nothing was asked for; no phrase at all where something was and it holds no word, which finds nothing.
 */
export function phrasesOf(text: string): readonly Phrase[] | null {
  if (text.trim() === '') return null;
  const phrases: Phrase[] = [];
  // An opening quote without its closing one reaches to the end.
  for (const [, quoted, plain] of text.matchAll(/"([^"]*)(?:"\*?|$)|([^\s"]+)/g)) {
    const part = quoted ?? plain ?? '';
    const words = wordsOf(part);
    if (words.length > 0 && phrases.length < MOST_PHRASES)
      phrases.push({ words, prefix: quoted === undefined && part.endsWith('*') });
  }
  return phrases;
}

/** Does a search line hold the phrase. What every store must agree with. */
export const holds = (line: string, phrase: Phrase): boolean => ` ${line} `.includes(phraseLine(phrase));

/** The part of a search line, with a space at either end, that holds the phrase. */
export const phraseLine = ({ words, prefix }: Phrase): string => ` ${words.join(' ')}${prefix ? '' : ' '}`;
