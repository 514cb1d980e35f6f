import { describe, expect, it } from 'vitest';
import { packWindow } from '../../shared/result-window.ts';
import { formatDecimal } from './grid/decimal.ts';
import { type GridColumn } from './grid/model.ts';
import { numericParts, totalSelection } from './selection-totals.ts';
import { type Rectangle } from './window-cache.ts';

const column = (numeric: boolean): GridColumn => ({
  name: 'c',
  type: numeric ? 'numeric' : 'text',
  numeric,
  mask: null,
});
const columns = [true, false, true, true].map(column);
const utf8 = new TextEncoder();
const fetch = (area: Rectangle): Promise<Uint8Array> =>
  Promise.resolve(
    packWindow(area, (row, at) => ({ bytes: utf8.encode(at === 3 ? '0.10' : String(row)), masked: false })),
  );
const running = (): AbortSignal => new AbortController().signal;

describe('totals of a selection', () => {
  it('look at numeric columns only', () => {
    expect(numericParts([{ top: 0, bottom: 9, left: 0, right: 3 }], columns)).toEqual([
      { top: 0, bottom: 9, left: 0, right: 0 },
      { top: 0, bottom: 9, left: 2, right: 3 },
    ]);
  });

  it('add up a whole column of a hundred thousand rows exactly', async () => {
    const totals = await totalSelection(fetch, columns, [{ top: 0, bottom: 99_999, left: 0, right: 0 }], running());
    expect(totals?.numbers).toBe(100_000);
    expect(totals && formatDecimal(totals.sum)).toBe('4,999,950,000');
  });

  it('count a cell in two ranges once', async () => {
    const ranges = [
      { top: 0, bottom: 2, left: 3, right: 3 },
      { top: 1, bottom: 3, left: 1, right: 3 },
    ];
    const totals = await totalSelection(fetch, columns, ranges, running());
    expect(totals?.numbers).toBe(7);
    expect(totals && formatDecimal(totals.sum)).toBe('6.40');
  });

  it('are left out when there is nothing to add or too much', async () => {
    expect(await totalSelection(fetch, columns, [{ top: 0, bottom: 5, left: 1, right: 1 }], running())).toBeNull();
    expect(
      await totalSelection(fetch, columns, [{ top: 0, bottom: 999_999, left: 0, right: 3 }], running()),
    ).toBeNull();
  });

  it('stop when the selection changed meanwhile', async () => {
    const controller = new AbortController();
    const stopping = (area: Rectangle): Promise<Uint8Array> => {
      controller.abort();
      return fetch(area);
    };
    expect(
      await totalSelection(stopping, columns, [{ top: 0, bottom: 9999, left: 0, right: 0 }], controller.signal),
    ).toBeNull();
  });
});
