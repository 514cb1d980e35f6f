/**
 * Numbers that states give to people, each with the check that its issuer defines. One value proves little (a random number
 * passes a check by 97 once in 97 times); detectors.ts asks for most of a column.
 */
import { mod97, passesLuhn, passesMod11of10, passesVerhoeff, weighted } from './check-digits.ts';

interface NationalId {
  /** As a suggestion names it. */
  readonly form: string;
  /** Characters of its usual spellings. */
  readonly lengths: readonly number[];
  readonly matches: (value: string) => boolean;
}

const compact = (value: string): string => (/\D/.test(value) ? value.replaceAll(/[ .-]/g, '') : value);
const isDay = (month: number, day: number): boolean => month >= 1 && month <= 12 && day >= 1 && day <= 31;
const at = (value: string, from: number, to: number): number => Number(value.slice(from, to));

/** HMRC, NIM39110: prefixes that are never given out, suffix A to D. It has no check digit. */
const NINO = /^(?!BG|GB|KN|NK|NT|TN|ZZ)[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]$/;

/** 97 minus the number by 97 is the key; Corsica's 2A and 2B count as 19 and 18. */
function isNir(value: string): boolean {
  const number = value.replaceAll(' ', '');
  if (!/^[12]\d{2}(?:0[1-9]|1[0-2])(?:\d{2}|2[AB])\d{8}$/.test(number)) return false;
  const digits = number.replace('2A', '19').replace('2B', '18');
  return 97 - mod97(digits.slice(0, 13)) === at(digits, 13, 15);
}

/** The letter is the number by 23; X, Y and Z of foreigners count as 0, 1 and 2. */
function isDni(value: string): boolean {
  const number = value.replaceAll('-', '').toUpperCase();
  if (!/^[XYZ\d]\d{7}[A-Z]$/.test(number)) return false;
  const digits = number.slice(0, 8).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(digits) % 23] === number[8];
}

/** What odd places count (decree of the Ministry of Finance, 23 December 1976); even places count their order. */
const ODD_VALUES = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

function isCodiceFiscale(value: string): boolean {
  const code = value.toUpperCase();
  if (!/^[A-Z]{6}[\dL-NP-V]{2}[A-EHLMPR-T][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]$/.test(code)) return false;
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const character = code.charCodeAt(i);
    const ordinal = character >= 65 ? character - 65 : character - 48;
    sum += i % 2 === 0 ? (ODD_VALUES[ordinal] ?? 0) : ordinal;
  }
  return String.fromCharCode(65 + (sum % 26)) === code[15];
}

/** Of the first ten digits one occurs twice or three times, no other (Bundeszentralamt für Steuern). */
function isSteuerId(value: string): boolean {
  const digits = value.replaceAll(' ', '');
  if (!/^[1-9]\d{10}$/.test(digits)) return false;
  const distinct = new Set(digits.slice(0, 10)).size;
  return (distinct === 9 || distinct === 8) && passesMod11of10(digits);
}

