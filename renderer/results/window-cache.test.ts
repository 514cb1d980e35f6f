import { describe, expect, it, vi } from 'vitest';
import { packWindow } from '../../shared/result-window.ts';
import { type GridColumn } from './grid/model.ts';
import { createWindowCache, type Rectangle } from './window-cache.ts';

const utf8 = new TextEncoder();
const columnsOf = (count: number): GridColumn[] =>
  Array.from({ length: count }, (_, i) => ({ name: `c${i}`, type: 'text', numeric: false, mask: null }));

interface Asked extends Rectangle {
  readonly signal: AbortSignal;
  answer(text?: (row: number, column: number) => string | null): Promise<void>;
  fail(message: string): Promise<void>;
}

/** A gate that answers only when told to. */
function slowGate() {
  const asked: Asked[] = [];
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  const fetch = (area: Rectangle, signal: AbortSignal): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new Error('aborted')));
      asked.push({
        ...area,
        signal,
        answer: (text = (row, column) => `${row}:${column}`) => {
          resolve(
            packWindow(area, (row, column) => {
              const value = text(row, column);
              return { bytes: value === null ? null : utf8.encode(value), masked: false };
            }),
          );
          return settle();
        },
        fail: (message) => {
          reject(Object.assign(new Error(message), { code: 'link-closed' }));
          return settle();
        },
      });
    });
  const last = (): Asked => {
    const found = asked.at(-1);
    if (found === undefined) throw new Error('nothing was asked');
    return found;
  };
  return { asked, fetch, last, settle };
}

const rows = (top: number, bottom: number, right = 2) => ({ top, bottom, left: 0, right });

function open(columnCount = 3, rowCount = 1_000_000) {
  const gate = slowGate();
  const onChange = vi.fn();
  const cache = createWindowCache({ columns: columnsOf(columnCount), fetch: gate.fetch, onChange });
  cache.setRowCount(rowCount);
  return { ...gate, cache, onChange };
}

