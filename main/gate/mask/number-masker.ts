/**
 * Numbers down to the lower bound of their bucket: 1234 in buckets of 1000 is 1000, -1 is -1000. Below what the type
 * holds it is the least value of the type, which everything of that bucket shares. NaN, infinity, and floating-point
 * values so large that a bucket holds only one of them, have no masked value.
 */
import { type CellTransform } from '../../databases/result/index.ts';
import { asciiOf, int16At, int32At, NO_VALUE, putAscii, putInt16, putInt32, putNumber } from './bytes.ts';
import { type CellFormat, integerDigits, type MaskedType, Oid } from './masked-type.ts';

/** `size` is a whole number from 2 to 10^12. */
export function bucketTransform(size: number, type: MaskedType, format: CellFormat): CellTransform | undefined {
  const text = format === 'text';
  switch (type.typeOid) {
    case Oid.int2:
      return text ? integerText(size, -(2n ** 15n)) : shortBinary(size, 2);
    case Oid.int4:
      return text ? integerText(size, -(2n ** 31n)) : shortBinary(size, 4);
    case Oid.int8:
      return text ? integerText(size, -(2n ** 63n)) : longBinary(size);
    case Oid.money:
      return text ? moneyText(size) : longBinary(size * CENTS);
    case Oid.float4:
      return text ? floatText(size, FLOAT4) : floatBinary(size, FLOAT4);
    case Oid.float8:
      return text ? floatText(size, FLOAT8) : floatBinary(size, FLOAT8);
    case Oid.numeric:
      return text ? numericText(size, integerDigits(type)) : numericBinary(size, integerDigits(type));
    default:
      return undefined;
  }
}

/** Money is sent as whole cents, whatever lc_monetary says; where a locale has no cents its buckets come out larger. */
const CENTS = 100;
/** Digits that a Number holds exactly, whatever they are. */
const EXACT_DIGITS = 15;
/** Digits of the longest number that is masked to a bucket: more do not fit into a masked cell. */
const MOST_DIGITS = 200;

/** Of a whole number below 2^52: so far the quotient is not rounded up to a whole one. */
const floorOf = (value: number, size: number): number => Math.floor(value / size) * size;

function floorOfBig(value: bigint, size: bigint): bigint {
  const rest = value % size;
  return value - (rest < 0n ? rest + size : rest);
}

/** Text of the lower bound; `fraction` says that the value lies above its whole part, away from zero. */
function floorOfText(negative: boolean, whole: string, fraction: boolean, size: number, least?: bigint): string {
  if (whole.length <= EXACT_DIGITS && (least === undefined || !negative)) {
    const value = Number(whole);
    return String(floorOf(negative ? -value - (fraction ? 1 : 0) : value, size) + 0);
  }
  const value = BigInt(whole === '' ? '0' : whole);
  const floor = floorOfBig(negative ? -value - (fraction ? 1n : 0n) : value, BigInt(size));
  return String(least !== undefined && floor < least ? least : floor);
}

/** Minus, digits and a fraction of what most numbers are: short. Made once: a cell is masked before the next one is looked at. */
const plain = { value: 0, fraction: false };

