import { describe, expect, it, vi } from 'vitest';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { canCopy, copySelection } from './copy.ts';
import { select, selectCell, type Selection } from './grid/selection.ts';

const extent = { rows: 100, columns: 10 };

function two(): Selection {
  const both = select(selectCell({ row: 9, column: 1 }), { row: 2, column: 3 }, 'add', 'cells', extent);
  if (both === null) throw new Error('a selection was expected');
  return both;
}

function gate(answer: (row: number) => { text: string; cut: boolean }) {
  const copy = vi.fn((area: { firstRow: number }) => Promise.resolve(answer(area.firstRow)));
  const copied = vi.fn(() => Promise.resolve(null));
  const client = { 'result.copy': copy, 'clipboard.copied': copied } as unknown as Client<Desktop>;
  const clipboard: string[] = [];
  const write = async (text: Promise<string>): Promise<void> => {
    clipboard.push(await text);
  };
  return { client, copy, copied, clipboard, write };
}

describe('copying a selection', () => {
  it('asks for the rectangle, writes it, and reports how many cells went', async () => {
    const { client, copy, copied, clipboard, write } = gate(() => ({ text: 'a\tb', cut: false }));
    const all = select(null, { row: 4, column: 0 }, 'replace', 'rows', extent);
    if (all === null) throw new Error('a selection was expected');
    expect(await copySelection(client, 'r1', all, 'tsv', true, write)).toEqual({ cells: 10, cut: false });
    expect(copy).toHaveBeenCalledWith({
      result: 'r1',
      firstRow: 4,
      rows: 1,
      firstColumn: 0,
      columns: 10,
      format: 'tsv',
      headers: true,
    });
    expect(clipboard).toEqual(['a\tb']);
    expect(copied).toHaveBeenCalledWith({ result: 'r1', cells: 10 });
  });

  it('joins several ranges from top to bottom, headers once', async () => {
    const { client, copy, clipboard, write } = gate((row) => ({ text: `row ${row}\n`, cut: false }));
    await copySelection(client, 'r1', two(), 'csv', true, write);
    expect(clipboard).toEqual(['row 2\nrow 9']);
    expect(copy.mock.calls.map(([area]) => (area as unknown as { headers: boolean }).headers)).toEqual([true, false]);
  });

  it('says when a limit cut it, and asks for no more', async () => {
    const { client, copy, write } = gate(() => ({ text: 'x', cut: true }));
    expect(await copySelection(client, 'r1', two(), 'tsv', false, write)).toMatchObject({ cut: true });
    expect(copy).toHaveBeenCalledTimes(1);
  });

  it('reports nothing when the clipboard refuses', async () => {
    const { client, copied } = gate(() => ({ text: 'x', cut: false }));
    const refuse = (): Promise<void> => Promise.reject(new Error('not allowed'));
    await expect(copySelection(client, 'r1', two(), 'tsv', false, refuse)).rejects.toThrow('not allowed');
    expect(copied).not.toHaveBeenCalled();
  });

  it('offers several ranges only in formats whose texts can follow one another', () => {
    expect(canCopy(two(), 'tsv')).toBe(true);
    expect(canCopy(two(), 'json')).toBe(false);
    expect(canCopy(selectCell({ row: 0, column: 0 }), 'json')).toBe(true);
    expect(canCopy(null, 'tsv')).toBe(false);
  });
});
