import { describe, expect, it } from 'vitest';
import { type GrantOfferView, type GrantsView, type GrantView } from '../../shared/views.ts';
import { type Loadable } from '../state/trouble.ts';
import { endedGrant, offersOf, ownGrants, proposedMinutes } from './grants.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const at = (minutes: number): string => new Date(NOW + minutes * 60_000).toISOString();

const grant = (change: Partial<GrantView> = {}): GrantView => ({
  id: 'g1',
  name: 'see-clear',
  person: 'Ana',
  mine: true,
  connection: 'shop',
  reason: null,
  from: at(-5),
  until: at(10),
  ...change,
});
const offer = (change: Partial<GrantOfferView> = {}): GrantOfferView => ({
  name: 'see-clear',
  text: null,
  connections: ['shop'],
  maxMinutes: 30,
  reason: true,
  stepUp: false,
  approval: null,
  alert: [],
  ...change,
});
const ready = (change: Partial<GrantsView>): Loadable<GrantsView> => ({
  state: 'ready',
  value: { inForce: [], offers: [], ...change },
});

describe('grants of this person', () => {
  it('are their own that last, the first to end first', () => {
    const inForce = [
      grant({ id: 'later', until: at(20) }),
      grant({ id: 'over', until: at(0) }),
      grant({ id: 'another person', mine: false }),
      grant({ id: 'sooner', until: at(1) }),
    ];
    expect(ownGrants(ready({ inForce }), NOW).map(({ id }) => id)).toEqual(['sooner', 'later']);
  });

  it.each([
    ['lifts it here', offer(), 1],
    ['lifts something else', offer({ name: 'write' }), 0],
    ['is for another connection', offer({ connections: ['staging'] }), 0],
  ])('are offered for what they lift where one %s', (_, one, count) => {
    const grants = ready({ offers: [one] });
    expect(offersOf(grants, 'shop', ['see-clear'])).toHaveLength(count);
    expect(offersOf(grants, 'shop', [])).toEqual([]);
  });

  it('are proposed for a quarter of an hour, or as long as they may last', () => {
    expect([proposedMinutes({ maxMinutes: 120 }), proposedMinutes({ maxMinutes: 5 })]).toEqual([15, 5]);
  });
});

describe('a result that relied on a grant', () => {
  const result = { connection: 'shop', startedAt: NOW - 60_000, grants: [{ name: 'see-clear', until: at(10) }] };
  const known = (inForce: readonly GrantView[], asOf = NOW) => ({ grants: ready({ inForce }), asOf });

  it.each([
    ['stands while the grant lasts', known([grant()]), NOW, null],
    ['is stale when its time is over', known([grant()]), NOW + 10 * 60_000, 'see-clear'],
    ['is stale when somebody ended it', known([]), NOW, 'see-clear'],
    ['is stale when another of the same name was taken after', known([grant({ until: at(25) })]), NOW, 'see-clear'],
    ['is stale when the grant is on another connection', known([grant({ connection: 'x' })]), NOW, 'see-clear'],
    ['stands when the grants were asked for before it ran', known([], NOW - 120_000), NOW, null],
    ['stands while the grants are not known', { grants: { state: 'loading' }, asOf: NOW }, NOW, null],
  ] as const)('%s', (_, grants, now, ended) => {
    expect(endedGrant(result, grants, now)).toBe(ended);
  });
});
