import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { ResultStore } from '../../databases/result/index.ts';
import { type Masker, type OutputMask } from '../verdict.ts';
import { rowChannel } from './rows.ts';

const directory = mkdtempSync(join(tmpdir(), 'countersign-rows-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const TEXT = { typeOid: 25, typeModifier: -1, type: 'text' } as const;

/** The body of a DataRow of one column. */
function row(cell: string | null): Buffer {
  const body = Buffer.alloc(6 + Buffer.byteLength(cell ?? ''));
  body.writeUInt16BE(1);
  body.writeInt32BE(cell === null ? -1 : Buffer.byteLength(cell), 2);
  body.write(cell ?? '', 6);
  return body;
}

/** All that is seen of a masked column with these values. */
function seen(masker: Masker, cells: readonly (string | null)[], limit = Infinity): unknown {
  const mask: OutputMask = {
    output: 0,
    name: 'diagnosis',
    column: { schema: 'clinic', relation: 'visit', column: 'diagnosis' },
    class: 'diagnosis',
    group: 'health',
    masker,
    rule: { id: 'masked', effect: 'require' },
    sentence: 'masked',
  };
  const channel = rowChannel({
    columns: [TEXT],
    masks: [mask],
    net: undefined,
    keyOf: () => new Uint8Array(32),
    decided: () => undefined,
    warn: () => undefined,
  });
  const { writer, result } = new ResultStore({ directory }).create({
    ...channel.options,
    limits: { rows: Infinity, bytes: limit },
  });
  for (const body of cells.map(row)) writer.row(body, 0, body.length);
  const shown = cells.map((_, at) => result.cell(at, 0));
  return { shown, rows: result.rows, bytes: result.bytes, cut: result.cut, masked: result.maskedCells(0) };
}

describe('a column that is masked to nothing', () => {
  const there = Array.from({ length: 40 }, (_, at) => `value ${String(at)}`);
  const missing = there.map((value, at) => (at % 3 === 0 ? null : value));

  it('does not show which of its cells were NULL, by a flag or by the number of those masked', () => {
    expect(seen({ kind: 'null' }, missing)).toEqual(seen({ kind: 'null' }, there));
  });

  it('does not show it by where a result is cut', () => {
    expect(seen({ kind: 'null' }, missing, 300)).toEqual(seen({ kind: 'null' }, there, 300));
    expect(seen({ kind: 'null' }, missing, 300)).toMatchObject({ cut: 'bytes' });
  });

  it('is told from one whose mask shows that there is a value', () => {
    expect(seen({ kind: 'redact' }, missing)).not.toEqual(seen({ kind: 'redact' }, there));
  });
});
