/**
 * Maskers as functions over bytes. What they write says nothing of the length of the value: every answer is made of fixed
 * parts and a few characters of the value, and where a value is too short or not of the kind expected, it is `•••` like
 * any other. A type that has no valid masked value gets NULL.
 */
import { type CellTransform } from '../../databases/result/index.ts';
import { type Masker } from '../verdict.ts';

/** The output column a mask is for, as RowDescription tells it. Domains arrive as their base type. */
export interface MaskedType {
  readonly typeOid: number;
  readonly typeModifier: number;
  /** As format_type prints it. */
  readonly type: string;
}

/** text, character varying, character: the types any text is a valid value of (pg_type.dat). citext has no fixed OID. */
const TEXT = 25;
const BPCHAR = 1042;
const VARCHAR = 1043;
const MODIFIER_HEADER = 4;
const NO_VALUE = -1;

const REDACTED = Buffer.from('•••');
const PHONE = Buffer.from('*** *** **');
const CARD = Buffer.from('**** **** **** ');
const EMAIL_LOCAL = Buffer.from('***@***.');
const STARS = Buffer.from('***');

/** The transform for one output column. */
export function maskerTransform(masker: Masker, type: MaskedType): CellTransform {
  if (!isText(type)) return none;
  const transform = textTransform(masker);
  const limit = type.typeOid !== TEXT && type.typeModifier >= 0 ? type.typeModifier - MODIFIER_HEADER : Infinity;
  return limit >= LONGEST ? transform : withinCharacters(transform, limit);
}

const isText = ({ typeOid, type }: MaskedType): boolean =>
  typeOid === TEXT || typeOid === VARCHAR || typeOid === BPCHAR || type === 'citext' || type.endsWith('.citext');

function textTransform(masker: Masker): CellTransform {
  switch (masker.kind) {
    case 'null':
      return none;
    case 'redact':
      return redact;
    case 'keep-last':
      return keepLast(masker.count);
    case 'initial':
      return initial;
    case 'email':
      return email;
    case 'phone':
      return phone;
    case 'card':
      return card;
  }
}

const none: CellTransform = () => NO_VALUE;

const redact: CellTransform = (_source, _start, _end, target, at) => put(REDACTED, target, at);

/** Characters that `keep-last` shows at most, whatever the policy asks: a mask that shows everything is none. */
const KEPT_MOST = 16;
/** Characters of the longest masked value. */
const LONGEST = 3 + KEPT_MOST;

/** The last `count` characters, where at least as many stay hidden. */
function keepLast(count: number): CellTransform {
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
const initial: CellTransform = (source, start, end, target, at) => {
  const next = nextCharacter(source, start, end);
  if (next >= end || !isLetter(source[start] ?? 0)) return put(REDACTED, target, at);
  const length = copy(source, start, next, target, at);
  return length + put(REDACTED, target, at + length);
};

/** `a***@***.org`: first character of the local part, and the top-level domain where it is a plain one. */
const email: CellTransform = (source, start, end, target, at) => {
  let sign = end - 1;
  while (sign > start && source[sign] !== AT_SIGN) sign--;
  if (sign <= start) return put(REDACTED, target, at);
  let to = at;
  const next = nextCharacter(source, start, sign);
  if (next < sign && isLetter(source[start] ?? 0)) to += copy(source, start, next, target, to);
  to += put(EMAIL_LOCAL, target, to);
  const top = topLevelDomain(source, sign + 1, end);
  to += top < end ? copy(source, top, end, target, to) : put(STARS, target, to);
  return to - at;
};

/** The shape of a phone number and its last two digits; not the length, and of the prefix only that there is a plus. */
const phone: CellTransform = (source, start, end, target, at) => {
  if (countDigits(source, start, end, PHONE_PUNCTUATION) < PHONE_DIGITS) return put(REDACTED, target, at);
  let to = at;
  if (source[start] === PLUS) target[to++] = PLUS;
  to += put(PHONE, target, to);
  return to - at + lastDigits(2, source, end, target, to);
};

/** The last four digits of a card number. */
const card: CellTransform = (source, start, end, target, at) => {
  const digits = countDigits(source, start, end, CARD_PUNCTUATION);
  if (digits < 12 || digits > 19) return put(REDACTED, target, at);
  const stars = put(CARD, target, at);
  return stars + lastDigits(4, source, end, target, at + stars);
};

/** NULL where the type's length does not hold the masked value. */
function withinCharacters(transform: CellTransform, limit: number): CellTransform {
  return (source, start, end, target, at) => {
    const length = transform(source, start, end, target, at);
    let characters = 0;
    for (let i = at; i < at + length; i++) if (((target[i] ?? 0) & 0xc0) !== 0x80) characters++;
    return characters > limit ? NO_VALUE : length;
  };
}

const AT_SIGN = 0x40;
const PLUS = 0x2b;
const DOT = 0x2e;
/** Fewer digits than any subscriber number: showing two of them would show too much. */
const PHONE_DIGITS = 7;
const PHONE_PUNCTUATION = new Set(Buffer.from('+-./() x'));
const CARD_PUNCTUATION = new Set(Buffer.from(' -'));

function put(bytes: Uint8Array, target: Uint8Array, at: number): number {
  for (let i = 0; i < bytes.length; i++) target[at + i] = bytes[i] ?? 0;
  return bytes.length;
}

function copy(source: Uint8Array, start: number, end: number, target: Uint8Array, at: number): number {
  for (let i = start; i < end; i++) target[at + i - start] = source[i] ?? 0;
  return end - start;
}

/** Bytes of the character that a UTF-8 lead byte begins (RFC 3629), 0 for a byte that begins none. */
function characterLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** End of the character at `at`; past `end` when there is none or the bytes are not UTF-8. */
function nextCharacter(source: Uint8Array, at: number, end: number): number {
  if (at >= end) return end + 1;
  const length = characterLength(source[at] ?? 0);
  if (length === 0 || at + length > end) return end + 1;
  for (let i = at + 1; i < at + length; i++) if (!isContinuation(source[i])) return end + 1;
  return at + length;
}

/** Start of the character that ends at `at`; before `start` when there is none or the bytes are not UTF-8. */
function previousCharacter(source: Uint8Array, start: number, at: number): number {
  let from = at - 1;
  while (from > start && from > at - 4 && isContinuation(source[from])) from--;
  return from >= start && nextCharacter(source, from, at) === at ? from : start - 1;
}

/** ASCII letter or digit, or the lead byte of a longer character: nothing that is punctuation of an address. */
const isLetter = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte >= 0xc2;

const isDigit = (byte: number | undefined): boolean => byte !== undefined && byte >= 0x30 && byte <= 0x39;

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

/** Digits among nothing but digits and `punctuation`; -1 where anything else is found. */
function countDigits(source: Uint8Array, start: number, end: number, punctuation: ReadonlySet<number>): number {
  let digits = 0;
  for (let i = start; i < end; i++) {
    const byte = source[i] ?? 0;
    if (isDigit(byte)) digits++;
    else if (!punctuation.has(byte)) return -1;
  }
  return digits;
}

/** Copies the last `count` digits before `end`, which are known to be there; the bytes written. */
function lastDigits(count: number, source: Uint8Array, end: number, target: Uint8Array, at: number): number {
  let left = count;
  for (let i = end - 1; left > 0; i--) if (isDigit(source[i])) target[at + --left] = source[i] ?? 0;
  return count;
}
