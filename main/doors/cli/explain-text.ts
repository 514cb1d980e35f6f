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

/** A verdict for a person at a terminal; the same facts as `--json`. */
export function explainText(view: VerdictView, text: string): string {
  const lines = [`${view.verdict.toUpperCase()}  ${view.title}`];
  const list = (title: string, entries: readonly string[]): void => {
    if (entries.length === 0) return;
    lines.push(`${title}:`, ...entries.map((entry) => `  ${entry}`));
  };
  list('Effects', view.effects.length === 0 ? [] : [view.effects.join(', ')]);
  list(
    'Objects',
    view.objects.map(({ name, access, via }) => `${access} ${name}${via === null ? '' : ` through ${via}`}`),
  );
  const maskOf = new Map(view.masks.map((mask) => [mask.output, mask]));
  list(
    'Outputs',
    view.outputs.map(({ name, from, plain }, i) => {
      const mask = maskOf.get(i);
      const origin = from.length === 0 ? '' : ` = ${plain ? '' : 'computed from '}${from.join(', ')}`;
      return `${String(i + 1)} ${name}${origin}${mask === undefined ? '' : `  (${mask.sentence})`}`;
    }),
  );
  list(
    'Other uses',
    view.columns.map(({ column, place }) => `${column} as ${place}`),
  );
  list(
    'Rules',
    view.rules.map(({ id, effect, text: words }) => `${effect} ${id}${words === null ? '' : `: ${words}`}`),
  );
  if (view.limits !== null) {
    const { rows, bytes, statementTimeout } = view.limits;
    list('Limits', [
      `${rows.toLocaleString('en')} rows, ${bytes.toLocaleString('en')} bytes, ${(statementTimeout / 1000).toLocaleString('en')} s`,
    ]);
  }
  if (view.reasons.length > 0) {
    const reasons = view.reasons.map(({ code, sentence, next, span }) => ({
      code,
      sentence,
      ...(next === null ? {} : { next }),
      ...(span === null ? {} : { span }),
    }));
    lines.push('Reasons:', refusalText(reasons, text).trimEnd());
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
