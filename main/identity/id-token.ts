import { createHash } from 'node:crypto';
import {
  createLocalJWKSet,
  decodeJwt,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  type JWTVerifyOptions,
  type JWTVerifyResult,
} from 'jose';
import { z } from 'zod';
import { CountersignError } from '../errors.ts';
import { CLOCK_TOLERANCE_SECONDS } from './settings.ts';

/** Asymmetric signatures only. Never `none`; never HS*, which a public key would satisfy (RFC 8725 §3.1). */
const ID_TOKEN_ALGORITHMS: readonly string[] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

/** Longest ID token, characters: that of somebody in hundreds of groups fits well. */
const MAX_LENGTH = 64 * 1024;

/** Hash behind at_hash (OpenID Connect Core §3.1.3.6): that of the signature algorithm; SHA-512 for Ed25519. */
const HASH: Readonly<Record<string, string>> = {
  ...{ RS256: 'sha256', PS256: 'sha256', ES256: 'sha256', RS384: 'sha384', PS384: 'sha384', ES384: 'sha384' },
  ...{ RS512: 'sha512', PS512: 'sha512', ES512: 'sha512', EdDSA: 'sha512', Ed25519: 'sha512' },
};

const required = z.looseObject({
  iss: z.string(),
  sub: z.string().min(1).max(255),
  aud: z.union([z.string(), z.array(z.string()).min(1)]),
  exp: z.number(),
  iat: z.number(),
  nonce: z.string().optional(),
  azp: z.string().optional(),
  auth_time: z.number().optional(),
  acr: z.string().optional(),
  amr: z.array(z.string()).optional(),
  at_hash: z.string().optional(),
});
export type IdTokenClaims = z.infer<typeof required> & JWTPayload;

export interface IdTokenExpectations {
  readonly issuer: string;
  readonly clientId: string;
  readonly keys: JSONWebKeySet;
  /** Milliseconds since the epoch at which the token has to be valid. */
  readonly at: number;
  /** The nonce the token must carry; absent where the flow has none. */
  readonly nonce?: string;
  /** The access token that came with it, checked where the token says at_hash. */
  readonly accessToken?: string;
  /** Seconds after iat until which it counts as evidence, in place of its own expiry. */
  readonly maxAgeSeconds?: number;
}

function refuse(message: string): never {
  throw new CountersignError('identity-token-refused', `The identity provider's ID token was refused: ${message}.`, {
    next: 'Sign in again; if it comes back, tell your administrator.',
  });
}

export function clockSkew(): CountersignError {
  return new CountersignError(
    'identity-clock-skew',
    "This machine's clock and the identity provider's differ by more than a minute.",
    {
      next: 'Set the clock of this machine, then sign in again.',
    },
  );
}

/**
 * Checks an ID token (OpenID Connect Core §3.1.3.7) against keys that are at hand; no network. Throws CountersignError
 * `identity-token-refused` or `identity-clock-skew`; no part of the token is in the message.
 */
export async function verifyIdToken(token: string, expected: IdTokenExpectations): Promise<IdTokenClaims> {
  const now = Math.floor(expected.at / 1000);
  if (token.length > MAX_LENGTH) refuse('it is larger than 64 KB');
  const { payload, protectedHeader } = await verifySignature(token, expected.keys, {
    algorithms: [...ID_TOKEN_ALGORITHMS],
    issuer: expected.issuer,
    audience: expected.clientId,
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    // Where the caller bounds the age from iat, the token's own expiry is no limit: judge it as of its issue.
    currentDate: new Date(expected.maxAgeSeconds === undefined ? expected.at : issuedAt(token)),
    requiredClaims: ['iss', 'sub', 'aud', 'exp', 'iat'],
  }).catch((error: unknown) => refuse(reasonOf(error)));

  const parsed = required.safeParse(payload);
  if (!parsed.success) refuse('its claims are malformed');
  const claims = parsed.data;
  if (claims.iat > now + CLOCK_TOLERANCE_SECONDS) throw clockSkew();
  if (expected.maxAgeSeconds !== undefined && now > claims.iat + expected.maxAgeSeconds + CLOCK_TOLERANCE_SECONDS) {
    refuse('it is older than a login may be');
  }
  if (claims.azp !== undefined && claims.azp !== expected.clientId) refuse('it was issued for another client (azp)');
  if (Array.isArray(claims.aud) && claims.aud.length > 1 && claims.azp === undefined) {
    refuse('it names several audiences and not the one it was issued for (azp)');
  }
  if (expected.nonce !== undefined && claims.nonce !== expected.nonce) refuse('its nonce is not that of this login');
  if (expected.accessToken !== undefined && claims.at_hash !== undefined) {
    const digest = createHash(HASH[protectedHeader.alg] ?? 'sha256')
      .update(expected.accessToken, 'ascii')
      .digest();
    if (digest.subarray(0, digest.length / 2).toString('base64url') !== claims.at_hash)
      refuse('it belongs to another access token (at_hash)');
  }
  return claims;
}

/** jose's messages may quote claims; only its codes are passed on, in words. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `its claim ${/^[a-z_]{1,20}$/.test(error.claim) ? error.claim : ''} is not what this login expects`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its signature algorithm is not allowed';
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is not the provider's";
  if (error instanceof errors.JWKSNoMatchingKey) return 'no published key of the provider signed it';
  return 'it is malformed';
}

/** Some providers give every key the same kid, and an archive then holds several: each is tried. */
async function verifySignature(
  token: string,
  keys: JSONWebKeySet,
  options: JWTVerifyOptions,
): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(token, createLocalJWKSet(keys), options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      const verified = await jwtVerify(token, key, options).catch((failure: unknown) => {
        if (failure instanceof errors.JWSSignatureVerificationFailed) return undefined;
        throw failure;
      });
      if (verified !== undefined) return verified;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** iat in ms before the signature is checked, only to choose the time to judge by; 0 where there is none. */
function issuedAt(token: string): number {
  try {
    return (decodeJwt(token).iat ?? 0) * 1000;
  } catch {
    return 0;
  }
}