describe('window cache', () => {
  it('asks for the visible window first, then for its neighbours', async () => {
    const { cache, asked } = open();
    cache.ensure(rows(1000, 1030));
    expect(asked.map((a) => a.firstRow)).toEqual([768, 1024]);
    await asked[0]?.answer();
    expect(asked[2]?.firstRow).toBe(1280);
  });

  it('says pending until the cells are there, then gives them', async () => {
    const { cache, asked, onChange } = open();
    cache.ensure(rows(0, 30));
    expect(cache.cell(5, 1)).toBe('pending');
    await asked[0]?.answer();
    expect(cache.cell(5, 1)).toEqual({ text: '5:1', state: 'value' });
    expect(onChange).toHaveBeenCalled();
  });

  it('never has more than two requests under way', async () => {
    const { cache, asked } = open(300);
    cache.ensure(rows(0, 600, 299));
    expect(asked).toHaveLength(2);
    await asked[0]?.answer();
    expect(asked).toHaveLength(3);
  });

  it('gives up what scrolled away and ignores its answer', async () => {
    const { cache, asked, settle } = open();
    cache.ensure(rows(0, 30));
    cache.ensure(rows(500_000, 500_030));
    expect(asked.slice(0, 2).every((a) => a.signal.aborted)).toBe(true);
    await settle();
    expect(asked.slice(2).map((a) => a.firstRow)).toEqual([499_968, 500_224]);
    expect(cache.cell(5, 0)).toBe('pending');
  });

  it('never asks for what was only passed over', async () => {
    const { cache, asked, settle } = open();
    for (let row = 0; row < 900_000; row += 10_000) cache.ensure(rows(row, row + 30));
    await settle();
    expect(asked.map((a) => a.firstRow)).toEqual([0, 256, 889_856, 890_112]);
  });

  it('asks again for a window that was fetched while rows were still arriving', async () => {
    const { cache, asked } = open(3, 100);
    cache.ensure(rows(0, 30));
    expect(asked[0]).toMatchObject({ firstRow: 0, rows: 100 });
    await asked[0]?.answer();
    cache.setRowCount(5000);
    expect(asked[1]).toMatchObject({ firstRow: 0, rows: 256 });
    expect(cache.cell(5, 0)).toEqual({ text: '5:0', state: 'value' });
  });

  it('takes at most 64 columns at a time of a very wide result', () => {
    const { cache, asked } = open(2000);
    cache.ensure({ top: 0, bottom: 30, left: 130, right: 140 });
    expect(asked[0]).toMatchObject({ firstColumn: 128, columns: 64 });
  });

  it('keeps NULL, empty and truncated cells apart', async () => {
    const { cache, asked } = open();
    cache.ensure(rows(0, 30));
    const first = [null, '', 'x'.repeat(10_000), ' '];
    await asked[0]?.answer((row) => (row < first.length ? (first[row] ?? null) : 'v'));
    expect(cache.cell(0, 0)).toEqual({ text: '', state: 'null' });
    expect(cache.cell(1, 0)).toEqual({ text: '', state: 'empty' });
    expect(cache.cell(2, 0)).toMatchObject({ state: 'truncated', bytes: 10_000 });
    expect(cache.cell(3, 0)).toEqual({ text: ' ', state: 'value' });
  });

  it('marks masked cells even where the masker made NULL', async () => {
    const cache = createWindowCache({
      columns: columnsOf(1),
      fetch: (area) =>
        Promise.resolve(packWindow(area, (row) => ({ bytes: row === 0 ? null : utf8.encode('***'), masked: true }))),
      onChange: () => undefined,
    });
    cache.setRowCount(2);
    cache.ensure(rows(0, 1, 0));
    await vi.waitFor(() => expect(cache.cell(1, 0)).toEqual({ text: '***', state: 'masked' }));
    expect(cache.cell(0, 0)).toEqual({ text: '', state: 'masked', none: true });
  });

  it('shows why rows could not be read and reads them on retry', async () => {
    const { cache, asked } = open(3, 200);
    cache.ensure(rows(0, 30));
    await asked[0]?.fail('The link is closed.');
    expect(cache.cell(3, 0)).toEqual({ text: 'The link is closed.', state: 'error' });
    expect(cache.failure).toBe('The link is closed.');
    cache.retry();
    expect(asked).toHaveLength(2);
    await asked[1]?.answer();
    expect(cache.failure).toBeNull();
    expect(cache.cell(3, 0)).toEqual({ text: '3:0', state: 'value' });
  });

  it('does not hammer a gate that fails', async () => {
    const { cache, asked } = open(3, 200);
    cache.ensure(rows(0, 30));
    await asked[0]?.fail('no');
    for (let i = 0; i < 20; i++) cache.ensure(rows(0, 30));
    expect(asked).toHaveLength(1);
  });

  it('takes bytes that are not the window it asked for as a failure', async () => {
    const cache = createWindowCache({
      columns: columnsOf(1),
      fetch: () =>
        Promise.resolve(
          packWindow({ firstRow: 7, rows: 1, firstColumn: 0, columns: 1 }, () => ({ bytes: null, masked: false })),
        ),
      onChange: () => undefined,
    });
    cache.setRowCount(10);
    cache.ensure(rows(0, 9, 0));
    await vi.waitFor(() => expect(cache.cell(0, 0)).toMatchObject({ state: 'error' }));
  });

  it('holds at most 40 windows however far a person scrolls', async () => {
    const { cache, asked } = open();
    let answered = 0;
    for (let row = 0; row < 200 * 256; row += 256) {
      cache.ensure(rows(row, row + 30));
      for (; answered < asked.length; answered++)
        if (asked[answered]?.signal.aborted === false) await asked[answered]?.answer();
    }
    const present = Array.from({ length: 200 }, (_, i) => cache.cell(i * 256, 0)).filter((cell) => cell !== 'pending');
    expect(present.length).toBeGreaterThan(30);
    expect(present.length).toBeLessThanOrEqual(42);
  });

  it('takes fewer rows at a time when rows are heavy, and keeps showing what came', async () => {
    const { cache, asked } = open(3);
    cache.ensure(rows(0, 30));
    await asked[0]?.answer(() => 'x'.repeat(4000));
    expect(cache.cell(30, 2)).toMatchObject({ state: 'value' });
    cache.ensure(rows(5000, 5030));
    await asked.at(-1)?.answer();
    expect(asked.at(-1)?.rows).toBe(16);
  });

  it('begins with few rows at a time where rows are known to be heavy', () => {
    const { cache, asked } = open(3, 0);
    cache.setRowCount(1000, 1000 * 100_000);
    cache.ensure(rows(0, 30));
    expect(asked[0]?.rows).toBe(16);
  });

  it('stays under its byte budget with heavy rows', async () => {
    const { cache, asked } = open(64);
    let answered = 0;
    for (let row = 0; row < 1600; row += 50) {
      cache.ensure(rows(row, row + 30, 63));
      for (; answered < asked.length; answered++)
        if (asked[answered]?.signal.aborted === false) await asked[answered]?.answer(() => 'x'.repeat(4000));
    }
    expect(cache.bytes).toBeGreaterThan(1024 * 1024);
    expect(cache.bytes).toBeLessThan(40 * 1024 * 1024);
  });

  it('asks for nothing after it was disposed', async () => {
    const { cache, asked } = open();
    cache.ensure(rows(0, 30));
    cache.dispose();
    cache.ensure(rows(5000, 5030));
    cache.setRowCount(7);
    await Promise.resolve();
    expect(asked).toHaveLength(2);
    expect(cache.bytes).toBe(0);
  });
});
