import { type Revocations } from '../identity/context.ts';
import { revocationOf } from '../identity/revocations.ts';
import { type Principal, type Session } from '../identity/principal.ts';
import { type GrantLedger, type KnownEnd, type KnownGrant } from './grant-ledger.ts';
import { type GrantTerms } from './grants.ts';
import { reasonIn } from './reason.ts';
import { type Signer } from './signed-event.ts';

/** Why a grant is not in force. */
export type Over =
  /** Its time has not come, or is over. */
  | { readonly kind: 'early' | 'time' }
  | { readonly kind: 'ended'; readonly end: { readonly by: string; readonly why: string } }
  /** The record of this profile says that it was ended, or nothing of it, and the hub says otherwise: it is not as it was. */
  | { readonly kind: 'recorded' | 'unrecorded' }
  | { readonly kind: 'revoked' }
  /** The policy of now would not give it. */
  | { readonly kind: 'policy' };

export interface Circumstances {
  /** ms since 1970. */
  readonly now: number;
  readonly terms: readonly GrantTerms[];
  readonly revocations: Revocations;
  readonly ledger: Pick<GrantLedger, 'endsOf'>;
  /** Whether somebody may end what is not theirs. */
  readonly administrator: (who: Pick<Principal, 'groups' | 'agent' | 'service'>) => boolean;
  /** The person of the grant as they stand now; undefined where they are not known here. */
  readonly session?: Session | undefined;
}

/** Milliseconds that the provider's clock and this machine's may differ. */
const CLOCKS_DIFFER = 60_000;

/** Undefined where the grant is in force. */
export function overOf(known: KnownGrant, of: Circumstances): Over | undefined {
  const { grant, signer } = known;
  if (of.revocations.grants.has(grant.id) || revocationOf(signer, of.revocations) !== undefined)
    return { kind: 'revoked' };
  const end = endOf(known, of);
  if (end !== undefined) return { kind: 'ended', end: { by: end.by.email ?? end.by.name, why: end.why } };
  if (of.now >= known.until) return { kind: 'time' };
  if (known.from > of.now) return { kind: 'early' };
  return isGiven(known, of) ? undefined : { kind: 'policy' };
}

/** Whether somebody may end what is not theirs, as far as their login proves it: one that does not state their groups may be an administrator's. */
export const mayEnd = (by: Signer, administrator: Circumstances['administrator']): boolean =>
  by.groups === 'unknown' || administrator(by);

/** The end that counts: the first one by the person, or by an administrator. */
export function endOf({ signer, grant }: KnownGrant, { ledger, administrator }: Circumstances): KnownEnd | undefined {
  return ledger.endsOf(grant.id).find(({ by }) => isSamePerson(by, signer) || mayEnd(by, administrator));
}

function isGiven({ grant, from, until, steppedUpAt, signer }: KnownGrant, { terms, session }: Circumstances): boolean {
  const now = terms.find(({ name }) => name === grant.name);
  if (now === undefined || until - from > now.maxMinutes * 60_000) return false;
  // Taken without what is asked for today.
  if (now.approval !== undefined || (now.reason && reasonIn(grant.reason) === undefined)) return false;
  if (now.stepUpMinutes !== undefined) {
    if (steppedUpAt === undefined || !isFresh(steppedUpAt, now.stepUpMinutes, from)) return false;
    // A step-up binds a new key, so the login that signed cannot be older than it.
    if (signer.provenAt !== undefined && signer.provenAt < steppedUpAt - CLOCKS_DIFFER) return false;
  }
  return session === undefined || now.mayTake(session, grant.connection);
}

/** Whether a step-up counts at a moment: at most so many minutes old, and not of the future. Times in ms since 1970. */
export const isFresh = (steppedUpAt: number, minutes: number, at: number): boolean =>
  steppedUpAt <= at + CLOCKS_DIFFER && at - steppedUpAt <= minutes * 60_000;

export const isSamePerson = (
  a: Pick<Principal, 'issuer' | 'subject'>,
  b: Pick<Principal, 'issuer' | 'subject'>,
): boolean => a.issuer === b.issuer && a.subject === b.subject;
