const steps = [
  [60, 'second'],
  [60, 'minute'],
  [24, 'hour'],
  [30, 'day'],
  [12, 'month'],
] as const;

const words = new Intl.RelativeTimeFormat('en', { numeric: 'auto', style: 'short' });

/** `3 min. ago` of an ISO time; `now` in ms since the epoch. */
export function agoInWords(at: string, now: number): string {
  let value = Math.min(0, (Date.parse(at) - now) / 1000);
  for (const [size, unit] of steps) {
    if (value > -size) return unit === 'second' ? 'just now' : words.format(Math.trunc(value), unit);
    value /= size;
  }
  return words.format(Math.trunc(value), 'year');
}
