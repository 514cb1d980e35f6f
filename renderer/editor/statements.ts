import { tokenize } from './tokens.ts';

/** A part of the editor's text, in UTF-16 units. */
export interface Boundary {
  readonly start: number;
  readonly end: number;
}

/**
 * The statement a person means with the cursor at `offset`: the one around it; behind a statement's end on the same line,
 * still that one; in the empty space between two, the one that follows; after the last, the last.
 */
export function statementAt(boundaries: readonly Boundary[], text: string, offset: number): Boundary | null {
  const around = boundaries.find(({ start, end }) => start <= offset && offset <= end);
  if (around !== undefined) return around;
  const before = boundaries.findLast(({ end }) => end < offset) ?? null;
  const after = boundaries.find(({ start }) => start > offset) ?? null;
  if (before !== null && (after === null || !text.slice(before.end, offset).includes('\n'))) return before;
  return after;
}

/**
 * Where statements seem to begin and end, from semicolons outside of strings and comments: the editor's own guess for the
 * moment until the gate's answer by the database's scanner is there. What runs is always split by the gate.
 */
export function guessBoundaries(text: string): Boundary[] {
  const boundaries: Boundary[] = [];
  let start: number | null = null;
  let end = 0;
  for (const token of tokenize(text)) {
    if (token.kind === 'comment') continue;
    if (token.kind === 'sign' && token.text === ';') {
      if (start !== null) boundaries.push({ start, end });
      start = null;
    } else {
      start ??= token.start;
      end = token.end;
    }
  }
  if (start !== null) boundaries.push({ start, end });
  return boundaries;
}
