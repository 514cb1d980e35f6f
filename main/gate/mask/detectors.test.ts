import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classOfName } from './column-names.ts';
import { detectColumn } from './detectors.ts';
import { COLUMNS, Random, sampleOf } from './testing/generated-columns.ts';

const random = new Random(42);
const many = (make: (i: number) => string, count = 400): string[] => Array.from({ length: count }, (_, i) => make(i));
const digits = (length: number): string => random.digits(length);

const classOf = (samples: readonly string[], name = 'v', type = 'text'): string | undefined =>
  detectColumn({ name, type, samples })?.class;

describe('a column', () => {
  for (const column of COLUMNS) {
    const { class: found, kind, name, type, wrong } = column;
    const outcome =
      wrong === undefined
        ? (found ?? 'nothing')
        : wrong === 'missed'
          ? 'nothing (a known miss)'
          : 'something (a known false alarm)';
    it(`of ${kind} (${name} ${type}) is ${outcome}`, () => {
      const seen = [20, 200].map((rows) => detectColumn({ name, type, samples: sampleOf(column, rows, rows) })?.class);
      if (wrong === 'missed') expect(seen).toEqual([undefined, undefined]);
      else if (wrong === 'false alarm') expect(seen).not.toContain(undefined);
      else expect(seen).toEqual([found, found]);
    });
  }

  it.each<[string, string[]]>([
    ['email', ['ölaf@müller.de', "o'neil@example.co.uk", 'a@b.io', 'x_y@sub.domain.example']],
    [
      'iban',
      ['DE89 3704 0044 0532 0130 00', 'GB29NWBK60161331926819', 'FR1420041010050500013M02606', 'NL91ABNA0417164300'],
    ],
    ['national-id', ['12345678Z', '87654321X', '00000000T', '11111111H', 'X0000000T']],
    ['national-id', ['RSSMRA85T10A562S', 'MRTMTT91D08F205J', 'MLLSNT82P65Z404U', '86095742719', '47036892816']],
    ['national-id', ['255081416802538', '269054958815780', '185057800608491', '65929970489', '57549285017']],
    ['national-id', ['529.982.247-25', '111.444.777-35', '123.456.789-09', '987.654.321-00', '935.411.347-80']],
    ['national-id', ['44051401359', '02070803628', '90090515836', '92071314764', '81010200141']],
    // Published examples: UIDAI, Skatteverket, DVV, Rijksregister, AHV, NVI, HMRC, Belastingdienst.
    ['national-id', ['2341 2341 2346', '811218-9876', '670919-9530', '131052-308T', '85.07.30-033.28']],
    ['national-id', ['756.9217.0769.85', '10000000146', '17291716060', 'AB123456C', '111222333']],
    ['secret', ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U']],
    ['secret', [`ghp_${'a1B2c3D4e5'.repeat(4)}`, 'AKIAIOSFODNN7EXAMPLE', '-----BEGIN EC PRIVATE KEY-----\nMHc']],
    ['secret', ['$2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy']],
    ['ip-address', ['2001:db8::1', '::ffff:0:1', 'fe80::1', '2001:0db8:0000:0000:0000:ff00:0042:8329', '192.0.2.1']],
  ])('holds %s where its values are %j', (found, samples) => {
    expect(classOf(samples)).toBe(found);
  });

  it.each<[string, string[]]>([
    ['too few of a kind', ['4111111111111111', '4111111111111111']],
    [
      'mostly something else',
      [...many((i) => `user${String(i)}@example.org`, 50), ...many((i) => `ticket ${String(i)}`, 60)],
    ],
    ['one address many times among other values', [...many(() => 'same@example.org', 300), 'one', 'two', 'three']],
    ['a JWT without a header', many((i) => `eyJub3QiOiJhIGhlYWRlciJ9.e${String(i)}.abc`)],
    [
      'a Finnish number with another check',
      ['131052-308U', '131052-309T', '131053-308T', '141052-308T', '131052-318T'],
    ],
    ['equal digits', ['111.111.111-11', '222.222.222-22', '333.333.333-33', '444.444.444-44', '555.555.555-55']],
    ['times that look like IPv6', many(() => `${digits(2)}:${digits(2)}:${digits(2)}`)],
  ])('is nothing where it is %s', (_what, samples) => {
    expect(classOf(samples)).toBeUndefined();
  });

  it('names the form that most values have, how many, and of how many', () => {
    const samples = [...many(() => '85.07.30-033.28', 3), '17.07.30-033.84', '111222333', 'x', ' ', ''];
    expect(detectColumn({ name: 'national_id', type: 'text', samples })).toMatchObject({ by: 'values', samples: 4 });
  });

  it('part numbers of the form of an SSN are nothing in a column that says it holds part numbers', () => {
    const samples = many(() => `123-45-${String(random.between(1000, 8999))}`);
    expect(classOf(samples, 'part_no')).toBeUndefined();
    expect(classOf(samples, 'PartNumber')).toBeUndefined();
    expect(classOf(samples, 'ssn')).toBe('ssn');
  });

  it.each(['timestamp with time zone', 'date', 'integer', 'numeric(16,2)', 'inet', 'uuid', 'jsonb', 'bytea', 'text[]'])(
    'that looks like cards is nothing in a %s',
    (type) => {
      const cards = COLUMNS.find(({ kind }) => kind === 'cards');
      expect(cards && classOf(sampleOf(cards, 100, 1), 'v', type)).toBeUndefined();
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
    ['client_ip', 'ip-address'],
    ['ipAddress', 'ip-address'],
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
    'ip_country',
    'zip',
    '',
  ])('%s says nothing', (name) => {
    expect(classOfName(name)).toBeUndefined();
  });

  it('speaks where no value does, and only for types that can hold it', () => {
    expect(detectColumn({ name: 'first_name', type: 'text', samples: [] })).toEqual({
      class: 'person-name',
      by: 'name',
      share: 0,
      samples: 0,
    });
    expect(detectColumn({ name: 'dob', type: 'date', samples: [] })?.class).toBe('birth-date');
    expect(detectColumn({ name: 'ssn', type: 'bigint', samples: [] })?.class).toBe('ssn');
    expect(detectColumn({ name: 'first_name', type: 'boolean', samples: ['t'] })).toBeUndefined();
    expect(
      detectColumn({ name: 'email', type: 'text', samples: many((i) => `template ${String(i)}`) }),
    ).toBeUndefined();
  });
});
