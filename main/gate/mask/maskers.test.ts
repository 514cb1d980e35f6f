import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MASKED_LIMIT } from '../../databases/result/index.ts';
import { type Masker } from '../verdict.ts';
import { maskerTransform, type MaskedType } from './maskers.ts';

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
  const length = maskerTransform(masker, type)(source, 4, 4 + value.length, target, 10);
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
];

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
          if (value.length > 0)
            expect(masked.includes(value) && !Buffer.from('•••**** **** ****@***. ').includes(value)).toBe(false);
        }),
        { numRuns: 300 },
      );
    },
  );
});
