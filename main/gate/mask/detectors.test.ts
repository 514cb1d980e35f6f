import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classOfName } from './column-names.ts';
import { detectColumn } from './detectors.ts';

const FROM = 'abcdefghijklmnopqrstuvwxyz0123456789';
/** The same "random" numbers in every run (mulberry32). */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
const next = generator(42);
const digits = (length: number): string => Array.from({ length }, () => String(next(10))).join('');
const hex = (length: number): string => Array.from({ length }, () => next(16).toString(16)).join('');
const many = (make: (i: number) => string, count = 400): string[] => Array.from({ length: count }, (_, i) => make(i));

const classOf = (samples: readonly string[], name = 'v', type = 'text'): string | undefined =>
  detectColumn({ name, type, samples })?.class;

function luhn(prefix: string, length: number): string {
  const body = prefix + digits(length - prefix.length - 1);
  const sum = [...body].reverse().reduce((total, digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return body + String((10 - (sum % 10)) % 10);
}

describe('values that are', () => {
  it.each<[string, string[]]>([
    ['email', many((i) => `user.${String(i)}+x@mail.example.org`)],
    ['email', ['ölaf@müller.de', "o'neil@example.co.uk", 'a@b.io', 'x_y@sub.domain.example']],
    ['phone', many(() => `+49 170 ${digits(7)}`)],
    ['phone', many(() => `(555) 2${digits(2)}-${digits(4)}`)],
    ['phone', many(() => `555-2${digits(2)}-${digits(4)}`)],
    [
      'iban',
      ['DE89 3704 0044 0532 0130 00', 'GB29NWBK60161331926819', 'FR1420041010050500013M02606', 'NL91ABNA0417164300'],
    ],
    ['card', many(() => luhn('4', 16))],
    ['card', many(() => luhn('37', 15))],
    ['card', many(() => luhn('5500', 16).replace(/(\d{4})(?=\d)/g, '$1 '))],
    [
      'ssn',
      many(
        () => `${String(100 + next(500)).replace('666', '665')}-${String(10 + next(80))}-${String(1000 + next(8000))}`,
      ),
    ],
    ['national-id', ['12345678Z', '87654321X', '00000000T', '11111111H', 'X0000000T']],
    ['national-id', ['RSSMRA85T10A562S', 'MRTMTT91D08F205J', 'MLLSNT82P65Z404U', '86095742719', '47036892816']],
    ['national-id', ['255081416802538', '269054958815780', '185057800608491', '65929970489', '57549285017']],
    ['national-id', ['529.982.247-25', '111.444.777-35', '123.456.789-09', '987.654.321-00', '935.411.347-80']],
    ['national-id', ['44051401359', '02070803628', '90090515836', '92071314764', '81010200141']],
    ['secret', ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U']],
    ['secret', [`ghp_${'a1B2c3D4e5'.repeat(4)}`, 'AKIAIOSFODNN7EXAMPLE', '-----BEGIN EC PRIVATE KEY-----\nMHc']],
  ])('%s are found without help from a name: %j', (found, samples) => {
    const mostly = samples.length > 10 ? [...samples, 'unknown', 'n/a', 'see notes'] : samples;
    expect(classOf(mostly)).toBe(found);
  });
});

describe('values that only look like it', () => {
  it.each<[string, string[]]>([
    ['random 16-digit numbers', many(() => digits(16))],
    ['random numbers of 13 to 19 digits', many(() => digits(13 + next(7)))],
    [
      'timestamps',
      many(
        () =>
          `2024-${String(1 + next(12)).padStart(2, '0')}-${String(1 + next(28)).padStart(2, '0')} 10:${digits(2)}:${digits(2)}`,
      ),
    ],
    ['microseconds since 1970', many(() => `17${digits(14)}`)],
    ['order numbers', many(() => `A-2024-${digits(6)}`)],
    ['numbers with one blank', many(() => `1${digits(3)} ${digits(6)}`)],
    ['plain numbers of ten digits', many(() => digits(10))],
    ['UUIDs', many(() => `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`)],
    [
      'four-part versions',
      many(() => `${String(next(20))}.${String(next(20))}.${String(next(20))}.${String(next(20))}`),
    ],
    ['IP addresses', many(() => `192.168.${String(next(256))}.${String(next(256))}`)],
    ['dates', many(() => `20${digits(2)}-0${String(1 + next(9))}-1${String(next(10))}`)],
    ['decimals', many(() => `${digits(5)}.${digits(2)}`)],
    ['negative amounts in parentheses', many(() => `(${digits(4)}.${digits(2)})`)],
    ['MD5 sums', many(() => hex(32))],
    ['base64', many(() => Buffer.from(hex(24)).toString('base64'))],
    ['random 9-digit numbers', many(() => digits(9))],
    ['random 11-digit numbers', many(() => digits(11))],
    ['random 15-digit numbers', many(() => digits(15))],
    ['words', many(() => Array.from({ length: 8 }, () => FROM[next(26)] ?? '').join(''))],
    ['sentences that mention an address', many((i) => `please write to user${String(i)}@example.org about it`)],
    ['handles', many((i) => `@user${String(i)}`)],
    ['package versions', many((i) => `left-pad@1.${String(i)}.0`)],
    ['SSNs that were never given out', many(() => `9${digits(2)}-${digits(2)}-${digits(4)}`)],
    ['too few of a kind', ['4111111111111111', '4111111111111111']],
    [
      'a column that is mostly something else',
      [...many((i) => `user${String(i)}@example.org`, 50), ...many((i) => `ticket ${String(i)}`, 60)],
    ],
    ['one address many times among other values', [...many(() => 'same@example.org', 300), 'one', 'two', 'three']],
  ])('%s are nothing', (_what, samples) => {
    expect(classOf(samples)).toBeUndefined();
  });

  it('part numbers of the form of an SSN are nothing in a column that says it holds part numbers', () => {
    const samples = many(() => `123-45-${String(1000 + next(8000))}`);
    expect(classOf(samples, 'part_no')).toBeUndefined();
    expect(classOf(samples, 'PartNumber')).toBeUndefined();
    expect(classOf(samples, 'ssn')).toBe('ssn');
  });

  it.each(['timestamp with time zone', 'bigint', 'numeric(16,0)', 'inet', 'uuid', 'jsonb'])(
    'nothing is found in a %s',
    (type) => {
      expect(
        classOf(
          many(() => luhn('4', 16)),
          'v',
          type,
        ),
      ).toBeUndefined();
    },
  );

  it('never fails or takes long on any text', () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 300, unit: 'binary' }),
        fc.array(fc.string({ maxLength: 300, unit: 'binary' }), { maxLength: 10 }),
        (name, samples) => {
          detectColumn({ name, type: 'text', samples });
        },
      ),
      { numRuns: 300 },
    );
    const hostile = [
      'a'.repeat(250),
      '1 '.repeat(120),
      `${'a.'.repeat(100)}@`,
      `+${'('.repeat(200)}`,
      `a@${'a-'.repeat(120)}`,
      '4'.repeat(254),
    ];
    expect(detectColumn({ name: 'v', type: 'text', samples: hostile })).toBeUndefined();
  });
});

