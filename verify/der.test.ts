import { describe, expect, it } from 'vitest';
import { algorithm, Der, NotDer, oid, TAG, time } from './der.ts';

const der = (hex: string): Der => new Der(Buffer.from(hex, 'hex'));

describe('DER', () => {
  it('is read value by value', () => {
    const reader = der('3003020105').into(TAG.sequence);
    expect(reader.take(TAG.integer).content).toEqual(Buffer.of(5));
    expect(reader.done).toBe(true);
  });

  it.each([
    ['nothing', ''],
    ['a tag without a length', '02'],
    ['a content that is cut', '020205'],
    ['an indefinite length', '30800000'],
    ['a length longer than it need be', '02810105'],
    ['a length with zeros in front', '0282000105'],
    ['a length that is cut', '028201'],
    ['a length of five bytes', '02850000000001'],
    ['a tag of several bytes', '1f8101'],
  ])('that is %s is refused', (_what, hex) => {
    expect(() => der(hex).take()).toThrow(NotDer);
  });

  it('of another kind than expected is refused, and so is what follows', () => {
    expect(() => der('020105').take(TAG.octets)).toThrow(NotDer);
    expect(() => der('020105').end()).toThrow(NotDer);
  });

  it.each([
    ['06092a864886f70d010702', '1.2.840.113549.1.7.2'],
    ['0603550403', '2.5.4.3'],
    ['06032b6570', '1.3.101.112'],
    ['0603883703', '2.999.3'],
  ])('names an object: %s', (hex, name) => {
    expect(oid(der(hex).take())).toBe(name);
  });

  it('names an algorithm with NULL or without parameters, and with no others', () => {
    expect(algorithm(der('06032b6570'))).toBe('1.3.101.112');
    expect(algorithm(der('06032b65700500'))).toBe('1.3.101.112');
    expect(() => algorithm(der('06032b6570050100'))).toThrow(NotDer);
    expect(() => algorithm(der('06032b6570020105'))).toThrow(NotDer);
  });

  const stamp = (text: string): number =>
    time(new Der(Buffer.concat([Buffer.of(TAG.time, text.length), Buffer.from(text)])).take());

  it('has times in UTC, to a fraction of a second', () => {
    expect(stamp('20261121203000Z')).toBe(Date.parse('2026-11-21T20:30:00Z'));
    expect(stamp('20261121203000.25Z')).toBe(Date.parse('2026-11-21T20:30:00.250Z'));
  });

  it.each(['20261121203000', '20261121203000+0100', '20261321203000Z', '20261121203000.50Z', '2611212030Z', ''])(
    'has no time %s',
    (text) => {
      expect(() => stamp(text)).toThrow(NotDer);
    },
  );
});
