import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type MaskView, type ResultColumnView } from '../../shared/views.ts';
import { type Totals } from './grid/aggregates.ts';
import { createGrid, type Grid } from './grid/grid.ts';
import { type GridColumn } from './grid/model.ts';
import { type Selection } from './grid/selection.ts';
import { type RunModel } from './run-model.ts';
import { totalSelection } from './selection-totals.ts';
import { createWindowCache, type Rectangle } from './window-cache.ts';

/**
 * A run's result on a grid: the grid, its windows and its selection, which live as long as the run and not as long as
 * a React component, so that switching tabs and coming back finds everything as it was.
 */
export interface ResultSheet {
  /** Holds the grid. */
  readonly host: HTMLElement;
  /** Shows the sheet in an element, scrolled and focused as it was when it was last shown. Returns what ends it. */
  attach(place: HTMLElement): () => void;
  readonly grid: Grid;
  subscribe(listener: () => void): () => void;
  snapshot(): SheetSnapshot;
  retry(): void;
  /** Answers what the grid's keys and mouse ask for, until the returned function is called. */
  answer(wishes: SheetWishes): () => void;
}

export interface SheetSnapshot {
  readonly selection: Selection | null;
  readonly totals: Totals | null;
  /** Why rows that should be visible are not. */
  readonly failure: string | null;
}

export interface SheetWishes {
  open(): void;
  copy(headers: boolean): void;
  menu(at: { readonly x: number; readonly y: number }, column: number | null): void;
}

const sheets = new WeakMap<RunModel, ResultSheet>();
/** A selection must rest this long before it is added up, ms. */
const TOTALS_REST = 120;

/** The sentences of a mask as tooltip and inspector say them: what it is, which rule, how to see it; what is left to see. */
export function maskSentences(mask: MaskView): readonly string[] {
  const { sentence, masker } = mask;
  return [`${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`, `Shown: ${masker}.`];
}

/** The tooltip cannot be pressed: it says where a grant is taken. */
const liftSentence = ({ liftedBy = [] }: MaskView): readonly string[] =>
  liftedBy.length === 0 ? [] : ['Press Enter to see it clear for a while, or to learn who to ask.'];

const gridColumn = (column: ResultColumnView): GridColumn => ({
  name: column.name,
  type: column.type,
  numeric: column.numeric,
  mask: column.mask && [...maskSentences(column.mask), ...liftSentence(column.mask)],
});

/** The sheet of a run that has columns; the same one every time. */
export function sheetOf(client: Client<Desktop>, run: RunModel): ResultSheet {
  const known = sheets.get(run);
  if (known !== undefined) return known;
  const made = createSheet(client, run);
  sheets.set(run, made);
  return made;
}

function createSheet(client: Client<Desktop>, run: RunModel): ResultSheet {
  const { result, columns } = run.snapshot();
  if (result === null) throw new Error('A sheet needs a result.');
  const listeners = new Set<() => void>();
  const host = document.createElement('div');
  host.className = 'result-sheet';
  let current: SheetSnapshot = { selection: null, totals: null, failure: null };
  let summing: AbortController | null = null;
  let wishes: SheetWishes | null = null;
  let hadFocus = false;

  const fetch = (area: Rectangle, signal: AbortSignal): Promise<Uint8Array> =>
    client['result.window']({ result, ...area }, signal);
  const cache = createWindowCache({
    columns: columns.map(gridColumn),
    watermark: run.snapshot().verdict?.watermark ?? null,
    fetch,
    onChange: () => {
      grid.refresh();
      if (cache.failure !== current.failure) show({ ...current, failure: cache.failure });
    },
  });
  cache.setRowCount(run.snapshot().rows, run.snapshot().bytes);

  function show(next: SheetSnapshot): void {
    current = next;
    for (const listener of listeners) listener();
  }

  function onSelect(selection: Selection | null): void {
    summing?.abort();
    show({ ...current, selection, totals: null });
    if (selection === null) return;
    const controller = new AbortController();
    summing = controller;
    const timer = setTimeout(() => void sum(selection, controller.signal), TOTALS_REST);
    controller.signal.addEventListener('abort', () => clearTimeout(timer));
  }

  async function sum(selection: Selection, signal: AbortSignal): Promise<void> {
    // A sum that could not be read is not shown; the grid says by itself that rows cannot be read.
    const totals = await totalSelection(fetch, cache.columns, selection.ranges, signal).catch(() => null);
    if (!signal.aborted) show({ ...current, totals });
  }

  const grid = createGrid(host, 'Results', cache, {
    onSelect,
    onOpen: () => wishes?.open(),
    onCopy: (headers) => wishes?.copy(headers),
    onMenu: (at, column) => wishes?.menu(at, column),
  });

  const unsubscribe = run.subscribe(() => {
    const { rows, bytes } = run.snapshot();
    if (rows === cache.rowCount) return;
    cache.setRowCount(rows, bytes);
    grid.refresh();
  });
  run.disposed.addEventListener('abort', () => {
    unsubscribe();
    summing?.abort();
    cache.dispose();
    grid.dispose();
    host.remove();
  });

  return {
    host,
    grid,
    attach: (place) => {
      place.append(host);
      grid.restore();
      if (hadFocus) grid.focus();
      return () => {
        hadFocus = host.contains(document.activeElement);
        host.remove();
      };
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    snapshot: () => current,
    retry: () => cache.retry(),
    answer: (next) => {
      wishes = next;
      return () => {
        if (wishes === next) wishes = null;
      };
    },
  };
}
