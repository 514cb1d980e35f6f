import { type CellPosition } from './model.ts';
import { type Selection, type SelectMode } from './selection.ts';
import { autoscroll, type Hit, hitTest, nearestCell, type View } from './view.ts';

/** What the mouse, pen or finger can do to the grid. */
export interface PointerTarget {
  view(): View;
  focus(): void;
  select(at: CellPosition, mode: SelectMode, axis: Selection['axis']): void;
  selectAll(): void;
  /** Was the cell selected before the press: then a menu is for the whole selection. */
  isSelected(at: CellPosition): boolean;
  drag(at: CellPosition): void;
  scrollBy(x: number, y: number): void;
  resize(column: number, width: number): void;
  fit(column: number): void;
  hover(hit: Hit): void;
  open(): void;
  menu(at: { readonly x: number; readonly y: number }, hit: Hit): void;
}

type Gesture =
  | { readonly kind: 'select'; readonly axis: Selection['axis'] }
  | { readonly kind: 'resize'; readonly column: number; readonly from: number; readonly width: number };

function modeOf(event: PointerEvent): SelectMode {
  if (event.shiftKey) return 'extend';
  return event.ctrlKey || event.metaKey ? 'add' : 'replace';
}

/** Listens on the canvas. Returns what ends it. */
export function attachPointer(canvas: HTMLElement, target: PointerTarget): () => void {
  const ended = new AbortController();
  const { signal } = ended;
  let gesture: Gesture | null = null;
  let last = { x: 0, y: 0 };
  let frame = 0;

  const pointOf = (event: MouseEvent): { x: number; y: number } => {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  function press(event: PointerEvent): void {
    const at = pointOf(event);
    const hit = hitTest(target.view(), at.x, at.y);
    event.preventDefault();
    target.focus();
    if (event.button !== 0) return;
    last = at;
    const mode = modeOf(event);
    switch (hit.area) {
      case 'border':
        gesture = {
          kind: 'resize',
          column: hit.column,
          from: at.x,
          width: target.view().layout.widths[hit.column] ?? 0,
        };
        break;
      case 'corner':
        target.selectAll();
        return;
      case 'column':
        target.select({ row: 0, column: hit.column }, mode, 'columns');
        gesture = { kind: 'select', axis: 'columns' };
        break;
      case 'row':
        target.select(hit.cell, mode, 'rows');
        gesture = { kind: 'select', axis: 'rows' };
        break;
      case 'cell':
        target.select(hit.cell, mode, 'cells');
        gesture = { kind: 'select', axis: 'cells' };
        break;
      case 'outside':
        return;
    }
    canvas.setPointerCapture(event.pointerId);
  }

  function extend(): void {
    const view = target.view();
    const cell = nearestCell(view, last.x, last.y);
    if (gesture?.kind === 'select') {
      target.drag(
        gesture.axis === 'columns' ? { ...cell, row: 0 } : gesture.axis === 'rows' ? { ...cell, column: 0 } : cell,
      );
    }
  }

  /** Scrolls on, frame by frame, while a drag is held outside. */
  function scrollOn(): void {
    frame = 0;
    if (gesture?.kind !== 'select') return;
    const by = autoscroll(target.view(), last.x, last.y);
    const x = gesture.axis === 'rows' ? 0 : by.x;
    const y = gesture.axis === 'columns' ? 0 : by.y;
    if (x === 0 && y === 0) return;
    target.scrollBy(x, y);
    extend();
    frame = requestAnimationFrame(scrollOn);
  }

  function move(event: PointerEvent): void {
    last = pointOf(event);
    if (gesture === null) return target.hover(hitTest(target.view(), last.x, last.y));
    if (gesture.kind === 'resize') return target.resize(gesture.column, gesture.width + last.x - gesture.from);
    extend();
    if (frame === 0) frame = requestAnimationFrame(scrollOn);
  }

  function release(): void {
    gesture = null;
    if (frame !== 0) cancelAnimationFrame(frame);
    frame = 0;
  }

  canvas.addEventListener('pointerdown', press, { signal });
  canvas.addEventListener('pointermove', move, { signal });
  canvas.addEventListener('pointerup', release, { signal });
  canvas.addEventListener('pointercancel', release, { signal });
  canvas.addEventListener('pointerleave', () => target.hover({ area: 'outside' }), { signal });
  canvas.addEventListener(
    'dblclick',
    (event) => {
      const at = pointOf(event);
      const hit = hitTest(target.view(), at.x, at.y);
      if (hit.area === 'border') target.fit(hit.column);
      else if (hit.area === 'cell') target.open();
    },
    { signal },
  );
  canvas.addEventListener(
    'contextmenu',
    (event) => {
      event.preventDefault();
      const at = pointOf(event);
      const hit = hitTest(target.view(), at.x, at.y);
      if (hit.area === 'cell' && !target.isSelected(hit.cell)) target.select(hit.cell, 'replace', 'cells');
      if (hit.area === 'row' && !target.isSelected(hit.cell)) target.select(hit.cell, 'replace', 'rows');
      if (hit.area === 'column' && !target.isSelected({ row: 0, column: hit.column }))
        target.select({ row: 0, column: hit.column }, 'replace', 'columns');
      target.menu({ x: event.clientX, y: event.clientY }, hit);
    },
    { signal },
  );

  return () => {
    release();
    ended.abort();
  };
}