/** Month with century, 1 to 12 by 20; weights 1 3 7 9. */
function isPesel(value: string): boolean {
  if (!/^\d{11}$/.test(value) || !isDay(at(value, 2, 4) % 20, at(value, 4, 6))) return false;
  return (10 - (weighted(value, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === Number(value[10]);
}

const CPF_TENTH = [10, 9, 8, 7, 6, 5, 4, 3, 2];
const CPF_ELEVENTH = [11, ...CPF_TENTH];

/** Two check digits by 11; equal digits throughout are not given out. */
function isCpf(value: string): boolean {
  if (!/^(?:\d{11}|\d{3}\.\d{3}\.\d{3}-\d{2})$/.test(value)) return false;
  const digits = compact(value);
  const tenth = ((weighted(digits, CPF_TENTH) * 10) % 11) % 10;
  const eleventh = ((weighted(digits, CPF_ELEVENTH) * 10) % 11) % 10;
  return tenth === Number(digits[9]) && eleventh === Number(digits[10]) && new Set(digits).size > 1;
}

/** The eleven test: weights 9 to 2 and -1. */
function isBsn(value: string): boolean {
  const digits = compact(value);
  return /^(?!0{3})\d{9}$/.test(digits) && weighted(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;
}

/** Luhn over the ten digits behind the century; 60 is added to the day of a coordination number. */
function isPersonnummer(value: string): boolean {
  const match = /^(?:1[6-9]|20)?(\d{6})[-+]?(\d{4})$/.exec(value);
  const [, date = '', serial = ''] = match ?? [];
  return match !== null && isDay(at(date, 2, 4), at(date, 4, 6) % 60) && passesLuhn(date + serial);
}

/** UIDAI: twelve digits, the first 2 to 9, Verhoeff's check. */
function isAadhaar(value: string): boolean {
  const match = /^[2-9]\d{3}([ -]?)\d{4}\1\d{4}$/.test(value);
  return match && passesVerhoeff(compact(value));
}

/** The sign says the century; the check character is the number by 31. */
function isHetu(value: string): boolean {
  const match = /^(\d{6})[-+A-FU-Y](\d{3})([0-9A-Y])$/.exec(value);
  if (match === null) return false;
  const [, date = '', serial = '', check] = match;
  return (
    isDay(at(date, 2, 4), at(date, 0, 2)) && '0123456789ABCDEFHJKLMNPRSTUVWXY'[Number(date + serial) % 31] === check
  );
}

/** 97 minus the number by 97; who is born from 2000 on has a 2 before it. Bis numbers add 20 or 40 to the month. */
function isRijksregisternummer(value: string): boolean {
  if (!/^(?:\d{11}|\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2})$/.test(value)) return false;
  const digits = compact(value);
  if (at(digits, 2, 4) % 20 > 12 || at(digits, 4, 6) > 31) return false;
  const [number, check] = [digits.slice(0, 9), at(digits, 9, 11)];
  return 97 - mod97(number) === check || 97 - mod97(`2${number}`) === check;
}

/** EAN-13 behind the country's 756. */
function isAhv(value: string): boolean {
  if (!/^756(?:\d{10}|\.\d{4}\.\d{4}\.\d{2})$/.test(value)) return false;
  const digits = compact(value);
  return (10 - (weighted(digits, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3]) % 10)) % 10 === Number(digits[12]);
}

/** Tenth digit: odd places by 7 minus even places, by 10; eleventh: the sum of the ten by 10. */
function isTckn(value: string): boolean {
  if (!/^[1-9]\d{10}$/.test(value)) return false;
  const tenth = weighted(value, [7, -1, 7, -1, 7, -1, 7, -1, 7]) % 10;
  const sum = weighted(value, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  return (tenth + 10) % 10 === Number(value[9]) && sum % 10 === Number(value[10]);
}

const NATIONAL_IDS: readonly NationalId[] = [
  { form: 'UK national insurance number', lengths: [9, 10, 11, 12, 13], matches: (value) => NINO.test(value) },
  { form: 'French NIR', lengths: [15, 21], matches: isNir },
  { form: 'Spanish DNI or NIE', lengths: [9, 10, 11], matches: isDni },
  { form: 'Italian codice fiscale', lengths: [16], matches: isCodiceFiscale },
  { form: 'German tax id', lengths: [11, 14], matches: isSteuerId },
  { form: 'Polish PESEL', lengths: [11], matches: isPesel },
  { form: 'Brazilian CPF', lengths: [11, 14], matches: isCpf },
  { form: 'Dutch BSN', lengths: [9, 11], matches: isBsn },
  { form: 'Swedish personnummer', lengths: [10, 11, 12, 13], matches: isPersonnummer },
  { form: 'Indian Aadhaar', lengths: [12, 14], matches: isAadhaar },
  { form: 'Finnish hetu', lengths: [11], matches: isHetu },
  { form: 'Belgian national number', lengths: [11, 15], matches: isRijksregisternummer },
  { form: 'Swiss AHV number', lengths: [13, 16], matches: isAhv },
  { form: 'Turkish TCKN', lengths: [11], matches: isTckn },
];

const byLength = new Map<number, NationalId[]>();
for (const id of NATIONAL_IDS) {
  for (const length of id.lengths) byLength.set(length, [...(byLength.get(length) ?? []), id]);
}

/** Which of them a value can be, first in the order of the list; undefined for none. */
export function nationalIdOf(value: string): string | undefined {
  for (const { form, matches } of byLength.get(value.length) ?? []) if (matches(value)) return form;
  return undefined;
}
