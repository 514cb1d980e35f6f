/**
 * Dates and timestamps cut down to the first instant of their month or year. A timestamp with time zone is cut in UTC,
 * so that neither the session's time zone nor the format decides which month a person sees. Infinity, and what would fall
 * below the first day that the server knows (Julian day 0, 4713-11-24 BC), has no masked value.
 */
import { type CellTransform } from '../../databases/result/index.ts';
import { asciiOf, int32At, isDigit, NO_VALUE, put, putAscii, putInt32 } from './bytes.ts';
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
/** A day in units of 2^13 microseconds, of which it is a whole number: counted in them, a Number holds every timestamp. */
const DAY = 10_546_875;
/** Such units in the upper half of a timestamp, 2^32 microseconds. */
const UNITS = 2 ** 19;
const INFINITY = 0x7fff_ffff;
const MINUS_INFINITY = -0x8000_0000;
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
    if (inUtc === 0) return write(year, month, target, at);
    return writeMonth(write, firstDay(year, month) + Number(days) - 1 + inUtc, target, at);
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
    const days = int32At(source, start);
    if (days === INFINITY || days === MINUS_INFINITY) return NO_VALUE;
    return writeMonth(write, days + EPOCH, target, at);
  };
}

function fromMicroseconds(write: Writer): CellTransform {
  return (source, start, end, target, at) => {
    if (end - start !== 8) return NO_VALUE;
    const upper = int32At(source, start);
    const lower = int32At(source, start + 4);
    if ((upper === INFINITY && lower === -1) || (upper === MINUS_INFINITY && lower === 0)) return NO_VALUE;
    return writeMonth(write, Math.floor((upper * UNITS + (lower >>> 13)) / DAY) + EPOCH, target, at);
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
  const units = (firstDay(year, month) - EPOCH) * DAY;
  const upper = Math.floor(units / UNITS);
  putInt32(upper, target, at);
  putInt32((units - upper * UNITS) << 13, target, at + 4);
  return 8;
};

const binaryWriters = {
  [Oid.date]: ((year, month, target, at) => {
    putInt32(firstDay(year, month) - EPOCH, target, at);
    return 4;
  }) satisfies Writer,
  [Oid.timestamp]: microsecondsWriter,
  [Oid.timestamptz]: microsecondsWriter,
} as const;

/**
 * Days of the proleptic Gregorian calendar, counted in years that begin in March: the day that leap years have more is the
 * last one of them, and the months before it lie as in every year.
 */
const CYCLE = 146_097;
/** Days from 0000-03-01 to 1970-01-01. */
const BEFORE_1970 = 719_468;

/** Days of such a year before its month, 0 being March: of any five months that follow one another 153, 31 at first. */
const daysBefore = (month: number): number => Math.floor((153 * month + 2) / 5);

/** Days since 1970-01-01 of the first day of a month (1 to 12); years astronomical (1 BC is 0). */
function firstDay(year: number, month: number): number {
  const from = month > 2 ? year : year - 1;
  const leaps = Math.floor(from / 4) - Math.floor(from / 100) + Math.floor(from / 400);
  return from * 365 + leaps + daysBefore(month > 2 ? month - 3 : month + 9) - BEFORE_1970;
}

/** Writes the month of a day since 1970-01-01. */
function writeMonth(write: Writer, day: number, target: Uint8Array, at: number): number {
  const days = day + BEFORE_1970;
  const cycles = Math.floor(days / CYCLE);
  const inCycle = days - cycles * CYCLE;
  // Without its leap days the cycle is years of 365 days; the last day of the cycle is one of them.
  const leaps = Math.floor(inCycle / 1_460) - Math.floor(inCycle / 36_524) + Math.floor(inCycle / 146_096);
  const year = Math.floor((inCycle - leaps) / 365);
  const inYear = inCycle - (year * 365 + Math.floor(year / 4) - Math.floor(year / 100));
  const month = Math.floor((5 * inYear + 2) / 153);
  const from = cycles * 400 + year;
  return month < 10 ? write(from, month + 3, target, at) : write(from + 1, month - 9, target, at);
}
