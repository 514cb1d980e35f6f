/**
 * Dates and timestamps cut down to the first instant of their month or year. A timestamp with time zone is cut in UTC,
 * so that neither the session's time zone nor the format decides which month a person sees. Infinity, and what would fall
 * below the first day that the server knows (Julian day 0, 4713-11-24 BC), has no masked value.
 */
import { type CellTransform } from '../../databases/result/index.ts';
import { asciiOf, isDigit, NO_VALUE, put, putAscii } from './bytes.ts';
import { type CellFormat, type MaskedType, Oid } from './masked-type.ts';

export type DateUnit = 'month' | 'year';

type Writer = (year: number, month: number, target: Uint8Array, at: number) => number;

export function dateTransform(unit: DateUnit, { typeOid }: MaskedType, format: CellFormat): CellTransform | undefined {
  if (typeOid !== Oid.date && typeOid !== Oid.timestamp && typeOid !== Oid.timestamptz) return undefined;
  const write = (format === 'text' ? textWriters : binaryWriters)[typeOid];
  const floored: Writer = (year, month, target, at) => {
    const first = unit === 'year' ? 1 : month;
    return year < FIRST_YEAR || (year === FIRST_YEAR && first < 12) ? NO_VALUE : write(year, first, target, at);
  };
  if (format === 'text') return fromText(typeOid === Oid.timestamptz, floored);
  return typeOid === Oid.date ? fromDays(floored) : fromMicroseconds(floored);
}

/** 4713 BC in astronomical years, of which only December is whole. */
const FIRST_YEAR = -4712;
/** Days between 1970-01-01 and 2000-01-01, from where the server counts. */
const EPOCH = 10_957;
const DAY = 86_400_000_000n;
const MINUTES_A_DAY = 1_440;

/** `2024-03-05`, `2024-03-05 12:34:56.789+05:30`, `0044-03-15 BC`: DateStyle ISO, which is pinned. */
const ISO =
  /^(\d{4,7})-(\d\d)-(\d\d)(?: (\d\d):(\d\d):\d\d(?:\.\d{1,6})?(?:([+-])(\d\d)(?::(\d\d)(?::\d\d)?)?)?)?( BC)?$/;
const LONGEST_ISO = 48;

function fromText(zoned: boolean, write: Writer): CellTransform {
  return (source, start, end, target, at) => {
    const usual = usualMonth(source, start, end, zoned);
    if (usual > 0) return write(Math.floor(usual / 100), usual % 100, target, at);
    if (end - start > LONGEST_ISO || !isDigit(source[start])) return NO_VALUE;
    const match = ISO.exec(asciiOf(source, start, end));
    if (match === null) return NO_VALUE;
    const [, years, months, days, hours = '0', minutes = '0', sign, offsetHours = '0', offsetMinutes = '0', bc] = match;
    const year = bc === undefined ? Number(years) : 1 - Number(years);
    const month = Number(months);
    if (month < 1 || month > 12) return NO_VALUE;
    if (!zoned) return write(year, month, target, at);
    if (sign === undefined) return NO_VALUE;
    const offset = (Number(offsetHours) * 60 + Number(offsetMinutes)) * (sign === '-' ? -1 : 1);
    const inUtc = Math.floor((Number(hours) * 60 + Number(minutes) - offset) / MINUTES_A_DAY);
    const [utcYear, utcMonth] = inUtc === 0 ? [year, month] : monthOf(daysOf(year, month, Number(days)) + inUtc);
    return write(utcYear, utcMonth, target, at);
  };
}

/**
 * Year and month of a date of this era in four digits, as 202403, without making a text of it; 0 for every other one, and
 * where midnight lies between the session's time zone and UTC.
 */
function usualMonth(source: Uint8Array, start: number, end: number, zoned: boolean): number {
  const length = end - start;
  if (length < 10 || source[start + 4] !== DASH || source[start + 7] !== DASH || source[end - 1] === LETTER_C) return 0;
  if (length > 10 && (length < 19 || source[start + 10] !== SPACE)) return 0;
  const year = twoDigits(source, start) * 100 + twoDigits(source, start + 2);
  const month = twoDigits(source, start + 5);
  if (!(year > 0 && month >= 1 && month <= 12 && twoDigits(source, start + 8) >= 1)) return 0;
  if (zoned) {
    if (length < 22) return 0;
    // +00, -05 or, seconds being a thing of history, +05:30.
    const minutes = source[end - 3] === COLON ? twoDigits(source, end - 2) : 0;
    const sign = source[end - 3] === COLON ? end - 6 : end - 3;
    const offset = twoDigits(source, sign + 1) * 60 + minutes;
    if (source[sign] !== PLUS && source[sign] !== DASH) return 0;
    const local = twoDigits(source, start + 11) * 60 + twoDigits(source, start + 14);
    const utc = source[sign] === PLUS ? local - offset : local + offset;
    if (!(utc >= 0 && utc < MINUTES_A_DAY)) return 0;
  }
  return year * 100 + month;
}

