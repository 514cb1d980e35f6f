import { existsSync, mkdtempSync, readdirSync, readlinkSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { FrameReader } from '../postgres/frames.ts';
import { type CellTransform, MalformedRow, ResultStore, type StoredResult } from './index.ts';

const directory = mkdtempSync(join(tmpdir(), 'countersign-runs-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const ROW = 0x44;
const NOTICE = 0x4e;

function message(type: number, body: Buffer): Buffer {
  const header = Buffer.alloc(5);
  header[0] = type;
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}

function rowBody(cells: readonly (string | null)[]): Buffer {
  const count = Buffer.alloc(2);
  count.writeUInt16BE(cells.length);
  const parts = cells.flatMap((cell) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(cell === null ? -1 : Buffer.byteLength(cell));
    return cell === null ? [length] : [length, Buffer.from(cell)];
  });
  return Buffer.concat([count, ...parts]);
}

const row = (cells: readonly (string | null)[]): Buffer => message(ROW, rowBody(cells));

interface Told {
  readonly result: StoredResult;
  readonly store: ResultStore;
  /** Rows that the writer took before it wanted no more. */
  readonly taken: number;
}

/** Sends a stream through the reader of the wire in pieces, its rows to a result. */
function read(
  stream: Buffer,
  columns: number,
  options: {
    readonly pieces?: readonly number[];
    readonly memory?: number;
    readonly rows?: number;
    readonly mask?: CellTransform;
    readonly store?: ResultStore;
  } = {},
): Told {
  const store = options.store ?? new ResultStore({ directory, memoryPerResult: options.memory ?? 1 << 20 });
  const transforms = Array.from({ length: columns }, (_, at) => (at === 0 ? options.mask : undefined));
  const { writer, result } = store.create({ transforms, limits: { rows: options.rows ?? Infinity, bytes: Infinity } });
  let taken = 0;
  const reader = new FrameReader((type, bytes, start, end) => {
    if (type === ROW && writer.row(bytes, start, end)) taken += 1;
    return true;
  });
  let at = 0;
  for (const piece of [...(options.pieces ?? []), stream.length]) {
    reader.push(Buffer.from(stream.subarray(at, at + piece)));
    at += piece;
  }
  return { result, store, taken };
}

describe('rows that come many in one chunk', () => {
  it('are stored as they came, however the stream is cut, what stands between them, and where blocks end', () => {
    const cells = fc.array(fc.option(fc.string({ maxLength: 300 }), { nil: null }), { minLength: 2, maxLength: 2 });
    const item = fc.oneof(
      { weight: 5, arbitrary: cells.map((row) => ({ row })) },
      { weight: 1, arbitrary: fc.string().map((notice) => ({ notice })) },
    );
    const pieces = fc.array(fc.integer({ min: 1, max: 3_000 }), { maxLength: 8 });
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 200 }),
        pieces,
        fc.constantFrom(0, 40_000, 1 << 20),
        (items, cuts, memory) => {
          const rows = items.flatMap((one) => ('row' in one ? [one.row] : []));
          const stream = Buffer.concat(
            items.map((one) => ('row' in one ? row(one.row) : message(NOTICE, Buffer.from(one.notice)))),
          );
          const { result, store } = read(stream, 2, { pieces: cuts, memory });
          expect([...result.textRows()]).toEqual(rows);
          expect(result.bytes).toBe(rows.reduce((sum, cells) => sum + rowBody(cells).length - 2, 0));
          store.close();
        },
      ),
    );
  });

  it.skipIf(!existsSync('/proc/self/fd'))(
    'do not bring what stands between them: a notice among them is on no disk',
    () => {
      const stream = Buffer.concat(
        Array.from({ length: 400 }, (_, i) => [
          row([`row ${String(i)} ${'x'.repeat(200)}`]),
          message(NOTICE, Buffer.from('canary in a notice')),
        ]).flat(),
      );
      const { result, store } = read(stream, 1, { memory: 0 });
      expect(result.rows).toBe(400);
      const spilled = spilledBytes();
      expect(spilled.length).toBeGreaterThan(40_000);
      expect(spilled.includes('row 100')).toBe(true);
      expect(spilled.includes('canary')).toBe(false);
      store.close();
    },
  );

  it('are refused at the one whose lengths do not add up, and kept up to it', () => {
    const bad = row(['x']);
    bad.writeInt32BE(7, 7);
    const store = new ResultStore({ directory });
    const { writer, result } = store.create({ transforms: [undefined], limits: { rows: Infinity, bytes: Infinity } });
    const reader = new FrameReader((_, bytes, start, end) => writer.row(bytes, start, end));
    expect(() => reader.push(Buffer.concat([row(['a']), row(['b']), bad, row(['c'])]))).toThrow(MalformedRow);
    expect([...result.textRows()]).toEqual([['a'], ['b']]);
    store.close();
  });

  it('are cut at the bound in the middle of a chunk', () => {
    const stream = Buffer.concat(Array.from({ length: 50 }, (_, i) => row([String(i)])));
    const { result, taken, store } = read(stream, 1, { rows: 20 });
    expect([result.rows, taken, result.cut]).toEqual([20, 20, 'rows']);
    store.close();
  });

  it('are masked one by one where a column is', () => {
    const stars: CellTransform = (_source, _start, _end, target, at) => {
      target.set(Buffer.from('***'), at);
      return 3;
    };
    const stream = Buffer.concat(Array.from({ length: 50 }, (_, i) => row([`secret ${String(i)}`, 'seen'])));
    const { result, store } = read(stream, 2, { mask: stars });
    expect(new Set([...result.textRows()].map((cells) => cells.join(' ')))).toEqual(new Set(['*** seen']));
    store.close();
  });
});

describe('blocks that a result gave back', () => {
  it('show nothing of it in the next one, and nobody who kept a cell sees it change', () => {
    const store = new ResultStore({ directory, memoryPerResult: 1 << 26 });
    const first = Buffer.concat(
      Array.from({ length: 3_000 }, (_, i) => row([`old ${String(i)} ${'x'.repeat(1_000)}`])),
    );
    const old = read(first, 1, { store });
    const kept = old.result.cell(2_500, 0)?.bytes;
    store.release(old.result.id);
    const next = read(Buffer.concat(Array.from({ length: 3_000 }, (_, i) => row([`new ${String(i)}`, null]))), 2, {
      store,
    });
    for (const cells of next.result.textRows()) expect(cells[0]).toMatch(/^new \d+$/);
    expect(next.result.rows).toBe(3_000);
    expect(Buffer.from(kept ?? []).toString()).toMatch(/^old 2500 x+$/);
    expect([...old.result.textRows()]).toEqual([]);
    store.close();
  });
});

/** What files without a name hold that this process has open in the directory of results. */
function spilledBytes(): Buffer {
  const open = readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory);
    } catch {
      return false;
    }
  });
  return Buffer.concat(open.map((fd) => readFileSync(`/proc/self/fd/${fd}`)));
}
