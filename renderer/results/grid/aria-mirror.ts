import { showText } from './cell-text.ts';
import { columnLeft } from './column-layout.ts';
import { type CellRange, type CellView, type GridColumn, type GridModel } from './model.ts';
import { headerName } from './paint-frame.ts';
import { isSelected, type Selection } from './selection.ts';
import { type View } from './view.ts';

/**
 * The visible cells as an ARIA grid: invisible, but at the very places where they are drawn, so that screen readers,
 * magnifiers and tests find them (WAI-ARIA APG, grid pattern with aria-rowindex and aria-colindex). Elements are kept
 * and reused; an attribute is written only when it changes. Text goes in as text, never as markup.
 */
export interface AriaMirror {
  update(view: View, model: GridModel, selection: Selection | null, range: CellRange | null): void;
  /** Id of a cell's element if it is in the mirror. */
  cellId(row: number, column: number): string | null;
}

interface Line {
  readonly element: HTMLElement;
  readonly cells: HTMLElement[];
}

/** Row 1 is the header, as a person counts. */
const HEADER_ROWS = 1;
let mirrors = 0;

function set(element: HTMLElement, name: string, value: string | null): void {
  if (element.getAttribute(name) === value) return;
  if (value === null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** What is read for a cell: the same characters that are drawn. */
function spokenText(cell: CellView | 'pending'): string {
  if (cell === 'pending') return '';
  if (cell.state === 'null' || cell.none === true) return 'NULL';
  const { text } = showText(cell.text);
  return cell.state === 'truncated' ? `${text}…` : text;
}

export function createAriaMirror(root: HTMLElement): AriaMirror {
  const prefix = `grid-${++mirrors}`;
  const header = line('row');
  const lines: Line[] = [];
  let shown: CellRange | null = null;
  root.append(header.element);

  function line(role: string): Line {
    const element = document.createElement('div');
    element.setAttribute('role', role);
    return { element, cells: [] };
  }

  function fitCells(target: Line, count: number, role: string): void {
    while (target.cells.length > count) target.cells.pop()?.remove();
    while (target.cells.length < count) {
      const cell = document.createElement('div');
      cell.setAttribute('role', role);
      target.cells.push(cell);
      target.element.append(cell);
    }
  }

  function fitLines(count: number): void {
    while (lines.length > count) lines.pop()?.element.remove();
    while (lines.length < count) {
      const added = line('row');
      lines.push(added);
      root.append(added.element);
    }
  }

  function placeCell(cell: HTMLElement, view: View, column: number): void {
    const left = `${view.gutter + columnLeft(view.layout, column, view.scrollLeft)}px`;
    const width = `${view.layout.widths[column] ?? 0}px`;
    if (cell.style.left !== left) cell.style.left = left;
    if (cell.style.width !== width) cell.style.width = width;
    set(cell, 'aria-colindex', String(column + 1));
  }

  function placeLine(target: Line, top: number, height: number, index: number): void {
    const at = `${top}px`;
    if (target.element.style.top !== at) target.element.style.top = at;
    const tall = `${height}px`;
    if (target.element.style.height !== tall) target.element.style.height = tall;
    set(target.element, 'aria-rowindex', String(index));
  }

  function updateHeader(cell: HTMLElement, column: GridColumn): void {
    setText(cell, headerName(column));
    set(cell, 'aria-description', [column.type, ...(column.mask ?? [])].join('. '));
    set(cell, 'data-state', column.mask === null ? null : 'masked');
  }

  function updateCell(cell: HTMLElement, view: CellView | 'pending', column: GridColumn, selected: boolean): void {
    setText(cell, spokenText(view));
    const state = view === 'pending' ? 'pending' : view.state;
    set(cell, 'data-state', state);
    set(cell, 'aria-busy', state === 'pending' ? 'true' : null);
    set(cell, 'aria-selected', String(selected));
    const described: Readonly<Record<string, string>> = {
      masked: (column.mask ?? ['Masked']).join('. '),
      empty: 'Empty text',
      truncated: 'Cut: open the inspector for the whole value',
    };
    set(cell, 'aria-description', described[state] ?? null);
  }

  return {
    update: (view, model, selection, range) => {
      shown = range;
      const columns = range === null ? [] : shownColumns(view, range);
      fitCells(header, columns.length, 'columnheader');
      placeLine(header, 0, view.header, 1);
      fitLines(range === null ? 0 : range.bottom - range.top + 1);
      columns.forEach((column, i) => {
        const cell = header.cells[i];
        const about = model.columns[column];
        if (cell === undefined || about === undefined) return;
        placeCell(cell, view, column);
        updateHeader(cell, about);
      });
      lines.forEach((target, j) => {
        const row = (range?.top ?? 0) + j;
        fitCells(target, columns.length, 'gridcell');
        placeLine(target, view.header + row * view.row - view.position, view.row, row + 1 + HEADER_ROWS);
        columns.forEach((column, i) => {
          const cell = target.cells[i];
          const about = model.columns[column];
          if (cell === undefined || about === undefined) return;
          placeCell(cell, view, column);
          if (cell.id !== idOf(row, column)) cell.id = idOf(row, column);
          updateCell(cell, model.cell(row, column), about, isSelected(selection, row, column));
        });
      });
    },
    cellId: (row, column) => {
      const inside = shown !== null && row >= shown.top && row <= shown.bottom;
      return inside && document.getElementById(idOf(row, column)) !== null ? idOf(row, column) : null;
    },
  };

  function idOf(row: number, column: number): string {
    return `${prefix}-${row}-${column}`;
  }

  /** Pinned columns and the scrolled ones that show; not those hidden between them. */
  function shownColumns(view: View, range: CellRange): readonly number[] {
    const columns: number[] = [];
    const width = view.width - view.gutter;
    const edge = view.layout.edges[view.layout.pinned] ?? 0;
    for (let column = range.left; column <= range.right; column++) {
      const right = columnLeft(view.layout, column, view.scrollLeft) + (view.layout.widths[column] ?? 0);
      if (column < view.layout.pinned || (right > edge && right - (view.layout.widths[column] ?? 0) < width))
        columns.push(column);
    }
    return columns;
  }
}
