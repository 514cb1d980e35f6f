import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MASKED_LIMIT } from '../../databases/result/index.ts';
import { type Masker } from '../verdict.ts';
import { hmacSha256 } from './hmac.ts';
import { maskerTransform, type MaskedType } from './maskers.ts';
import { createTokenKeys } from './token-keys.ts';

const TEXT: MaskedType = { typeOid: 25, typeModifier: -1, type: 'text' };
const varchar = (n: number): MaskedType => ({
  typeOid: 1043,
  typeModifier: n + 4,
  type: `character varying(${String(n)})`,
});

function maskBytes(masker: Masker, value: Uint8Array, type = TEXT): Buffer | null {
  // The value lies inside other bytes, and so does its place: neither may be read or written past.
  const source = Buffer.concat([Buffer.from('\x00é@'), value, Buffer.from('é9@x.org')]);
  const target = Buffer.alloc(MASKED_LIMIT + 20, 0xee);
  const length = maskerTransform(masker, type, { key: KEY })(source, 4, 4 + value.length, target, 10);
  expect(length).toBeLessThanOrEqual(MASKED_LIMIT);
  expect(target.subarray(0, 10).every((byte) => byte === 0xee)).toBe(true);
  return length < 0 ? null : Buffer.from(target.subarray(10, 10 + length));
}
const mask = (masker: Masker, value: string, type = TEXT): string | null =>
  maskBytes(masker, Buffer.from(value), type)?.toString() ?? null;

const MASKERS: readonly Masker[] = [
  { kind: 'redact' },
  { kind: 'keep-last', count: 4 },
  { kind: 'initial' },
  { kind: 'email' },
  { kind: 'phone' },
  { kind: 'card' },
  { kind: 'card-bin' },
  { kind: 'card-token', scope: 'session', bin: false },
  { kind: 'token', scope: 'session' },
  { kind: 'token', scope: 'random' },
  { kind: 'fixed', text: 'hidden' },
];
const KEY = Buffer.alloc(32, 7);

