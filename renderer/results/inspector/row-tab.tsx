import { useVirtualizer } from '@tanstack/react-virtual';
import { type ReactElement, useRef } from 'react';
import { type Desktop } from '../../../shared/contract.ts';
import { ResultWindow } from '../../../shared/result-window.ts';
import { type Client } from '../../../shared/rpc/types.ts';
import { Icon, Message, ProgressBar, readToken } from '../../design/index.ts';
import { byteSize } from '../grid/cell-text.ts';
import { type CellView } from '../grid/model.ts';
import { Shown } from '../shown.tsx';
import { Watermark } from '../watermark.tsx';
import { viewOf } from '../window-cache.ts';
import { type InspectedCell } from './inspected.ts';

import { useAsked } from './use-cell.ts';

/** One row as a record: every column under the other. */
export function RowTab({ client, cell }: { client: Client<Desktop>; cell: InspectedCell }): ReactElement {
  const { result, row, columns } = cell;
  const answer = useAsked(`${result} ${row}`, (signal) =>
    client['result.window']({ result, firstRow: row, rows: 1, firstColumn: 0, columns: columns.length }, signal).then(
      (packed) => new ResultWindow(packed),
    ),
  );
  const scroller = useRef<HTMLDivElement>(null);
  // eslint-disable-next-line react-hooks/incompatible-library -- as its documentation says; it renders on its own state
  const fields = useVirtualizer({
    count: columns.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => Number.parseFloat(readToken('row')),
    overscan: 8,
  });
  if (answer.state === 'failed') return <Message meaning="refused">{answer.trouble.message}</Message>;
  if (answer.state === 'loading') return <ProgressBar label="Reading the row" />;
  return (
    <div className="record-frame">
      <div className="record" ref={scroller} tabIndex={0} role="region" aria-label={`Row ${row + 1}`}>
        <dl className="record-fields" style={{ height: fields.getTotalSize() }}>
          {fields.getVirtualItems().map((item) => {
            const column = columns[item.index];
            const view = viewOf(answer.value, row, item.index);
            if (column === undefined || view === undefined) return null;
            return (
              <div
                key={item.key}
                className="record-field"
                data-current={item.index === cell.column || undefined}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <dt title={`${column.name} ${column.type}`}>
                  {column.mask !== null && <Icon name="lock" className="meaning-masked" />}
                  <Shown text={column.name} />
                </dt>
                <dd data-state={view.state} data-numeric={column.numeric || undefined}>
                  <Value cell={view} />
                </dd>
              </div>
            );
          })}
        </dl>
      </div>
      {cell.watermark !== null && <Watermark text={cell.watermark} />}
    </div>
  );
}

function Value({ cell }: { cell: CellView }): ReactElement {
  if (cell.state === 'null' || cell.none === true) return <i className="record-null">NULL</i>;
  if (cell.state === 'empty') return <span className="record-empty" aria-label="Empty text" />;
  return (
    <>
      <Shown text={cell.text.slice(0, 500)} />
      {cell.state === 'truncated' && cell.bytes !== undefined && (
        <span className="record-size">… {byteSize(cell.bytes)}</span>
      )}
    </>
  );
}
