import { describe, expect, it } from 'vitest';
import { instantOf, localClock } from './local-clock.ts';

const at = (written: string, timeZone: string): string | undefined => {
  const clock = localClock(timeZone);
  return clock && instantOf(written, clock)?.toISOString();
};

describe('a written time', () => {
  it.each([
    ['2026-03-02T10:00', 'UTC', '2026-03-02T10:00:00.000Z'],
    ['2026-03-02T10:00', 'Europe/Berlin', '2026-03-02T09:00:00.000Z'],
    ['2026-07-02T10:00:30', 'Europe/Berlin', '2026-07-02T08:00:30.000Z'],
    ['2026-03-02T00:15', 'Asia/Kolkata', '2026-03-01T18:45:00.000Z'],
    ['2026-01-01T01:00', 'Pacific/Kiritimati', '2025-12-31T11:00:00.000Z'],
    ['2026-03-02T10:00Z', 'Europe/Berlin', '2026-03-02T10:00:00.000Z'],
    ['2026-03-02T10:00:00+05:30', 'Europe/Berlin', '2026-03-02T04:30:00.000Z'],
    // Clocks are turned back at three: the earlier of the two.
    ['2026-10-25T02:30', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    ['2026-03-29T03:30', 'Europe/Berlin', '2026-03-29T01:30:00.000Z'],
  ])('%s in %s is %s', (written, timeZone, instant) => {
    expect(at(written, timeZone)).toBe(instant);
  });

  it.each([
    ['2026-03-29T02:30', 'Europe/Berlin'],
    ['2026-02-30T10:00', 'UTC'],
    ['2026-03-02', 'UTC'],
    ['2026-03-02T25:00', 'UTC'],
    ['10:00', 'UTC'],
  ])('%s in %s is none', (written, timeZone) => {
    expect(at(written, timeZone)).toBeUndefined();
  });
});
