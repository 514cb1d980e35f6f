import { onThemeChange } from '../../design/theme.ts';
import { createAriaMirror } from './aria-mirror.ts';
import { fittedWidth, gutterWidth, headerWidth } from './autosize.ts';
import {
  createColumnLayout,
  MAX_COLUMN_WIDTH,
  pinColumns,
  resizeColumn,
  scrollLeftToShow,
  totalWidth,
} from './column-layout.ts';
import { createHover } from './hover.ts';
import { attachKeyboard } from './keyboard.ts';
import { type CellPosition, type GridModel } from './model.ts';
import { paint } from './paint.ts';
import { attachPointer } from './pointer.ts';
import { followScroll } from './scroller.ts';
import { dragTo, type Extent, fitSelection, isSelected, select, selectAll, type Selection } from './selection.ts';
import { createSurface } from './surface.ts';
import { readGridTheme } from './theme.ts';
import { positionToShow, type View, visibleRange, visibleRows } from './view.ts';
import './grid.css';

export interface GridEvents {
  readonly onSelect: (selection: Selection | null) => void;
  /** Enter or a double click: show the focused cell in full. */
  readonly onOpen: () => void;
  readonly onCopy: (headers: boolean) => void;
  /** A menu is asked for, at a point of the window; `column` where a header was pointed at. */
  readonly onMenu: (at: { readonly x: number; readonly y: number }, column: number | null) => void;
}

/** A grid on the screen. Nothing here is React: state changes ask for a frame, a frame paints once. */
export interface Grid {
  /** Shows another result from its beginning. */
  show(model: GridModel): void;
  /** Cells arrived or the number of rows changed. */
  refresh(): void;
  select(selection: Selection | null): void;
  focus(): void;
  /** Scrolls the least that shows a cell. */
  reveal(cell: CellPosition): void;
  /** The grid was put into the document again: an element comes back scrolled to its beginning. */
  restore(): void;
  /** Pins the first columns, as many as given. */
  pin(columns: number): void;
  fitColumn(column: number): void;
  readonly selection: Selection | null;
  readonly pinned: number;
  dispose(): void;
}

/** How long scrolling must rest before the mirror follows, ms: rewriting 500 elements in every frame helps nobody. */
const MIRROR_REST = 80;

