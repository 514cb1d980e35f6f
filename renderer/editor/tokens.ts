/**
 * A small scanner for SQL as it is being typed: enough to know words from strings and comments. It never fails, and what
 * is not closed runs to the end. It serves the editor only; what a statement is and does is decided by the database's own
 * grammar in the gate.
 */
export interface SqlToken {
  /** `name` is a word or a quoted identifier; only an unquoted one can be a keyword. */
  readonly kind: 'name' | 'string' | 'number' | 'comment' | 'sign';
  readonly start: number;
  readonly end: number;
  /** A name without its quotes, unquoted ones in lower case as PostgreSQL folds them; signs as written; else empty. */
  readonly text: string;
  readonly quoted: boolean;
}

const WORD_START = /[\p{L}_]/u;
const WORD = /[\p{L}\p{N}_$]/u;
const DOLLAR = /^\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/u;

/** End of a run from `from` while `holds`, moving by code points. */
function runEnd(text: string, from: number, holds: RegExp): number {
  let at = from;
  while (at < text.length) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (!holds.test(character)) break;
    at += character.length;
  }
  return at;
}

/** End of a quoted thing opened at `from`; a doubled quote stays inside, so does a backslash escape when `escapes`. */
function quotedEnd(text: string, from: number, quote: string, escapes: boolean): number {
  let at = from + 1;
  while (at < text.length) {
    if (escapes && text[at] === '\\') at += 2;
    else if (text[at] === quote) {
      if (text[at + 1] !== quote) return at + 1;
      at += 2;
    } else at++;
  }
  return text.length;
}

/** PostgreSQL nests block comments (documentation, section 4.1.5). */
function blockCommentEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    if (text.startsWith('/*', at)) {
      depth++;
      at++;
    } else if (text.startsWith('*/', at)) {
      depth--;
      at++;
      if (depth === 0) return at + 1;
    }
  }
  return text.length;
}

function dollarEnd(text: string, from: number, tag: string): number {
  const close = text.indexOf(tag, from + tag.length);
  return close < 0 ? text.length : close + tag.length;
}

function tokenAt(text: string, start: number): SqlToken {
  const token = (kind: SqlToken['kind'], end: number, value = '', quoted = false): SqlToken => ({
    kind,
    start,
    end,
    text: value,
    quoted,
  });
  const first = text[start] ?? '';
  const two = text.slice(start, start + 2);
  if (two === '--') {
    const line = text.indexOf('\n', start);
    return token('comment', line < 0 ? text.length : line);
  }
  if (two === '/*') return token('comment', blockCommentEnd(text, start));
  if (first === "'") return token('string', quotedEnd(text, start, "'", false));
  if (/^[eE]'/.test(two)) return token('string', quotedEnd(text, start + 1, "'", true));
  if (first === '"' || first === '`') {
    const end = quotedEnd(text, start, first, false);
    const closed = end > start + 1 && text[end - 1] === first;
    return token('name', end, text.slice(start + 1, closed ? end - 1 : end).replaceAll(first + first, first), true);
  }
  const tag = first === '$' ? DOLLAR.exec(text.slice(start, start + 80))?.[0] : undefined;
  if (tag !== undefined) return token('string', dollarEnd(text, start, tag));
  if (/[0-9]/.test(first)) return token('number', runEnd(text, start, /[0-9a-zA-Z_.]/));
  const character = String.fromCodePoint(text.codePointAt(start) ?? 0);
  if (WORD_START.test(character)) {
    const end = runEnd(text, start, WORD);
    return token('name', end, text.slice(start, end).toLowerCase());
  }
  return token('sign', start + character.length, character);
}

/** The tokens of `text` in order; white space is left out. */
export function tokenize(text: string): SqlToken[] {
  const tokens: SqlToken[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at] ?? '')) at++;
    else {
      const token = tokenAt(text, at);
      tokens.push(token);
      at = token.end;
    }
  }
  return tokens;
}
