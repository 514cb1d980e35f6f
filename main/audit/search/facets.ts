import { type ActivityFacets } from './activity-store.ts';
import { first, type Space, spaceOf, type Term, valueOf } from './terms.ts';

/** Newest matching events that facets are counted over. */
export const COUNTED = 20_000;
/** Values of each facet. */
const LISTED = 100;

/**
 * @param events what stands for the terms of each event, newest first: counted as it is, and read once each
 * @param termOf the term that such a thing stands for
 */
export function facetsOf<T>(events: readonly (readonly T[])[], termOf: (of: T) => Term): ActivityFacets {
  const counts = new Map<T, number>();
  const newest = new Map<T, readonly T[]>();
  for (const event of events) {
    for (const of of event) {
      const count = counts.get(of);
      counts.set(of, (count ?? 0) + 1);
      if (count === undefined) newest.set(of, event);
    }
  }
  const bySpace = new Map<Space, { readonly value: string; readonly events: number; readonly of: T }[]>();
  for (const [of, events] of counts) {
    const term = termOf(of);
    const values = bySpace.get(spaceOf(term)) ?? [];
    bySpace.set(spaceOf(term), values);
    values.push({ value: valueOf(term), events, of });
  }
  const frequent = (space: Space) =>
    (bySpace.get(space) ?? []).sort((a, b) => b.events - a.events || (a.value < b.value ? -1 : 1)).slice(0, LISTED);
  const listed = (space: Space) => frequent(space).map(({ value, events }) => ({ value, events }));
  return {
    people: frequent('person').map(({ value, events, of }) => ({
      value,
      name: first((newest.get(of) ?? []).map(termOf), 'name') ?? value,
      events,
    })),
    agents: listed('agent'),
    connections: listed('connection'),
    environments: listed('environment'),
    tables: listed('table'),
    classes: listed('class'),
    kinds: listed('kind'),
  };
}
