import { type ActivityRange } from '../../shared/views.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

export type Span = Extract<ActivityRange, { kind: 'last' }>['span'];

export const spans: readonly { readonly span: Span; readonly label: string; readonly ms: number | null }[] = [
  { span: 'hour', label: 'Last hour', ms: HOUR },
  { span: 'day', label: 'Last 24 hours', ms: DAY },
  { span: 'week', label: 'Last 7 days', ms: 7 * DAY },
  { span: 'month', label: 'Last 30 days', ms: 30 * DAY },
  { span: 'quarter', label: 'Last 90 days', ms: 90 * DAY },
  { span: 'all', label: 'All time', ms: null },
];

/** Hours up to this long, then days: at most 192 bars before days begin. */
const LONGEST_IN_HOURS = 8 * DAY;

/**
 * The bounds a range asks for; a span counted back from `now` (ms since 1970 UTC) stays open at its end, for what comes. It begins
 * with a whole hour, because charts count whole hours: what is listed and what is counted are then the same events. The last hour
 * is the last hour.
 */
export function boundsOf(range: ActivityRange, now: number): { readonly from?: number; readonly to?: number } {
  if (range.kind === 'exact') return { from: range.from, to: range.to };
  const length = spans.find(({ span }) => span === range.span)?.ms ?? null;
  if (length === null) return {};
  return { from: length > HOUR ? Math.floor((now - length) / HOUR) * HOUR : now - length };
}

/** Do charts count exactly the events of the range. */
export function isWholeHours(range: ActivityRange, now: number): boolean {
  const { from = 0, to = 0 } = boundsOf(range, now);
  return from % HOUR === 0 && to % HOUR === 0;
}

/** What a chart of the range shows: from, to and the width of a bar. `all` begins with the first event, whichever it is. */
export function chartBounds(
  range: ActivityRange,
  now: number,
): { readonly from: number; readonly to: number; readonly bucket: 'hour' | 'day' } {
  const { from = 0, to = now } = boundsOf(range, now);
  return { from, to, bucket: to - from <= LONGEST_IN_HOURS ? 'hour' : 'day' };
}

/** Do new events belong to the range as they come. */
export const isOpen = (range: ActivityRange, now: number): boolean => range.kind === 'last' || range.to > now;

/** An exact range, ends in order, or null where there is no time in it. */
export function exactRange(from: number, to: number): ActivityRange | null {
  if (!Number.isFinite(from) || !Number.isFinite(to)) return null;
  const start = Math.max(0, Math.round(Math.min(from, to)));
  const end = Math.min(8_640_000_000_000_000, Math.round(Math.max(from, to)));
  return end > start ? { kind: 'exact', from: start, to: end } : null;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** ms as a person types it: `2026-11-21 20:42:38`, local time, the same in every country. */
export function toInput(at: number): string {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '';
  const day = `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

const written = /^(\d{4})-(\d\d)-(\d\d)(?:[ T](\d\d):(\d\d)(?::(\d\d))?)?$/;

/** The local time that was typed, in ms; a day alone is its beginning. NaN for what is no time, such as 31 February. */
export function fromInput(text: string): number {
  const [, year, month, day, hour = '00', minute = '00', second = '00'] = written.exec(text.trim()) ?? [];
  if (year === undefined) return Number.NaN;
  const at = new Date(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  // Date counts on past the end of a month, a day or an hour; a clock does not, but for the hour that summer time leaves out.
  const same = toInput(at.getTime()).startsWith(`${year}-${String(month)}-${String(day)}`);
  return same && Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60 ? at.getTime() : Number.NaN;
}
