import { type Canvas2D } from './brush.ts';
import { showText } from './cell-text.ts';
import { type GridTheme } from './theme.ts';
import { type View } from './view.ts';

/** Radians that the text rises. */
const ANGLE = Math.PI / 9;
/** Space between two texts of a line and between two lines, px. */
const GAP = 72;
const LINE = 84;
const LONGEST = 160;

/** Where the texts of a watermark begin, in coordinates turned by `ANGLE` around the top left of the cells: enough to cover them. */
export function watermarkPlaces(
  width: number,
  height: number,
  textWidth: number,
): readonly { readonly x: number; readonly y: number }[] {
  const [sine, cosine] = [Math.sin(ANGLE), Math.cos(ANGLE)];
  const step = textWidth + GAP;
  const places: { x: number; y: number }[] = [];
  const bottom = width * sine + height * cosine + LINE;
  for (let line = 0, y = LINE / 2; y < bottom; line++, y += LINE) {
    // Every other line is moved by half, so that no column of the picture is without one.
    const first = -height * sine - (line % 2) * (step / 2);
    for (let x = first; x < width * cosine; x += step) {
      const start = { x: x * cosine + y * sine, y: y * cosine - x * sine };
      const end = { x: start.x + textWidth * cosine, y: start.y - textWidth * sine };
      const shows = end.x > 0 && start.x < width && start.y > 0 && end.y < height;
      if (shows) places.push({ x, y });
    }
  }
  return places;
}

/**
 * Who looks at it, across the cells: over tints and selection, so that selecting everything does not hide it, and under the
 * text, which stays as legible as it was. It does not scroll with the rows: every part of a result has it.
 */
export function paintWatermark(context: Canvas2D, theme: GridTheme, view: View, ratio: number, text: string): void {
  const shown = showText(text, LONGEST).text;
  if (shown === '') return;
  const [sine, cosine] = [Math.sin(ANGLE) * ratio, Math.cos(ANGLE) * ratio];
  const [width, height] = [view.width - view.gutter, view.height - view.header];
  context.save();
  context.beginPath();
  context.rect(view.gutter, view.header, width, height);
  context.clip();
  context.font = theme.headerFont;
  context.fillStyle = theme.colors.watermark;
  context.setTransform(cosine, -sine, sine, cosine, view.gutter * ratio, view.header * ratio);
  const textWidth = context.measureText(shown).width;
  for (const { x, y } of watermarkPlaces(width, height, textWidth)) context.fillText(shown, x, y);
  context.restore();
}
