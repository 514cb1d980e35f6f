import { describe, expect, it } from 'vitest';
import { type Canvas2D } from './brush.ts';
import { createColumnLayout } from './column-layout.ts';
import { type CellView, type GridModel } from './model.ts';
import { paint } from './paint.ts';
import { selectCell, type Selection } from './selection.ts';
import { type GridColor, type GridTheme } from './theme.ts';
import { type View } from './view.ts';

/** What was drawn, in order; colours are the tokens' own names. */
type Stroke =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly x: number;
      readonly y: number;
      readonly color: string;
      readonly font: string;
      readonly align: string;
    }
  | {
      readonly kind: 'rect' | 'outline';
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly color: string;
    }
  | { readonly kind: 'shape'; readonly color: string };

const CHARACTER = 8;

function recorder(): { readonly context: Canvas2D; readonly strokes: Stroke[]; depth(): number } {
  const strokes: Stroke[] = [];
  let depth = 0;
  const nothing = (): void => undefined;
  const context = {
    fillStyle: '',
    strokeStyle: '',
    lineWidth: 1,
    font: '',
    textAlign: 'left',
    textBaseline: 'middle',
    direction: 'ltr',
    fillRect: (x: number, y: number, width: number, height: number) =>
      strokes.push({ kind: 'rect', x, y, width, height, color: String(context.fillStyle) }),
    strokeRect: (x: number, y: number, width: number, height: number) =>
      strokes.push({ kind: 'outline', x, y, width, height, color: String(context.strokeStyle) }),
    fillText: (text: string, x: number, y: number) =>
      strokes.push({
        kind: 'text',
        text,
        x,
        y,
        color: String(context.fillStyle),
        font: context.font,
        align: context.textAlign,
      }),
    measureText: (text: string) => ({ width: Array.from(text).length * CHARACTER }),
    save: () => (depth += 1),
    restore: () => (depth -= 1),
    fill: () => strokes.push({ kind: 'shape', color: String(context.fillStyle) }),
    stroke: () => strokes.push({ kind: 'shape', color: String(context.strokeStyle) }),
    beginPath: nothing,
    rect: nothing,
    clip: nothing,
    moveTo: nothing,
    lineTo: nothing,
    arc: nothing,
    closePath: nothing,
    setTransform: nothing,
  };
  return { context: context as unknown as Canvas2D, strokes, depth: () => depth };
}

const theme: GridTheme = {
  colors: new Proxy({} as Record<GridColor, string>, { get: (_target, name) => String(name) }),
  dataFont: 'data',
  nullFont: 'null',
  smallFont: 'small',
  headerFont: 'header',
  row: 24,
  header: 28,
  padding: 8,
  character: CHARACTER,
};

function draw(
  cells: readonly (readonly (CellView | 'pending')[])[],
  more: {
    readonly selection?: Selection;
    readonly hovered?: { row: number; column: number };
    readonly view?: Partial<View>;
    readonly watermark?: string;
  } = {},
) {
  const count = cells[0]?.length ?? 0;
  const model: GridModel = {
    rowCount: cells.length,
    columns: Array.from({ length: count }, (_, i) => ({
      name: `c${i}`,
      type: 'text',
      numeric: i === 1,
      mask: i === 2 ? ['why'] : null,
    })),
    watermark: more.watermark ?? null,
    cell: (row, column) => cells[row]?.[column] ?? 'pending',
    ensure: () => undefined,
  };
  const view: View = {
    width: 800,
    height: 400,
    header: theme.header,
    gutter: 40,
    row: theme.row,
    position: 0,
    scrollLeft: 0,
    layout: createColumnLayout(Array.from({ length: count }, () => 160)),
    rowCount: cells.length,
    ...more.view,
  };
  const { context, strokes, depth } = recorder();
  paint(context, theme, {
    view,
    model,
    selection: more.selection ?? null,
    focused: true,
    hovered: more.hovered ?? null,
    ratio: 2,
  });
  expect(depth(), 'every save has its restore').toBe(0);
  const body = strokes.filter(
    (stroke) => stroke.kind !== 'text' || (stroke.font !== 'small' && stroke.font !== 'header'),
  );
  return {
    strokes,
    texts: body.flatMap((stroke) => (stroke.kind === 'text' ? [stroke] : [])),
    rects: (color: string) =>
      strokes.flatMap((stroke) => (stroke.kind === 'rect' && stroke.color === color ? [stroke] : [])),
  };
}

