/**
 * Maskers that write text. What they write says nothing of the length of the value: every answer is made of fixed parts
 * and a few characters of the value, and where a value is too short or not of the kind expected, it is `•••` like any
 * other.
 */
import { type CellTransform, MASKED_LIMIT } from '../../databases/result/index.ts';
import {
  byteSet,
  characters,
  copy,
  countDigits,
  firstDigits,
  isDigit,
  isLetter,
  lastDigits,
  nextCharacter,
  NO_VALUE,
  previousCharacter,
  put,
} from './bytes.ts';

const REDACTED = Buffer.from('•••');
const PHONE = Buffer.from('*** *** **');
const CARD = Buffer.from('**** **** **** ');
const CARD_BEHIND_BIN = Buffer.from('** **** ');
const EMAIL_LOCAL = Buffer.from('***@***.');
const EMAIL_AT = Buffer.from('***@');
const STARS = Buffer.from('***');
const SPACE = 0x20;

export const redact: CellTransform = (_source, _start, _end, target, at) => put(REDACTED, target, at);

/** The same words for every value. */
export function fixed(text: string): CellTransform {
  const bytes = Buffer.from(text);
  if (bytes.length > MASKED_LIMIT) return redact;
  return (_source, _start, _end, target, at) => put(bytes, target, at);
}

/** Characters that `keep-last` shows at most, whatever the policy asks: a mask that shows everything is none. */
const KEPT_MOST = 16;

/** The last `count` characters, where at least as many stay hidden. */
export function keepLast(count: number): CellTransform {
  const kept = Math.min(Math.max(Math.trunc(count), 0), KEPT_MOST);
  return (source, start, end, target, at) => {
    let from = end;
    let hidden = start;
    for (let i = 0; i < kept; i++) {
      from = previousCharacter(source, start, from);
      hidden = nextCharacter(source, hidden, end);
    }
    if (from < start || hidden > end || hidden > from) return put(REDACTED, target, at);
    return put(REDACTED, target, at) + copy(source, from, end, target, at + REDACTED.length);
  };
}

/** The first character of a value that has more. */
export const initial: CellTransform = (source, start, end, target, at) => {
  const next = nextCharacter(source, start, end);
  if (next >= end || !isLetter(source[start] ?? 0)) return put(REDACTED, target, at);
  const length = copy(source, start, next, target, at);
  return length + put(REDACTED, target, at + length);
};

/** `a***@***.org`: first character of the local part, and the top-level domain where it is a plain one. */
export const email: CellTransform = (source, start, end, target, at) => {
  const sign = signOf(source, start, end);
  if (sign <= start) return put(REDACTED, target, at);
  let to = at;
  const next = nextCharacter(source, start, sign);
  if (next < sign && isLetter(source[start] ?? 0)) to += copy(source, start, next, target, to);
  to += put(EMAIL_LOCAL, target, to);
  const top = topLevelDomain(source, sign + 1, end);
  to += top < end ? copy(source, top, end, target, to) : put(STARS, target, to);
  return to - at;
};

/** `***@example.org`: nothing of the local part, and the domain where it is one (RFC 1123: letters, digits, dashes). */
export const emailDomain: CellTransform = (source, start, end, target, at) => {
  const sign = signOf(source, start, end);
  if (sign <= start) return put(REDACTED, target, at);
  const to = at + put(EMAIL_AT, target, at);
  if (!isDomain(source, sign + 1, end)) return to - at + put(STARS, target, to);
  return to - at + copy(source, sign + 1, end, target, to);
};

/** The shape of a phone number and its last two digits; not the length, and of the prefix only that there is a plus. */
export const phone: CellTransform = (source, start, end, target, at) => {
  if (countDigits(source, start, end, PHONE_PUNCTUATION) < PHONE_DIGITS) return put(REDACTED, target, at);
  let to = at;
  if (source[start] === PLUS) target[to++] = PLUS;
  to += put(PHONE, target, to);
  return to - at + lastDigits(2, source, end, target, to);
};

/** The last four digits of a card number. */
export const card: CellTransform = (source, start, end, target, at) => {
  if (cardDigits(source, start, end) < 0) return put(REDACTED, target, at);
  const stars = put(CARD, target, at);
  return stars + lastDigits(4, source, end, target, at + stars);
};

/** Six digits of the issuer and the last four, where at least five stay hidden (PCI DSS 3.4.1 lets no more be shown). */
export const cardBin: CellTransform = (source, start, end, target, at) => {
  if (cardDigits(source, start, end) < BIN + 4 + 5) return card(source, start, end, target, at);
  let to = at + firstDigits(BIN, source, start, target, at);
  // 4111 11** **** 1234
  for (let i = to; i > at + 4; i--) target[i] = target[i - 1] ?? 0;
  target[at + 4] = SPACE;
  to++;
  to += put(CARD_BEHIND_BIN, target, to);
  return to - at + lastDigits(4, source, end, target, to);
};

/** Digits of what can be a card number (ISO/IEC 7812: 12 to 19), or -1. */
export function cardDigits(source: Uint8Array, start: number, end: number): number {
  const digits = countDigits(source, start, end, CARD_PUNCTUATION);
  return digits < 12 || digits > 19 ? -1 : digits;
}

/** NULL where the type's length, in characters, does not hold the masked value. */
export function withinCharacters(transform: CellTransform, limit: number): CellTransform {
  // No masked cell has more bytes, let alone characters.
  if (limit >= MASKED_LIMIT) return transform;
  return (source, start, end, target, at) => {
    const length = transform(source, start, end, target, at);
    return characters(target, at, at + length) > limit ? NO_VALUE : length;
  };
}

/** Digits of a bank identification number as payment tools show it. */
export const BIN = 6;
const AT_SIGN = 0x40;
const PLUS = 0x2b;
const DOT = 0x2e;
const DASH = 0x2d;
/** Fewer digits than any subscriber number: showing two of them would show too much. */
const PHONE_DIGITS = 7;
const PHONE_PUNCTUATION = byteSet('+-./() x');
const CARD_PUNCTUATION = byteSet(' -');
/** Bytes of the longest domain that is shown; RFC 1035 allows 253. */
const LONGEST_DOMAIN = MASKED_LIMIT - EMAIL_AT.length - 1;

/** The last `@`, or the start where there is none. */
function signOf(source: Uint8Array, start: number, end: number): number {
  let sign = end - 1;
  while (sign > start && source[sign] !== AT_SIGN) sign--;
  return source[sign] === AT_SIGN ? sign : start;
}

/** Two labels or more of ASCII letters, digits and inner dashes. */
function isDomain(source: Uint8Array, start: number, end: number): boolean {
  if (end - start > LONGEST_DOMAIN) return false;
  let labels = 1;
  let inside = 0;
  for (let i = start; i < end; i++) {
    const byte = source[i] ?? 0;
    if (byte === DOT) {
      if (inside === 0 || source[i - 1] === DASH) return false;
      labels++;
      inside = 0;
    } else if (byte >= 0x80 || (byte === DASH ? inside === 0 : !isLetter(byte))) return false;
    else inside++;
  }
  return labels > 1 && inside > 0 && source[end - 1] !== DASH && !isDigit(source[end - 1]);
}

/** Start of the last label where it is 2 to 6 ASCII letters behind another label, else `end`. */
function topLevelDomain(source: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && source[at - 1] !== DOT) at--;
  if (at <= start + 1 || end - at < 2 || end - at > 6) return end;
  for (let i = at; i < end; i++) {
    const letter = (source[i] ?? 0) | 0x20;
    if (letter < 0x61 || letter > 0x7a) return end;
  }
  return at;
}
