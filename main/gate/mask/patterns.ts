/**
 * What one value looks like, by form and, where the form has one, by its check digits. Each pattern is bounded and starts
 * with what rules most values out; none of them decides alone (detectors.ts does, per column).
 */

export type DetectedClass = 'email' | 'phone' | 'iban' | 'card' | 'ssn' | 'national-id' | 'secret';

export interface Pattern {
  readonly class: DetectedClass;
  /** True where ordinary numbers and codes can have this form too: such a column needs more samples and no other name. */
  readonly weak: boolean;
  readonly matches: (value: string) => boolean;
}

/** Longer values are texts, not values of one kind (RFC 5321 bounds an address at 254; tokens are judged by their start). */
const LONGEST = 254;

const EMAIL = /^[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}[\p{L}]{2,24}$/u;

/** With a plus or parentheses; or the North American 3-3-4 with one and the same separator. */
const PHONE_MARKED = /^(?=.{0,3}[+(])[+(]?\+?[\d\s()./-]{7,24}(?: ?(?:x|ext\.?) ?\d{1,5})?$/;
const PHONE_GROUPED = /^(?:1([-. ]))?[2-9]\d{2}([-. ])[2-9]\d{2}\2\d{4}$/;

function isPhone(value: string): boolean {
  if (PHONE_GROUPED.test(value)) return true;
  if (!PHONE_MARKED.test(value)) return false;
  const digits = value.replace(/ ?(?:x|ext\.?) ?\d{1,5}$/, '').replaceAll(/\D/g, '').length;
  // ITU-T E.164: at most 15 digits.
  return digits >= 8 && digits <= 15;
}

/** Remainder by 97 of a decimal string of any length (ISO 7064). */
const mod97 = (digits: string): number => [...digits].reduce((rest, digit) => (rest * 10 + Number(digit)) % 97, 0);

/** ISO 13616: letters count as 10 to 35, the first four characters go to the end, the remainder is 1. */
function isIban(value: string): boolean {
  const compact = value.replaceAll(' ', '').toUpperCase();
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(compact)) return false;
  const moved = compact.slice(4) + compact.slice(0, 4);
  return mod97(moved.replaceAll(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))) === 1;
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/** Prefix and length of the large issuers (ISO/IEC 7812): Visa, Mastercard, American Express, Discover, JCB, Diners. */
const ISSUERS =
  /^(?:4\d{12}(?:\d{3}){0,2}|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|6(?:011|5\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11})$/;

function isCard(value: string): boolean {
  if (!/^\d[\d -]{11,22}\d$/.test(value)) return false;
  const digits = value.replaceAll(/[ -]/g, '');
  return ISSUERS.test(digits) && passesLuhn(digits);
}

/** Social Security Administration: no area 000, 666 or 9xx, no group 00, no serial 0000. */
const SSN = /^(?!000|666|9)\d{3}-(?!00)\d{2}-(?!0000)\d{4}$/;

const weighted = (digits: string, weights: readonly number[]): number =>
  weights.reduce((sum, weight, i) => sum + weight * Number(digits[i]), 0);

/** France, NIR: 97 minus the number by 97 is the key; Corsica's 2A and 2B count as 19 and 18. */
function isFrenchNir(value: string): boolean {
  if (!/^[12]\d{2}(?:0[1-9]|1[0-2])(?:\d{2}|2[AB])\d{8}$/.test(value)) return false;
  const digits = value.replace('2A', '19').replace('2B', '18');
  return 97 - mod97(digits.slice(0, 13)) === Number(digits.slice(13));
}

/** Spain, DNI and NIE: the letter is the number by 23. */
function isSpanishDni(value: string): boolean {
  if (!/^[XYZ\d]\d{7}[A-Z]$/.test(value)) return false;
  const number = value.slice(0, 8).replace(/^[XYZ]/, (letter) => String('XYZ'.indexOf(letter)));
  return 'TRWAGMYFPDXBNJZSQVHLCKE'[Number(number) % 23] === value[8];
}

const ODD_VALUES = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

/** Italy, codice fiscale: the last letter is a sum over the others, odd places by a table of the ministry's decree. */
function isItalianCode(value: string): boolean {
  if (!/^[A-Z]{6}[\dL-NP-V]{2}[A-EHLMPR-T][\dL-NP-V]{2}[A-Z][\dL-NP-V]{3}[A-Z]$/.test(value)) return false;
  let sum = 0;
  for (let i = 0; i < 15; i++) {
    const code = value.charCodeAt(i);
    const ordinal = code >= 65 ? code - 65 : code - 48;
    sum += i % 2 === 0 ? (ODD_VALUES[ordinal] ?? 0) : ordinal;
  }
  return String.fromCharCode(65 + (sum % 26)) === value[15];
}

/** Germany, tax id: ISO 7064 MOD 11,10; of the first ten digits one occurs twice or three times, no other. */
function isGermanTaxId(value: string): boolean {
  if (!/^[1-9]\d{10}$/.test(value)) return false;
  const distinct = new Set(value.slice(0, 10)).size;
  if (distinct !== 9 && distinct !== 8) return false;
  let product = 10;
  for (const digit of value.slice(0, 10)) {
    const sum = (Number(digit) + product) % 10;
    product = ((sum === 0 ? 10 : sum) * 2) % 11;
  }
  return (11 - product) % 10 === Number(value[10]);
}

/** Poland, PESEL: month with century 1 to 12 by 20, day, weights 1 3 7 9. */
function isPesel(value: string): boolean {
  if (!/^\d{11}$/.test(value)) return false;
  const month = Number(value.slice(2, 4)) % 20;
  const day = Number(value.slice(4, 6));
  if (month < 1 || month > 12 || day < 1 || day > 31) return false;
  return (10 - (weighted(value, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10)) % 10 === Number(value[10]);
}

/** Brazil, CPF: two check digits by 11; equal digits throughout are not given out. */
function isCpf(value: string): boolean {
  if (!/^(?:\d{11}|\d{3}\.\d{3}\.\d{3}-\d{2})$/.test(value)) return false;
  const digits = value.replaceAll(/\D/g, '');
  if (new Set(digits).size === 1) return false;
  const check = (length: number): number => {
    const weights = Array.from({ length }, (_, i) => length + 1 - i);
    return ((weighted(digits, weights) * 10) % 11) % 10;
  };
  return check(9) === Number(digits[9]) && check(10) === Number(digits[10]);
}

const NATIONAL_IDS = [isFrenchNir, isSpanishDni, isItalianCode, isGermanTaxId, isPesel, isCpf];

/** Tokens that say themselves what they are. */
const SECRET =
  /^(?:eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*|(?:AKIA|ASIA)[A-Z2-7]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_\w{22,}|glpat-[\w-]{20,}|[sr]k_(?:live|test)_[A-Za-z0-9]{16,}|sk-[\w-]{20,}|xox[abprs]-[\w-]{10,}|AIza[\w-]{35}|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)/;

export const PATTERNS: readonly Pattern[] = [
  { class: 'secret', weak: false, matches: (value) => SECRET.test(value) },
  { class: 'email', weak: false, matches: (value) => value.includes('@') && short(value) && EMAIL.test(value) },
  { class: 'iban', weak: false, matches: (value) => short(value) && isIban(value) },
  { class: 'card', weak: true, matches: (value) => short(value) && isCard(value) },
  { class: 'ssn', weak: true, matches: (value) => short(value) && SSN.test(value) },
  { class: 'national-id', weak: true, matches: (value) => short(value) && NATIONAL_IDS.some((is) => is(value)) },
  { class: 'phone', weak: true, matches: (value) => short(value) && isPhone(value) },
];

const short = (value: string): boolean => value.length <= LONGEST;
