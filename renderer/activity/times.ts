import { type ActivityRange } from '../../shared/views.ts';
import { agoInWords } from '../history/ago.ts';
import { spans } from './time-range.ts';

/** Times in words, in the local zone, which is always named where a time is exact. */

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const shortClock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const dayAndMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayOfYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const exact = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
  timeZoneName: 'short',
});

/** Formats that throw on what is no date are not for numbers from a record: a clock may have been anywhere. */
const say = (format: Intl.DateTimeFormat, at: number): string =>
  Number.isNaN(new Date(at).getTime()) ? 'no time' : format.format(at);

const sameDay = (one: number, other: number): boolean =>
  new Date(one).toDateString() === new Date(other).toDateString();
const sameYear = (one: number, other: number): boolean => new Date(one).getFullYear() === new Date(other).getFullYear();

/** `Sat, 21 Nov 2026, 21:13:05.123 CET` */
export const exactTime = (at: number): string => say(exact, at);

/** As short as it stays clear beside others: the clock today, else the day and the clock, else the day and the year. */
export function listTime(at: number, now: number): string {
  if (sameDay(at, now)) return say(clock, at);
  return sameYear(at, now) ? `${say(dayAndMonth, at)}, ${say(shortClock, at)}` : say(dayOfYear, at);
}

/** `3 min. ago` up to a day; null where the list's own time says it better. */
export function recently(at: number, now: number): string | null {
  if (Number.isNaN(new Date(at).getTime()) || now - at >= DAY) return null;
  return agoInWords(new Date(at).toISOString(), now);
}

/** `Europe/Madrid (GMT+1)`; UTC says as much by its name. */
export function zoneName(now: number): string {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const offset = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'shortOffset' })
    .formatToParts(now)
    .find(({ type }) => type === 'timeZoneName')?.value;
  return offset === undefined || zone === 'UTC' ? zone : `${zone} (${offset})`;
}

/** `Last 7 days`, or `21 Nov 2026, 14:00 – 15:30`. */
export function rangeWords(range: ActivityRange): string {
  if (range.kind === 'last') return spans.find(({ span }) => span === range.span)?.label ?? range.span;
  const { from, to } = range;
  const start = `${say(dayOfYear, from)}, ${say(shortClock, from)}`;
  const end = sameDay(from, to) ? say(shortClock, to) : `${say(dayOfYear, to)}, ${say(shortClock, to)}`;
  return `${start} \u2013 ${end}`;
}

/** A tick or bar of the chart: the clock for hours, the day for days (which the record counts in UTC). */
export function bucketWords(at: number, bucket: number): string {
  if (bucket < DAY) return `${say(dayAndMonth, at)}, ${say(shortClock, at)} \u2013 ${say(shortClock, at + bucket)}`;
  const days = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
  return bucket === DAY ? say(days, at) : `${say(days, at)} \u2013 ${say(days, at + bucket - DAY)}`;
}
