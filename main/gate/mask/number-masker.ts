/**
 * Numbers down to the lower bound of their bucket: 1234 in buckets of 1000 is 1000, -1 is -1000. Below what the type
 * holds it is the least value of the type, which everything of that bucket shares. NaN, infinity, and floating-point
 * values so large that a bucket holds only one of them, have no masked value.
 */
import { type CellTransform } from '../../databases/result/index.ts';
import { asciiOf, NO_VALUE, putAscii, putNumber } from './bytes.ts';
import { type CellFormat, integerDigits, type MaskedType, Oid } from './masked-type.ts';

/** `size` is a whole number from 2 to 10^12. */
export function bucketTransform(size: number, type: MaskedType, format: CellFormat): CellTransform | undefined {
  const text = format === 'text';
  switch (type.typeOid) {
    case Oid.int2:
      return text ? integerText(size, -(2n ** 15n)) : integerBinary(size, 2, -(2n ** 15n));
    case Oid.int4:
      return text ? integerText(size, -(2n ** 31n)) : integerBinary(size, 4, -(2n ** 31n));
    case Oid.int8:
      return text ? integerText(size, -(2n ** 63n)) : integerBinary(size, 8, -(2n ** 63n));
    case Oid.money:
      return text ? moneyText(size) : integerBinary(size * CENTS, 8, -(2n ** 63n));
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

const floorOf = (value: number, size: number): number => {
  const rest = value % size;
  return value - (rest < 0 ? rest + size : rest);
};

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

function integerBinary(size: number, bytes: 2 | 4 | 8, least: bigint): CellTransform {
  const bucket = BigInt(size);
  return (source, start, end, target, at) => {
    if (end - start !== bytes) return NO_VALUE;
    let value = 0n;
    for (let i = start; i < end; i++) value = (value << 8n) | BigInt(source[i] ?? 0);
    const floor = floorOfBig(BigInt.asIntN(bytes * 8, value), bucket);
    let rest = BigInt.asUintN(bytes * 8, floor < least ? least : floor);
    for (let i = bytes - 1; i >= 0; i--, rest >>= 8n) target[at + i] = Number(rest & 0xffn);
    return bytes;
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

function numericText(size: number, digits: number): CellTransform {
  const bound = digits <= 0 ? 1 : 10 ** digits;
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

function numericBinary(size: number, digits: number): CellTransform {
  const bucket = BigInt(size);
  return (source, start, end, target, at) => {
    if (end - start < NUMERIC_HEADER) return NO_VALUE;
    const from = new DataView(source.buffer, source.byteOffset + start);
    const [count, weight, sign] = [from.getInt16(0), from.getInt16(2), from.getUint16(4)];
    if ((sign !== 0 && sign !== NEGATIVE) || end - start !== NUMERIC_HEADER + 2 * count) return NO_VALUE;
    if (weight * 4 > MOST_DIGITS) return NO_VALUE;
    let whole = 0n;
    let fraction = false;
    for (let i = 0; i <= Math.max(weight, count - 1); i++) {
      const digit = i < count ? from.getInt16(NUMERIC_HEADER + 2 * i) : 0;
      if (i <= weight) whole = whole * 10_000n + BigInt(digit);
      else if (digit !== 0) fraction = true;
    }
    const floor = floorOfBig(sign === NEGATIVE ? -whole - (fraction ? 1n : 0n) : whole, bucket);
    return holds(String(floor), digits) ? putNumeric(floor, target, at) : NO_VALUE;
  };
}

function putNumeric(value: bigint, target: Uint8Array, at: number): number {
  const parts: number[] = [];
  for (let rest = value < 0n ? -value : value; rest > 0n; rest /= 10_000n) parts.unshift(Number(rest % 10_000n));
  const into = new DataView(target.buffer, target.byteOffset + at);
  into.setInt16(0, parts.length);
  into.setInt16(2, Math.max(parts.length - 1, 0));
  into.setUint16(4, value < 0n ? NEGATIVE : 0);
  into.setInt16(6, 0);
  parts.forEach((part, i) => into.setInt16(NUMERIC_HEADER + 2 * i, part));
  return NUMERIC_HEADER + 2 * parts.length;
}
