import { exactRange } from '../activity/time-range.ts';
import { type ActivityRange, type SimulatedView } from '../../shared/views.ts';

/** ms before and after an event that are shown with it. */
const AROUND = 30 * 60_000;

/** The times around an event; all there is where its time is no time. */
export const around = (at: number): ActivityRange =>
  exactRange(at - AROUND, at + AROUND) ?? { kind: 'last', span: 'all' };

/** What would have become of it: what is newly let through is marked as well as what is newly refused. */
export function outcomeOf({ before, after }: Pick<SimulatedView, 'before' | 'after'>): {
  readonly icon: string;
  readonly words: string;
  readonly meaning: 'write' | 'refused' | 'waiting';
} {
  if (before === after) return { icon: 'arrow-swap', words: 'Otherwise bound', meaning: 'waiting' };
  return after === 'allow'
    ? { icon: 'arrow-up', words: 'Now allowed', meaning: 'write' }
    : { icon: 'circle-slash', words: 'Now refused', meaning: 'refused' };
}
