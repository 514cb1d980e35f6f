import { type Canvas2D, drawCorner, drawLock, fitText } from './brush.ts';
import { byteSize, isCombining, isPrintableAscii, showText } from './cell-text.ts';
import { type CellView } from './model.ts';
import { type GridTheme } from './theme.ts';
import { type Place } from './view.ts';

/** What a cell's drawing depends on besides its view. */
export interface CellSituation {
  readonly numeric: boolean;
  readonly hovered: boolean;
}

/** Draws what stands in a cell; the background and the clip of the column are there already. */
export function paintCell(
  context: Canvas2D,
  theme: GridTheme,
  place: Place,
  cell: CellView | 'pending',
  situation: CellSituation,
): void {
  if (cell === 'pending') return paintPending(context, theme, place);
  const { colors } = theme;
  switch (cell.state) {
    case 'null':
      context.font = theme.nullFont;
      paintLine(context, theme, place, 'NULL', colors['text-muted'], situation.numeric, 0);
      return;
    case 'empty':
      paintEmpty(context, theme, place, situation.numeric);
      return;
    case 'masked':
      paintMasked(context, theme, place, cell, situation);
      return;
    case 'truncated':
      paintTruncated(context, theme, place, cell);
      return;
    case 'edited':
      context.fillStyle = colors.write;
      context.fillRect(place.x, place.y, 3, place.height);
      paintText(context, theme, place, cell.text, colors.text, situation.numeric, 0);
      return;
    case 'error':
      drawCorner(context, place.x + place.width - 1, place.y, 8, colors.refused);
      paintText(context, theme, place, cell.text, colors.refused, false, 0);
      return;
    case 'value':
      paintText(context, theme, place, cell.text, colors.text, situation.numeric, 0);
  }
}

/** Three dots: on its way. */
function paintPending(context: Canvas2D, theme: GridTheme, place: Place): void {
  context.fillStyle = theme.colors['line-strong'];
  const y = place.y + Math.round(place.height / 2) - 1;
  for (let dot = 0; dot < 3; dot++) context.fillRect(place.x + theme.padding + dot * 6, y, 2, 2);
}

/** A hairline where text would begin: a value of no characters. */
function paintEmpty(context: Canvas2D, theme: GridTheme, place: Place, numeric: boolean): void {
  context.fillStyle = theme.colors['control-line'];
  const x = numeric ? place.x + place.width - theme.padding - 1 : place.x + theme.padding;
  context.fillRect(x, place.y + 6, 1, place.height - 12);
}

function paintMasked(
  context: Canvas2D,
  theme: GridTheme,
  place: Place,
  cell: CellView,
  situation: CellSituation,
): void {
  const lock = 11;
  const room = situation.hovered ? lock + theme.padding : 0;
  const text = cell.none === true ? 'NULL' : cell.text;
  if (cell.none === true) context.font = theme.nullFont;
  if (text === '') paintEmpty(context, theme, place, situation.numeric);
  paintText(context, theme, place, text, theme.colors.masked, situation.numeric, room);
  if (situation.hovered) {
    drawLock(
      context,
      place.x + place.width - theme.padding - lock * 0.8,
      place.y + Math.round((place.height - lock) / 2),
      lock,
      theme.colors.masked,
    );
  }
}

/** The beginning, an ellipsis, and how big the whole is. */
function paintTruncated(context: Canvas2D, theme: GridTheme, place: Place, cell: CellView): void {
  const size = cell.bytes === undefined ? '' : byteSize(cell.bytes);
  const room = size === '' ? 0 : (size.length + 2) * theme.character;
  paintText(context, theme, place, `${cell.text}…`, theme.colors.text, false, room);
  if (size === '') return;
  context.font = theme.smallFont;
  context.textAlign = 'right';
  context.fillStyle = theme.colors['text-muted'];
  context.fillText(size, place.x + place.width - theme.padding, middleOf(place));
  context.textAlign = 'left';
  context.font = theme.dataFont;
}

const middleOf = (place: Place): number => place.y + place.height / 2 + 0.5;

/** Raw text of a cell, made visible and cut to fit; `room` px at the right are left free. */
function paintText(
  context: Canvas2D,
  theme: GridTheme,
  place: Place,
  raw: string,
  color: string,
  right: boolean,
  room: number,
): void {
  const width = place.width - 2 * theme.padding - room;
  const shown = showText(raw, Math.floor(width / theme.character) * 2 + 8);
  if (shown.marks.length > 0) return paintMarked(context, theme, place, shown.text, shown.marks, color, width);
  if (isCombining(shown.text))
    return paintClipped(context, place, () => paintLine(context, theme, place, shown.text, color, right, room));
  paintLine(context, theme, place, shown.text, color, right, room);
}

function paintLine(
  context: Canvas2D,
  theme: GridTheme,
  place: Place,
  text: string,
  color: string,
  right: boolean,
  room: number,
): void {
  const width = place.width - 2 * theme.padding - room;
  const fitted = fitText(context, text, width, theme.character, isPrintableAscii(text));
  context.fillStyle = color;
  context.textAlign = right ? 'right' : 'left';
  context.fillText(
    fitted,
    right ? place.x + place.width - theme.padding - room : place.x + theme.padding,
    middleOf(place),
  );
  context.textAlign = 'left';
  context.font = theme.dataFont;
}

/** Text with marks in it: drawn piece by piece, the marks muted, so that `\0` the mark is not `\0` the text. */
function paintMarked(
  context: Canvas2D,
  theme: GridTheme,
  place: Place,
  text: string,
  marks: readonly number[],
  color: string,
  width: number,
): void {
  paintClipped(context, place, () => {
    const cuts = [0, ...marks, text.length];
    let used = 0;
    for (let i = 0; i + 1 < cuts.length && used < width; i++) {
      const piece = text.slice(cuts[i], cuts[i + 1]);
      if (piece === '') continue;
      const fitted = fitText(context, piece, width - used, theme.character, isPrintableAscii(piece));
      context.fillStyle = i % 2 === 1 ? theme.colors.accent : color;
      context.fillText(fitted, place.x + theme.padding + used, middleOf(place));
      if (fitted !== piece) return;
      used += context.measureText(piece).width;
    }
  });
  context.font = theme.dataFont;
}

function paintClipped(context: Canvas2D, place: Place, draw: () => void): void {
  context.save();
  context.beginPath();
  context.rect(place.x, place.y, place.width, place.height);
  context.clip();
  draw();
  context.restore();
}
