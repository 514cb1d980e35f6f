import { type KeyboardEvent, memo, type ReactElement, type RefObject, useEffect, useRef, useState } from 'react';
import { type EnvironmentName, type MatrixView } from '../../shared/views.ts';
import { EnvironmentMark } from '../design/index.ts';
import { Shown } from '../results/shown.tsx';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { Effect } from './effect.tsx';
import { type CellName, effectSentence, type MatrixRow, moved, type Spot } from './matrix-model.ts';

const environments: readonly string[] = ['development', 'staging', 'production'];
const isEnvironment = (name: string): name is EnvironmentName => environments.includes(name);

const nameOf = (view: MatrixView, row: MatrixRow, column: number): CellName => ({
  who: view.who[row.who]?.id ?? '',
  connection: view.places[row.place]?.connection ?? '',
  action: view.actions[column] ?? '',
});

/**
 * The matrix as a table whose headings stay. One cell takes part in the Tab order; arrow keys, Home, End, Page Up and Page Down go on
 * from it, Enter opens what is behind it (ARIA Authoring Practices, grid pattern).
 */
export function MatrixTable({ view, rows }: { view: MatrixView; rows: readonly MatrixRow[] }): ReactElement {
  const { policy } = useWorkbench();
  const opened = useStore(policy.cell);
  const [held, setSpot] = useState<Spot>({ row: 0, column: 0 });
  const table = useRef<HTMLTableElement>(null);
  const taking = useRef(false);
  const spot = { row: Math.min(held.row, rows.length - 1), column: Math.min(held.column, view.actions.length - 1) };

  useEffect(() => {
    if (!taking.current) return;
    taking.current = false;
    table.current?.querySelector<HTMLElement>('[role="gridcell"][tabindex="0"]')?.focus();
  });

  const open = (at: Spot): void => {
    const row = rows[at.row];
    if (row !== undefined) policy.cell.set(nameOf(view, row, at.column));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.altKey || event.metaKey || event.shiftKey) return;
    const target = moved(spot, event, { rows: rows.length, columns: view.actions.length });
    if (target !== null) {
      taking.current = true;
      setSpot(target);
      // What is open follows the focus.
      if (opened !== null) open(target);
    } else if (event.key === 'Enter' || event.key === ' ') open(spot);
    else if (event.key === 'Escape' && opened !== null) policy.cell.set(null);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };

  return (
    <div className="matrix-scroller">
      <table
        className="matrix"
        role="grid"
        aria-label="Who can do what"
        aria-rowcount={rows.length}
        ref={table}
        onKeyDown={onKeyDown}
      >
        <thead>
          <tr>
            <th scope="col" className="matrix-corner">
              Connection
            </th>
            {view.actions.map((action) => (
              <th key={action} scope="col">
                {action}
              </th>
            ))}
          </tr>
        </thead>
        {groupsOf(rows).map(({ who, from, rows: own }) => (
          <tbody key={view.who[who]?.id ?? who}>
            <tr className="matrix-who">
              <th scope="rowgroup" colSpan={view.actions.length + 1}>
                <span className="matrix-who-words">
                  <Shown text={view.who[who]?.title ?? ''} />
                  <code>
                    <Shown text={view.who[who]?.id ?? ''} />
                  </code>
                </span>
              </th>
            </tr>
            {own.map((row, index) => (
              <Row
                key={view.places[row.place]?.connection ?? row.place}
                view={view}
                row={row}
                at={from + index}
                focused={spot.row === from + index ? spot.column : null}
                opened={openedColumn(view, row, opened)}
                taking={taking}
                onSpot={setSpot}
                onOpen={policy.cell.set}
              />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  );
}

/** The rows of one asker, and where they begin. */
function groupsOf(
  rows: readonly MatrixRow[],
): { readonly who: number; readonly from: number; readonly rows: MatrixRow[] }[] {
  const groups: { who: number; from: number; rows: MatrixRow[] }[] = [];
  rows.forEach((row, at) => {
    const last = groups.at(-1);
    if (last?.who === row.who) last.rows.push(row);
    else groups.push({ who: row.who, from: at, rows: [row] });
  });
  return groups;
}

function openedColumn(view: MatrixView, row: MatrixRow, opened: CellName | null): number | null {
  if (opened === null) return null;
  const { who, connection } = nameOf(view, row, 0);
  return opened.who === who && opened.connection === connection ? view.actions.indexOf(opened.action) : null;
}

/** Only the rows that the focus leaves and enters are drawn again. */
const Row = memo(function MatrixLine({
  view,
  row,
  at,
  focused,
  opened,
  taking,
  onSpot,
  onOpen,
}: {
  view: MatrixView;
  row: MatrixRow;
  at: number;
  /** The column of the cell that takes part in the Tab order. */
  focused: number | null;
  opened: number | null;
  taking: RefObject<boolean>;
  onSpot: (spot: Spot) => void;
  onOpen: (name: CellName) => void;
}): ReactElement {
  const place = view.places[row.place];
  const environment = place?.environment ?? '';
  return (
    <tr>
      <th scope="row" className="matrix-place">
        <span className="matrix-place-words">
          {isEnvironment(environment) ? <EnvironmentMark environment={environment} /> : <span>{environment}</span>}
          <span className="matrix-place-name">
            <Shown text={place?.title ?? ''} />
          </span>
          {place !== undefined && place.connection !== place.title && (
            <code className="policy-quiet">
              <Shown text={place.connection} />
            </code>
          )}
        </span>
      </th>
      {row.cells.map((cell, column) => {
        const name = nameOf(view, row, column);
        const words = `${name.action}: ${effectSentence(cell)}${cell.summary === '' ? '' : `, ${cell.summary}`}`;
        return (
          <td
            key={name.action}
            role="gridcell"
            className={`matrix-cell matrix-${cell.effect}`}
            tabIndex={focused === column ? 0 : -1}
            aria-label={words}
            aria-selected={opened === column}
            title={cell.summary}
            onClick={() => {
              taking.current = true;
              onSpot({ row: at, column });
              onOpen(name);
            }}
          >
            <Effect cell={cell} />
          </td>
        );
      })}
    </tr>
  );
});