const DASH = 0x2d;
const PLUS = 0x2b;
const SPACE = 0x20;
const COLON = 0x3a;
const LETTER_C = 0x43;

/** NaN where they are none. */
function twoDigits(source: Uint8Array, at: number): number {
  const tens = (source[at] ?? 0) - 0x30;
  const ones = (source[at + 1] ?? 0) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function fromDays(write: Writer): CellTransform {
  return (source, start, end, target, at) => {
    if (end - start !== 4) return NO_VALUE;
    const days = view(source, start).getInt32(0);
    if (days === 0x7fff_ffff || days === -0x8000_0000) return NO_VALUE;
    const [year, month] = monthOf(days + EPOCH);
    return write(year, month, target, at);
  };
}

function fromMicroseconds(write: Writer): CellTransform {
  return (source, start, end, target, at) => {
    if (end - start !== 8) return NO_VALUE;
    const microseconds = view(source, start).getBigInt64(0);
    if (microseconds === 2n ** 63n - 1n || microseconds === -(2n ** 63n)) return NO_VALUE;
    const rest = microseconds % DAY;
    const days = (microseconds - rest) / DAY - (rest < 0n ? 1n : 0n);
    const [year, month] = monthOf(Number(days) + EPOCH);
    return write(year, month, target, at);
  };
}

function textOf(behind: string): Writer {
  const bytes = Buffer.from(`0000-00-01${behind}`);
  return (year, month, target, at) => {
    if (year > 0 && year <= 9_999) {
      put(bytes, target, at);
      putDigits(year, 4, target, at);
      putDigits(month, 2, target, at + 5);
      return bytes.length;
    }
    const shown = String(year > 0 ? year : 1 - year).padStart(4, '0');
    const era = year > 0 ? '' : ' BC';
    return putAscii(`${shown}-${String(month).padStart(2, '0')}-01${behind}${era}`, target, at);
  };
}

function putDigits(value: number, digits: number, target: Uint8Array, at: number): void {
  for (let i = at + digits - 1, rest = value; i >= at; i--, rest = Math.floor(rest / 10))
    target[i] = 0x30 + (rest % 10);
}

const textWriters = {
  [Oid.date]: textOf(''),
  [Oid.timestamp]: textOf(' 00:00:00'),
  [Oid.timestamptz]: textOf(' 00:00:00+00'),
} as const;

const microsecondsWriter: Writer = (year, month, target, at) => {
  view(target, at).setBigInt64(0, BigInt(daysOf(year, month, 1) - EPOCH) * DAY);
  return 8;
};

const binaryWriters = {
  [Oid.date]: ((year, month, target, at) => {
    view(target, at).setInt32(0, daysOf(year, month, 1) - EPOCH);
    return 4;
  }) satisfies Writer,
  [Oid.timestamp]: microsecondsWriter,
  [Oid.timestamptz]: microsecondsWriter,
} as const;

const view = (bytes: Uint8Array, at: number): DataView => new DataView(bytes.buffer, bytes.byteOffset + at);

/** Days of 400 years of the Gregorian calendar, which repeats after them. */
const CYCLE = 146_097;

/** Days since 1970-01-01 of a date of the proleptic Gregorian calendar; years astronomical (1 BC is 0). */
function daysOf(year: number, month: number, day: number): number {
  const cycles = Math.floor(year / 400);
  return Date.UTC(2000 + (year - cycles * 400), month - 1, day) / 86_400_000 + (cycles - 5) * CYCLE;
}

/** Year and month (1 to 12) of a day since 1970-01-01. */
function monthOf(days: number): readonly [number, number] {
  const cycles = Math.floor((days - EPOCH) / CYCLE);
  const date = new Date((days - cycles * CYCLE) * 86_400_000);
  return [date.getUTCFullYear() + cycles * 400, date.getUTCMonth() + 1];
}
