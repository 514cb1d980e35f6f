import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addCell, noTotals, totalsInWords } from './aggregates.ts';
import { addDecimal, compareDecimal, divideDecimal, formatDecimal, parseDecimal, zero } from './decimal.ts';
import { type CellView } from './model.ts';

const value = (text: string): CellView => ({ text, state: 'value' });
const total = (cells: readonly CellView[]) => cells.reduce(addCell, noTotals);
const sumOf = (...texts: string[]): string => formatDecimal(total(texts.map(value)).sum);

describe('sums of a selection', () => {
  it('keeps integers that a double would round', () => {
    expect(sumOf('9007199254740993', '9223372036854775807')).toBe('9,232,379,236,109,516,800');
  });

  it('adds decimals without binary dust', () => {
    expect(sumOf('0.1', '0.2')).toBe('0.3');
    expect(sumOf('129.90', '0.05', '-30')).toBe('99.95');
  });

  it('reads the exponent form of float8', () => {
    expect(sumOf('1e-3', '1.5e2')).toBe('150.001');
  });

  it('counts what cannot be added instead of adding it', () => {
    const totals = total([
      value('10'),
      value('NaN'),
      value('Infinity'),
      { text: '***', state: 'masked' },
      { text: '7', state: 'masked' },
      { text: '', state: 'null' },
      { text: '123', state: 'truncated' },
    ]);
    expect(totals).toMatchObject({ numbers: 1, left: 5 });
    expect(totalsInWords(totals)).toContainEqual({ label: 'Left out', value: '5 masked or not a number' });
  });

  it('says nothing when there is nothing to add', () => {
    expect(totalsInWords(total([{ text: '', state: 'null' }, value('NaN')]))).toEqual([]);
  });

  it('marks an average that had to be rounded', () => {
    const words = (texts: string[]) => totalsInWords(total(texts.map(value)))[1]?.value;
    expect(words(['1', '2'])).toBe('1.5');
    expect(words(['1', '1', '2'])).toBe('≈ 1.3333');
    expect(words(['-1', '-1', '-2'])).toBe('≈ -1.3333');
    expect(words(['-2', '-2', '-1'])).toBe('≈ -1.6667');
  });

  it.each(['', '.', '-', '1,000', '$5', '0x10', '1e', '1e99999', '٣', '1'.repeat(3000)])(
    'does not take %s for a number',
    (text) => {
      expect(parseDecimal(text)).toBeNull();
    },
  );
});

describe('decimals', () => {
  const number = fc.tuple(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.nat(12));
  const text = ([units, scale]: readonly [bigint, number]): string =>
    formatDecimal({ units, scale }).replaceAll(',', '');

  it('come back from their own text unchanged', () => {
    fc.assert(
      fc.property(number, (pair) => {
        expect(parseDecimal(text(pair))).toEqual({ units: pair[0], scale: pair[1] });
      }),
    );
  });

  it('add up to the same in any order', () => {
    fc.assert(
      fc.property(fc.array(number, { maxLength: 8 }), (pairs) => {
        const all = pairs.map((pair) => parseDecimal(text(pair)) ?? zero);
        const forward = all.reduce(addDecimal, zero);
        const backward = all.toReversed().reduce(addDecimal, zero);
        expect(compareDecimal(forward, backward)).toBe(0);
      }),
    );
  });

  it('divide so that the quotient times the count is within half a unit', () => {
    expect(divideDecimal({ units: 10n, scale: 0 }, 4)).toEqual({ quotient: { units: 25000n, scale: 4 }, exact: true });
  });
});
