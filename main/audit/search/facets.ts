import { type ActivityFacets } from './activity-store.ts';
import { first, type Space, spaceOf, type Term, valueOf } from './terms.ts';

/** Newest matching events that facets are counted over. */
export const COUNTED = 20_000;
/** Values of each facet. */
const LISTED = 100;

/** @param events the terms of each event, newest first */
export function facetsOf(events: Iterable<readonly Term[]>): ActivityFacets {
  const counts = new Map<Term, number>();
  const names = new Map<string, string>();
  for (const terms of events) {
    for (const of of terms) counts.set(of, (counts.get(of) ?? 0) + 1);
    const person = first(terms, 'person');
    if (person !== null && !names.has(person)) names.set(person, first(terms, 'name') ?? person);
  }
  const listed = (space: Space): readonly { readonly value: string; readonly events: number }[] =>
    [...counts]
      .filter(([of]) => spaceOf(of) === space)
      .map(([of, events]) => ({ value: valueOf(of), events }))
      .sort((a, b) => b.events - a.events || (a.value < b.value ? -1 : 1))
      .slice(0, LISTED);
  return {
    people: listed('person').map(({ value, events }) => ({ value, name: names.get(value) ?? value, events })),
    agents: listed('agent'),
    connections: listed('connection'),
    environments: listed('environment'),
    tables: listed('table'),
    classes: listed('class'),
    kinds: listed('kind'),
  };
}
