/** What both stores hold to. */
import { CountersignError } from '../../errors.ts';
import { type Viewer } from './activity-store.ts';
import { type Row } from './event-row.ts';
import { first } from './terms.ts';

/** Events that refer to one, at most. */
export const MOST_RELATED = 100;

export const maySee = (viewer: Viewer, row: Row): boolean =>
  viewer.everything || first(row.terms, 'person') === viewer.person;

const LONGEST_PAGE = 10_000;

export function mayPage(limit: number): number {
  if (Number.isInteger(limit) && limit >= 1 && limit <= LONGEST_PAGE) return limit;
  throw new CountersignError('activity-limit', `A page has 1 to ${String(LONGEST_PAGE)} events.`);
}

export const indexGap = (log: string, indexed: number, first: number): CountersignError =>
  new CountersignError(
    'index-gap',
    `The search index has ${String(indexed)} events of the log ${log}; what is to be added begins at ${String(first)}.`,
    { next: 'Go on where the index stands, or forget the log and take it in anew.' },
  );
