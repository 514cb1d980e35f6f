/**
 * Tokens: made-up values in place of real ones. Under a key equal values get equal tokens, so that a person can count and
 * match without seeing; `random` tokens are new for every cell and say nothing at all.
 */
import { randomFillSync } from 'node:crypto';
import { type CellTransform } from '../../databases/result/index.ts';
import { isDigit, put, putAscii } from './bytes.ts';
import { hmacSha256, type Latin1Digest } from './hmac.ts';
import { type CellFormat, isText, type MaskedType, Oid } from './masked-type.ts';
import { BIN, cardDigits, redact } from './text-maskers.ts';

/** 32 bytes that stand for a value: [start, end) of `source`. */
type Digest = (source: Uint8Array, start: number, end: number) => Latin1Digest;

const SPACE = 0x20;

/** `key` undefined: a random token for every cell. Undefined for types that have no token. */
export function tokenTransform(
  key: Uint8Array | undefined,
  type: MaskedType,
  format: CellFormat,
): CellTransform | undefined {
  const digest = key === undefined ? randomDigest() : hmacSha256(key);
  if (isText(type)) return cached(textToken(type.typeOid === Oid.bpchar ? unpadded(digest) : digest), key);
  if (type.typeOid !== Oid.uuid) return undefined;
  return cached(format === 'text' ? uuidText(digest) : uuidBinary(digest), key);
}

/** A made-up card number: sixteen digits that pass Luhn, in nobody's range, or behind the value's own BIN. */
export function cardTokenTransform(key: Uint8Array | undefined, keepBin: boolean): CellTransform {
  const digest = key === undefined ? randomDigest() : hmacSha256(key);
  const digits = new Uint8Array(32);
  return cached((source, start, end, target, at) => {
    if (cardDigits(source, start, end) < 0) return redact(source, start, end, target, at);
    let count = 0;
    for (let i = start; i < end; i++) if (isDigit(source[i])) digits[count++] = source[i] ?? 0;
    const made = digest(digits, 0, count);
    const prefix = keepBin ? String.fromCharCode(...digits.subarray(0, BIN)) : NOBODY;
    const body = (prefix + String(numberOf(made) % 10n ** 15n).padStart(15, '0')).slice(0, 15);
    return putAscii(body + luhnDigit(body), target, at);
  }, key);
}

/** ISO/IEC 7812: behind a 9 stands the code of a country (ISO 3166-1 numeric), and 999 is none. */
const NOBODY = '9999';

/** The first ten bytes as one number: eighty bits, by which fifteen digits are as good as evenly spread. */
function numberOf(digest: Latin1Digest): bigint {
  let number = 0n;
  for (let i = 0; i < 10; i++) number = number * 256n + BigInt(digest.charCodeAt(i));
  return number;
}

/** The digit that makes the number pass (ISO/IEC 7812-1 annex B). */
function luhnDigit(body: string): string {
  let sum = 0;
  for (let i = 0; i < body.length; i++) {
    const doubled = Number(body[body.length - 1 - i]) * (i % 2 === 0 ? 2 : 1);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return String((10 - (sum % 10)) % 10);
}

const PREFIX = 'tok_';
/** RFC 4648 base 32 in small letters. */
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';
/** Characters behind the prefix: 80 bits, so that among 10^9 values of a column two share one by chance once in a million. */
const TOKEN = 16;

function textToken(digest: Digest): CellTransform {
  return (source, start, end, target, at) => {
    const made = digest(source, start, end);
    let to = at + putAscii(PREFIX, target, at);
    let bits = 0;
    let held = 0;
    for (let i = 0, written = 0; written < TOKEN; written++) {
      if (bits < 5) {
        held = ((held << 8) | made.charCodeAt(i++)) & 0xffff;
        bits += 8;
      }
      bits -= 5;
      target[to++] = BASE32.charCodeAt((held >> bits) & 31);
    }
    return to - at;
  };
}

/** character(n) comes padded with blanks that are no part of the value. */
function unpadded(digest: Digest): Digest {
  return (source, start, end) => {
    let last = end;
    while (last > start && source[last - 1] === SPACE) last--;
    return digest(source, start, last);
  };
}

/** RFC 9562 5.8: version 8, whose bits are the maker's own. */
function uuidBinary(digest: Digest): CellTransform {
  return (source, start, end, target, at) => {
    const made = digest(source, start, end);
    for (let i = 0; i < 16; i++) target[at + i] = made.charCodeAt(i);
    target[at + 6] = (made.charCodeAt(6) & 0x0f) | 0x80;
    target[at + 8] = (made.charCodeAt(8) & 0x3f) | 0x80;
    return 16;
  };
}

/** The same token as in binary: it is made of the sixteen bytes that the text stands for. */
function uuidText(digest: Digest): CellTransform {
  const bytes = new Uint8Array(16);
  const binary = uuidBinary(digest);
  return (source, start, end, target, at) => {
    let digits = '';
    for (let i = start; i < end; i++) digits += String.fromCharCode(source[i] ?? 0);
    const value = Buffer.from(digits.replaceAll('-', ''), 'hex');
    binary(value, 0, value.length, bytes, 0);
    const hex = Buffer.from(bytes).toString('hex');
    return putAscii(
      [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-'),
      target,
      at,
    );
  };
}

/** Distinct values whose tokens are kept at hand, and bytes of the longest of them. */
const CACHED = 16_384;
const CACHED_LENGTH = 64;

/**
 * Columns repeat themselves, and a look-up costs less than two hashes; a column that does not repeat itself is not looked up
 * any further. Random tokens are never repeated.
 */
function cached(transform: CellTransform, key: Uint8Array | undefined): CellTransform {
  if (key === undefined) return transform;
  const known = new Map<string, Uint8Array>();
  let hits = 0;
  let worthwhile = true;
  return (source, start, end, target, at) => {
    if (!worthwhile || end - start > CACHED_LENGTH) return transform(source, start, end, target, at);
    const value = Buffer.from(source.buffer, source.byteOffset + start, end - start).toString('latin1');
    const before = known.get(value);
    if (before !== undefined) {
      hits++;
      return put(before, target, at);
    }
    const length = transform(source, start, end, target, at);
    if (known.size >= CACHED) {
      known.clear();
      worthwhile = hits > CACHED;
      hits = 0;
    }
    if (worthwhile) known.set(value, Uint8Array.prototype.slice.call(target, at, at + length));
    return length;
  };
}

/** Random bytes are cheap by the block. */
function randomDigest(): Digest {
  const pool = Buffer.alloc(4_096);
  let at = pool.length;
  return () => {
    if (at + 32 > pool.length) {
      randomFillSync(pool);
      at = 0;
    }
    at += 32;
    return pool.toString('latin1', at - 32, at);
  };
}
