import { describe, expect, it } from 'vitest';
import { commandFor, moveFrom } from './navigation.ts';

const none = { ctrlKey: false, metaKey: false, shiftKey: false, altKey: false };
const ctrl = { ...none, ctrlKey: true };
const cmd = { ...none, metaKey: true };
const shift = { ...none, shiftKey: true };
const ctrlShift = { ...ctrl, shiftKey: true };
const extent = { rows: 1000, columns: 10 };

describe('grid keys', () => {
  it.each([
    ['ArrowDown', none, { kind: 'move', to: 'down', extend: false }],
    ['ArrowDown', shift, { kind: 'move', to: 'down', extend: true }],
    ['ArrowDown', ctrl, { kind: 'move', to: 'last-row', extend: false }],
    ['ArrowRight', ctrlShift, { kind: 'move', to: 'row-end', extend: true }],
    ['Home', none, { kind: 'move', to: 'row-start', extend: false }],
    ['End', ctrl, { kind: 'move', to: 'last-cell', extend: false }],
    ['Home', ctrlShift, { kind: 'move', to: 'first-cell', extend: true }],
    ['PageDown', shift, { kind: 'move', to: 'page-down', extend: true }],
    ['a', ctrl, { kind: 'select-all' }],
    ['a', cmd, { kind: 'select-all' }],
    ['c', ctrl, { kind: 'copy', headers: false }],
    ['C', ctrlShift, { kind: 'copy', headers: true }],
    [' ', shift, { kind: 'select-rows' }],
    [' ', ctrl, { kind: 'select-columns' }],
    ['Enter', none, { kind: 'open' }],
    ['Escape', none, { kind: 'collapse' }],
    ['F10', shift, { kind: 'menu' }],
    ['ContextMenu', none, { kind: 'menu' }],
  ] as const)('%s with %o', (key, modifiers, command) => {
    expect(commandFor({ key, ...modifiers })).toEqual(command);
  });

  it.each([
    ['a', none],
    ['Enter', ctrl],
    ['Tab', none],
    ['ArrowLeft', { ...none, altKey: true }],
    ['p', ctrl],
    ['F5', none],
  ] as const)('leaves %s with %o to the window', (key, modifiers) => {
    expect(commandFor({ key, ...modifiers })).toBeNull();
  });
});

describe('moving', () => {
  const from = { row: 500, column: 5 };
  it.each([
    ['up', { row: 499, column: 5 }],
    ['page-down', { row: 530, column: 5 }],
    ['row-end', { row: 500, column: 9 }],
    ['last-row', { row: 999, column: 5 }],
    ['first-cell', { row: 0, column: 0 }],
    ['last-cell', { row: 999, column: 9 }],
  ] as const)('%s', (to, cell) => {
    expect(moveFrom(from, to, extent, 30)).toEqual(cell);
  });

  it('stops at every edge', () => {
    expect(moveFrom({ row: 0, column: 0 }, 'up', extent, 30)).toEqual({ row: 0, column: 0 });
    expect(moveFrom({ row: 0, column: 0 }, 'left', extent, 30)).toEqual({ row: 0, column: 0 });
    expect(moveFrom({ row: 990, column: 9 }, 'page-down', extent, 30)).toEqual({ row: 999, column: 9 });
    expect(moveFrom({ row: 999, column: 9 }, 'right', extent, 30)).toEqual({ row: 999, column: 9 });
  });
});
