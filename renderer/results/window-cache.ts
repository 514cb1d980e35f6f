import { CELL_MASKED, CELL_NULL, CELL_TRUNCATED, ResultWindow } from '../../shared/result-window.ts';
import { troubleOf } from '../state/trouble.ts';
import { type CellRange, type CellView, type GridColumn, type GridModel } from './grid/model.ts';

/**
 * The part of a result that is in this process: packed windows around what is on the screen. Everything else stays in
 * the gate process. Windows are aligned, so that a key says which; at most two requests are under way; what scrolled
 * away before it was asked for is never asked for.
 */
export interface WindowCache extends GridModel {
  /** More rows are there now (or, after a run, the final number). `bytes` of them all, where known. */
  setRowCount(rows: number, bytes?: number): void;
  /** Asks again for what could not be read. */
  retry(): void;
  /** Why the last window could not be read, until something could. */
  readonly failure: string | null;
  readonly bytes: number;
  dispose(): void;
}

export interface Rectangle {
  readonly firstRow: number;
  readonly rows: number;
  readonly firstColumn: number;
  readonly columns: number;
}

export interface WindowCacheOptions {
  readonly columns: readonly GridColumn[];
  /** Written across the cells; null where nothing is. */
  readonly watermark?: string | null;
  readonly fetch: (area: Rectangle, signal: AbortSignal) => Promise<Uint8Array>;
  /** Something arrived or failed: paint again. */
  readonly onChange: () => void;
}

const WINDOW_ROWS = 256;
const WINDOW_COLUMNS = 64;
const MAX_WINDOWS = 40;
const MAX_BYTES = 24 * 1024 * 1024;
const MAX_IN_FLIGHT = 2;
/** A window above this many bytes makes later ones shorter, down to `LEAST_ROWS`. */
const HEAVY_WINDOW = 1024 * 1024;
const LEAST_ROWS = 16;

interface Entry {
  readonly window: ResultWindow;
  readonly bytes: number;
}

const nullCell: CellView = { text: '', state: 'null' };
const emptyCell: CellView = { text: '', state: 'empty' };

/** A cell of a window as the grid shows it; undefined outside the window. */
export function viewOf(window: ResultWindow, row: number, column: number): CellView | undefined {
  const flags = window.flags(row, column);
  if (flags === undefined) return undefined;
  if (flags === CELL_NULL) return nullCell;
  const text = window.text(row, column) ?? '';
  const bytes = window.size(row, column) ?? 0;
  if ((flags & CELL_MASKED) !== 0) {
    if ((flags & CELL_NULL) !== 0) return { text, state: 'masked', none: true };
    return (flags & CELL_TRUNCATED) !== 0 ? { text, state: 'masked', bytes } : { text, state: 'masked' };
  }
  if ((flags & CELL_TRUNCATED) !== 0) return { text, state: 'truncated', bytes };
  return text === '' ? emptyCell : { text, state: 'value' };
}

