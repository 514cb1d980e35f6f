import { columnLeft } from './column-layout.ts';
import { type CellPosition, type GridModel } from './model.ts';
import { createTip, tipLines } from './tip.ts';
import { type Hit, placeOf, type View } from './view.ts';

/** What is under the pointer: the cursor, the lock of a masked cell, and the tooltip. */
export interface Hover {
  readonly cell: CellPosition | null;
  over(hit: Hit, view: View, model: GridModel): void;
  /** Something moved under the pointer: what was said about it may be wrong now. */
  hideTip(): void;
  clear(): void;
  dispose(): void;
}

/** @param host the element that shows the cursor and that places are counted from. */
export function createHover(host: HTMLElement, onChange: () => void): Hover {
  const tip = createTip(host);
  let cell: CellPosition | null = null;

  return {
    get cell() {
      return cell;
    },
    over: (hit, view, model) => {
      const cursor = hit.area === 'border' ? 'border' : 'default';
      if (host.dataset['cursor'] !== cursor) host.dataset['cursor'] = cursor;
      const now = hit.area === 'cell' ? hit.cell : null;
      if (now?.row !== cell?.row || now?.column !== cell?.column) {
        cell = now;
        onChange();
      }
      const column = hit.area === 'column' ? hit.column : now?.column;
      const about = column === undefined ? undefined : model.columns[column];
      if (about === undefined || column === undefined) return tip.hide();
      const header = {
        x: view.gutter + columnLeft(view.layout, column, view.scrollLeft),
        y: 0,
        width: view.layout.widths[column] ?? 0,
        height: view.header,
      };
      const place = now === null ? header : placeOf(view, now);
      const lines = tipLines(about, now && model.cell(now.row, now.column));
      tip.offer(`${now?.row ?? 'header'} ${column}`, place, lines);
    },
    hideTip: () => tip.hide(),
    clear: () => {
      cell = null;
      tip.hide();
    },
    dispose: () => tip.dispose(),
  };
}
