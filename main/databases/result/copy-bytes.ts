const WORD = 8;

/**
 * Copies the bytes [start, end) of `source` to `at` in `target`, another buffer, and gives the place behind them. Between
 * two masked cells lie some dozen bytes, for which a call out of JavaScript costs more than the copy; here a word at a
 * time is one load and one store, since no BigInt is made of one that is only passed on. The last word of what is longer
 * than one lies partly over the word before it.
 */
export function copyBytes(source: DataView, start: number, end: number, target: DataView, at: number): number {
  const behind = at + end - start;
  let from = start;
  let to = at;
  for (; from + WORD <= end; from += WORD, to += WORD) target.setBigInt64(to, source.getBigInt64(from, true), true);
  if (from === end) return behind;
  if (end - start >= WORD) target.setBigInt64(behind - WORD, source.getBigInt64(end - WORD, true), true);
  else for (; from < end; from++, to++) target.setUint8(to, source.getUint8(from));
  return behind;
}
