import { CountersignError } from '../errors.ts';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const DATE = /^\d{4}-\d\d-\d\d$/;
const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?$/;

/**
 * A point in time as options take it: ISO 8601 (UTC where no offset is given), or so many minutes, hours or days ago (`30m`,
 * `2h`, `7d`). Gives ms since 1970 UTC. @throws CountersignError `not-a-time`
 */
export function instantOf(text: string, option: string, now: number): number {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return now - Number(count) * (UNITS[unit] ?? 0);
  const [, , , zone] = DATE_TIME.exec(text) ?? [];
  const ms = DATE.test(text)
    ? Date.parse(text)
    : DATE_TIME.test(text)
      ? Date.parse(zone === undefined ? `${text}Z` : text)
      : NaN;
  // Date takes the 31st of a short month for the first of the next one.
  if (!Number.isNaN(ms) && isDay(text.slice(0, 10))) return Math.max(0, ms);
  throw new CountersignError('not-a-time', `${option} ${text} is not a time.`, {
    next: 'Write 2026-11-21, 2026-11-21T09:30Z, or how long ago: 30m, 2h, 7d.',
  });
}

const isDay = (day: string): boolean => {
  const ms = Date.parse(day);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day);
};
