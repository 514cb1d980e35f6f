/** What waiting for the store refuses, and when it no longer does. */
import { type Pressure } from './anchors.ts';

/** Whichever is met first. */
export interface PressureLimit {
  readonly events?: number;
  readonly hours?: number;
}

export interface PressureLimits {
  readonly warn: PressureLimit;
  readonly refuseRisky?: PressureLimit;
  readonly refuseAll?: PressureLimit;
}

/** What waits to be copied. */
export interface Waiting {
  readonly events: number;
  /** Of the oldest one that waits. */
  readonly hours: number;
}

/** Once met, a limit holds until less than this share of it waits: what comes in small bursts does not flap. */
const RELEASE = 0.5;

export const ORDER = ['none', 'warn', 'refuse-risky', 'refuse-all'] as const satisfies readonly Pressure[];

const reaches = ({ events, hours }: Waiting, limit: PressureLimit, share: number): boolean =>
  events > 0 &&
  ((limit.events !== undefined && events >= limit.events * share) ||
    (limit.hours !== undefined && hours >= limit.hours * share));

/** The pressure that follows `current`. */
export function nextPressure(current: Pressure, waiting: Waiting, limits: PressureLimits): Pressure {
  const steps: readonly (readonly [Pressure, PressureLimit | undefined])[] = [
    ['refuse-all', limits.refuseAll],
    ['refuse-risky', limits.refuseRisky],
    ['warn', limits.warn],
  ];
  for (const [level, limit] of steps) {
    if (limit === undefined) continue;
    const held = ORDER.indexOf(current) >= ORDER.indexOf(level);
    if (reaches(waiting, limit, held ? RELEASE : 1)) return level;
  }
  return 'none';
}
