/** Date and time of day where the policy lives, as conditions see them: weekday from 1 (Monday) to 7, as ISO 8601 counts. */
export interface LocalTime {
  readonly year: bigint;
  readonly month: bigint;
  readonly day: bigint;
  readonly weekday: bigint;
  readonly hour: bigint;
  readonly minute: bigint;
}

export type LocalClock = (now: Date) => LocalTime;

const WEEKDAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const MINUTE = 60_000;

/** A clock of an IANA time zone, or undefined where there is no such zone. The last minute asked for is kept. */
export function localClock(timeZone: string): LocalClock | undefined {
  const format = formatOf(timeZone);
  if (format === undefined) return undefined;
  let kept: { readonly minute: number; readonly time: LocalTime } | undefined;
  return (now) => {
    const minute = Math.floor(now.getTime() / MINUTE);
    if (kept?.minute !== minute) kept = { minute, time: read(format, now) };
    return kept.time;
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-GB', {
      timeZone,
      hourCycle: 'h23',
      weekday: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
  } catch {
    return undefined;
  }
}

function read(format: Intl.DateTimeFormat, now: Date): LocalTime {
  const parts = new Map(format.formatToParts(now).map((part) => [part.type, part.value]));
  const number = (type: Intl.DateTimeFormatPartTypes) => BigInt(parts.get(type) ?? 0);
  return {
    year: number('year'),
    month: number('month'),
    day: number('day'),
    weekday: BigInt(WEEKDAYS.indexOf(parts.get('weekday') ?? '') + 1),
    hour: number('hour'),
    minute: number('minute'),
  };
}

const WRITTEN = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/;

/**
 * The instant of an ISO 8601 time with hours and minutes. Without an offset it is the time of day where the policy lives, whatever the
 * machine's own zone; the earlier one where clocks are turned back and it comes twice. Undefined for anything else, and for a time
 * that clocks leave out.
 */
export function instantOf(written: string, clock: LocalClock): Date | undefined {
  const [, year, month, day, hour, minute, offset] = WRITTEN.exec(written) ?? [];
  if (year === undefined) return undefined;
  const utc = new Date(offset === undefined ? `${written}Z` : written);
  if (Number.isNaN(utc.getTime())) return undefined;
  if (offset !== undefined) return utc;
  const wanted = [year, month, day, hour, minute].map(Number).join();
  const candidates = [-1, 0, 1].map((days) => {
    const near = new Date(utc.getTime() + days * 24 * 60 * MINUTE);
    return new Date(utc.getTime() - offsetAt(near, clock));
  });
  const found = candidates.filter((candidate) => {
    const local = clock(candidate);
    return [local.year, local.month, local.day, local.hour, local.minute].join() === wanted;
  });
  return found.sort((one, other) => one.getTime() - other.getTime())[0];
}

/** Milliseconds that local time is ahead of UTC. */
function offsetAt(instant: Date, clock: LocalClock): number {
  const { year, month, day, hour, minute } = clock(instant);
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute));
  return local - Math.floor(instant.getTime() / MINUTE) * MINUTE;
}
