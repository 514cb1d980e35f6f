import { describe, expect, it } from 'vitest';
import { boundsOf, chartBounds, exactRange, fromInput, isOpen, isWholeHours, toInput } from './time-range.ts';

const HOUR = 3_600_000;
const now = Date.parse('2026-03-10T12:00:00Z');

describe('times that are looked at', () => {
  it('counts a span back from now and leaves its end open for what comes', () => {
    expect(boundsOf({ kind: 'last', span: 'day' }, now)).toEqual({ from: now - 24 * HOUR });
    expect(boundsOf({ kind: 'last', span: 'all' }, now)).toEqual({});
  });

  it('begins with a whole hour, so that what is counted is what is listed; only the last hour is as it is', () => {
    expect(boundsOf({ kind: 'last', span: 'day' }, now + 1234)).toEqual({ from: now - 24 * HOUR });
    expect(boundsOf({ kind: 'last', span: 'hour' }, now + 1234)).toEqual({ from: now + 1234 - HOUR });
    expect(isWholeHours({ kind: 'last', span: 'week' }, now + 1234)).toBe(true);
    expect(isWholeHours({ kind: 'last', span: 'hour' }, now + 1234)).toBe(false);
    expect(isWholeHours({ kind: 'exact', from: now, to: now + 60_000 }, now)).toBe(false);
  });

  it.each([
    ['hour', 'hour'],
    ['week', 'hour'],
    ['month', 'day'],
    ['all', 'day'],
  ] as const)('draws the last %s in bars of an %s', (span, bucket) => {
    expect(chartBounds({ kind: 'last', span }, now).bucket).toBe(bucket);
  });

  it('knows that nothing new falls into times that are over', () => {
    expect(isOpen({ kind: 'exact', from: now - HOUR, to: now - 1 }, now)).toBe(false);
    expect(isOpen({ kind: 'exact', from: now - HOUR, to: now + 1 }, now)).toBe(true);
    expect(isOpen({ kind: 'last', span: 'hour' }, now)).toBe(true);
  });

  it.each<[string, number, number, object | null]>([
    ['in order', 5, 9, { kind: 'exact', from: 5, to: 9 }],
    ['the wrong way round', 9, 5, { kind: 'exact', from: 5, to: 9 }],
    ['of no length', 5, 5, null],
    ['that are no times', Number.NaN, 5, null],
    ['before 1970', -5, 9, { kind: 'exact', from: 0, to: 9 }],
    ['without an end', 5, Infinity, null],
    ['after the last day there is', 5, 9e15, { kind: 'exact', from: 5, to: 8.64e15 }],
  ])('makes of ends %s a range or none', (_, from, to, expected) => {
    expect(exactRange(from, to)).toEqual(expected);
  });
});

describe('times as they are typed', () => {
  it('come back as they were shown', () => {
    const at = new Date(2026, 1, 3, 4, 5, 6).getTime();
    expect(toInput(at)).toBe('2026-02-03 04:05:06');
    expect(fromInput(toInput(at))).toBe(at);
  });

  it('may be a day alone, or end with the minute, or have a T', () => {
    expect(fromInput('2026-02-03')).toBe(new Date(2026, 1, 3).getTime());
    expect(fromInput(' 2026-02-03 04:05 ')).toBe(new Date(2026, 1, 3, 4, 5).getTime());
    expect(fromInput('2026-02-03T04:05:06')).toBe(new Date(2026, 1, 3, 4, 5, 6).getTime());
  });

  it.each([
    '',
    'yesterday',
    '2026-02-31',
    '2026-13-01',
    '2026-02-03 25:00',
    '2026-02-03 24:00',
    '2026-02-03 10:61',
    '02/03/2026',
  ])('are none when they read "%s"', (text) => {
    expect(fromInput(text)).toBeNaN();
  });

  it('are empty for a number that is no date', () => {
    expect(toInput(9e15)).toBe('');
  });
});
