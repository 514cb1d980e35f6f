import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { statementOf } from './utf8.ts';

const bytesOf = (...parts: readonly (string | readonly number[])[]): Uint8Array =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

describe('a statement from a file or standard input', () => {
  it('is the text that its bytes are, whatever it is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(statementOf(Buffer.from(text), 'f')).toBe(text);
      }),
    );
  });

  const invalid: readonly (readonly [string, Uint8Array, number, number, string])[] = [
    ['a byte of Latin-1', bytesOf("select 'caf", [0xe9], "'"), 12, 1, '0xe9'],
    ['a lone continuation byte on a later line', bytesOf('select 1,\n\n é', [0x80]), 15, 3, '0x80'],
    ['half a character at the end', bytesOf('select 1', [0xe2, 0x82]), 9, 1, '0xe2'],
    ['a slash in two bytes', bytesOf([0xc0, 0xaf]), 1, 1, '0xc0'],
    ['a surrogate', bytesOf('a', [0xed, 0xa0, 0x80]), 2, 1, '0xed'],
    ['a code point past the last', bytesOf('aé', [0xf4, 0x90, 0x80, 0x80]), 4, 1, '0xf4'],
    ['a quote inside a character', bytesOf("select '", [0xe2, 0x27], 'x'), 9, 1, '0xe2'],
    ['UTF-16', bytesOf([0xff, 0xfe, 0x73, 0x00]), 1, 1, '0xff'],
  ];
  for (const [what, bytes, byte, line, hex] of invalid) {
    it(`is refused with the place of ${what}`, () => {
      const place = `byte ${String(byte)}, on line ${String(line)}, is ${hex}`;
      expect(() => statementOf(bytes, 'report.sql')).toThrow(`in report.sql is not valid UTF-8: ${place}`);
    });
  }

  it('is refused at the right place in a large file', () => {
    const bytes = bytesOf('ä'.repeat(500_000), [0xff], 'x'.repeat(500_000));
    expect(() => statementOf(bytes, 'f')).toThrow('byte 1000001,');
  });
});
