import { explainSections, VERDICT_WORDS } from '../../../shared/explain.ts';
import { type VerdictView } from '../../../shared/views.ts';
import { type Reason } from '../../gate/verdict.ts';

/** Why something did not run, with the place marked under the line it is on. */
export function refusalText(reasons: readonly Omit<Reason, never>[], text: string): string {
  const lines: string[] = [];
  for (const { code, sentence, next, span } of reasons) {
    lines.push(`${sentence} [${code}]`);
    if (span !== undefined) lines.push(...marked(text, span.start, span.end));
    if (next !== undefined) lines.push(next);
  }
  return `${lines.join('\n')}\n`;
}

/** A verdict for a person at a terminal: the words of the window, with the place marked under the lines that have one. */
export function explainText(view: VerdictView, text: string): string {
  const lines = [`${VERDICT_WORDS[view.verdict]}: ${view.title}`];
  for (const { title, lines: said } of explainSections(view)) {
    lines.push(`${title}:`);
    for (const { text: words, note, span, meaning } of said) {
      lines.push(`  ${words}`);
      // Every name has a place; the ones that matter are marked.
      if (span !== null && meaning === 'refused')
        lines.push(...marked(text, span.start, span.end).map((one) => `  ${one}`));
      if (note !== null) lines.push(`    ${note}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const EXCERPT = 100;

function marked(text: string, start: number, end: number): readonly string[] {
  const from = text.lastIndexOf('\n', start - 1) + 1;
  const lineEnd = text.indexOf('\n', from);
  const line = text.slice(from, lineEnd === -1 ? undefined : lineEnd);
  const left = Math.max(0, start - from - EXCERPT / 2);
  const shown = line.slice(left, left + EXCERPT).replaceAll(/\p{Cc}/gu, ' ');
  const number = text.slice(0, from).split('\n').length;
  const label = `  line ${String(number)}: `;
  const width = Math.max(1, Math.min(end, from + left + shown.length) - start);
  return [`${label}${shown}`, `${' '.repeat(label.length + start - from - left)}${'^'.repeat(width)}`];
}