const value = (text: string): CellView => ({ text, state: 'value' });

describe('the drawing of a cell', () => {
  it('sets a number to the right and text to the left', () => {
    const { texts } = draw([[value('Ada'), value('129.90')]]);
    expect(texts.map(({ text, x, align }) => ({ text, x, align }))).toEqual([
      { text: 'Ada', x: 48, align: 'left' },
      { text: '129.90', x: 352, align: 'right' },
    ]);
  });

  it('tells NULL, the word NULL and empty text apart', () => {
    const { texts, rects } = draw([[{ text: '', state: 'null' }], [value('NULL')], [{ text: '', state: 'empty' }]]);
    expect(texts.map(({ text, font, color }) => [text, font, color])).toEqual([
      ['NULL', 'null', 'text-muted'],
      ['NULL', 'data', 'text'],
    ]);
    expect(rects('control-line')).toEqual([expect.objectContaining({ x: 48, width: 1 })]);
  });

  it('tints a run of masked cells once, and shows the lock where the pointer is', () => {
    const masked: CellView = { text: 'a***', state: 'masked' };
    const cells = [masked, masked, value('x'), masked].map((cell) => [value('a'), value('1'), cell]);
    const quiet = draw(cells);
    expect(quiet.rects('masked-tint').map(({ y, height }) => [y, height])).toEqual([
      [28, 48],
      [100, 24],
    ]);
    const shapes = (strokes: readonly Stroke[]): number =>
      strokes.filter(({ kind, color }) => kind === 'shape' && color === 'masked').length;
    expect(shapes(draw(cells, { hovered: { row: 1, column: 2 } }).strokes)).toBe(shapes(quiet.strokes) + 1);
  });

  it('shows what the masker made of NULL as masked, not as NULL', () => {
    const { texts } = draw([[value('a'), value('1'), { text: '', state: 'masked', none: true }]]);
    expect(texts.at(-1)).toMatchObject({ text: 'NULL', color: 'masked' });
  });

  it('ends a truncated cell with an ellipsis and the size of the whole', () => {
    const { texts, strokes } = draw([[{ text: 'x'.repeat(4096), state: 'truncated', bytes: 10_000_000 }]]);
    expect(texts[0]?.text).toMatch(/^x+…$/);
    expect(strokes).toContainEqual(
      expect.objectContaining({ kind: 'text', text: '10 MB', font: 'small', align: 'right' }),
    );
  });

  it('cuts text that is too long with an ellipsis inside the column', () => {
    const { texts } = draw([[value('x'.repeat(500)), value('9'.repeat(500))]]);
    for (const { text } of texts) {
      expect(text.endsWith('…')).toBe(true);
      expect(text.length * CHARACTER).toBeLessThanOrEqual(160 - 16);
    }
  });

  it('marks an edited cell, a failed one and one that is on its way by shape, not by colour alone', () => {
    const { strokes, rects } = draw([
      [{ text: 'new', state: 'edited' }],
      [{ text: 'gone', state: 'error' }],
      ['pending'],
    ]);
    expect(rects('write')).toEqual([expect.objectContaining({ x: 40, width: 3, height: 24 })]);
    expect(strokes).toContainEqual({ kind: 'shape', color: 'refused' });
    expect(rects('line-strong').filter(({ width, height }) => width === 2 && height === 2)).toHaveLength(3);
  });

  it('draws marks in their own colour, so that an escape cannot be forged', () => {
    const { texts } = draw([[value('a\u202Eb')], [value('a\\u202Eb')]]);
    expect(texts.map(({ text, color }) => [text, color])).toEqual([
      ['a', 'text'],
      ['\\u202E', 'accent'],
      ['b', 'text'],
      ['a\\u202Eb', 'text'],
    ]);
  });

  it('never draws a raw control or bidirectional character, in a cell or in a header', () => {
    const { strokes } = draw([[value('\u0000\u001b\u202E\u2066\u200B\n')]]);
    for (const stroke of strokes)
      if (stroke.kind === 'text') expect(stroke.text).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069\u200b]/u);
  });
});

