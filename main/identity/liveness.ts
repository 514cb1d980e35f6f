import * as client from 'openid-client';
import { CountersignError } from '../errors.ts';
import { type IdTokenClaims } from './id-token.ts';
import { type JwksArchive } from './jwks-archive.ts';
import { type Access } from './live-logins.ts';
import { accessOf, type Described, describePerson, verifyAnswer } from './login.ts';
import { type Principal } from './principal.ts';
import { type Provider } from './provider.ts';
import { revoked } from './revocations.ts';
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
  const { createdAt, lastUsedAt, revalidatedAt } = record;
  const newest = Math.max(...[createdAt, lastUsedAt, revalidatedAt].map((time) => Date.parse(time)));
  if (now < newest - CLOCK_TOLERANCE_SECONDS * 1000) return expired("this machine's clock is before its last use");
  return undefined;
}

/** True where the provider has to confirm the person again; never where it gave no refresh token, which ends such a login early. */
export function isRevalidationDue(record: SessionRecord, limits: SessionLimits, now: number): boolean {
  return (
    record.refreshToken !== undefined && now >= Date.parse(record.revalidatedAt) + limits.revalidateMinutes * 60_000
  );
}

export interface Confirmation extends Described {
  /** The next refresh token where the provider rotates, else the one there was. */
  readonly refreshToken: string;
  readonly access: Access;
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
  const { refreshToken, principal } = record;
  if (refreshToken === undefined) throw revoked('there is no refresh token');
  const configuration = await provider.configure();
  const answer = await provider
    .ask(() => client.refreshTokenGrant(configuration, refreshToken))
    .catch((error: unknown) => {
      throw error instanceof CountersignError && REFUSALS.has(error.code)
        ? revoked('the identity provider no longer confirms you')
        : error;
    });
  const tokens = { refreshToken: answer.refresh_token ?? refreshToken, access: accessOf(answer, clock) };
  if (answer.id_token === undefined)
    return { ...(await describeWithoutIdToken(record, provider, configuration, answer.access_token)), ...tokens };
  const { claims, keys } = await verifyAnswer(
    provider,
    configuration,
    { ...answer, id_token: answer.id_token },
    clock,
  ).catch((error: unknown) => {
    throw error instanceof CountersignError && error.code === 'identity-claim-missing'
      ? revoked('this account is no longer one of the organisation')
      : error;
  });
  if (claims.sub !== principal.subject) throw revoked('the identity provider answered for somebody else');
  await archive.record(provider.settings.issuer, keys);
  const person = await describePerson(provider, configuration, claims, answer.access_token, principal.device);
  return { ...person, principal: asSignedIn(person.principal, principal), ...tokens };
}

/** Codes by which a provider has answered with a no; anything else leaves the login as it was, or is unreachable. */
const REFUSALS: ReadonlySet<string> = new Set([
  'identity-refused',
  'identity-client-refused',
  'sign-in-denied',
  'identity-token-refused',
  'identity-issuer-mismatch',
]);

/** A refresh is no authentication: when and how strongly the person signed in stays what the login itself said. */
function asSignedIn(
  { authenticatedAt: _at, acr: _acr, amr: _amr, ...now }: Principal,
  { authenticatedAt, acr, amr, steppedUpAt }: Principal,
): Principal {
  return {
    ...now,
    authenticatedAt,
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
    ...(steppedUpAt === undefined ? {} : { steppedUpAt }),
  };
}

/** A refresh need not bring an ID token: what only that said stays, for the provider has confirmed the person; userinfo says the rest anew. */
async function describeWithoutIdToken(
  record: SessionRecord,
  provider: Provider,
  configuration: client.Configuration,
  accessToken: string,
): Promise<Described> {
  const { principal } = record;
  if (record.groupsFrom === 'id-token') return { principal, groupsFrom: 'id-token' };
  const claims: IdTokenClaims = { iss: principal.issuer, sub: principal.subject, aud: record.clientId, exp: 0, iat: 0 };
  const person = await describePerson(provider, configuration, claims, accessToken, principal.device);
  return { principal: { ...principal, groups: person.principal.groups }, groupsFrom: person.groupsFrom };
}