/** Reads `-1234.50` into `plain`; false for what is longer, or anything else. */
function readPlain(source: Uint8Array, start: number, end: number): boolean {
  const negative = source[start] === MINUS;
  let at = negative ? start + 1 : start;
  let value = 0;
  const first = at;
  for (; at < end && source[at] !== POINT; at++) {
    const digit = (source[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  if (at === first || at - first > EXACT_DIGITS) return false;
  plain.fraction = false;
  for (at++; at < end; at++) {
    const digit = (source[at] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return false;
    if (digit !== 0) plain.fraction = true;
  }
  plain.value = negative ? -value : value;
  return true;
}

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;

/** The lower bound of what `readPlain` has read, which lies above its whole part, away from zero, where it has a fraction. */
const plainFloor = (negative: boolean, size: number): number =>
  floorOf(plain.value - (negative && plain.fraction ? 1 : 0), size) + 0;

function integerText(size: number, least: bigint): CellTransform {
  const lowest = Number(least);
  return (source, start, end, target, at) => {
    if (readPlain(source, start, end)) {
      const floor = plainFloor(false, size);
      if (floor >= lowest) return putNumber(floor, target, at);
    }
    const match = end - start > 20 ? null : /^(-?)(\d+)$/.exec(asciiOf(source, start, end));
    if (match === null) return NO_VALUE;
    return putAscii(floorOfText(match[1] === '-', match[2] ?? '', false, size, least), target, at);
  };
}

function shortBinary(size: number, bytes: 2 | 4): CellTransform {
  const least = -(2 ** (8 * bytes - 1));
  return (source, start, end, target, at) => {
    if (end - start !== bytes) return NO_VALUE;
    const floor = Math.max(floorOf(bytes === 2 ? int16At(source, start) : int32At(source, start), size), least);
    if (bytes === 2) putInt16(floor, target, at);
    else putInt32(floor, target, at);
    return bytes;
  };
}

/** What the upper half of an int8 counts, and where it stays below 2^51. */
const UPPER = 2 ** 32;
const SAFE_UPPER = 2 ** 19;

function longBinary(size: number): CellTransform {
  const bucket = BigInt(size);
  const least = -(2n ** 63n);
  return (source, start, end, target, at) => {
    if (end - start !== 8) return NO_VALUE;
    const upper = int32At(source, start);
    const lower = int32At(source, start + 4) >>> 0;
    if (upper >= -SAFE_UPPER && upper < SAFE_UPPER) {
      const floor = floorOf(upper * UPPER + lower, size);
      putInt32(Math.floor(floor / UPPER), target, at);
      putInt32(floor, target, at + 4);
      return 8;
    }
    const floor = floorOfBig((BigInt(upper) << 32n) | BigInt(lower), bucket);
    new DataView(target.buffer, target.byteOffset + at).setBigInt64(0, floor < least ? least : floor);
    return 8;
  };
}

/** `$1,234.56` and `-$1,234.56`, as locales C and en_US write it; money of another locale has no masked value as text. */
function moneyText(size: number): CellTransform {
  return (source, start, end, target, at) => {
    const match = end - start > 40 ? null : /^(-?)\$([\d,]+)\.(\d\d)$/.exec(asciiOf(source, start, end));
    if (match === null) return NO_VALUE;
    const cents = (match[2] ?? '').replaceAll(',', '') + (match[3] ?? '');
    const floor = floorOfText(match[1] === '-', cents, false, size * CENTS, -(2n ** 63n));
    const digits = floor.replace('-', '').padStart(3, '0');
    const whole = digits.slice(0, -2).replaceAll(/\B(?=(\d{3})+$)/g, ',');
    return putAscii(`${floor.startsWith('-') ? '-' : ''}$${whole}.${digits.slice(-2)}`, target, at);
  };
}

interface FloatFormat {
  readonly bytes: 4 | 8;
  /** Distance between two values of the format, as a share of their size. */
  readonly epsilon: number;
}
const FLOAT4: FloatFormat = { bytes: 4, epsilon: 2 ** -23 };
const FLOAT8: FloatFormat = { bytes: 8, epsilon: 2 ** -52 };

function floorOfFloat(value: number, size: number, { bytes, epsilon }: FloatFormat): number {
  if (!Number.isFinite(value) || Math.abs(value) * epsilon >= size) return Number.NaN;
  const floor = Math.floor(value / size) * size + 0;
  return bytes === 4 ? Math.fround(floor) : floor;
}

function floatText(size: number, format: FloatFormat): CellTransform {
  return (source, start, end, target, at) => {
    const floor = end - start > 32 ? Number.NaN : floorOfFloat(Number(asciiOf(source, start, end)), size, format);
    return Number.isNaN(floor) ? NO_VALUE : putAscii(String(floor), target, at);
  };
}

function floatBinary(size: number, format: FloatFormat): CellTransform {
  const { bytes } = format;
  return (source, start, end, target, at) => {
    if (end - start !== bytes) return NO_VALUE;
    const from = new DataView(source.buffer, source.byteOffset + start);
    const floor = floorOfFloat(bytes === 4 ? from.getFloat32(0) : from.getFloat64(0), size, format);
    if (Number.isNaN(floor)) return NO_VALUE;
    const into = new DataView(target.buffer, target.byteOffset + at);
    if (bytes === 4) into.setFloat32(0, floor);
    else into.setFloat64(0, floor);
    return bytes;
  };
}

/** NULL where numeric(p, s) cannot hold the bound. */
const holds = (floor: string, digits: number): boolean => floor === '0' || floor.replace('-', '').length <= digits;

/** What a bound that is read as a Number must stay below, for the same reason. */
const numericBound = (digits: number): number => (digits <= 0 ? 1 : 10 ** digits);

function numericText(size: number, digits: number): CellTransform {
  const bound = numericBound(digits);
  return (source, start, end, target, at) => {
    if (end - start > MOST_DIGITS) return NO_VALUE;
    if (readPlain(source, start, end)) {
      const floor = plainFloor(source[start] === MINUS, size);
      return Math.abs(floor) < bound ? putNumber(floor, target, at) : NO_VALUE;
    }
    const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(asciiOf(source, start, end));
    if (match === null) return NO_VALUE;
    const [, sign, whole = '', fraction = ''] = match;
    const floor = floorOfText(sign === '-', whole, /[1-9]/.test(fraction), size);
    return holds(floor, digits) ? putAscii(floor, target, at) : NO_VALUE;
  };
}

/** numeric_recv of numeric.c: number of digits, weight of the first, sign, scale; digits to the base 10,000. */
const NEGATIVE = 0x4000;
const NUMERIC_HEADER = 8;

const BASE = 10_000;
/** Weight of the first digit up to which numbers are below 10^12, and few digits hold their bound. */
const SHORT_WEIGHT = 2;

function numericBinary(size: number, digits: number): CellTransform {
  const bucket = BigInt(size);
  const bound = numericBound(digits);
  return (source, start, end, target, at) => {
    if (end - start < NUMERIC_HEADER) return NO_VALUE;
    const count = int16At(source, start);
    const weight = int16At(source, start + 2);
    const sign = int16At(source, start + 4);
    if ((sign !== 0 && sign !== NEGATIVE) || end - start !== NUMERIC_HEADER + 2 * count) return NO_VALUE;
    if (weight * 4 > MOST_DIGITS) return NO_VALUE;
    const first = start + NUMERIC_HEADER;
    const fraction = hasFraction(source, first, count, weight);
    if (weight <= SHORT_WEIGHT) {
      let whole = 0;
      for (let i = 0; i <= weight; i++) whole = whole * BASE + (i < count ? int16At(source, first + 2 * i) : 0);
      const floor = floorOf(sign === NEGATIVE ? -whole - (fraction ? 1 : 0) : whole, size) + 0;
      return Math.abs(floor) < bound ? putNumeric(floor, target, at) : NO_VALUE;
    }
    let whole = 0n;
    for (let i = 0; i <= weight; i++)
      whole = whole * BigInt(BASE) + BigInt(i < count ? int16At(source, first + 2 * i) : 0);
    const floor = floorOfBig(sign === NEGATIVE ? -whole - (fraction ? 1n : 0n) : whole, bucket);
    return holds(String(floor), digits) ? putLongNumeric(floor, target, at) : NO_VALUE;
  };
}

/** Whether a digit behind the point is not 0. */
function hasFraction(source: Uint8Array, first: number, count: number, weight: number): boolean {
  for (let i = Math.max(weight + 1, 0); i < count; i++) if (int16At(source, first + 2 * i) !== 0) return true;
  return false;
}

function putNumericHeader(count: number, negative: boolean, target: Uint8Array, at: number): void {
  putInt16(count, target, at);
  putInt16(Math.max(count - 1, 0), target, at + 2);
  putInt16(negative ? NEGATIVE : 0, target, at + 4);
  putInt16(0, target, at + 6);
}

/** Of a number that a Number holds exactly. */
function putNumeric(value: number, target: Uint8Array, at: number): number {
  const magnitude = Math.abs(value);
  let count = 0;
  for (let above = 1; above <= magnitude; above *= BASE) count++;
  putNumericHeader(count, value < 0, target, at);
  for (let i = count - 1, rest = magnitude; i >= 0; i--) {
    const next = Math.floor(rest / BASE);
    putInt16(rest - next * BASE, target, at + NUMERIC_HEADER + 2 * i);
    rest = next;
  }
  return NUMERIC_HEADER + 2 * count;
}

function putLongNumeric(value: bigint, target: Uint8Array, at: number): number {
  const parts: number[] = [];
  for (let rest = value < 0n ? -value : value; rest > 0n; rest /= BigInt(BASE))
    parts.unshift(Number(rest % BigInt(BASE)));
  putNumericHeader(parts.length, value < 0n, target, at);
  parts.forEach((part, i) => putInt16(part, target, at + NUMERIC_HEADER + 2 * i));
  return NUMERIC_HEADER + 2 * parts.length;
}