export function createWindowCache(options: WindowCacheOptions): WindowCache {
  const { columns, fetch, onChange, watermark = null } = options;
  const columnChunks = Math.max(1, Math.ceil(columns.length / WINDOW_COLUMNS));
  /** Oldest use first. */
  const entries = new Map<number, Entry>();
  const inFlight = new Map<number, AbortController>();
  const failures = new Map<number, string>();
  let wanted: readonly number[] = [];
  let visible: CellRange | null = null;
  let windowRows = WINDOW_ROWS;
  let rowCount = 0;
  let bytes = 0;
  let failure: string | null = null;
  let disposed = false;

  const keyOf = (row: number, column: number): number =>
    Math.floor(row / windowRows) * columnChunks + Math.floor(column / WINDOW_COLUMNS);

  function areaOf(key: number): Rectangle {
    const firstRow = Math.floor(key / columnChunks) * windowRows;
    const firstColumn = (key % columnChunks) * WINDOW_COLUMNS;
    return {
      firstRow,
      rows: Math.min(windowRows, rowCount - firstRow),
      firstColumn,
      columns: Math.min(WINDOW_COLUMNS, columns.length - firstColumn),
    };
  }

  /** Is there nothing more to fetch for a key: a window fetched while rows arrived may have grown since. */
  function complete(key: number): boolean {
    const entry = entries.get(key);
    const area = areaOf(key);
    return entry !== undefined && entry.window.firstRow + entry.window.rows >= area.firstRow + area.rows;
  }

  /** Windows that show, nearest to the middle first, then the neighbours above and below. */
  function keysFor(range: CellRange): readonly number[] {
    const first = Math.floor(range.top / windowRows);
    const last = Math.floor(range.bottom / windowRows);
    const left = Math.floor(range.left / WINDOW_COLUMNS);
    const right = Math.floor(range.right / WINDOW_COLUMNS);
    const middle = (range.top + range.bottom) / 2 / windowRows - 0.5;
    const rows = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    rows.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
    const lastWindow = Math.ceil(rowCount / windowRows) - 1;
    rows.push(...[last + 1, first - 1].filter((row) => row >= 0 && row <= lastWindow));
    const keys: number[] = [];
    for (const row of rows) for (let column = left; column <= right; column++) keys.push(row * columnChunks + column);
    return keys;
  }

  function evict(): void {
    const needed = new Set(wanted);
    for (const [key, entry] of entries) {
      if (entries.size <= MAX_WINDOWS && bytes <= MAX_BYTES) return;
      if (needed.has(key)) continue;
      entries.delete(key);
      bytes -= entry.bytes;
    }
  }

  function keep(key: number, entry: Entry): void {
    bytes += entry.bytes - (entries.get(key)?.bytes ?? 0);
    entries.delete(key);
    entries.set(key, entry);
  }

  /** Rows are heavy: from now on fewer of them at a time. What just came is kept under the keys of the new size. */
  function shorten(window: ResultWindow, size: number): void {
    const pieces = Math.ceil(windowRows / LEAST_ROWS);
    windowRows = LEAST_ROWS;
    for (const controller of inFlight.values()) controller.abort();
    entries.clear();
    failures.clear();
    bytes = 0;
    for (let row = window.firstRow; row < window.firstRow + window.rows; row += windowRows) {
      keep(keyOf(row, window.firstColumn), { window, bytes: size / pieces });
    }
  }

  async function load(key: number, area: Rectangle, controller: AbortController): Promise<void> {
    try {
      const packed = await fetch(area, controller.signal);
      if (controller.signal.aborted) return;
      const window = new ResultWindow(packed);
      if (
        window.firstRow !== area.firstRow ||
        window.firstColumn !== area.firstColumn ||
        window.columns !== area.columns
      ) {
        throw new RangeError('not the window that was asked for');
      }
      failures.delete(key);
      if (failures.size === 0) failure = null;
      if (packed.byteLength > HEAVY_WINDOW && windowRows > LEAST_ROWS) shorten(window, packed.byteLength);
      else keep(key, { window, bytes: packed.byteLength });
    } catch (error) {
      if (controller.signal.aborted) return;
      failure = troubleOf(error).message;
      failures.set(key, failure);
    }
    if (disposed) return;
    if (visible !== null) wanted = keysFor(visible);
    evict();
    onChange();
  }

  function pump(): void {
    for (const key of wanted) {
      if (disposed || inFlight.size >= MAX_IN_FLIGHT) return;
      if (inFlight.has(key) || failures.has(key) || complete(key)) continue;
      const area = areaOf(key);
      if (area.rows <= 0 || area.columns <= 0) continue;
      const controller = new AbortController();
      inFlight.set(key, controller);
      void load(key, area, controller).finally(() => {
        if (inFlight.get(key) === controller) inFlight.delete(key);
        pump();
      });
    }
  }

  function want(range: CellRange): void {
    visible = range;
    wanted = keysFor(range);
    const needed = new Set(wanted);
    for (const [key, controller] of inFlight) if (!needed.has(key)) controller.abort();
    for (const key of wanted) {
      const entry = entries.get(key);
      if (entry !== undefined) keep(key, entry);
    }
    pump();
  }

  return {
    columns,
    watermark,
    get rowCount() {
      return rowCount;
    },
    get failure() {
      return failure;
    },
    get bytes() {
      return bytes;
    },
    cell: (row, column) => {
      const key = keyOf(row, column);
      const entry = entries.get(key);
      const view = entry && viewOf(entry.window, row, column);
      if (view !== undefined) return view;
      const reason = failures.get(key);
      return reason === undefined ? 'pending' : { text: reason, state: 'error' };
    },
    ensure: (range) => {
      if (!disposed && rowCount > 0 && columns.length > 0 && range.bottom >= range.top && range.right >= range.left)
        want(range);
    },
    setRowCount: (rows, size = 0) => {
      rowCount = rows;
      const share = Math.min(1, WINDOW_COLUMNS / Math.max(1, columns.length));
      const heavy = rows > 0 && (size / rows) * WINDOW_ROWS * share > HEAVY_WINDOW;
      // Before anything was asked for: the first window of a result of big cells would be tens of megabytes.
      if (heavy && entries.size === 0 && inFlight.size === 0) windowRows = LEAST_ROWS;
      if (visible !== null) pump();
    },
    retry: () => {
      failures.clear();
      failure = null;
      pump();
      onChange();
    },
    dispose: () => {
      disposed = true;
      for (const controller of inFlight.values()) controller.abort();
      entries.clear();
      bytes = 0;
    },
  };
}
