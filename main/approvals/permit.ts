import { type Session } from '../identity/principal.ts';
import { type Grants, type GrantTerms } from './grants.ts';
import { isFresh } from './in-force.ts';
import { reasonIn } from './reason.ts';
import * as refusals from './refusals.ts';

type Request = Parameters<Grants['take']>[1];
type Offer = ReturnType<Grants['offers']>[number];

/** What the profile says when somebody wants a grant. */
export interface Given {
  readonly terms: readonly GrantTerms[];
  /** Names of all connections. */
  readonly connections: readonly string[];
  /** ms since 1970. */
  readonly now: number;
}

/** What somebody may take: the policy's terms, for how long and why. */
export interface Permitted {
  readonly terms: GrantTerms;
  readonly minutes: number;
  readonly reason?: string;
}

/** UTF-16 units. */
const LONGEST_REASON = 2_000;

/** Agents and services have no grants, whoever is behind them. */
export const isPerson = ({ principal }: Session): boolean =>
  principal.agent === undefined && principal.service === undefined;

export const offersTo = (session: Session, { terms, connections }: Omit<Given, 'now'>): readonly Offer[] =>
  terms.flatMap((one) => {
    const where = connections.filter((name) => one.mayTake(session, name));
    return where.length === 0 ? [] : [{ ...one, connections: where }];
  });

/** What policy and login must allow before anything is signed. What cannot be helped is said before what the person can give. */
export function permit(session: Session, request: Request, given: Given): Permitted {
  if (!isPerson(session)) throw refusals.notForPrograms();
  const offers = offersTo(session, given);
  const terms = given.terms.find(({ name }) => name === request.grant);
  if (terms === undefined) throw refusals.unknown(offers.map(({ name }) => name));
  const { name, approval, maxMinutes, stepUpMinutes } = terms;
  const connections = offers.find((offer) => offer.name === name)?.connections ?? [];
  if (!connections.includes(request.connection)) throw refusals.notYours(name, connections);
  if (approval !== undefined) throw refusals.approvalNeeded(name, approval);
  const { minutes = maxMinutes } = request;
  if (!Number.isInteger(minutes) || minutes < 1 || minutes > maxMinutes) throw refusals.tooLong(name, maxMinutes);
  const reason = reasonIn(request.reason)?.slice(0, LONGEST_REASON).toWellFormed();
  if (terms.reason && reason === undefined) throw refusals.reasonNeeded(name);
  if (stepUpMinutes !== undefined && !hasSteppedUp(session, stepUpMinutes, given.now))
    throw refusals.stepUpNeeded(name, stepUpMinutes);
  return { terms, minutes, ...(reason === undefined ? {} : { reason }) };
}

const hasSteppedUp = ({ principal: { steppedUpAt } }: Session, minutes: number, now: number): boolean =>
  steppedUpAt !== undefined && isFresh(Date.parse(steppedUpAt), minutes, now);
