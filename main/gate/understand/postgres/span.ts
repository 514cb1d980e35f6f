import { type Span } from '../../facts.ts';

const IDENTIFIER = String.raw`(?:[uU]&)?"(?:[^"]|"")*"|[\p{L}_\u0080-\uffff][\p{L}\p{N}_$\u0080-\uffff]*`;
const SPACE = String.raw`\s*`;
const QUALIFIED = new RegExp(`(?:${IDENTIFIER})(?:${SPACE}\\.${SPACE}(?:${IDENTIFIER}|\\*))*`, 'uy');
const OTHER = /\*|\$\d+|[0-9][\w.]*|'(?:[^']|'')*'|[-+*/<>=~!@#%^&|`?]+|./suy;

/** The words at an offset: a qualified name, an operator, a constant. For showing where, not for judging. */
export function spanAt(text: string, start: number): Span | undefined {
  if (start < 0 || start >= text.length) return undefined;
  for (const pattern of [QUALIFIED, OTHER]) {
    pattern.lastIndex = start;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) return { start, end: start + found.length };
  }
  return undefined;
}
