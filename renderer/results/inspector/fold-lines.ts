/**
 * Where the visual lines of a text begin, so that only those on the screen are ever elements: a 10 MB cell is an array
 * of offsets and forty elements. A line longer than `width` characters goes on in the next visual line.
 */
export function foldLines(text: string, width: number): Uint32Array {
  const limit = Math.max(1, Math.floor(width));
  const starts: number[] = [0];
  let start = 0;
  while (start <= text.length) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    let at = start;
    while (end - at > limit) {
      const code = text.charCodeAt(at + limit - 1);
      // Never between the halves of a surrogate pair.
      at += code >= 0xd800 && code <= 0xdbff && limit > 1 ? limit - 1 : limit;
      starts.push(at);
    }
    if (newline < 0) break;
    start = newline + 1;
    starts.push(start);
  }
  return Uint32Array.from(starts);
}

/** The text of a visual line, without its line break. */
export function foldedLine(text: string, starts: Uint32Array, index: number): string {
  const line = text.slice(starts[index] ?? 0, starts[index + 1] ?? text.length);
  return line.endsWith('\n') ? line.slice(0, line.endsWith('\r\n') ? -2 : -1) : line;
}
