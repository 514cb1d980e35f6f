import { describe, expect, it } from 'vitest';
import { type MatrixCellView, type MatrixView } from '../../shared/views.ts';
import { cellOf, everything, moved, rowsOf } from './matrix-model.ts';

const cell = (summary: string): MatrixCellView => ({
  effect: 'allow',
  summary,
  obligations: [],
  rules: [],
  conditions: [],
});
const who = ['group:analysts', 'group:dba'];
const places = ['shop', 'billing', 'sandbox'];
const actions = ['select', 'insert'];
const view: MatrixView = {
  who: who.map((id) => ({ id, title: id.slice(6) })),
  places: places.map((connection, at) => ({
    connection,
    title: `${connection} db`,
    environment: at === 2 ? 'development' : 'production',
  })),
  actions,
  cells: who.flatMap((one) => places.flatMap((place) => actions.map((action) => cell(`${one} ${place} ${action}`)))),
};

describe('the rows of the matrix', () => {
  it('hold the cells of their asker and connection', () => {
    const rows = rowsOf(view, everything);
    expect(rows).toHaveLength(6);
    expect(rows[4]?.cells.map(({ summary }) => summary)).toEqual([
      'group:dba billing select',
      'group:dba billing insert',
    ]);
  });

  it('are narrowed by words about who and about the connection or its environment', () => {
    const found = (who: string, place: string): string[] =>
      rowsOf(view, { who, place }).map((row) => `${view.who[row.who]?.title} ${view.places[row.place]?.connection}`);
    expect(found('DBA', '')).toEqual(['dba shop', 'dba billing', 'dba sandbox']);
    expect(found('', 'production')).toHaveLength(4);
    expect(found(' group dba ', 'db develop')).toEqual(['dba sandbox']);
    expect(found('nobody', '')).toEqual([]);
  });

  it('give the cell by what it is about, and none for what is not there any more', () => {
    expect(cellOf(view, { who: 'group:dba', connection: 'sandbox', action: 'insert' })?.summary).toBe(
      'group:dba sandbox insert',
    );
    expect(cellOf(view, { who: 'group:gone', connection: 'sandbox', action: 'insert' })).toBeNull();
    expect(cellOf(view, { who: 'group:dba', connection: 'sandbox', action: 'drop' })).toBeNull();
  });
});

describe('the keys of the matrix', () => {
  const size = { rows: 30, columns: 4 };
  const from = { row: 12, column: 2 };
  it.each([
    ['ArrowDown', false, 13, 2],
    ['ArrowUp', false, 11, 2],
    ['ArrowLeft', false, 12, 1],
    ['ArrowRight', false, 12, 3],
    ['Home', false, 12, 0],
    ['End', false, 12, 3],
    ['Home', true, 0, 0],
    ['End', true, 29, 3],
    ['PageDown', false, 22, 2],
    ['PageUp', false, 2, 2],
  ])('%s (Control %s) goes to row %i, column %i', (key, ctrlKey, row, column) => {
    expect(moved(from, { key, ctrlKey }, size)).toEqual({ row, column });
  });

  it('stop at the edges', () => {
    expect(moved({ row: 0, column: 0 }, { key: 'ArrowUp', ctrlKey: false }, size)).toEqual({ row: 0, column: 0 });
    expect(moved({ row: 29, column: 3 }, { key: 'PageDown', ctrlKey: false }, size)).toEqual({ row: 29, column: 3 });
  });

  it.each(['Enter', 'a', 'toString', '__proto__'])('%s goes nowhere', (key) => {
    expect(moved(from, { key, ctrlKey: false }, size)).toBeNull();
  });

  it('go nowhere in an empty table', () => {
    expect(moved({ row: 0, column: 0 }, { key: 'End', ctrlKey: true }, { rows: 0, columns: 0 })).toBeNull();
  });
});
