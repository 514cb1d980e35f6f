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
