/**
 * A cell's text as it can be shown on one line without lying: line breaks and tabs become marks, and every character
 * that is invisible or changes the order of its neighbours (controls, bidirectional overrides, zero-width and tag
 * characters, lone surrogates; Unicode TR36 and TR39) becomes its escape. What was made visible is listed in `marks`,
 * so that it can be told by colour from a cell that really holds a backslash.
 */
export interface ShownText {
  readonly text: string;
  /** Start and end of each mark in `text`, one after the other: start, end, start, end. */
  readonly marks: readonly number[];
}

/** Characters the aria copy and the painter never look past: no column is wide enough to show more. */
const SHOWN_CHARACTERS = 320;

const printableAscii = /^[\x20-\x7e]*$/;
// Join controls shape words and emoji, one variation selector chooses a glyph: taking those apart would spoil honest
// text. A run of variation selectors chooses nothing; it is how data is hidden behind a character.
const unsafe =
  /\r\n|\p{Variation_Selector}{2,}|[[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]--[\p{Join_Control}\p{Variation_Selector}]]/gv;
const combining = /\p{M}/v;
const noMarks: readonly number[] = [];

const named: Readonly<Record<string, string>> = {
  '\n': '↵',
  '\r\n': '↵',
  '\r': '\\r',
  '\t': '⇥',
  '\0': '\\0',
  '\u2028': '↵',
  '\u2029': '↵',
};

function escapeOf(characters: string): string {
  const known = named[characters];
  if (known !== undefined) return known;
  return Array.from(characters, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16).toUpperCase();
    if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
    return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
  }).join('');
}

/** Cuts without splitting a surrogate pair. */
export function cutText(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const last = text.charCodeAt(limit - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit);
}

export const isPrintableAscii = (text: string): boolean => printableAscii.test(text);

/** Could the glyphs leave their line: text with combining marks is drawn inside its own cell's clip. */
export const isCombining = (text: string): boolean => combining.test(text);

/** At most `limit` UTF-16 units of `raw`, made visible. */
export function showText(raw: string, limit = SHOWN_CHARACTERS): ShownText {
  const text = cutText(raw, limit);
  if (isPrintableAscii(text)) return { text, marks: noMarks };
  const marks: number[] = [];
  let shown = '';
  let from = 0;
  for (const match of text.matchAll(unsafe)) {
    shown += text.slice(from, match.index);
    marks.push(shown.length);
    shown += escapeOf(match[0]);
    marks.push(shown.length);
    from = match.index + match[0].length;
  }
  return { text: shown + text.slice(from), marks };
}

/** A size in bytes as people say it: `812 B`, `4.1 KB`, `10 MB`. */
export function byteSize(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : Math.round(value * 10) / 10} ${units[unit] ?? ''}`;
}