describe('a name', () => {
  it.each([
    ['email', 'email'],
    ['customer_email', 'email'],
    ['customerEMail', 'email'],
    ['E-Mail', 'email'],
    ['mobile_phone', 'phone'],
    ['phoneNumber2', 'phone'],
    ['ssn', 'ssn'],
    ['national_id', 'national-id'],
    ['card_number', 'card'],
    ['dob', 'birth-date'],
    ['first_name', 'person-name'],
    ['lastName', 'person-name'],
    ['street', 'address'],
    ['password', 'secret'],
    ['api_key', 'secret'],
  ])('%s says %s', (name, found) => {
    expect(classOfName(name)).toBe(found);
  });

  it.each([
    'email_verified',
    'is_email',
    'email_id',
    'email_template',
    'phone_type',
    'password_expires',
    'company_span',
    'panel',
    'name',
    'cellar',
    'telemetry',
    'address_id',
    'emails_sent_at',
    'shipping',
    'dobby',
    '',
  ])('%s says nothing', (name) => {
    expect(classOfName(name)).toBeUndefined();
  });

  it('speaks where no value does, and only for types that can hold it', () => {
    expect(detectColumn({ name: 'first_name', type: 'text', samples: [] })).toEqual({
      class: 'person-name',
      by: 'name',
      share: 0,
    });
    expect(detectColumn({ name: 'dob', type: 'date', samples: [] })?.class).toBe('birth-date');
    expect(detectColumn({ name: 'ssn', type: 'bigint', samples: [] })?.class).toBe('ssn');
    expect(detectColumn({ name: 'first_name', type: 'boolean', samples: ['t'] })).toBeUndefined();
    expect(
      detectColumn({ name: 'email', type: 'text', samples: many((i) => `template ${String(i)}`) }),
    ).toBeUndefined();
  });
});
