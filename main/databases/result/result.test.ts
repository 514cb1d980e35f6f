import { existsSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { CELL_LIMIT, CELL_MASKED, CELL_NULL, CELL_TRUNCATED, ResultWindow } from '../../../shared/result-window.ts';
import {
  type CellTransform,
  type Inspection,
  MalformedRow,
  ResultStore,
  type ResultStoreOptions,
  type StoredResult,
} from './index.ts';

const directory = mkdtempSync(join(tmpdir(), 'countersign-result-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Cell = string | null;

/** A DataRow body. */
function row(cells: readonly Cell[]): Buffer {
  const parts = cells.map((cell) => {
    const bytes = Buffer.from(cell ?? '');
    const length = Buffer.alloc(4);
    length.writeInt32BE(cell === null ? -1 : bytes.length);
    return Buffer.concat([length, bytes]);
  });
  const count = Buffer.alloc(2);
  count.writeUInt16BE(cells.length);
  return Buffer.concat([count, ...parts]);
}

const stars: CellTransform = (_source, _start, _end, target, at) => {
  target.set(Buffer.from('***'), at);
  return 3;
};
const none: CellTransform = () => -1;

const store = (options: Partial<ResultStoreOptions> = {}): ResultStore =>
  new ResultStore({ directory: join(directory, 'spill'), ...options });
const unlimited = { rows: Infinity, bytes: Infinity };

function fill(
  rows: readonly (readonly Cell[])[],
  transforms: readonly (CellTransform | undefined)[] = (rows[0] ?? []).map(() => undefined),
  options: Partial<ResultStoreOptions> = {},
): StoredResult {
  const { writer, result } = store(options).create({ transforms, limits: unlimited });
  for (const cells of rows) {
    const body = row(cells);
    writer.row(body, 0, body.length);
  }
  return result;
}

const anyCell = fc.option(fc.string({ maxLength: 80, unit: 'grapheme' }), { nil: null });

describe('a result', () => {
  it('gives back every cell as it came, from memory and from the file, by cell, by window and as rows', () => {
    const table = fc
      .integer({ min: 1, max: 6 })
      .chain((columns) =>
        fc.array(fc.array(anyCell, { minLength: columns, maxLength: columns }), { minLength: 1, maxLength: 40 }),
      );
    fc.assert(
      fc.property(table, fc.constantFrom(0, 1, 1 << 20), (rows, memory) => {
        const result = fill(rows, undefined, { memoryPerResult: memory });
        const text = (cell: Uint8Array | null | undefined): Cell | undefined =>
          cell ? Buffer.from(cell).toString() : (cell as null);
        expect([...result.textRows()]).toEqual(rows);
        const columns = rows[0]?.length ?? 0;
        const window = new ResultWindow(result.window({ firstRow: 0, rows: rows.length, firstColumn: 0, columns }));
        rows.forEach((cells, r) =>
          cells.forEach((cell, c) => {
            expect(text(result.cell(r, c)?.bytes)).toBe(cell);
            expect(window.text(r, c)).toBe(cell ?? '');
            expect(window.flags(r, c)).toBe(cell === null ? CELL_NULL : 0);
          }),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('stores masked cells masked, flags them, and leaves NULL a NULL', () => {
    const canary = 'SECRET-canary';
    const result = fill(
      [
        ['1', canary, canary, 'seen'],
        ['2', null, null, 'too'],
      ],
      [undefined, stars, none, undefined],
    );
    expect([...result.textRows()]).toEqual([
      ['1', '***', null, 'seen'],
      ['2', null, null, 'too'],
    ]);
    const window = new ResultWindow(result.window({ firstRow: 0, rows: 2, firstColumn: 0, columns: 4 }));
    const flags = [0, 1].map((r) => [0, 1, 2, 3].map((c) => window.flags(r, c)));
    expect(flags).toEqual([
      [0, CELL_MASKED, CELL_MASKED | CELL_NULL, 0],
      [0, CELL_NULL, CELL_NULL, 0],
    ]);
    expect([0, 1, 2, 3].map((column) => result.maskedCells(column))).toEqual([0, 1, 1, 0]);
  });

  it('is readable while it grows', () => {
    const { writer, result } = store().create({ transforms: [undefined], limits: unlimited });
    expect(result.rows).toBe(0);
    expect(new ResultWindow(result.window({ firstRow: 0, rows: 9, firstColumn: 0, columns: 9 })).rows).toBe(0);
    const body = row(['first']);
    writer.row(body, 0, body.length);
    expect([...result.textRows()]).toEqual([['first']]);
  });

  it('cuts a long cell in a window at a character and gives the whole by cell', () => {
    const long = 'é'.repeat(5_000_000);
    const result = fill([[long]], undefined, { memoryPerResult: 0 });
    const window = new ResultWindow(result.window({ firstRow: 0, rows: 1, firstColumn: 0, columns: 1 }));
    expect(window.flags(0, 0)).toBe(CELL_TRUNCATED);
    expect(window.text(0, 0)).toBe('é'.repeat(CELL_LIMIT / 2));
    expect(result.cell(0, 0)?.bytes?.length).toBe(10_000_000);
  });

  it('holds two thousand columns', () => {
    const cells = Array.from({ length: 2000 }, (_, i) => `column ${String(i)}`);
    const result = fill(Array.from({ length: 60 }, () => cells));
    const window = new ResultWindow(result.window({ firstRow: 10, rows: 50, firstColumn: 1990, columns: 50 }));
    expect([window.rows, window.columns]).toEqual([50, 10]);
    expect(window.text(59, 1999)).toBe('column 1999');
  });

  it('holds rows of no columns', () => {
    expect([...fill([[], []], []).textRows()]).toEqual([[], []]);
  });

  it.each([
    [-1, 0],
    [1, 0],
    [0, -1],
    [0, 1],
  ])('has no cell at row %i, column %i', (r, c) => {
    expect(fill([['only']]).cell(r, c)).toBeUndefined();
  });
});

describe('a bound', () => {
  it.each([
    ['rows', { rows: 3, bytes: Infinity }, 3],
    ['bytes', { rows: Infinity, bytes: 3 * (4 + 10) }, 3],
  ] as const)('of %s cuts visibly', (cut, limits, kept) => {
    const { writer, result } = store().create({ transforms: [undefined], limits });
    const body = row(['x'.repeat(10)]);
    const taken = Array.from({ length: 6 }, () => writer.row(body, 0, body.length));
    expect(taken).toEqual([true, true, true, false, false, false]);
    expect([result.rows, result.cut]).toEqual([kept, cut]);
  });

  it('of bytes cuts at the same row however long the masked values are', () => {
    const kept = ['', 'x', 'x'.repeat(5_000)].map((secret) => {
      const { writer, result } = store().create({
        transforms: [stars, undefined],
        limits: { rows: 100, bytes: 2_000 },
      });
      const body = row([secret, 'y'.repeat(100)]);
      while (writer.row(body, 0, body.length));
      return [result.rows, result.bytes, result.cut];
    });
    expect(kept).toEqual([kept[0], kept[0], kept[0]]);
    expect(kept[0]?.[0]).toBeGreaterThan(10);
  });

  it('of rows does not cut a result that just fits', () => {
    const { writer, result } = store().create({ transforms: [undefined], limits: { rows: 1, bytes: Infinity } });
    const body = row(['x']);
    writer.row(body, 0, body.length);
    expect(result.cut).toBeUndefined();
  });

  it('of the disk cuts visibly and keeps what was stored', () => {
    const blocked = join(directory, 'blocked');
    writeFileSync(blocked, 'a file where the directory should be');
    const reasons: unknown[] = [];
    const small = store({
      directory: join(blocked, 'spill'),
      memoryPerResult: 0,
      onFull: (error) => reasons.push(error),
    });
    const { writer, result } = small.create({ transforms: [undefined], limits: unlimited });
    const body = row(['x'.repeat(700_000)]);
    while (writer.row(body, 0, body.length));
    expect(result.cut).toBe('disk');
    expect(result.rows).toBe(1);
    expect(result.cell(0, 0)?.bytes?.length).toBe(700_000);
    expect(reasons).toHaveLength(1);
  });
});

describe('a row that is none', () => {
  const good = row(['abc', 'de']);
  it.each([
    ['wrong number of columns', row(['abc'])],
    ['cut short', good.subarray(0, good.length - 1)],
    ['with bytes behind its cells', Buffer.concat([good, Buffer.from('x')])],
    ['empty', Buffer.alloc(0)],
    ['with a negative length', Buffer.from('0002fffffffe00000000', 'hex')],
  ])('is refused: %s', (_what, body) => {
    const { writer, result } = store().create({ transforms: [stars, undefined], limits: unlimited });
    expect(() => writer.row(body, 0, body.length)).toThrow(MalformedRow);
    expect(result.rows).toBe(0);
  });
});

describe('an inspection', () => {
  const secret = row(['secret', null]);
  const plain = row(['plain', 'x']);

  /** Finds column 0 as soon as enough of what it has seen says so. */
  function inspection(rows: number, enough: number): Inspection & { readonly looked: () => number } {
    let secrets = 0;
    let looked = 0;
    return {
      rows,
      bytes: 1_000_000,
      see(source, start, end) {
        looked++;
        if (source.subarray(start, end).includes('secret')) secrets++;
      },
      judge: () => (secrets >= enough ? new Map([[0, stars]]) : new Map()),
      looked: () => looked,
    };
  }
  const texts = (result: StoredResult): (string | null)[] => [...result.textRows()].map(([first = null]) => first);

  it('holds the first rows back until it has judged them', () => {
    const { writer, result } = store().create({
      transforms: [undefined, undefined],
      limits: unlimited,
      inspection: inspection(3, 2),
    });
    writer.row(secret, 0, secret.length);
    writer.row(plain, 0, plain.length);
    expect(result.rows).toBe(0);
    writer.row(secret, 0, secret.length);
    expect(texts(result)).toEqual(['***', '***', '***']);
    expect(result.cell(0, 0)).toMatchObject({ masked: true });
  });

  it('judges what there is when no more rows come', () => {
    const { writer, result } = store().create({
      transforms: [undefined, undefined],
      limits: unlimited,
      inspection: inspection(100, 1),
    });
    writer.row(secret, 0, secret.length);
    writer.settle();
    writer.settle();
    expect(texts(result)).toEqual(['***']);
  });

  it('that finds a column late masks it from then on, and hides what was stored before', () => {
    const watch = inspection(2, 1);
    const { writer, result } = store().create({
      transforms: [undefined, undefined],
      limits: unlimited,
      inspection: watch,
    });
    for (let i = 0; i < 3; i++) writer.row(plain, 0, plain.length);
    expect(texts(result)).toEqual(['plain', 'plain', 'plain']);
    for (let i = 0; i < 2_000; i++) writer.row(secret, 0, secret.length);
    const cells = texts(result);
    expect(cells.filter((cell) => cell === 'secret' || cell === 'plain')).toEqual([]);
    expect(cells.slice(0, 3)).toEqual([null, null, null]);
    expect(cells.at(-1)).toBe('***');
    expect(result.cell(0, 0)).toEqual({ bytes: null, masked: true });
    expect(Buffer.from(result.window({ firstRow: 0, rows: 300, firstColumn: 0, columns: 2 })).includes('secret')).toBe(
      false,
    );
    expect(watch.looked()).toBeLessThan(20);
  });

  it('still tells a result that is cut by its rows', () => {
    const { writer, result } = store().create({
      transforms: [undefined, undefined],
      limits: { rows: 2, bytes: Infinity },
      inspection: inspection(100, 1),
    });
    expect([1, 2, 3].map(() => writer.row(plain, 0, plain.length))).toEqual([true, true, false]);
    expect([result.rows, result.cut]).toEqual([2, 'rows']);
  });

  it('of a result that was let go stores nothing', () => {
    const results = store();
    const { writer, result } = results.create({
      transforms: [undefined, undefined],
      limits: unlimited,
      inspection: inspection(100, 1),
    });
    writer.row(plain, 0, plain.length);
    results.release(result.id);
    writer.settle();
    expect(result.rows).toBe(0);
  });
});

it('masks NULL like any value in a column that is masked whole', () => {
  const { writer, result } = store().create({
    transforms: [stars, stars],
    whole: new Set([0]),
    limits: unlimited,
  });
  const body = row([null, null]);
  writer.row(body, 0, body.length);
  expect([...result.textRows()]).toEqual([['***', null]]);
});

describe('the store', () => {
  it('keeps past its memory a nameless private file, and nothing when released', () => {
    const own = join(directory, 'private');
    const results = store({ directory: own, memoryPerResult: 0 });
    const { writer, result } = results.create({ transforms: [undefined], limits: unlimited });
    const body = row(['x'.repeat(600_000)]);
    for (let i = 0; i < 5; i++) writer.row(body, 0, body.length);
    expect(statSync(own).mode & 0o777).toBe(0o700);
    if (process.platform !== 'win32') expect(readdirSync(own)).toEqual([]);
    expect(result.memory).toBeLessThan(2 * 1024 * 1024);
    results.release(result.id);
    expect([results.get(result.id), result.rows, result.memory]).toEqual([undefined, 0, 0]);
    expect(writer.row(body, 0, body.length)).toBe(false);
  });

  it('removes files that an earlier process left', () => {
    const left = join(directory, 'left.rows');
    writeFileSync(left, 'cells');
    store({ directory });
    expect(existsSync(left)).toBe(false);
  });

  it('lets go of what nobody has looked at for longest, never of the newest', () => {
    const results = store({ total: 250 });
    const make = (): StoredResult => {
      const { writer, result } = results.create({ transforms: [undefined], limits: unlimited });
      const body = row(['x'.repeat(96)]);
      writer.row(body, 0, body.length);
      return result;
    };
    const [first, second, third] = [make(), make(), make()];
    first.cell(0, 0);
    const fourth = make();
    expect([first, second, third, fourth].map(({ id }) => results.get(id) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    results.close();
    expect(results.get(fourth.id)).toBeUndefined();
  });
});
