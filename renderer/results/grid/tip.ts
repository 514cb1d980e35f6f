import { type GridColumn, type CellView } from './model.ts';
import { byteSize } from './cell-text.ts';
import { headerName } from './paint-frame.ts';
import { type Place } from './view.ts';

/** A tooltip over the canvas, for what a cell cannot say in its own space. It waits, and it never takes the pointer. */
export interface Tip {
  /** Shows lines beside a place (counted from the top left of `host`) after a moment; the same key does not blink. */
  offer(key: string, place: Place, lines: readonly string[]): void;
  hide(): void;
  dispose(): void;
}

const DELAY = 450;

/** The lines for a cell or, without one, for a header; empty where there is nothing to add. */
export function tipLines(column: GridColumn, cell: CellView | 'pending' | null): readonly string[] {
  if (cell === null) return [`${headerName(column)} · ${column.type}`, ...(column.mask ?? [])];
  if (cell === 'pending') return [];
  if (cell.state === 'masked') return column.mask ?? ['Masked.'];
  if (cell.state === 'truncated') {
    const size = cell.bytes === undefined ? '' : ` of ${byteSize(cell.bytes)}`;
    return [`The beginning${size}.`, 'Press Enter for the whole value.'];
  }
  return cell.state === 'error' ? [cell.text] : [];
}

export function createTip(host: HTMLElement): Tip {
  const element = document.createElement('div');
  element.className = 'grid-tip';
  element.popover = 'manual';
  element.setAttribute('aria-hidden', 'true');
  host.append(element);
  let timer: ReturnType<typeof setTimeout> | undefined;
  let current: string | null = null;

  function hide(): void {
    clearTimeout(timer);
    current = null;
    if (element.matches(':popover-open')) element.hidePopover();
  }

  function show(place: Place, lines: readonly string[]): void {
    element.replaceChildren(
      ...lines.map((text) => {
        const line = document.createElement('div');
        line.textContent = text;
        return line;
      }),
    );
    element.showPopover();
    const frame = host.getBoundingClientRect();
    const size = element.getBoundingClientRect();
    const left = Math.min(frame.left + Math.max(place.x, 0), innerWidth - size.width);
    const below = frame.top + place.y + place.height;
    const top = below + size.height > innerHeight ? frame.top + place.y - size.height : below;
    element.style.left = `${Math.max(0, left)}px`;
    element.style.top = `${Math.max(0, top)}px`;
  }

  return {
    offer: (key, place, lines) => {
      if (key === current) return;
      hide();
      if (lines.length === 0) return;
      current = key;
      timer = setTimeout(() => show(place, lines), DELAY);
    },
    hide,
    dispose: () => {
      hide();
      element.remove();
    },
  };
}
