/**
 * Where the visual lines of a text begin, so that only those on the screen are ever elements: a 10 MB cell is an array
 * of offsets and forty elements. A line longer than `width` characters goes on in the next visual line, after the last
 * space that fits; a word that is longer than the line is cut.
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
      at = breakOf(text, at, at + limit);
      starts.push(at);
    }
    if (newline < 0) break;
    start = newline + 1;
    starts.push(start);
  }
  return Uint32Array.from(starts);
}

/** Where the line from `start` is broken so that it ends by `most`: after its last space that does not only indent it. */
function breakOf(text: string, start: number, most: number): number {
  let at = most;
  while (at > start && !isSpace(text, at - 1)) at--;
  let before = at;
  while (before > start && isSpace(text, before - 1)) before--;
  if (before > start) return at;
  const last = text.charCodeAt(most - 1);
  // Never between the halves of a surrogate pair.
  return last >= 0xd800 && last <= 0xdbff && most - start > 1 ? most - 1 : most;
}

const isSpace = (text: string, at: number): boolean => text[at] === ' ' || text[at] === '\t';

/** The text of a visual line, without its line break. */
export function foldedLine(text: string, starts: Uint32Array, index: number): string {
  const line = text.slice(starts[index] ?? 0, starts[index + 1] ?? text.length);
  return line.endsWith('\n') ? line.slice(0, line.endsWith('\r\n') ? -2 : -1) : line;
}
