import { type ReactElement } from 'react';
import { type VerdictView } from '../../shared/views.ts';
import { MeaningIcon } from '../design/index.ts';
import { explainCurrent } from '../state/actions.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';

/** `reads 2 · masks 1 · at most 10,000 rows`. */
export function summaryOf(verdict: VerdictView): string {
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

/** What the gate says to the statement at the cursor, before it runs. A press on it opens the whole verdict. */
export function VerdictLine(): ReactElement {
  const workbench = useWorkbench();
  const live = useStore(workbench.live);
  const verdict = live?.verdict ?? null;
  const meaning =
    verdict === null
      ? null
      : verdict.verdict === 'refuse'
        ? 'refused'
        : verdict.verdict === 'ask'
          ? 'waiting'
          : verdict.masks.length > 0
            ? 'masked'
            : verdict.objects.some(({ access }) => access === 'write')
              ? 'write'
              : 'read';
  const reason = verdict?.reasons[0]?.sentence ?? verdict?.title ?? '';
  const words =
    verdict === null
      ? ''
      : verdict.verdict === 'refuse'
        ? `refused: ${reason}`
        : verdict.verdict === 'ask'
          ? `needs approval: ${reason}`
          : summaryOf(verdict);
  return (
    <div className="verdict-line" role="status" aria-label="Verdict on the statement">
      {meaning !== null && (
        <button
          type="button"
          className={`verdict-words verdict-${meaning}`}
          title={words}
          onClick={() => {
            explainCurrent(workbench);
          }}
        >
          <MeaningIcon meaning={meaning} />
          <span>{words}</span>
        </button>
      )}
    </div>
  );
}
