import * as client from 'openid-client';
import { CountersignError } from '../errors.ts';
import { type IdTokenClaims, verifyIdToken } from './id-token.ts';
import { type JwksArchive } from './jwks-archive.ts';
import { describePerson } from './login.ts';
import { type Principal } from './principal.ts';
import { type Provider } from './provider.ts';
import { type SessionRecord } from './session-records.ts';
import { type Clock, CLOCK_TOLERANCE_SECONDS, type SessionLimits } from './settings.ts';

/** Why a login has ended by this machine's own clock; undefined while it has not. */
export function endOf(record: SessionRecord, limits: SessionLimits, now: number): CountersignError | undefined {
  const expired = (why: string): CountersignError =>
    new CountersignError('session-expired', `Your sign-in has expired: ${why}.`, { next: 'Sign in again.' });
  if (now >= Date.parse(record.expiresAt) || now >= Date.parse(record.createdAt) + limits.maxHours * 3_600_000) {
    return expired(`a sign-in lasts at most ${String(limits.maxHours)} hours here`);
  }
  if (now >= Date.parse(record.lastUsedAt) + limits.idleMinutes * 60_000) {
    return expired(`it was not used for ${String(limits.idleMinutes)} minutes`);
  }
  // A clock set back would make every limit longer.
  if (now < Date.parse(record.createdAt) - CLOCK_TOLERANCE_SECONDS * 1000)
    return expired("this machine's clock is before the sign-in");
  return undefined;
}

/** True where the provider has to confirm the person again; never where it gave no refresh token, which ends such a login early. */
export function isRevalidationDue(record: SessionRecord, limits: SessionLimits, now: number): boolean {
  return (
    record.refreshToken !== undefined && now >= Date.parse(record.revalidatedAt) + limits.revalidateMinutes * 60_000
  );
}

export interface Confirmation {
  readonly principal: Principal;
  /** The next refresh token where the provider rotates, else the one there was. */
  readonly refreshToken: string;
}

/**
 * Asks the provider whether the person is still who may work here, by the refresh token (OpenID Connect Core §12). Groups
 * are read anew. Throws `session-revoked` where the provider says no or answers for somebody else, `identity-unreachable`
 * where it says nothing.
 */
export async function confirmWithProvider(
  record: SessionRecord,
  provider: Provider,
  archive: JwksArchive,
  clock: Clock,
): Promise<Confirmation> {
  const { refreshToken } = record;
  if (refreshToken === undefined) throw revoked('there is no refresh token');
  const configuration = await provider.configure();
  const answer = await provider
    .ask(() => client.refreshTokenGrant(configuration, refreshToken))
    .catch((error: unknown) => {
      throw error instanceof CountersignError && REFUSALS.has(error.code)
        ? revoked('the identity provider no longer confirms you')
        : error;
    });
  const next = answer.refresh_token ?? refreshToken;
  if (answer.id_token === undefined) {
    return {
      principal: await describeWithoutIdToken(record, provider, configuration, answer.access_token),
      refreshToken: next,
    };
  }
  const keys = provider.keysOf(configuration);
  const { issuer, clientId } = provider.settings;
  const claims = await verifyIdToken(answer.id_token, {
    issuer,
    clientId,
    keys,
    at: clock(),
    accessToken: answer.access_token,
  });
  if (claims.sub !== record.principal.subject) throw revoked('the identity provider answered for somebody else');
  await archive.record(issuer, keys);
  const person = await describePerson(provider, configuration, claims, answer.access_token, record.principal.device);
  // A refresh is no authentication: when and how the person signed in stays what the login itself said.
  return { principal: { ...person, ...authenticationOf(record.principal) }, refreshToken: next };
}

/** Codes by which a provider has answered with a no; anything else leaves the login as it was, or is unreachable. */
const REFUSALS: ReadonlySet<string> = new Set([
  'identity-refused',
  'identity-client-refused',
  'sign-in-denied',
  'identity-token-refused',
  'identity-issuer-mismatch',
]);

function revoked(why: string): CountersignError {
  return new CountersignError('session-revoked', `Your sign-in was ended: ${why}.`, {
    next: 'Sign in again, or ask your administrator whether your account is still active.',
  });
}

function authenticationOf({
  authenticatedAt,
  acr,
  amr,
}: Principal): Pick<Principal, 'authenticatedAt' | 'acr' | 'amr'> {
  return { authenticatedAt, ...(acr === undefined ? {} : { acr }), ...(amr === undefined ? {} : { amr }) };
}

/** A refresh need not bring an ID token; userinfo then says whether groups have changed. */
async function describeWithoutIdToken(
  record: SessionRecord,
  provider: Provider,
  configuration: client.Configuration,
  accessToken: string,
): Promise<Principal> {
  const { principal } = record;
  const claims: IdTokenClaims = { iss: principal.issuer, sub: principal.subject, aud: record.clientId, exp: 0, iat: 0 };
  const person = await describePerson(provider, configuration, claims, accessToken, principal.device);
  // Where userinfo is silent too, what the login said stays: the provider has confirmed the person, not denied a group.
  return {
    ...principal,
    groups: person.groups === 'unknown' || person.groups.length > 0 ? person.groups : principal.groups,
  };
}
