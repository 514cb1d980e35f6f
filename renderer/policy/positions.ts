import { type ProblemView } from '../../shared/views.ts';

/** Places of the policy text. Lines and columns from 1, columns in UTF-16 units, as the gate counts them. */

export interface Marked {
  readonly line: number;
  readonly startColumn: number;
  /** Exclusive. */
  readonly endColumn: number;
}

/** A quoted scalar, or what stands up to the next sign of YAML's own. */
const SCALAR = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s,[\]{}#][^,[\]{}#]*)/;

/** What to underline for a problem on this line: the scalar it begins at, or the last character where nothing is left. */
export function markedPart(lineText: string, { line, column }: ProblemView): Marked {
  const at = Math.max(1, Math.min(column, lineText.length + 1));
  const rest = lineText.slice(at - 1);
  const scalar = (SCALAR.exec(rest)?.[0] ?? '').trimEnd();
  // A key is marked without what it holds.
  const key = /^[^'":]+(?=:(?:\s|$))/.exec(scalar)?.[0] ?? scalar;
  const length = key.length > 0 ? key.length : Math.min(1, rest.trimEnd().length);
  if (length > 0) return { line, startColumn: at, endColumn: at + length };
  const before = Math.max(1, lineText.trimEnd().length);
  return { line, startColumn: before, endColumn: before + 1 };
}

/** A word of the policy, as it may be replaced; conditions and what is made of several words may not. */
const WORD = /^(?:([a-z]+):)?([\w.*-]+)$/;

/**
 * What could stand in the place of `part`, which is marked for the problem; nothing where the problem is not about that very word, as
 * with a key that is missing. A kind before the word, as in `group:`, stays, and `group:NAME` keeps the name.
 */
export function mendsOf(part: string, { message, choices }: Pick<ProblemView, 'message' | 'choices'>): string[] {
  const [, kind = '', word = ''] = WORD.exec(part) ?? [];
  const named = [part, word].some((one) => one !== '' && message.includes(`"${one}"`));
  if (word === '' || (!named && !message.endsWith('is not one of its choices'))) return [];
  return choices.map((choice) => {
    if (choice.includes(':')) return choice.replace(/NAME|EMAIL/, word);
    return kind === '' ? choice : `${kind}:${choice}`;
  });
}

/** Choices that are listed; a longer list is in the completion. */
const MOST_CHOICES = 12;

/** The problem as it is said beside its line. */
export function problemWords({ message, choices }: ProblemView): string {
  if (choices.length === 0) return message;
  const more = choices.length - MOST_CHOICES;
  const listed = choices.slice(0, MOST_CHOICES).join(', ');
  return `${message}\nPossible: ${listed}${more > 0 ? `, and ${String(more)} more` : ''}`;
}

/**
 * The line of a rule, by its id; null where it is not in this text. For going there only: what a rule is and whether it counts is
 * known to the gate alone.
 */
export function ruleLine(text: string, id: string): number | null {
  if (id === '') return null;
  const wanted = `(?:^|[\\s{,-])(?:id|'id'|"id")\\s*:\\s*(['"]?)${id.replaceAll(/[.*+?^${}()|[\]\\/-]/g, '\\$&')}\\1(?=[\\s,}#]|$)`;
  const pattern = new RegExp(wanted);
  const at = text.split('\n').findIndex((line) => !line.trimStart().startsWith('#') && pattern.test(line));
  return at < 0 ? null : at + 1;
}