function passesLuhn(number: string): boolean {
  const sum = [...number].reverse().reduce((total, digit, i) => {
    const value = Number(digit) * (i % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

describe('tokens', () => {
  const UUID: MaskedType = { typeOid: 2950, typeModifier: -1, type: 'uuid' };
  const session = { kind: 'token', scope: 'session' } as const;
  const cardToken = (bin: boolean): Masker => ({ kind: 'card-token', scope: 'session', bin });

  it('are equal for equal values under one key, and only there', () => {
    expect(mask(session, 'ana@example.org')).toMatch(/^tok_[a-z2-7]{16}$/);
    expect(mask(session, 'ana@example.org')).toBe(mask(session, 'ana@example.org'));
    expect(mask(session, 'ana@example.org')).not.toBe(mask(session, 'bea@example.org'));
    const other = maskerTransform(session, TEXT, { key: Buffer.alloc(32, 8) });
    const target = Buffer.alloc(MASKED_LIMIT);
    const length = other(Buffer.from('ana@example.org'), 0, 15, target, 0);
    expect(target.toString('utf8', 0, length)).not.toBe(mask(session, 'ana@example.org'));
  });

  it('are HMAC-SHA-256, whatever the length of the value', () => {
    for (const length of [0, 1, 63, 64, 65, 256, 257, 100_000]) {
      const value = 'x'.repeat(length);
      const expected = createHmac('sha256', KEY).update(value).digest('binary');
      expect(hmacSha256(KEY)(Buffer.from(value))).toBe(expected);
    }
  });

  it('are new for every cell where the policy wants no equality', () => {
    const random = { kind: 'token', scope: 'random' } as const;
    const seen = new Set(Array.from({ length: 1_000 }, () => mask(random, 'same')));
    expect(seen.size).toBe(1_000);
  });

  it('are NULL without the key that they need', () => {
    const target = Buffer.alloc(MASKED_LIMIT);
    for (const masker of [session, cardToken(false)]) {
      expect(maskerTransform(masker, TEXT)(Buffer.from('4111111111111111'), 0, 16, target, 0)).toBe(-1);
    }
  });

  it('of a class say nothing of equal values of another class, nor of another login', () => {
    const keys = createTokenKeys(Buffer.alloc(32, 1));
    const all = [
      keys.of('a', 'session', 'email'),
      keys.of('a', 'session', 'phone'),
      keys.of('b', 'session', 'email'),
      keys.of('a', 'tenant', 'email'),
    ];
    expect(new Set(all.map((key) => Buffer.from(key).toString('hex'))).size).toBe(4);
    expect(keys.of('a', 'session', 'email')).toEqual(all[0]);
    expect(keys.of('b', 'tenant', 'email')).toEqual(all[3]);
    keys.forget('a');
    expect(keys.of('a', 'session', 'email')).not.toEqual(all[0]);
  });

  it('are a version 8 UUID for a UUID', () => {
    const made = mask(session, '11111111-2222-4333-8444-555555555555', UUID);
    expect(made).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('do not take the padding of character(n) for a part of the value', () => {
    const character = (n: number): MaskedType => ({
      typeOid: 1042,
      typeModifier: n + 4,
      type: `character(${String(n)})`,
    });
    expect(mask(session, 'abc       ', character(30))).toBe(mask(session, 'abc  ', character(20)));
  });

  it('for cards pass Luhn and belong to no issuer', () => {
    const made = mask(cardToken(false), '4111 1111 1111 1111') ?? '';
    expect(made).toMatch(/^9999\d{12}$/);
    expect(passesLuhn(made)).toBe(true);
    expect(made).toBe(mask(cardToken(false), '4111111111111111'));
  });

  it('for cards keep the BIN where policy says so, and nothing else', () => {
    const made = Array.from(
      { length: 50 },
      (_, i) => mask(cardToken(true), `411111${String(1_000_000_000 + i * 7)}`) ?? '',
    );
    for (const number of made) expect(passesLuhn(number)).toBe(true);
    expect(new Set(made.map((number) => number.slice(0, 6)))).toEqual(new Set(['411111']));
    expect(new Set(made.map((number) => number.slice(-4))).size).toBeGreaterThan(40);
  });
});

describe('dates and numbers', () => {
  const as = (typeOid: number, type: string, typeModifier = -1): MaskedType => ({ typeOid, type, typeModifier });
  const month = { kind: 'date', unit: 'month' } as const;
  const thousand = { kind: 'bucket', size: 1000 } as const;

  it.each<[string, Masker, MaskedType, string | null]>([
    ['2024-03-31', month, as(1082, 'date'), '2024-03-01'],
    ['2024-03-31', { kind: 'date', unit: 'year' }, as(1082, 'date'), '2024-01-01'],
    ['0044-03-15 BC', month, as(1082, 'date'), '0044-03-01 BC'],
    ['infinity', month, as(1082, 'date'), null],
    ['4713-11-24 BC', month, as(1082, 'date'), null],
    ['not a date', month, as(1082, 'date'), null],
    ['2024-03-31 23:59:59.999999', month, as(1114, 'timestamp'), '2024-03-01 00:00:00'],
    ['2024-03-31 23:30:00-05', month, as(1184, 'timestamptz'), '2024-04-01 00:00:00+00'],
    ['2024-03-01 00:30:00+05:30', month, as(1184, 'timestamptz'), '2024-02-01 00:00:00+00'],
    ['2024-03-31 23:59:59.999999+05:30', month, as(1184, 'timestamptz'), '2024-03-01 00:00:00+00'],
    ['2024-02-29 18:29:59-05:30', month, as(1184, 'timestamptz'), '2024-02-01 00:00:00+00'],
    ['2024-02-29 18:30:00-05:30', month, as(1184, 'timestamptz'), '2024-03-01 00:00:00+00'],
    ['2024-13-01', month, as(1082, 'date'), null],
    ['12024-03-05', month, as(1082, 'date'), '12024-03-01'],
    ['2024-03-31 23:30:00', month, as(1184, 'timestamptz'), null],
    ['2024-03-31', month, as(25, 'text'), null],
    ['10:00:00', month, as(1083, 'time'), null],
    ['1234', thousand, as(23, 'integer'), '1000'],
    ['-1', thousand, as(23, 'integer'), '-1000'],
    ['0', thousand, as(23, 'integer'), '0'],
    ['-32768', thousand, as(21, 'smallint'), '-32768'],
    ['-9223372036854775808', thousand, as(20, 'bigint'), '-9223372036854775808'],
    ['9223372036854775807', thousand, as(20, 'bigint'), '9223372036854775000'],
    ['1234.99', thousand, as(1700, 'numeric'), '1000'],
    ['-1000.01', thousand, as(1700, 'numeric'), '-2000'],
    ['-1000.00', thousand, as(1700, 'numeric'), '-1000'],
    ['123456789012345678901234567890.5', thousand, as(1700, 'numeric'), '123456789012345678901234567000'],
    ['-999', thousand, as(1700, 'numeric(3,0)', (3 << 16) + 4), null],
    ['NaN', thousand, as(1700, 'numeric'), null],
    ['1e300', thousand, as(701, 'double precision'), null],
    ['-0.5', thousand, as(701, 'double precision'), '-1000'],
    ['-0', thousand, as(701, 'double precision'), '0'],
    ['Infinity', thousand, as(701, 'double precision'), null],
    ['$1,234,567.89', thousand, as(790, 'money'), '$1,234,000.00'],
    ['-$0.01', thousand, as(790, 'money'), '-$1,000.00'],
    ['1.234,56 €', thousand, as(790, 'money'), null],
    ['1234', thousand, as(25, 'text'), null],
    ['1234', thousand, as(26, 'oid'), null],
  ])('%s under %j as %j is %s', (value, masker, type, expected) => {
    expect(mask(masker, value, type)).toBe(expected);
  });
});

describe('any value', () => {
  const types = [
    [1082, 'date'],
    [1114, 'timestamp without time zone'],
    [1184, 'timestamp with time zone'],
    [21, 'smallint'],
    [23, 'integer'],
    [20, 'bigint'],
    [700, 'real'],
    [701, 'double precision'],
    [790, 'money'],
    [1700, 'numeric'],
    [2950, 'uuid'],
    [25, 'text'],
  ] as const;
  const typed: readonly Masker[] = [
    { kind: 'date', unit: 'month' },
    { kind: 'bucket', size: 1000 },
    { kind: 'token', scope: 'session' },
    { kind: 'card-token', scope: 'session', bin: true },
  ];

  it('of any bytes, in either format, is masked within its room and without failing', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.string({ maxLength: 300, unit: 'binary-ascii' }).map((text) => Buffer.from(text)),
      fc.stringMatching(/^-?\$?[\d,]{0,30}\.?\d{0,20}( BC)?$/).map((text) => Buffer.from(text)),
      fc
        .stringMatching(/^\d{4,7}-\d\d-\d\d( \d\d:\d\d:\d\d)?(\.\d{1,6})?([+-]\d\d(:\d\d)?)?( BC)?$/)
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(
        bytes,
        fc.constantFrom(...types),
        fc.constantFrom(...typed),
        fc.constantFrom('text' as const, 'binary' as const),
        (value, [typeOid, type], masker, format) => {
          const target = Buffer.alloc(MASKED_LIMIT + 20, 0xee);
          const transform = maskerTransform(masker, { typeOid, typeModifier: -1, type }, { format, key: KEY });
          const length = transform(value, 0, value.length, target, 10);
          expect(length).toBeGreaterThanOrEqual(-1);
          expect(length).toBeLessThanOrEqual(MASKED_LIMIT);
          expect(target.subarray(0, 10).every((byte) => byte === 0xee)).toBe(true);
          expect(target.subarray(10 + Math.max(length, 0)).every((byte) => byte === 0xee)).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('of a whole number has the bucket below it that division by hand gives', () => {
    const size = fc.integer({ min: 2, max: 1e12 });
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), size, (value, of) => {
        const bucket = BigInt(of);
        const down = value < 0n ? -((-value + bucket - 1n) / bucket) * bucket : (value / bucket) * bucket;
        const least = -(2n ** 63n);
        const masked = mask({ kind: 'bucket', size: of }, String(value), {
          typeOid: 20,
          typeModifier: -1,
          type: 'bigint',
        });
        expect(masked).toBe(String(down < least ? least : down));
      }),
    );
  });

  it('of an instant has the month that it is in UTC, whatever the zone it is shown in', () => {
    const instant = fc.integer({ min: Date.UTC(1000, 0, 1), max: Date.UTC(9998, 11, 31) });
    fc.assert(
      fc.property(instant, fc.integer({ min: -15 * 4, max: 15 * 4 }), (at, quarters) => {
        const local = new Date(at + quarters * 15 * 60_000).toISOString().replace('T', ' ').slice(0, 19);
        const two = (n: number): string => String(n).padStart(2, '0');
        const [hours, minutes] = [Math.floor(Math.abs(quarters) / 4), (Math.abs(quarters) % 4) * 15];
        const offset = `${quarters < 0 ? '-' : '+'}${two(hours)}${minutes === 0 ? '' : `:${two(minutes)}`}`;
        const type = { typeOid: 1184, typeModifier: -1, type: 'timestamp with time zone' };
        const masked = mask({ kind: 'date', unit: 'month' }, `${local}${offset}`, type);
        expect(masked).toBe(`${new Date(at).toISOString().slice(0, 7)}-01 00:00:00+00`);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('any value in binary format', () => {
  const DAY = 86_400_000_000n;
  const EPOCH = Date.UTC(2000, 0, 1);
  const least = -(2n ** 63n);
  const int8 = fc.bigInt({ min: least, max: 2n ** 63n - 1n });

  function maskLong(masker: Masker, typeOid: number, value: bigint): bigint | null {
    const source = Buffer.alloc(8 + 3);
    source.writeBigInt64BE(value, 2);
    const target = Buffer.alloc(8 + 3);
    const length = maskerTransform(masker, { typeOid, typeModifier: -1, type: '' }, { format: 'binary' })(
      source,
      2,
      10,
      target,
      3,
    );
    return length < 0 ? null : target.readBigInt64BE(3);
  }

  it.each([
    ['of all sizes', int8],
    ['of the usual ones', fc.bigInt({ min: -(2n ** 54n), max: 2n ** 54n })],
  ])('that is a whole number %s has the bucket below it', (_, values) => {
    fc.assert(
      fc.property(values, fc.integer({ min: 2, max: 1e12 }), (value, size) => {
        const bucket = BigInt(size);
        const rest = ((value % bucket) + bucket) % bucket;
        const down = value - rest < least ? least : value - rest;
        expect(maskLong({ kind: 'bucket', size }, 20, value)).toBe(down);
      }),
    );
  });

  it('that is an instant has the first one of its month', () => {
    const years = { min: new Date('-004700-01-01T00:00:00Z'), max: new Date('+270000-01-01T00:00:00Z') };
    fc.assert(
      fc.property(
        fc.date({ ...years, noInvalidDate: true }),
        fc.constantFrom('month', 'year'),
        fc.constantFrom(0n, 1n, 999n),
        (at, unit, microseconds) => {
          const first = new Date(at.getTime());
          first.setUTCHours(0, 0, 0, 0);
          first.setUTCDate(1);
          if (unit === 'year') first.setUTCMonth(0);
          const of = (date: Date): bigint => BigInt(date.getTime() - EPOCH) * 1000n;
          expect(maskLong({ kind: 'date', unit }, 1114, of(at) + microseconds)).toBe(of(first));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('that lies just before or behind midnight of any day keeps to its own month', () => {
    fc.assert(
      fc.property(fc.integer({ min: -2_000_000, max: 100_000_000 }), (day) => {
        const midnight = BigInt(day) * DAY;
        const monthOf = (value: bigint): bigint | null => maskLong({ kind: 'date', unit: 'month' }, 1184, value);
        const first = monthOf(midnight) ?? 0n;
        expect(monthOf(midnight + DAY - 1n)).toBe(first);
        expect(monthOf(midnight - 1n) === first).toBe(first !== midnight);
      }),
    );
  });

  it('that is endless has none', () => {
    for (const value of [least, 2n ** 63n - 1n])
      expect(maskLong({ kind: 'date', unit: 'month' }, 1184, value)).toBe(null);
  });
});

describe('maskers', () => {
  it.each<[Masker, string, string]>([
    [{ kind: 'redact' }, 'anything', '•••'],
    [{ kind: 'redact' }, '', '•••'],
    [{ kind: 'keep-last', count: 4 }, 'DE89370400440532013000', '•••3000'],
    [{ kind: 'keep-last', count: 2 }, '🙂🙃🙂🙃', '•••🙂🙃'],
    [{ kind: 'keep-last', count: 4 }, 'abcd', '•••'],
    [{ kind: 'keep-last', count: 4 }, 'abcdefg', '•••'],
    [{ kind: 'keep-last', count: 4 }, '', '•••'],
    [{ kind: 'keep-last', count: 0 }, 'abc', '•••'],
    [{ kind: 'keep-last', count: -3 }, 'abc', '•••'],
    [{ kind: 'keep-last', count: 1e9 }, 'abcdefghijklmnopqrstuvwxyz', '•••'],
    [{ kind: 'initial' }, 'Ana', 'A•••'],
    [{ kind: 'initial' }, 'Østergård', 'Ø•••'],
    [{ kind: 'initial' }, 'A', '•••'],
    [{ kind: 'initial' }, '', '•••'],
    [{ kind: 'initial' }, '"; DROP', '•••'],
    [{ kind: 'email' }, 'ana.lopez@example.org', 'a***@***.org'],
    [{ kind: 'email' }, 'ö.berg@müller.de', 'ö***@***.de'],
    [{ kind: 'email' }, 'x@example.org', '***@***.org'],
    [{ kind: 'email' }, '"a b"@example.org', '***@***.org'],
    [{ kind: 'email' }, 'ana@localhost', 'a***@***.***'],
    [{ kind: 'email' }, 'ana@x.org@evil', 'a***@***.***'],
    [{ kind: 'email' }, 'ana@example.xn--p1ai', 'a***@***.***'],
    [{ kind: 'email' }, 'ana@.org', 'a***@***.***'],
    [{ kind: 'email' }, 'no address', '•••'],
    [{ kind: 'email' }, '@example.org', '•••'],
    [{ kind: 'email' }, '@', '•••'],
    [{ kind: 'phone' }, '+49 (170) 123-45-67', '+*** *** **67'],
    [{ kind: 'phone' }, '5551234567', '*** *** **67'],
    [{ kind: 'phone' }, '123456', '•••'],
    [{ kind: 'phone' }, 'call Ana at 5551234567', '•••'],
    [{ kind: 'phone' }, '٠١٢٣٤٥٦٧٨٩', '•••'],
    [{ kind: 'card' }, '4111 1111 1111 1234', '**** **** **** 1234'],
    [{ kind: 'card' }, '378282246310005', '**** **** **** 0005'],
    [{ kind: 'card' }, '411111111', '•••'],
    [{ kind: 'card' }, '4111-1111-1111-1234 Ana', '•••'],
    [{ kind: 'fixed', text: 'hidden' }, '', 'hidden'],
    [{ kind: 'fixed', text: 'hidden' }, 'anything', 'hidden'],
    [{ kind: 'email-domain' }, 'ana.lopez@example.org', '***@example.org'],
    [{ kind: 'email-domain' }, 'ana.lopez@mail.example.co.uk', '***@mail.example.co.uk'],
    [{ kind: 'email-domain' }, '"ana@home"@example.org', '***@example.org'],
    [{ kind: 'email-domain' }, 'ana@localhost', '***@***'],
    [{ kind: 'email-domain' }, 'ana@192.168.1.7', '***@***'],
    [{ kind: 'email-domain' }, 'ana@[10.0.0.1]', '***@***'],
    [{ kind: 'email-domain' }, 'ana@.org', '***@***'],
    [{ kind: 'email-domain' }, 'ana@a..org', '***@***'],
    [{ kind: 'email-domain' }, 'ana@-a.org', '***@***'],
    [{ kind: 'email-domain' }, 'ana@example.org and more', '***@***'],
    [{ kind: 'email-domain' }, '@example.org', '•••'],
    [{ kind: 'email-domain' }, 'no address', '•••'],
    [{ kind: 'card-bin' }, '4111 1111 1111 1234', '4111 11** **** 1234'],
    [{ kind: 'card-bin' }, '4111111111111234', '4111 11** **** 1234'],
    [{ kind: 'card-bin' }, '378282246310005', '3782 82** **** 0005'],
    [{ kind: 'card-bin' }, '41111111111123', '**** **** **** 1123'],
    [{ kind: 'card-bin' }, 'not a card', '•••'],
    [{ kind: 'card-token', scope: 'session', bin: false }, 'not a card', '•••'],
  ])('%j of %j is %j', (masker, value, expected) => {
    expect(mask(masker, value)).toBe(expected);
  });

  it.each(MASKERS)('%j is NULL for types that have no such value', (masker) => {
    for (const [typeOid, type] of [
      [23, 'integer'],
      [1700, 'numeric'],
      [1082, 'date'],
      [2950, 'uuid'],
      [3802, 'jsonb'],
      [114, 'json'],
      [17, 'bytea'],
      [1009, 'text[]'],
      [99_999, 'mood'],
    ] as const) {
      if (masker.kind === 'token' && type === 'uuid') continue;
      expect(mask(masker, '12345678901234', { typeOid, typeModifier: -1, type })).toBeNull();
    }
  });

  it('masks citext like text', () => {
    expect(mask({ kind: 'redact' }, 'x', { typeOid: 70_000, typeModifier: -1, type: 'citext' })).toBe('•••');
  });

  it('is NULL where the masked value is longer than the type allows', () => {
    expect(mask({ kind: 'redact' }, 'ab', varchar(2))).toBeNull();
    expect(mask({ kind: 'redact' }, 'abc', varchar(3))).toBe('•••');
    expect(mask({ kind: 'card' }, '4111111111111234', varchar(16))).toBeNull();
  });

  it.each(MASKERS)('%j says nothing of the length', (masker) => {
    const bases = ['Zoë Ångström ', '1234567890123', 'someone@', '+1 555 '];
    const lengths = bases.map(
      (base) =>
        new Set([20, 31, 64, 200].map((n) => mask(masker, base.padEnd(n, base).slice(0, n - 8) + '77778888')?.length)),
    );
    // A card is one only up to 19 digits; every other answer has one length for all of a kind.
    for (const seen of lengths) expect(seen.size).toBe(1);
  });

  it.each([{ kind: 'null' } as const, ...MASKERS])(
    '%j gives well-formed UTF-8 for any bytes and never the value',
    (masker) => {
      const strict = new TextDecoder('utf-8', { fatal: true });
      const piece = fc.oneof(
        fc.constantFrom(
          Buffer.from('@'),
          Buffer.from('.'),
          Buffer.from('é'),
          Buffer.from('\u202e'),
          Buffer.from([0xc3]),
          Buffer.from([0xf0, 0x9f]),
          Buffer.from([0xed, 0xa0, 0x80]),
          Buffer.from([0xe0, 0x80, 0x80]),
          Buffer.from([0xf4, 0x90, 0x80, 0x80]),
          Buffer.from([0x80]),
          Buffer.from([0xff]),
        ),
        fc.uint8Array({ maxLength: 6 }),
      );
      fc.assert(
        fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
          const value = Buffer.concat(pieces);
          const masked = maskBytes(masker, value);
          if (masked === null) return;
          expect(() => strict.decode(masked)).not.toThrow();
          // Shorter ones are found in made-up text by chance.
          if (value.length > (/token|fixed/.test(masker.kind) ? 6 : 0))
            expect(masked.includes(value) && !Buffer.from('•••**** **** ****@***. ').includes(value)).toBe(false);
        }),
        { numRuns: 300 },
      );
    },
  );
});
