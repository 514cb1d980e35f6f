import { type Hazard } from '../../facts.ts';

/** What a session says about how it reads a text: the values of its ParameterStatus messages. */
export interface TextSettings {
  /** standard_conforming_strings; off, it moves the end of string literals. */
  readonly standardConformingStrings: boolean;
  /** Value of client_encoding; anything but UTF8 changes which bytes are quotes and backslashes. */
  readonly clientEncoding: string;
}

/** Longest text that is judged, in bytes of UTF-8. */
export const MAX_TEXT_BYTES = 1024 * 1024;

/**
 * Finds what would make the parser read another text than the server: libpg-query stops at a NUL, turns lone surrogates
 * into replacement characters, and always assumes standard_conforming_strings = on and UTF-8.
 */
export function textHazard(text: string, settings: TextSettings): Hazard | undefined {
  const nul = text.indexOf('\0');
  if (nul >= 0) {
    return {
      code: 'nul-byte',
      sentence: 'The text holds a NUL character: the server would read only the part before it.',
      next: 'Remove the character.',
      span: { start: nul, end: nul + 1 },
    };
  }
  if (!text.isWellFormed()) {
    const at = loneSurrogate(text);
    return {
      code: 'lone-surrogate',
      sentence: 'The text holds half of a character (a lone UTF-16 surrogate), which has no bytes in UTF-8.',
      next: 'Type the character again.',
      span: { start: at, end: at + 1 },
    };
  }
  if (text.length > MAX_TEXT_BYTES || Buffer.byteLength(text) > MAX_TEXT_BYTES) {
    const { read: start } = new TextEncoder().encodeInto(text, new Uint8Array(MAX_TEXT_BYTES));
    return {
      code: 'too-long',
      sentence: `The statement is longer than ${MAX_TEXT_BYTES / 1024} KiB, the most that is judged at once.`,
      next: 'Split it into smaller statements, or pass long values as parameters.',
      span: { start, end: start + 1 },
    };
  }
  if (!settings.standardConformingStrings) {
    return {
      code: 'string-setting',
      sentence:
        'The session has standard_conforming_strings off: string literals would end elsewhere than they seem to.',
      next: 'Reconnect with standard_conforming_strings = on.',
    };
  }
  if (!/^utf-?8$/i.test(settings.clientEncoding)) {
    return {
      code: 'encoding-setting',
      sentence: `The session reads text as ${settings.clientEncoding}, not UTF8: quotes could be parts of other characters.`,
      next: 'Reconnect with client_encoding = UTF8.',
    };
  }
  return undefined;
}

function loneSurrogate(text: string): number {
  let at = 0;
  for (const character of text) {
    if (character.length === 1 && /[\ud800-\udfff]/.test(character)) return at;
    at += character.length;
  }
  return at;
}

/** Turns an offset of one unit into an offset in UTF-16 units; -1 (unknown) stays -1. */
export type OffsetMap = (offset: number) => number;

const same: OffsetMap = (offset) => offset;

/** Locations in the parse tree count bytes of UTF-8. */
export function fromUtf8(text: string): OffsetMap {
  return mapping(text, utf8Length);
}

/** Positions of the parser's errors count characters (code points). */
export function fromCodePoints(text: string): OffsetMap {
  return mapping(text, () => 1);
}

function utf8Length(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

function mapping(text: string, unitsOf: (codePoint: number) => number): OffsetMap {
  // Only characters whose two lengths differ move the rest of the text: `from[i]` is where the shift `shift[i]` begins.
  const from: number[] = [0];
  const shift: number[] = [0];
  let offset = 0;
  let moved = 0;
  for (const character of text) {
    const units = unitsOf(character.codePointAt(0) ?? 0);
    offset += units;
    if (units !== character.length) {
      moved += character.length - units;
      from.push(offset);
      shift.push(moved);
    }
  }
  if (from.length === 1) return same;
  return (wanted) => {
    if (wanted < 0) return wanted;
    let low = 0;
    let high = from.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((from[middle] ?? 0) <= wanted) low = middle;
      else high = middle - 1;
    }
    return wanted + (shift[low] ?? 0);
  };
}
