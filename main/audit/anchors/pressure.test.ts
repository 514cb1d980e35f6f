import { describe, expect, it } from 'vitest';
import { type Pressure } from './anchors.ts';
import { nextPressure, type PressureLimits } from './pressure.ts';

const limits: PressureLimits = {
  warn: { events: 100, hours: 1 },
  refuseRisky: { events: 1000, hours: 24 },
  refuseAll: { events: 10_000 },
};

describe('the pressure of what waits', () => {
  it.each<[Pressure, number, number, Pressure]>([
    ['none', 0, 0, 'none'],
    ['none', 99, 0.9, 'none'],
    ['none', 100, 0, 'warn'],
    ['none', 1, 1, 'warn'],
    ['none', 1, 24, 'refuse-risky'],
    ['none', 1000, 0, 'refuse-risky'],
    ['none', 10_000, 0, 'refuse-all'],
    // What has no limit of a kind is not met by it.
    ['none', 1, 10_000, 'refuse-risky'],
    // Held until half of the limit is left.
    ['warn', 60, 0, 'warn'],
    ['warn', 49, 0, 'none'],
    ['warn', 49, 0.6, 'warn'],
    ['refuse-risky', 600, 0, 'refuse-risky'],
    ['refuse-risky', 499, 0, 'warn'],
    ['refuse-all', 5000, 0, 'refuse-all'],
    ['refuse-all', 4999, 0, 'refuse-risky'],
    ['refuse-all', 3, 0, 'none'],
    // Nothing waits: however old it is.
    ['refuse-all', 0, 1000, 'none'],
  ])('goes on from %s, with %d events of up to %d hours, as it should', (current, events, hours, next) => {
    expect(nextPressure(current, { events, hours }, limits)).toBe(next);
  });

  it('never refuses where no limit says so', () => {
    expect(nextPressure('none', { events: 1e9, hours: 1e6 }, { warn: {} })).toBe('none');
  });
});