export function createGrid(host: HTMLElement, label: string, first: GridModel, events: GridEvents): Grid {
  const surface = createSurface(host, label);
  const { scroller, context } = surface;
  const mirror = createAriaMirror(surface.mirror);
  const hover = createHover(surface.view, () => requestFrame());
  const measure = (text: string, font: string): number => {
    context.font = font;
    return context.measureText(text).width;
  };

  let theme = readGridTheme(measure);
  let model = first;
  let layout = createColumnLayout([]);
  let selection: Selection | null = null;
  let size = { width: 0, height: 0 };
  let gutter = 0;
  let fitted = false;
  let frame = 0;
  let mirrorTimer: ReturnType<typeof setTimeout> | undefined;

  const scroll = followScroll(scroller, () => {
    hover.hideTip();
    requestFrame(true);
  });

  const extent = (): Extent => ({ rows: model.rowCount, columns: model.columns.length });
  const view = (): View => ({
    ...size,
    header: theme.header,
    gutter,
    row: theme.row,
    position: scroll.top,
    scrollLeft: scroll.left,
    layout,
    rowCount: model.rowCount,
  });

  function requestFrame(scrolled = false): void {
    clearTimeout(mirrorTimer);
    mirrorTimer = scrolled ? setTimeout(updateMirror, MIRROR_REST) : setTimeout(updateMirror);
    if (frame === 0) frame = requestAnimationFrame(draw);
  }

  function draw(): void {
    frame = 0;
    if (size.width === 0 || size.height === 0) return;
    const now = view();
    const range = visibleRange(now);
    if (range !== null) model.ensure(range);
    surface.fit(size.width, size.height, devicePixelRatio);
    paint(context, theme, {
      view: now,
      model,
      selection,
      focused: document.activeElement === scroller,
      hovered: hover.cell,
      ratio: devicePixelRatio,
    });
  }

  function updateMirror(): void {
    const now = view();
    mirror.update(now, model, selection, size.width === 0 ? null : visibleRange(now));
    scroller.setAttribute('aria-rowcount', String(model.rowCount + 1));
    scroller.setAttribute('aria-colcount', String(model.columns.length));
    const id = selection && mirror.cellId(selection.focus.row, selection.focus.column);
    if (id === null) scroller.removeAttribute('aria-activedescendant');
    else scroller.setAttribute('aria-activedescendant', id);
  }

  /** The scrolled element follows the number of rows, the widths and the size of the view. */
  function measureContent(): void {
    gutter = gutterWidth(theme, model.rowCount, measure);
    scroll.resize(model.rowCount * theme.row, Math.max(0, size.height - theme.header));
    surface.setContentSize(gutter + totalWidth(layout), theme.header + scroll.scrollHeight);
  }

  /** The first cells decide the widths, once, before they are first seen; after that only the person does. */
  function fitToFirstCells(): void {
    if (fitted || model.rowCount === 0 || size.width === 0) return;
    const range = visibleRange(view());
    if (range === null || model.cell(range.top, range.left) === 'pending') return;
    fitted = true;
    const rows = { first: range.top, last: Math.min(range.bottom, range.top + 60) };
    layout = createColumnLayout(
      layout.widths.map((width, i) =>
        i > range.right && width > 0 && model.cell(range.top, i) === 'pending'
          ? width
          : fittedWidth(theme, model, i, rows, measure),
      ),
      layout.pinned,
    );
  }

  function refresh(): void {
    fitToFirstCells();
    const fits = fitSelection(selection, extent());
    measureContent();
    if (fits !== selection && (fits === null || fits.ranges.length !== selection?.ranges.length)) change(fits);
    requestFrame();
  }

  function change(next: Selection | null): void {
    selection = next;
    requestFrame();
    events.onSelect(selection);
  }

  function reveal(cell: CellPosition): void {
    const now = view();
    scroll.to(positionToShow(now, cell.row), scrollLeftToShow(layout, cell.column, scroll.left, size.width - gutter));
    requestFrame();
  }

  function restore(): void {
    scroll.to(scroll.top, scroll.left);
    requestFrame();
  }

  function setLayout(next: typeof layout): void {
    layout = next;
    measureContent();
    requestFrame();
  }

  const fitColumn = (column: number): void =>
    setLayout(
      resizeColumn(layout, column, fittedWidth(theme, model, column, visibleRows(view()), measure, MAX_COLUMN_WIDTH)),
    );

  const detach = attachPointer(surface.canvas, {
    view,
    focus: () => scroller.focus({ preventScroll: true }),
    select: (at, mode, axis) => {
      hover.hideTip();
      change(select(selection, at, mode, axis, extent()));
      if (axis === 'cells') reveal(at);
    },
    selectAll: () => change(selectAll(selection, extent())),
    isSelected: (at) => isSelected(selection, at.row, at.column),
    drag: (at) => {
      if (selection !== null && (at.row !== selection.focus.row || at.column !== selection.focus.column))
        change(dragTo(selection, at, extent()));
    },
    scrollBy: (x, y) => {
      scroll.to(scroll.top + y, scroll.left + x);
      requestFrame();
    },
    resize: (column, width) => setLayout(resizeColumn(layout, column, width)),
    fit: fitColumn,
    hover: (hit) => hover.over(hit, view(), model),
    open: events.onOpen,
    menu: (at, hit) => {
      hover.hideTip();
      events.onMenu(at, hit.area === 'column' ? hit.column : null);
    },
  });

  const unkeyed = attachKeyboard(scroller, {
    view,
    extent,
    selection: () => selection,
    change: (next) => {
      hover.hideTip();
      change(next);
    },
    reveal,
    open: events.onOpen,
    copy: events.onCopy,
    menu: (at) => events.onMenu(at, null),
  });
  const ended = new AbortController();
  scroller.addEventListener('focus', () => requestFrame(), { signal: ended.signal });
  scroller.addEventListener('blur', () => requestFrame(), { signal: ended.signal });

  const resized = new ResizeObserver(() => {
    const next = { width: scroller.clientWidth, height: scroller.clientHeight };
    if (next.width === size.width && next.height === size.height) return requestFrame();
    size = next;
    // Out of sight: megabytes of picture per tab are given back until it is shown again.
    if (next.width === 0) return surface.fit(0, 0, 1);
    measureContent();
    fitToFirstCells();
    // In the same frame: a canvas of the old size would be stretched for one.
    cancelAnimationFrame(frame);
    draw();
    requestFrame();
  });
  resized.observe(scroller);
  const unthemed = onThemeChange(() => {
    theme = readGridTheme(measure);
    measureContent();
    requestFrame();
  });

  function show(next: GridModel): void {
    model = next;
    fitted = false;
    hover.clear();
    layout = createColumnLayout(next.columns.map((column) => Math.min(headerWidth(theme, column, measure), 240)));
    measureContent();
    scroll.to(0, 0);
    if (selection !== null) change(null);
    refresh();
  }
  show(first);

  return {
    show,
    refresh,
    select: (next) => change(next),
    focus: () => scroller.focus({ preventScroll: true }),
    reveal,
    restore,
    pin: (columns) => setLayout(pinColumns(layout, columns)),
    fitColumn,
    get selection() {
      return selection;
    },
    get pinned() {
      return layout.pinned;
    },
    dispose: () => {
      cancelAnimationFrame(frame);
      clearTimeout(mirrorTimer);
      ended.abort();
      resized.disconnect();
      unthemed();
      detach();
      unkeyed();
      hover.dispose();
      scroll.dispose();
      scroller.remove();
    },
  };
}
