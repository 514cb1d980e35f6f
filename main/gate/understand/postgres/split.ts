import { scanText, type Token } from './parser.ts';
import { type Span } from '../../facts.ts';
import { fromUtf8 } from './text.ts';

/**
 * Splits a script into its statements with PostgreSQL's own scanner: at semicolons that are not in quotes, dollar quotes,
 * comments, parentheses or BEGIN ATOMIC bodies. One bad statement does not hide the others. Each range is trimmed of
 * white space and comments around it, and its semicolon left out; offsets are UTF-16 units.
 */
export function split(text: string): readonly Span[] {
  const end = text.indexOf('\0');
  const readable = (end < 0 ? text : text.slice(0, end)).toWellFormed();
  if (scansSlowly(readable)) return whole(readable);
  const scanned = scanText(readable);
  if (scanned === undefined) return splitUnclosed(readable);
  const offsetOf = fromUtf8(readable);
  return ranges(scanned).map(({ start, end: stop }) => ({ start: offsetOf(start), end: offsetOf(stop) }));
}

/**
 * Inside a run of operator characters the scanner takes the whole run for each comment or sign that begins in it, and
 * gives most of it back: its time is quadratic in the length of the run. Such a text is not split, and is read beside this
 * thread, where it can be stopped.
 */
function scansSlowly(text: string): boolean {
  return OPERATORS.test(text);
}

/** A run that begins with two dashes is a comment of one line. */
const OPERATORS = /(?<![-~!@#^&|`?+*/%<>=])(?!--)[-~!@#^&|`?+*/%<>=]{1000}/;

function whole(text: string): readonly Span[] {
  const start = text.length - text.trimStart().length;
  return text.trim() === '' ? [] : [{ start, end: text.trimEnd().length }];
}

function ranges(tokens: readonly Token[]): readonly Span[] {
  const found: Span[] = [];
  let words: string[] = [];
  let current: { start: number; end: number } | undefined;
  let parentheses = 0;
  /** Open BEGIN ATOMIC and CASE blocks: the ones in SQL that END closes. */
  let blocks = 0;
  let atomic = false;
  for (const token of tokens) {
    if (token.name === 'SQL_COMMENT' || token.name === 'C_COMMENT') continue;
    const word = token.text.toLowerCase();
    // Actions of a rule stand in parentheses; in any other statement an open one is a mistake that ends with it.
    const inside = atomic || (parentheses > 0 && words[0] === 'create' && words.includes('rule'));
    if (word === ';' && !inside) {
      if (current !== undefined) found.push(current);
      current = undefined;
      words = [];
      parentheses = blocks = 0;
      continue;
    }
    if (word === '(') parentheses += 1;
    if (word === ')') parentheses -= 1;
    if (word === 'atomic' && words.at(-1) === 'begin') {
      atomic = true;
      blocks += 1;
    } else if (word === 'case') {
      blocks += 1;
    } else if (word === 'end' && blocks > 0) {
      blocks -= 1;
      atomic &&= blocks > 0;
    }
    words.push(word);
    current = { start: current?.start ?? token.start, end: token.end };
  }
  if (current !== undefined) found.push(current);
  return found;
}

/** Most UTF-16 units that are scanned again to find where an unclosed quote or comment begins. */
const SCAN_BUDGET = 16 * 1024 * 1024;

/**
 * Where a quote or comment is never closed the scanner gives no tokens at all: everything before the last place that
 * scans is split as usual, and the rest is one statement, whose syntax error says what is wrong.
 */
function splitUnclosed(text: string): readonly Span[] {
  let budget = SCAN_BUDGET;
  for (let at = text.lastIndexOf(';'); at > 0 && budget > 0; at = text.lastIndexOf(';', at - 1)) {
    const head = text.slice(0, at + 1);
    budget -= head.length;
    if (scanText(head) === undefined) continue;
    const rest = /\S/.exec(text.slice(at + 1));
    const start = rest === null ? text.length : at + 1 + rest.index;
    const tail = rest === null ? [] : [{ start, end: start + text.slice(start).trimEnd().length }];
    return [...split(head), ...tail];
  }
  return whole(text);
}
