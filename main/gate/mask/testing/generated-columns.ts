/**
 * Columns as databases have them, by kind of value: those that detectors must find, in several formats each, and those that
 * only look like it. One seed gives the same columns for ever. Check digits are worked out here by their definitions, apart
 * from the detectors' own code.
 */
export interface GeneratedColumn {
  /** What a detector must say; undefined for nothing. */
  readonly class: string | undefined;
  readonly kind: string;
  /** Made so that a careless detector takes it for something. */
  readonly adversarial: boolean;
  readonly name: string;
  readonly type: string;
  readonly value: (random: Random) => string;
  /** Where the values alone cannot tell, and what comes of it; counted in the precision and recall that are told. */
  readonly wrong?: 'missed' | 'false alarm';
}

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** 0 to `below` - 1 (mulberry32). */
  next(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  between(least: number, most: number): number {
    return least + this.next(most - least + 1);
  }

  of(characters: string, length: number): string {
    return Array.from({ length }, () => characters[this.next(characters.length)] ?? '').join('');
  }

  digits(length: number): string {
    return this.of('0123456789', length);
  }

  padded(least: number, most: number, length = 2): string {
    return String(this.between(least, most)).padStart(length, '0');
  }

  one<T>(list: readonly T[]): T {
    return list[this.next(list.length)] as T;
  }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const HEX = '0123456789abcdef';
const BASE64 = `${LETTERS}${LETTERS.toUpperCase()}0123456789+/`;
const WORD = `${LETTERS}${LETTERS.toUpperCase()}0123456789`;

const numbers = (text: string): number[] => [...text].map(Number);
const sumOf = (text: string, weights: readonly number[]): number =>
  numbers(text).reduce((sum, digit, i) => sum + digit * (weights[i] ?? 0), 0);
/** By long division, digit by digit. */
const remainder = (text: string, by: number): number =>
  numbers(text).reduce((rest, digit) => (rest * 10 + digit) % by, 0);
/** The last digit that makes `valid` say yes; a new body where there is none. */
function completed(body: () => string, valid: (whole: string) => boolean): string {
  for (;;) {
    const start = body();
    const found = numbers('0123456789')
      .map((digit) => `${start}${String(digit)}`)
      .find(valid);
    if (found !== undefined) return found;
  }
}

const luhnSum = (text: string): number =>
  numbers(text)
    .reverse()
    .reduce((sum, digit, i) => sum + (i % 2 === 0 ? digit : Math.floor((digit * 2) / 10) + ((digit * 2) % 10)), 0);
const isLuhn = (text: string): boolean => luhnSum(text) % 10 === 0;
const grouped = (text: string, by: number, separator: string): string =>
  text.replaceAll(new RegExp(`(.{${String(by)}})(?=.)`, 'g'), `$1${separator}`);

const card = (random: Random): string => {
  const [prefix, length] = random.one([
    ['4', 16],
    ['51', 16],
    ['2221', 16],
    ['37', 15],
    ['6011', 16],
    ['3528', 16],
  ] as const);
  return completed(() => prefix + random.digits(length - prefix.length - 1), isLuhn);
};

const iban = (random: Random): string => {
  const [country, bank] = random.one([
    ['DE', random.digits(18)],
    ['NL', `ABNA${random.digits(10)}`],
    ['FR', random.digits(20) + random.digits(3)],
    ['GB', `NWBK${random.digits(14)}`],
    ['ES', random.digits(20)],
  ] as const);
  const letters = (text: string): string =>
    text.replaceAll(/[A-Z]/g, (letter) => String(letter.charCodeAt(0) - 'A'.charCodeAt(0) + 10));
  const check = 98 - remainder(letters(`${bank}${country}00`), 97);
  return `${country}${String(check).padStart(2, '0')}${bank}`;
};

const birth = (random: Random): string => random.padded(40, 99) + random.padded(1, 12) + random.padded(1, 28);

/** Verhoeff by composing symmetries of a pentagon: turns 0 to 4, and 5 to 9 turned over. */
function verhoeff(text: string): number {
  const compose = (a: number, b: number): number =>
    a < 5 ? (b < 5 ? (a + b) % 5 : 5 + ((a + b - 5) % 5)) : b < 5 ? 5 + ((a - 5 - b + 5) % 5) : (a - b + 5) % 5;
  const base = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
  const permuted = (digit: number, times: number): number =>
    times === 0 ? digit : permuted(base[digit] ?? 0, times - 1);
  return numbers(text)
    .reverse()
    .reduce((state, digit, i) => compose(state, permuted(digit, i % 8)), 0);
}

const NATIONAL: Readonly<Record<string, (random: Random) => string>> = {
  'UK national insurance number': (r) =>
    `${r.one(['AB', 'CE', 'JH', 'PK', 'WM'])}${r.one(['', ' '])}${r.digits(6)}${r.one(['A', 'B', 'C', 'D'])}`,
  'German tax id': (r) =>
    completed(
      () => {
        const nine = [...'0123456789'].sort(() => r.next(3) - 1).slice(0, 9);
        const ten = [...nine, r.one(nine)].sort(() => r.next(3) - 1).join('');
        return ten.startsWith('0') ? ten.slice(1) + '0' : ten;
      },
      (whole) => {
        let product = 10;
        for (const digit of numbers(whole.slice(0, 10))) product = (((digit + product) % 10 || 10) * 2) % 11;
        return (11 - product) % 10 === Number(whole[10]);
      },
    ),
  'French NIR': (r) => {
    const body = `${r.one(['1', '2'])}${r.padded(40, 99)}${r.padded(1, 12)}${r.padded(1, 95)}${r.digits(6)}`;
    return body + String(97 - remainder(body, 97)).padStart(2, '0');
  },
  'Spanish DNI': (r) => {
    const number = r.digits(8);
    return number + ('TRWAGMYFPDXBNJZSQVHLCKE'[Number(number) % 23] ?? '');
  },
  'Dutch BSN': (r) =>
    completed(
      () => r.padded(10_000_000, 99_999_999, 8),
      (n) => sumOf(n, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0,
    ),
  'Polish PESEL': (r) =>
    completed(
      () => birth(r) + r.digits(4),
      (n) => sumOf(n, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
    ),
  'Swedish personnummer': (r) => {
    const number = completed(() => birth(r) + r.digits(3), isLuhn);
    return r.one(['', '19']) + number.slice(0, 6) + r.one(['-', '']) + number.slice(6);
  },
  'Brazilian CPF': (r) => {
    const body = r.padded(1, 999_999_999, 9);
    const digit = (text: string): string => {
      const rest = numbers(text).reduce((sum, n, i) => sum + n * (text.length + 1 - i), 0) % 11;
      return String(rest < 2 ? 0 : 11 - rest);
    };
    const whole = body + digit(body) + digit(body + digit(body));
    return r.one([whole, `${whole.slice(0, 3)}.${whole.slice(3, 6)}.${whole.slice(6, 9)}-${whole.slice(9)}`]);
  },
  'Indian Aadhaar': (r) =>
    grouped(
      completed(
        () => r.one(['2', '5', '9']) + r.digits(10),
        (n) => verhoeff(n) === 0,
      ),
      4,
      r.one(['', ' ']),
    ),
  'Finnish hetu': (r) => {
    const [date, serial] = [r.padded(1, 28) + r.padded(1, 12) + r.padded(0, 99), r.padded(2, 899, 3)];
    return `${date}${r.one(['-', 'A'])}${serial}${'0123456789ABCDEFHJKLMNPRSTUVWXY'[Number(date + serial) % 31] ?? ''}`;
  },
  'Belgian national number': (r) => {
    const body = birth(r) + r.padded(1, 997, 3);
    const check = String(97 - (Number(body) % 97)).padStart(2, '0');
    return `${body.slice(0, 2)}.${body.slice(2, 4)}.${body.slice(4, 6)}-${body.slice(6)}.${check}`;
  },
  'Swiss AHV number': (r) => {
    const n = completed(
      () => `756${r.digits(9)}`,
      (whole) => sumOf(whole, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0,
    );
    return r.one([n, `${n.slice(0, 3)}.${n.slice(3, 7)}.${n.slice(7, 11)}.${n.slice(11)}`]);
  },
  'Turkish TCKN': (r) => {
    const nine = r.one(['1', '4', '9']) + r.digits(8);
    const odd = sumOf(nine, [1, 0, 1, 0, 1, 0, 1, 0, 1]);
    const tenth = (((odd * 7 - sumOf(nine, [0, 1, 0, 1, 0, 1, 0, 1])) % 10) + 10) % 10;
    return `${nine}${String(tenth)}${String(
      (sumOf(
        nine,
        Array.from({ length: 9 }, () => 1),
      ) +
        tenth) %
        10,
    )}`;
  },
  'Italian codice fiscale': (r) => {
    const body =
      `${r.of('BCDFGLMNPRST', 6)}${r.padded(40, 99)}${r.one([...'ABCDEHLMPRST'])}${r.padded(1, 28)}${r.one([...'ABCDEFGHIL'])}${r.digits(3)}`.toUpperCase();
    const odd = '1 0 5 7 9 13 15 17 19 21 2 4 18 20 11 3 6 8 12 14 16 10 22 25 24 23'.split(' ').map(Number);
    const place = (c: string): number => (/\d/.test(c) ? Number(c) : c.charCodeAt(0) - 65);
    const sum = [...body].reduce((total, c, i) => total + (i % 2 === 0 ? (odd[place(c)] ?? 0) : place(c)), 0);
    return body + String.fromCharCode(65 + (sum % 26));
  },
};

const SECRETS: Readonly<Record<string, (random: Random) => string>> = {
  'AWS access key id': (r) => `AKIA${r.of('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', 16)}`,
  'GitHub token': (r) => `ghp_${r.of(WORD, 36)}`,
  'Slack token': (r) => `xoxb-${r.digits(12)}-${r.digits(12)}-${r.of(WORD, 24)}`,
  'Stripe key': (r) => `sk_live_${r.of(WORD, 24)}`,
  'JSON Web Token': (r) =>
    [{ alg: 'HS256', typ: 'JWT' }, { sub: r.digits(8) }]
      .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
      .join('.') + `.${r.of(WORD, 43)}`,
  'private key': (r) => `-----BEGIN ${r.one(['RSA ', 'EC ', ''])}PRIVATE KEY-----\n${r.of(BASE64, 64)}`,
  'bcrypt hash': (r) => `$2b$12$${r.of(`./${WORD}`, 53)}`,
  'argon2 hash': (r) => `$argon2id$v=19$m=65536,t=3,p=4$${r.of(WORD, 22)}$${r.of(WORD, 43)}`,
};

const text = (kind: string, of: string | undefined, value: GeneratedColumn['value'], name = 'v'): GeneratedColumn => ({
  class: of,
  kind,
  adversarial: false,
  name,
  type: 'text',
  value,
});
/** Looks like something and is not. */
const like = (kind: string, value: GeneratedColumn['value'], name = 'v', type = 'text'): GeneratedColumn => ({
  class: undefined,
  kind,
  adversarial: true,
  name,
  type,
  value,
});

const uuid = (r: Random): string => [8, 4, 4, 4, 12].map((n) => r.of(HEX, n)).join('-');
const timestamp = (r: Random): string =>
  `20${r.padded(10, 26)}-${r.padded(1, 12)}-${r.padded(1, 28)} ${r.padded(0, 23)}:${r.padded(0, 59)}:${r.padded(0, 59)}`;
const person = (r: Random): string => r.one(['ana', 'li', 'omar', 'zoe', 'jürgen', 'o.neil', 'maria-luisa', 'x']);

export const COLUMNS: readonly GeneratedColumn[] = [
  text('plain addresses', 'email', (r) => `${person(r)}${r.digits(3)}@example.org`),
  text(
    'addresses with tags and subdomains',
    'email',
    (r) => `${person(r)}+${r.digits(2)}@mail.${r.of(LETTERS, 6)}.co.uk`,
  ),
  text('addresses in capitals', 'email', (r) => `${person(r).toUpperCase()}${r.digits(3)}@EXAMPLE.COM`),
  text('international numbers', 'phone', (r) => `+49 170 ${r.digits(7)}`),
  text('numbers in E.164', 'phone', (r) => `+1${r.between(2, 9)}${r.digits(9)}`),
  text(
    'numbers with an area in parentheses',
    'phone',
    (r) => `(${r.between(2, 9)}${r.digits(2)}) ${r.between(2, 9)}${r.digits(2)}-${r.digits(4)}`,
  ),
  text(
    'numbers with dashes',
    'phone',
    (r) => `${r.between(2, 9)}${r.digits(2)}-${r.between(2, 9)}${r.digits(2)}-${r.digits(4)}`,
  ),
  text('numbers with an extension', 'phone', (r) => `+44 20 ${r.digits(4)} ${r.digits(4)} x${r.digits(3)}`),
  text('IBANs', 'iban', iban),
  text('IBANs in groups', 'iban', (r) => grouped(iban(r), 4, ' ')),
  text('cards', 'card', card),
  text('cards in groups', 'card', (r) => grouped(card(r), 4, r.one([' ', '-']))),
  { ...text('cards as numbers', 'card', card), type: 'bigint' },
  text('social security numbers', 'ssn', (r) => `${r.padded(1, 665, 3)}-${r.padded(1, 99)}-${r.padded(1, 9999, 4)}`),
  ...Object.entries(NATIONAL).map(([kind, value]) => text(kind, 'national-id', value)),
  text('ids of several countries', 'national-id', (r) => r.one(Object.values(NATIONAL))(r)),
  ...Object.entries(SECRETS).map(([kind, value]) => text(kind, 'secret', value)),
  text('random keys in a column named token', 'secret', (r) => r.of(WORD, 40), 'session_token'),
  text('IPv4 addresses', 'ip-address', (r) => [0, 1, 2, 3].map(() => String(r.between(1, 223))).join('.')),
  text('IPv6 addresses', 'ip-address', (r) => `2001:db8:${r.of(HEX, 4)}::${r.of(HEX, 4)}`),
  {
    ...text('IP addresses of type inet', 'ip-address', (r) => `192.168.${String(r.next(256))}.${String(r.next(256))}`),
    type: 'inet',
  },
  text('addresses among blanks and placeholders', 'email', (r) =>
    r.next(10) < 7 ? `${person(r)}${r.digits(4)}@example.org` : r.one(['n/a', '-', 'unknown']),
  ),

  {
    ...text('numbers as dialled within a country', 'phone', (r) => `0${r.between(15, 17)}${r.digits(9)}`),
    wrong: 'missed',
  },
  {
    ...text(
      'social security numbers without dashes',
      'ssn',
      (r) => `${r.padded(1, 665, 3)}${r.padded(1, 99)}${r.padded(1, 9999, 4)}`,
    ),
    wrong: 'missed',
  },
  { ...text('small private addresses', 'ip-address', (r) => `10.0.0.${String(r.between(1, 60))}`), wrong: 'missed' },
  { ...text('random keys without a telling name', 'secret', (r) => r.of(WORD, 40)), wrong: 'missed' },
  {
    ...text('addresses inside sentences', 'email', (r) => `mail ${person(r)}${r.digits(3)}@example.org please`),
    wrong: 'missed',
  },

  { ...like('gift cards in an issuer’s range', card), wrong: 'false alarm' },
  {
    ...like(
      'codes in the form of valid SSNs',
      (r) => `${r.padded(1, 665, 3)}-${r.padded(1, 99)}-${r.padded(1, 9999, 4)}`,
    ),
    wrong: 'false alarm',
  },
  {
    ...like('account numbers of the eleven test', NATIONAL['Dutch BSN'] ?? ((r) => r.digits(9))),
    wrong: 'false alarm',
  },
  { ...like('addresses of machines', (r) => `job-${r.digits(4)}@worker${r.digits(2)}.internal`), wrong: 'false alarm' },
  like('IMEIs', (r) => completed(() => `35${r.digits(12)}`, isLuhn)),
  like('Swedish numbers of organisations', (r) =>
    completed(() => `55${r.padded(20, 99)}${r.digits(2)}-${r.digits(3)}`.replace('-', ''), isLuhn),
  ),
  like('serial numbers', (r) => r.digits(10), 'id', 'bigint'),
  like('numbers of eleven digits', (r) => r.digits(11)),
  like('numbers of nine digits', (r) => r.digits(9)),
  like('numbers of twelve digits', (r) => r.digits(12)),
  like('numbers of sixteen digits', (r) => r.digits(16)),
  like('sixteen digits that pass Luhn', (r) => completed(() => `9${r.digits(14)}`, isLuhn)),
  like(
    'loyalty numbers that pass Luhn, in nobody’s range',
    (r) => completed(() => `7${r.digits(14)}`, isLuhn),
    'loyalty_number',
  ),
  like(
    'order numbers in a card range that pass Luhn half of the time',
    (r) => (r.next(2) === 0 ? card(r) : `4${r.digits(15)}`),
    'order_number',
  ),
  like('timestamps', timestamp),
  like('timestamps of their own type', (r) => `${timestamp(r)}+00`, 'created', 'timestamp with time zone'),
  like('ISO timestamps', (r) => `${timestamp(r).replace(' ', 'T')}Z`),
  like('microseconds since 1970', (r) => `17${r.digits(14)}`),
  like('dates', (r) => timestamp(r).slice(0, 10)),
  like('times', (r) => timestamp(r).slice(11)),
  like('versions of four parts', (r) => [0, 1, 2, 3].map(() => String(r.next(30))).join('.')),
  like('versions of a browser', (r) => `${r.between(90, 130)}.0.${r.between(4000, 6000)}.${r.between(10, 200)}`),
  like('semantic versions', (r) => `${String(r.next(9))}.${String(r.next(30))}.${String(r.next(30))}`),
  like(
    'part numbers of the form of an SSN',
    (r) => `${r.padded(1, 665, 3)}-${r.padded(1, 99)}-${r.padded(1, 9999, 4)}`,
    'part_no',
  ),
  like(
    'numbers of the form of an SSN in ranges never given out',
    (r) => `9${r.digits(2)}-${r.digits(2)}-${r.digits(4)}`,
  ),
  like('UUIDs', uuid),
  like('UUIDs of a column named token', uuid, 'token'),
  like('MD5 sums', (r) => r.of(HEX, 32)),
  like('SHA-256 sums', (r) => r.of(HEX, 64)),
  like('base64', (r) => r.of(BASE64, 32)),
  like('git commits in a column named key', (r) => r.of(LETTERS, 12), 'key'),
  like('decimals', (r) => `${r.digits(5)}.${r.digits(2)}`),
  like('amounts in parentheses', (r) => `(${r.digits(4)}.${r.digits(2)})`),
  like('order numbers', (r) => `A-2024-${r.digits(6)}`),
  like('order numbers with a blank', (r) => `1${r.digits(3)} ${r.digits(6)}`),
  like('invoice numbers of digits and dashes', (r) => `${r.digits(3)}-${r.digits(3)}-${r.digits(4)}`, 'invoice_no'),
  like(
    'article codes of EAN-13',
    (r) =>
      completed(
        () => r.padded(400, 440, 3) + r.digits(9),
        (n) => sumOf(n, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0,
      ),
    'ean',
  ),
  like('EAN-13 without a telling name', (r) =>
    completed(
      () => r.padded(400, 440, 3) + r.digits(9),
      (n) => sumOf(n, [1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1]) % 10 === 0,
    ),
  ),
  like('account codes that look like IBANs', (r) => `DE${r.digits(20)}`),
  like('number plates', (r) => `${r.of('ABCDEFGH', 2)}${r.digits(2)} ${r.of('ABCDEFGH', 3)}`),
  like('postal codes', (r) => r.digits(5), 'plz'),
  like('coordinates', (r) => `+${r.digits(2)}.${r.digits(6)}, -${r.digits(2)}.${r.digits(6)}`),
  like('handles', (r) => `@${r.of(LETTERS, 8)}`),
  like('package versions', (r) => `left-pad@1.${r.digits(2)}.0`),
  like('connection strings', (r) => `postgres://app@db${r.digits(2)}.example.org/shop`),
  like('sentences that mention an address', (r) => `please write to ${person(r)}${r.digits(3)}@example.org about it`),
  like('MAC addresses', (r) => Array.from({ length: 6 }, () => r.of(HEX, 2)).join(':')),
  like('words', (r) => r.of(LETTERS, 8)),
  like('sentences', (r) => Array.from({ length: 8 }, () => r.of(LETTERS, r.between(2, 9))).join(' ')),
  like('country codes', (r) => r.of('ABCDEFGHIJKLMNOPQRSTUVWXYZ', 2)),
  like('half addresses, half notes', (r) =>
    r.next(2) === 0 ? `${person(r)}${r.digits(4)}@example.org` : r.of(LETTERS, 9),
  ),
];

/** Values of one column; NULLs left out. */
export function sampleOf(column: GeneratedColumn, rows: number, seed: number): readonly string[] {
  const random = new Random(seed);
  return Array.from({ length: rows }, () => column.value(random));
}
