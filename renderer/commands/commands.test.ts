import { describe, expect, it } from 'vitest';
import { commandFor } from '../results/grid/navigation.ts';
import { commands } from './commands.ts';

/** Cancels what runs only while something runs. */
const SHARED = new Set(['Escape']);

describe('the keys of the window', () => {
  const all = commands.flatMap(({ id, keys }) => keys.map((combination) => ({ id, combination })));

  it('are each for one command', () => {
    const twice = all.filter(
      ({ combination }, index) => all.findIndex((one) => one.combination === combination) < index,
    );
    expect(twice).toEqual([]);
  });

  it.each(all.filter(({ combination }) => !SHARED.has(combination)))('leave the grid its own: $combination', (key) => {
    const parts = key.combination.split('+');
    const name = parts.at(-1) ?? '';
    const stroke = {
      key: parts.includes('Shift') ? name : name.toLowerCase(),
      ctrlKey: parts.includes('Mod'),
      metaKey: false,
      shiftKey: parts.includes('Shift'),
      altKey: parts.includes('Alt'),
    };
    expect(commandFor(stroke)).toBeNull();
  });
});
