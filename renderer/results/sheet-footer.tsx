import { type ReactElement } from 'react';
import { Button, Icon } from '../design/index.ts';
import { totalsInWords } from './grid/aggregates.ts';
import { selectedCells } from './grid/selection.ts';
import { type SheetSnapshot } from './result-sheet.ts';
import { type RunSnapshot, staysHere } from './run-model.ts';
import { type CopyMessage } from './use-copy.ts';
import { plural } from './words.ts';

/** Under the grid: what limits did to the result, what was copied, and what the selection amounts to. */
export function SheetFooter({
  run,
  state,
  message,
  stale,
  onRunAgain,
}: {
  run: RunSnapshot;
  state: SheetSnapshot | null;
  message: CopyMessage | null;
  stale: string | null;
  onRunAgain: (() => void) | undefined;
}): ReactElement {
  const stays = staysHere(run);
  const cells = selectedCells(state?.selection ?? null);
  return (
    <footer className="sheet-footer">
      {stale !== null && (
        <span className="sheet-cut" role="status">
          <Icon name="history" />
          {stale}
          {onRunAgain !== undefined && (
            <Button variant="quiet" className="sheet-again" onPress={onRunAgain}>
              Run again
            </Button>
          )}
        </span>
      )}
      {run.cut !== null && (
        <span className="sheet-cut">
          <Icon name="warning" />
          {run.cut}
        </span>
      )}
      {run.maskedCells > 0 && (
        <span className="sheet-masked">
          <Icon name="lock" />
          {plural(run.maskedCells, 'masked cell')}
        </span>
      )}
      {stays !== null && (
        <span className="sheet-stays" title={stays}>
          <Icon name="shield" />
          Stays on this screen
          <span className="visually-hidden">: {stays}</span>
        </span>
      )}
      {run.verdict?.watermark != null && <span className="visually-hidden">Marked {run.verdict.watermark}</span>}
      <span
        role="status"
        className={message?.trouble === true ? 'sheet-said sheet-failed' : 'sheet-said'}
        title={message?.text}
      >
        {message?.text}
      </span>
      <span className="sheet-totals selectable">
        {cells > 1 && <Total label="Selected" value={plural(cells, 'cell')} />}
        {cells > 1 &&
          state?.totals != null &&
          totalsInWords(state.totals).map((total) => <Total key={total.label} {...total} />)}
      </span>
    </footer>
  );
}

function Total({ label, value }: { label: string; value: string }): ReactElement {
  return (
    <span>
      {label} <b>{value}</b>
    </span>
  );
}
