const MINUTE = 60_000;

/**
 * How long something still lasts, at most as precise as is of use: `22 min`, `3 h 5 min`, `under a minute`; `over` once it is.
 * `until` is ISO 8601, `now` in ms since 1970 UTC.
 */
export function remaining(until: string, now: number): string {
  const left = Date.parse(until) - now;
  if (!(left > 0)) return 'over';
  if (left < MINUTE) return 'under a minute';
  // What is shown is never longer than what is left.
  const minutes = Math.floor(left / MINUTE);
  if (minutes < 60) return `${String(minutes)} min`;
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  if (hours >= 48) return `${String(Math.floor(hours / 24))} days`;
  return rest === 0 ? `${String(hours)} h` : `${String(hours)} h ${String(rest)} min`;
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const dayAndClock = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
});

/** The clock today, else the day too; in the local zone. */
export function clockTime(at: string, now: number): string {
  const time = Date.parse(at);
  if (Number.isNaN(time)) return 'no time';
  const today = new Date(time).toDateString() === new Date(now).toDateString();
  return (today ? clock : dayAndClock).format(time);
}
