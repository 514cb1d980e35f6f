import { type ReactElement } from 'react';
import { MeaningIcon } from '../design/index.ts';
import { explainCurrent } from '../state/actions.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { lineOf } from './verdict-words.ts';

/** What the gate says to the statement at the cursor, before it runs. A press on it opens the whole verdict. */
export function VerdictLine(): ReactElement {
  const workbench = useWorkbench();
  const live = useStore(workbench.live);
  const line = live === null ? null : lineOf(live.verdict);
  return (
    <div className="verdict-line" role="status" aria-label="Verdict on the statement">
      {line !== null && (
        <button
          type="button"
          className={`verdict-words verdict-${line.meaning}`}
          title={line.words}
          onClick={() => {
            explainCurrent(workbench);
          }}
        >
          <MeaningIcon meaning={line.meaning} />
          <span>{line.words}</span>
        </button>
      )}
    </div>
  );
}
