import { type JSONWebKeySet } from 'jose';
import * as client from 'openid-client';
import { CountersignError } from '../errors.ts';
import { groupsIn, principalOf } from './claims.ts';
import { type DeviceKey } from './device-key.ts';
import { type IdTokenClaims, verifyIdToken } from './id-token.ts';
import { makePkToken, type PkToken, verifyPkToken } from './pk-token.ts';
import { type Principal } from './principal.ts';
import { type Provider } from './provider.ts';
import { isUnreachable } from './provider-errors.ts';
import { type Clock } from './settings.ts';

/** What a token endpoint answered, after openid-client's own checks. */
export type TokenAnswer = client.TokenEndpointResponse;

/** A login that was checked in full. */
export interface Login {
  readonly principal: Principal;
  readonly keys: JSONWebKeySet;
  readonly refreshToken: string | undefined;
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
  const keys = provider.keysOf(configuration);
  const expected = {
    issuer: provider.settings.issuer,
    clientId: provider.settings.clientId,
    keys,
    at: clock(),
    accessToken: answer.access_token,
  };
  const claims = await verifyIdToken(answer.id_token, nonce.required ? { ...expected, nonce: nonce.value } : expected);
  if (claims.nonce !== undefined && claims.nonce !== nonce.value) {
    throw new CountersignError('identity-token-refused', 'The ID token was issued for another login.', {
      next: 'Sign in again.',
    });
  }

  let binding: Login['binding'];
  if (claims.nonce !== undefined) {
    const pkToken = makePkToken(answer.id_token, deviceKey);
    await verifyPkToken(pkToken, keys, new Date(clock()), { issuer: expected.issuer, clientId: expected.clientId });
    binding = { deviceKey, pkToken };
  }
  return {
    principal: await describePerson(
      provider,
      configuration,
      claims,
      answer.access_token,
      binding?.deviceKey.thumbprint,
    ),
    keys,
    refreshToken: answer.refresh_token,
    binding,
    vouchedUntil: Math.max(claims.exp * 1000, clock() + (answer.expires_in ?? 0) * 1000),
  };
}

/**
 * Reads who the person is from the ID token and, where it does not speak of groups or of a name, from userinfo. Userinfo
 * that cannot be had leaves groups unknown, never none.
 */
export async function describePerson(
  provider: Provider,
  configuration: client.Configuration,
  claims: IdTokenClaims,
  accessToken: string,
  device: string | undefined,
): Promise<Principal> {
  const { groupsClaim } = provider.settings;
  const stated = groupsIn(claims, groupsClaim);
  const named = typeof claims['name'] === 'string' && typeof claims['email'] === 'string';
  if (stated !== undefined && named) return principalOf(claims, {}, stated, device);
  if (configuration.serverMetadata().userinfo_endpoint === undefined)
    return principalOf(claims, {}, stated ?? [], device);
  try {
    const profile = await provider.ask(() => client.fetchUserInfo(configuration, accessToken, claims.sub));
    return principalOf(claims, profile, stated ?? groupsIn(profile, groupsClaim) ?? [], device);
  } catch (error) {
    if (isUnreachable(error)) return principalOf(claims, {}, stated ?? 'unknown', device);
    throw error;
  }
}