describe('a frame', () => {
  const many = Array.from({ length: 1000 }, (_, row) =>
    Array.from({ length: 50 }, (_unused, column) => value(`${row}:${column}`)),
  );

  it('draws only what shows', () => {
    const { texts } = draw(many, { view: { position: 2405, scrollLeft: 1000 } });
    expect(texts[0]?.text).toBe('100:6');
    expect(texts.length).toBeLessThanOrEqual(17 * 6);
  });

  it('begins rows at whole device pixels', () => {
    const { texts } = draw(many, { view: { position: 10.3 } });
    for (const { y } of texts) expect((y * 2) % 1).toBe(0);
  });

  it('keeps pinned columns in place while the others scroll', () => {
    const layout = createColumnLayout(
      Array.from({ length: 50 }, () => 160),
      1,
    );
    const { texts } = draw(many, { view: { layout, scrollLeft: 800 } });
    expect(texts.filter(({ text }) => text === '3:0').map(({ x }) => x)).toEqual([48]);
    expect(texts.some(({ text }) => text === '3:1')).toBe(false);
  });

  it('outlines the focused cell and every range', () => {
    const selection: Selection = {
      ...selectCell({ row: 2, column: 1 }),
      ranges: [{ top: 1, left: 0, bottom: 3, right: 1 }],
    };
    const { strokes, rects } = draw(many, { selection });
    expect(strokes.filter(({ kind }) => kind === 'outline')).toHaveLength(2);
    expect(rects('selection')).toContainEqual(expect.objectContaining({ x: 40, y: 52, width: 320, height: 72 }));
  });

  it('leaves the tint of a single selected cell visible', () => {
    const { rects } = draw(many, { selection: selectCell({ row: 2, column: 1 }) });
    expect(rects('selection').some(({ y, x }) => y >= 28 && x >= 40)).toBe(false);
  });

  it('writes a watermark over the selection and under the text, so that selecting everything does not hide it', () => {
    const everything: Selection = {
      ...selectCell({ row: 0, column: 0 }),
      ranges: [{ top: 0, left: 0, bottom: 99, right: 49 }],
    };
    const { strokes } = draw(many, { selection: everything, watermark: 'ana@shop.example' });
    const marks = strokes.flatMap((stroke, at) =>
      stroke.kind === 'text' && stroke.text === 'ana@shop.example' ? [at] : [],
    );
    const selected = strokes.findLastIndex(
      (stroke) => stroke.kind === 'rect' && stroke.color === 'selection' && stroke.height > theme.header,
    );
    const cell = strokes.findIndex((stroke) => stroke.kind === 'text' && stroke.text === '0:0');
    expect(marks.length).toBeGreaterThan(4);
    expect(Math.min(...marks)).toBeGreaterThan(
      strokes.findIndex((stroke) => stroke.kind === 'rect' && stroke.color === 'selection'),
    );
    expect(Math.max(...marks)).toBeLessThan(cell);
    expect(selected).toBeGreaterThan(-1);
  });

  it('shows what is invisible in a watermark, and cuts one that is too long', () => {
    const { strokes } = draw(many, { watermark: `a\u202eb${'c'.repeat(500)}` });
    const mark = strokes.find((stroke) => stroke.kind === 'text' && stroke.text.endsWith('ccc'));
    expect(mark).toMatchObject({ color: 'watermark' });
    expect(mark).not.toMatchObject({ text: expect.stringContaining('\u202e') });
  });

  it('draws nothing but the frame without rows or columns', () => {
    expect(draw([]).texts).toEqual([]);
    expect(draw([], { view: { rowCount: 0 } }).texts).toEqual([]);
  });
});
