import { describe, expect, it } from 'vitest';
import { bucketWords, exactTime, listTime, rangeWords, recently, zoneName } from './times.ts';

const at = (day: number, hour = 9, minute = 5): number => new Date(2026, 2, day, hour, minute, 7, 45).getTime();
const now = at(10, 12);

describe('times in words', () => {
  it.each([
    ['today by the clock', at(10), '09:05:07'],
    ['this year by the day and the clock', at(9), '9 Mar, 09:05'],
    ['before that by the day and the year', new Date(2024, 2, 9, 9).getTime(), '9 Mar 2024'],
  ])('are told %s', (_, time, words) => {
    expect(listTime(time, now)).toBe(words);
  });

  it('are told as far back only while they are of the last day', () => {
    expect(recently(now - 180_000, now)).toBe('3 min. ago');
    expect(recently(at(8), now)).toBeNull();
  });

  it('are exact with the milliseconds and the zone', () => {
    expect(exactTime(at(10))).toMatch(/^Tue.* 10 Mar 2026.* 09:05:07[.,]045 \S+/);
  });

  it('name their zone', () => {
    expect(zoneName(now)).toContain(Intl.DateTimeFormat().resolvedOptions().timeZone);
  });

  it.each([
    ['a span', { kind: 'last', span: 'week' } as const, 'Last 7 days'],
    ['an hour', { kind: 'exact', from: at(10, 14, 0), to: at(10, 15, 30) } as const, '10 Mar 2026, 14:00 \u2013 15:30'],
    [
      'over midnight',
      { kind: 'exact', from: at(9, 23, 0), to: at(10, 1, 0) } as const,
      '9 Mar 2026, 23:00 \u2013 10 Mar 2026, 01:00',
    ],
  ])('say %s as short as it is clear', (_, range, words) => {
    expect(rangeWords(range)).toBe(words);
  });

  it('call a bar of a day by the day that the record counts, in UTC', () => {
    expect(bucketWords(Date.parse('2026-03-10T00:00:00Z'), 86_400_000)).toBe('10 Mar 2026');
    expect(bucketWords(Date.parse('2026-03-10T00:00:00Z'), 2 * 86_400_000)).toBe('10 Mar 2026 \u2013 11 Mar 2026');
  });

  it.each([9e15, -9e15, Number.NaN])('do not break on %d, which a broken clock wrote', (time) => {
    expect(listTime(time, now)).toBe('no time');
    expect(exactTime(time)).toBe('no time');
    expect(recently(time, now)).toBeNull();
  });
});
