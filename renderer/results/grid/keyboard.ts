import { type CellPosition } from './model.ts';
import { commandFor, type GridCommand, moveFrom } from './navigation.ts';
import { type Extent, select, selectAll, selectCell, type Selection, widen } from './selection.ts';
import { pageRows, placeOf, type View, visibleRange } from './view.ts';

/** What the keys can do to the grid. */
export interface KeyboardTarget {
  view(): View;
  extent(): Extent;
  selection(): Selection | null;
  change(next: Selection | null): void;
  reveal(cell: CellPosition): void;
  open(): void;
  copy(headers: boolean): void;
  menu(at: { readonly x: number; readonly y: number }): void;
}

const steps: readonly string[] = ['up', 'down', 'left', 'right'];

/** Listens on the element that has the focus. Returns what ends it. */
export function attachKeyboard(scroller: HTMLElement, target: KeyboardTarget): () => void {
  function onKey(event: KeyboardEvent): void {
    const command = commandFor(event);
    if (command === null) return;
    event.preventDefault();
    event.stopPropagation();
    if (command.kind === 'select-all') return target.change(selectAll(target.selection(), target.extent()));
    const selection = target.selection() ?? begin();
    if (selection === null) return;
    // Without a selection a single step begins at the first cell that shows; anything larger goes on from it.
    const began = selection !== target.selection();
    if (began) target.change(selection);
    if (began && command.kind === 'move' && steps.includes(command.to)) return;
    obey(command, selection);
  }

  function begin(): Selection | null {
    const range = visibleRange(target.view());
    return range === null ? null : selectCell({ row: range.top, column: range.left });
  }

  function obey(command: GridCommand, selection: Selection): void {
    const extent = target.extent();
    switch (command.kind) {
      case 'move': {
        const to = moveFrom(selection.focus, command.to, extent, pageRows(target.view()));
        const axis = command.extend ? selection.axis : 'cells';
        target.change(select(selection, to, command.extend ? 'extend' : 'replace', axis, extent));
        return target.reveal(to);
      }
      case 'select-all':
        return target.change(selectAll(selection, extent));
      case 'select-rows':
        return target.change(widen(selection, 'rows', extent));
      case 'select-columns':
        return target.change(widen(selection, 'columns', extent));
      case 'collapse':
        return target.change(selectCell(selection.focus));
      case 'open':
        return target.open();
      case 'copy':
        return target.copy(command.headers);
      case 'menu': {
        const box = scroller.getBoundingClientRect();
        const place = placeOf(target.view(), selection.focus);
        return target.menu({ x: box.left + place.x, y: box.top + place.y + place.height });
      }
    }
  }

  scroller.addEventListener('keydown', onKey);
  return () => scroller.removeEventListener('keydown', onKey);
}
