import { type VerdictView } from '../../shared/views.ts';
import { type Meaning } from '../design/message.tsx';

/** `reads 2 · masks 1 · at most 10,000 rows`. */
function summaryOf(verdict: VerdictView): string {
  const reads = verdict.objects.filter(({ access }) => access === 'read').length;
  const writes = verdict.objects.filter(({ access }) => access === 'write').length;
  const parts = [
    reads > 0 ? `reads ${String(reads)}` : null,
    writes > 0 ? `writes ${String(writes)}` : null,
    verdict.masks.length > 0 ? `masks ${String(verdict.masks.length)}` : null,
    verdict.limits === null ? null : `at most ${verdict.limits.rows.toLocaleString('en')} rows`,
  ].filter((part) => part !== null);
  return parts.length === 0 ? 'allowed' : parts.join(' \u00b7 ');
}

interface Line {
  readonly meaning: Meaning;
  readonly words: string;
}

/** The reason that says no more than that the statement is still being typed: it is told, but not as a refusal. */
const UNFINISHED = 'syntax-error';

const NEEDS = { reason: 'a reason', 'step-up': 'a proof that it is you' } as const;

/** What the person can give, in one clause. */
const needWords = (needs: VerdictView['needs']): string => needs.map((need) => NEEDS[need]).join(' and ');

/** The verdict in one line, and what it means; null when there is nothing to say. */
export function lineOf(verdict: VerdictView): Line | null {
  const reason = verdict.reasons[0];
  const sentence = reason?.sentence ?? verdict.title;
  if (verdict.verdict === 'ask') return { meaning: 'waiting', words: `needs approval: ${sentence}` };
  if (verdict.verdict === 'refuse') {
    if (reason?.code === 'empty') return null;
    if (verdict.needs.length > 0) return { meaning: 'waiting', words: `asks for ${needWords(verdict.needs)}` };
    if (reason?.code === UNFINISHED) return { meaning: 'read', words: sentence };
    return { meaning: 'refused', words: `refused: ${sentence}` };
  }
  const writes = verdict.objects.some(({ access }) => access === 'write');
  return { meaning: verdict.masks.length > 0 ? 'masked' : writes ? 'write' : 'read', words: summaryOf(verdict) };
}
