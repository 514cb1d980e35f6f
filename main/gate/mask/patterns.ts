/**
 * What one value looks like, by form and, where the form has one, by its check digits. A value is read once for its traits,
 * which rule most forms out; a pattern is bounded and decides nothing alone (detectors.ts does, per column).
 */
import { mod97, passesLuhn } from './check-digits.ts';
import { nationalIdOf } from './national-ids.ts';
import { looksRandom, secretOf } from './secrets.ts';

export type DetectedClass = 'email' | 'phone' | 'iban' | 'card' | 'ssn' | 'national-id' | 'secret' | 'ip-address';

/**
 * How much a form says: `clear` forms are nothing else; ordinary numbers and codes can be `weak`; `named` ones count only
 * where the column's name says the same.
 */
export type Strength = 'clear' | 'weak' | 'named';

export interface Pattern {
  readonly class: DetectedClass;
  readonly strength: Strength;
  /** Types besides text that hold such values. */
  readonly types?: RegExp;
  /** Rules out by counting; false for most values of other kinds. */
  readonly gate: (traits: Traits) => boolean;
  /** What the value looks like, in the words of a suggestion; undefined where it does not. */
  readonly formOf: (value: string) => string | undefined;
}

/** What one pass over a value counts. */
export interface Traits {
  readonly length: number;
  readonly digits: number;
  readonly letters: number;
  readonly ats: number;
  /** Of space, dot, dash, parentheses, plus, slash and colon. */
  readonly separators: number;
  readonly colons: number;
  readonly dots: number;
}

/** Longer values are texts, not values of one kind (RFC 5321 bounds an address at 254); tokens are judged by their start. */
const LONGEST = 254;

export function traitsOf(value: string): Traits {
  let [digits, letters, ats, separators, colons, dots] = [0, 0, 0, 0, 0, 0];
  for (let i = 0; i < value.length && i < LONGEST; i++) {
    const code = value.charCodeAt(i);
    if (code >= 48 && code <= 57) digits++;
    else if ((code >= 97 && code <= 122) || (code >= 65 && code <= 90)) letters++;
    else if (code === 64) ats++;
    else if (code === 32 || (code >= 40 && code <= 47 && code !== 42 && code !== 44) || code === 58) {
      separators++;
      if (code === 58) colons++;
      else if (code === 46) dots++;
    }
  }
  return { length: value.length, digits, letters, ats, separators, colons, dots };
}

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

const IBAN_BEGINNING = /^[A-Za-z]{2}\d\d/;

/** ISO 13616: letters count as 10 to 35, the first four characters go to the end, the remainder is 1. */
function isIban(value: string): boolean {
  if (!IBAN_BEGINNING.test(value)) return false;
  const compact = value.replaceAll(' ', '').toUpperCase();
  if (!/^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(compact)) return false;
  const moved = compact.slice(4) + compact.slice(0, 4);
  return mod97(moved.replaceAll(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 55))) === 1;
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

/** RFC 1918, 5737 and the rest of the space alike; not 0.x and not multicast. */
const IPV4 =
  /^(?!0\.)(?:(?:1?\d?\d|2[01]\d|22[0-3])\.)(?:(?:1?\d?\d|2[0-4]\d|25[0-5])\.){2}(?:1?\d?\d|2[0-4]\d|25[0-5])(?:\/32)?$/;
/** Versions have four parts as well, but small ones. */
const LARGE_OCTET = /(?:^|\.)[12]\d\d(?:\.|\/|$)/;
const IPV6 = /^(?=.*:.*:)[0-9a-f:]{3,39}(?:\/128)?$/i;
const isIpv6 = (value: string): boolean =>
  IPV6.test(value) && (value.includes('::') || value.split(':').length === 8) && !/:::|[0-9a-f]{5}/i.test(value);

const WHOLE_NUMBER = /^(?:bigint|numeric(?:\(\d+,0\))?)$/;
const short = ({ length }: Traits): boolean => length <= LONGEST;

const as =
  (form: string, matches: (value: string) => boolean) =>
  (value: string): string | undefined =>
    matches(value) ? form : undefined;

export const PATTERNS: readonly Pattern[] = [
  {
    class: 'secret',
    strength: 'clear',
    gate: ({ length, letters }) => length >= 16 && letters >= 4,
    formOf: secretOf,
  },
  {
    class: 'secret',
    strength: 'named',
    gate: ({ length, digits, letters }) => length >= 20 && digits > 0 && letters > 0,
    formOf: as('random text', looksRandom),
  },
  {
    class: 'email',
    strength: 'clear',
    gate: (traits) => traits.ats > 0 && short(traits),
    formOf: as('e-mail address', (value) => EMAIL.test(value)),
  },
  {
    class: 'iban',
    strength: 'clear',
    gate: ({ length, digits, letters }) => length >= 15 && length <= 42 && digits >= 6 && letters >= 2,
    formOf: as('IBAN', isIban),
  },
  {
    class: 'card',
    strength: 'weak',
    types: WHOLE_NUMBER,
    gate: ({ digits, separators, length }) => digits >= 13 && digits <= 19 && digits + separators === length,
    formOf: as('card number', isCard),
  },
  {
    class: 'ssn',
    strength: 'weak',
    gate: ({ length, digits }) => length === 11 && digits === 9,
    formOf: as('US social security number', (value) => SSN.test(value)),
  },
  {
    class: 'national-id',
    strength: 'weak',
    types: WHOLE_NUMBER,
    gate: ({ length, digits }) => length >= 9 && length <= 21 && digits >= 6,
    formOf: nationalIdOf,
  },
  {
    class: 'ip-address',
    strength: 'weak',
    types: /^inet$/,
    gate: ({ length, digits, dots }) => length <= 18 && dots === 3 && digits >= 4,
    formOf: as('IPv4 address', (value) => IPV4.test(value) && LARGE_OCTET.test(value)),
  },
  {
    class: 'ip-address',
    strength: 'weak',
    types: /^inet$/,
    gate: ({ length, colons }) => length <= 43 && colons >= 2,
    formOf: as('IPv6 address', isIpv6),
  },
  {
    class: 'phone',
    strength: 'weak',
    gate: ({ length, digits, letters }) => length <= 32 && digits >= 8 && digits <= 20 && letters <= 3,
    formOf: as('phone number', isPhone),
  },
];
