import { type GrantOfferView, type GrantsView, type GrantView } from '../../shared/views.ts';
import { type Loadable } from '../state/trouble.ts';

/** The grants of this person that last at `now` (ms since 1970 UTC), the first to end first. */
export function ownGrants(grants: Loadable<GrantsView>, now: number): readonly GrantView[] {
  if (grants.state !== 'ready') return [];
  return grants.value.inForce
    .filter(({ mine, until }) => mine && Date.parse(until) > now)
    .toSorted((a, b) => a.until.localeCompare(b.until));
}

/** Which of these grants the person could take on a connection. */
export function offersOf(
  grants: Loadable<GrantsView>,
  connection: string,
  names: readonly string[],
): readonly GrantOfferView[] {
  if (grants.state !== 'ready') return [];
  return grants.value.offers.filter(
    ({ name, connections }) => names.includes(name) && connections.includes(connection),
  );
}

/** Minutes that are proposed where the person has not said how many. */
const PROPOSED = 15;
export const proposedMinutes = ({ maxMinutes }: Pick<GrantOfferView, 'maxMinutes'>): number =>
  Math.min(PROPOSED, maxMinutes);

/** A result, as far as it is bound to grants. */
export interface BoundToGrants {
  readonly connection: string;
  /** When its statement was sent, ms since 1970 UTC. */
  readonly startedAt: number;
  readonly grants: readonly { readonly name: string; readonly until: string }[];
}

/**
 * The first of the grants that a result relied on which lasts no more: by the clock, or because it is not among those that
 * were in force when that was asked after the statement (`asOf`). Null while all last as far as is known.
 */
export function endedGrant(
  result: BoundToGrants,
  known: { readonly grants: Loadable<GrantsView>; readonly asOf: number },
  now: number,
): string | null {
  const over = result.grants.find(({ until }) => Date.parse(until) <= now);
  if (over !== undefined) return over.name;
  if (known.grants.state !== 'ready' || known.asOf <= result.startedAt) return null;
  const key = ({ name, until }: { readonly name: string; readonly until: string }): string => `${name}\0${until}`;
  const lasting = new Set(
    ownGrants(known.grants, now)
      .filter(({ connection }) => connection === result.connection)
      .map(key),
  );
  return result.grants.find((grant) => !lasting.has(key(grant)))?.name ?? null;
}

/** Whether a reason says anything: spaces and characters without width are none. The gate decides; this only spares a question. */
export const saysSomething = (reason: string): boolean => reason.replace(/[\s\p{C}]/gu, '').length >= 4;
