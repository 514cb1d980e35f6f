/** What maskers do with bytes: nothing here makes a JavaScript string of a cell. */

export const NO_VALUE = -1;

export function put(bytes: Uint8Array, target: Uint8Array, at: number): number {
  for (let i = 0; i < bytes.length; i++) target[at + i] = bytes[i] ?? 0;
  return bytes.length;
}

export function copy(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  for (let i = start; i < end; i++) target[at + i - start] = source[i] ?? 0;
  return end - start;
}

/** Writes a text that is ASCII. */
export function putAscii(text: string, target: Uint8Array, at: number): number {
  for (let i = 0; i < text.length; i++) target[at + i] = text.charCodeAt(i);
  return text.length;
}

/** Writes a whole number that a Number holds exactly. */
export function putNumber(value: number, target: Uint8Array, at: number): number {
  let to = at;
  let rest = value;
  if (rest < 0) {
    target[to++] = 0x2d;
    rest = -rest;
  }
  let digits = 1;
  for (let above = 10; above <= rest; above *= 10) digits++;
  for (let i = to + digits - 1; i >= to; i--) {
    const next = Math.floor(rest / 10);
    target[i] = 0x30 + rest - next * 10;
    rest = next;
  }
  return to + digits - at;
}

/** Big-endian, as everything of the protocol is; without a view, whose making costs more than a cell. */
export const int16At = (source: Uint8Array, at: number): number =>
  (((source[at] ?? 0) << 24) >> 16) | (source[at + 1] ?? 0);

export const int32At = (source: Uint8Array, at: number): number =>
  ((source[at] ?? 0) << 24) | ((source[at + 1] ?? 0) << 16) | ((source[at + 2] ?? 0) << 8) | (source[at + 3] ?? 0);

/** The low 16 bits of a whole number. */
export function putInt16(value: number, target: Uint8Array, at: number): void {
  target[at] = value >> 8;
  target[at + 1] = value;
}

/** The low 32 bits of a whole number. */
export function putInt32(value: number, target: Uint8Array, at: number): void {
  putInt16(value >> 16, target, at);
  putInt16(value, target, at + 2);
}

/** The bytes as text of one character a byte; for cells that are ASCII by their type. */
export const asciiOf = (source: Uint8Array, start: number, end: number): string =>
  String.fromCharCode(...source.subarray(start, end));

/** Bytes of the character that a UTF-8 lead byte begins (RFC 3629), 0 for a byte that begins none. */
function characterLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

/** Whether what follows keeps clear of surrogates, of numbers past U+10FFFF and of longer forms than needed (RFC 3629 section 4). */
function mayFollow(lead: number, second: number): boolean {
  if (lead === 0xe0) return second >= 0xa0;
  if (lead === 0xed) return second < 0xa0;
  if (lead === 0xf0) return second >= 0x90;
  return lead !== 0xf4 || second < 0x90;
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** End of the character at `at`; past `end` when there is none or the bytes are not UTF-8. */
export function nextCharacter(source: Uint8Array, at: number, end: number): number {
  if (at >= end) return end + 1;
  const lead = source[at] ?? 0;
  const length = characterLength(lead);
  if (length === 0 || at + length > end) return end + 1;
  if (length > 2 && !mayFollow(lead, source[at + 1] ?? 0)) return end + 1;
  for (let i = at + 1; i < at + length; i++) if (!isContinuation(source[i])) return end + 1;
  return at + length;
}

/** Start of the character that ends at `at`; before `start` when there is none or the bytes are not UTF-8. */
export function previousCharacter(source: Uint8Array, start: number, at: number): number {
  let from = at - 1;
  while (from > start && from > at - 4 && isContinuation(source[from])) from--;
  return from >= start && nextCharacter(source, from, at) === at ? from : start - 1;
}

/** Characters of well-formed UTF-8. */
export function characters(source: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) if (!isContinuation(source[i])) count++;
  return count;
}

/** ASCII letter or digit, or the lead byte of a longer character: nothing that is punctuation of an address. */
export const isLetter = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte >= 0xc2;

export const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

/** Bytes by their value: 1 for those of `characters`, which are ASCII. */
export function byteSet(characters: string): Uint8Array {
  const set = new Uint8Array(256);
  for (const byte of Buffer.from(characters)) set[byte] = 1;
  return set;
}

/** Digits among nothing but digits and `punctuation`, a byteSet; -1 where anything else is found. */
export function countDigits(source: Uint8Array, start: number, end: number, punctuation: Uint8Array): number {
  let digits = 0;
  for (let i = start; i < end; i++) {
    const byte = source[i] ?? 0;
    if (isDigit(byte)) digits++;
    else if (punctuation[byte] !== 1) return -1;
  }
  return digits;
}

/** Copies the first `count` digits behind `start`, which are known to be there; the bytes written. */
export function firstDigits(count: number, source: Uint8Array, start: number, target: Uint8Array, at: number): number {
  let found = 0;
  for (let i = start; found < count; i++) if (isDigit(source[i])) target[at + found++] = source[i] ?? 0;
  return count;
}

/** Copies the last `count` digits before `end`, which are known to be there; the bytes written. */
export function lastDigits(count: number, source: Uint8Array, end: number, target: Uint8Array, at: number): number {
  let left = count;
  for (let i = end - 1; left > 0; i--) if (isDigit(source[i])) target[at + --left] = source[i] ?? 0;
  return count;
}
