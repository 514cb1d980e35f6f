/** The part of a canvas context the grid draws with: small enough for a test to record. */
export type Canvas2D = Pick<
  CanvasRenderingContext2D,
  | 'fillStyle'
  | 'strokeStyle'
  | 'lineWidth'
  | 'font'
  | 'textAlign'
  | 'textBaseline'
  | 'direction'
  | 'fillRect'
  | 'strokeRect'
  | 'fillText'
  | 'measureText'
  | 'save'
  | 'restore'
  | 'beginPath'
  | 'rect'
  | 'clip'
  | 'moveTo'
  | 'lineTo'
  | 'arc'
  | 'closePath'
  | 'fill'
  | 'stroke'
  | 'setTransform'
>;

/**
 * Text in `width`, with an ellipsis where it does not fit. `character` is the width of a monospaced character: text of
 * printable ASCII is cut by counting, anything else by measuring in the font that is set.
 */
export function fitText(context: Canvas2D, text: string, width: number, character: number, ascii: boolean): string {
  const room = Math.max(0, Math.floor((width + 0.01) / character));
  if (ascii) return text.length <= room ? text : room < 2 ? '…' : `${text.slice(0, room - 1)}…`;
  if (context.measureText(text).width <= width) return text;
  const glyphs = Array.from(text.slice(0, room * 4));
  let low = 0;
  let high = glyphs.length;
  while (low < high) {
    const middle = (low + high + 1) >>> 1;
    if (context.measureText(`${glyphs.slice(0, middle).join('')}…`).width <= width) low = middle;
    else high = middle - 1;
  }
  return `${glyphs.slice(0, low).join('')}…`;
}

/** A closed padlock, `size` px high, its top left at `x`, `y`: the sign that goes with the masked colour. */
export function drawLock(context: Canvas2D, x: number, y: number, size: number, color: string): void {
  const width = size * 0.8;
  const body = size * 0.52;
  context.fillStyle = color;
  context.strokeStyle = color;
  context.lineWidth = Math.max(1, size / 9);
  context.fillRect(x, y + size - body, width, body);
  context.beginPath();
  const radius = width * 0.29;
  const middle = x + width / 2;
  context.moveTo(middle - radius, y + size - body);
  context.lineTo(middle - radius, y + radius + context.lineWidth);
  context.arc(middle, y + radius + context.lineWidth / 2, radius, Math.PI, 0);
  context.lineTo(middle + radius, y + size - body);
  context.stroke();
}

/** A filled triangle in the top right corner: something is wrong in this cell. */
export function drawCorner(context: Canvas2D, right: number, top: number, size: number, color: string): void {
  context.fillStyle = color;
  context.beginPath();
  context.moveTo(right - size, top);
  context.lineTo(right, top);
  context.lineTo(right, top + size);
  context.closePath();
  context.fill();
}
