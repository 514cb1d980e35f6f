import { type ActivityRange } from '../../shared/views.ts';
import { plural } from '../results/words.ts';
import { type Bars, totalsOf } from './chart-model.ts';
import { type FeedState } from './feed.ts';
import { isWholeHours } from './time-range.ts';

/** How many events are looked at; null while nobody has counted. */
export interface Count {
  readonly events: number;
  /** False where the chart counted whole hours and the times begin or end within one. */
  readonly exact: boolean;
}

/** Counted one by one where all of them are listed, else by the chart. */
export function countOf(
  feed: Pick<FeedState, 'rows' | 'older' | 'begun' | 'loading' | 'trouble'>,
  bars: Bars | null,
  range: ActivityRange,
  now: number,
): Count | null {
  if (feed.begun && !feed.loading && feed.trouble === null && feed.older === 'none')
    return { events: feed.rows.length, exact: true };
  return bars === null ? null : { events: totalsOf(bars).events, exact: isWholeHours(range, now) };
}

export const countWords = ({ events, exact }: Count): string => `${exact ? '' : 'about '}${plural(events, 'event')}`;
