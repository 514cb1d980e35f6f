import { type JSONWebKeySet } from 'jose';
import * as client from 'openid-client';
import { CountersignError } from '../errors.ts';
import { groupsFrom, principalOf, type ProviderDocuments, type ProviderSource } from './claims.ts';
import { type DeviceKey } from './device-key.ts';
import { type IdTokenClaims, verifyIdToken } from './id-token.ts';
import { makePkToken, type PkToken, verifyPkToken } from './pk-token.ts';
import { type Principal } from './principal.ts';
import { type Provider } from './provider.ts';
import { isUnreachable } from './provider-errors.ts';
import { type Access } from './live-logins.ts';
import { type Clock, DEFAULT_GROUP_SOURCES } from './settings.ts';

/** What a token endpoint answered, after openid-client's own checks. */
export type TokenAnswer = client.TokenEndpointResponse;

/** A login that was checked in full. */
export interface Login extends Described {
  readonly claims: IdTokenClaims;
  readonly keys: JSONWebKeySet;
  readonly refreshToken: string | undefined;
  readonly access: Access;
  /** Present where the provider put this login's nonce into the ID token: then the key is bound to the person. */
  readonly binding: { readonly deviceKey: DeviceKey; readonly pkToken: PkToken } | undefined;
  /** Milliseconds since the epoch until which the provider vouches without being asked again. */
  readonly vouchedUntil: number;
}

/**
 * Turns the answer of a sign-in into a login: ID token checked again here (openid-client checked it once), groups read,
 * device key bound. `nonce` is `required` in the code flow; in the device flow a provider may leave it out, and then no
 * device key is bound.
 */
export async function acceptLogin(
  provider: Provider,
  configuration: client.Configuration,
  answer: TokenAnswer,
  deviceKey: DeviceKey,
  nonce: { readonly value: string; readonly required: boolean },
  clock: Clock,
): Promise<Login> {
  if (answer.id_token === undefined) {
    throw new CountersignError('identity-token-refused', 'The identity provider sent no ID token.', {
      next: 'Add openid to the scopes in organisation.yaml.',
    });
  }
  const { claims, keys } = await verifyAnswer(
    provider,
    configuration,
    { ...answer, id_token: answer.id_token },
    clock,
    nonce.required ? nonce.value : undefined,
  );
  if (claims.nonce !== undefined && claims.nonce !== nonce.value) {
    throw new CountersignError('identity-token-refused', 'The ID token was issued for another login.', {
      next: 'Sign in again.',
    });
  }

  let binding: Login['binding'];
  if (claims.nonce !== undefined) {
    const { issuer, clientId } = provider.settings;
    const pkToken = makePkToken(answer.id_token, deviceKey);
    await verifyPkToken(pkToken, keys, new Date(clock()), { issuer, clientId });
    binding = { deviceKey, pkToken };
  }
  const device = binding?.deviceKey.thumbprint;
  const access = accessOf(answer, clock);
  return {
    ...(await describePerson(provider, configuration, claims, answer.access_token, device)),
    claims,
    keys,
    refreshToken: answer.refresh_token,
    access,
    binding,
    vouchedUntil: Math.max(claims.exp * 1000, access.until),
  };
}

/** The ID token of an answer, checked against the keys published now and against what organisation.yaml demands of it. */
export async function verifyAnswer(
  provider: Provider,
  configuration: client.Configuration,
  answer: { readonly id_token: string; readonly access_token: string },
  clock: Clock,
  nonce?: string,
): Promise<{ readonly claims: IdTokenClaims; readonly keys: JSONWebKeySet }> {
  const { issuer, clientId, requiredClaims = {} } = provider.settings;
  const keys = provider.keysOf(configuration);
  const claims = await verifyIdToken(answer.id_token, {
    issuer,
    clientId,
    keys,
    at: clock(),
    accessToken: answer.access_token,
    ...(nonce === undefined ? {} : { nonce }),
  });
  for (const [name, value] of Object.entries(requiredClaims)) {
    if (Object.hasOwn(claims, name) && claims[name] === value) continue;
    throw new CountersignError(
      'identity-claim-missing',
      `This account is not one of the organisation: its ${name} is not ${value}.`,
      { next: 'Sign in with the account that your organisation gave you.' },
    );
  }
  return { claims, keys };
}

/** Without a lifetime (RFC 6749 §5.1 only recommends one) an access token is used for a minute. */
export function accessOf(answer: TokenAnswer, clock: Clock): Access {
  return { token: answer.access_token, until: clock() + (answer.expires_in ?? 60) * 1000 };
}

/** Who somebody is, by the provider's own documents. */
export interface Described {
  /** Its groups are those of the provider; the signed directory is looked at where they are used, because it changes. */
  readonly principal: Principal;
  readonly groupsFrom: ProviderSource | undefined;
}

/**
 * Reads who the person is from the ID token and, where it does not say all that is needed or ranks behind it, from userinfo.
 * Userinfo that cannot be had leaves its groups unknown, never none.
 */
export async function describePerson(
  provider: Provider,
  configuration: client.Configuration,
  claims: IdTokenClaims,
  accessToken: string,
  device: string | undefined,
): Promise<Described> {
  const { groupsClaim, groupsFrom: sources = DEFAULT_GROUP_SOURCES } = provider.settings;
  const described = (userinfo: ProviderDocuments['userinfo']): Described => {
    const found = groupsFrom(sources, { 'id-token': claims, userinfo }, groupsClaim);
    const [groups, source] = found === 'unknown' ? (['unknown', undefined] as const) : [found.groups, found.source];
    return {
      principal: principalOf(claims, userinfo === 'unavailable' ? {} : userinfo, groups, device),
      groupsFrom: source,
    };
  };
  const named = typeof claims['name'] === 'string' && typeof claims['email'] === 'string';
  const [first] = sources.filter((source) => source !== 'directory');
  const needed =
    sources.includes('userinfo') && (first === 'userinfo' || described('unavailable').groupsFrom === undefined);
  if (named && !needed) return described('unavailable');
  if (configuration.serverMetadata().userinfo_endpoint === undefined) return described('unavailable');
  try {
    return described(await provider.ask(() => client.fetchUserInfo(configuration, accessToken, claims.sub)));
  } catch (error) {
    if (isUnreachable(error)) return described('unavailable');
    throw error;
  }
}
