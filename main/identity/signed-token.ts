import { errors, type JSONWebKeySet, jwtVerify, type JWTVerifyOptions, type JWTVerifyResult } from 'jose';
import { z } from 'zod';
import { CountersignError } from '../errors.ts';
import { CLOCK_TOLERANCE_SECONDS } from './settings.ts';
import { type IssuerKeys, keysFor, type RemoteKeys } from './issuer-keys.ts';

/** Asymmetric signatures only: never `none`, never HS* (RFC 8725 §3.1). */
const ALGORITHMS: readonly string[] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
/** Longest token that is looked at, characters. */
const LONGEST = 16_384;

export interface SignedTokenExpectations {
  readonly issuer: string;
  /** Exactly the one whom the token may be meant for; undefined where the token is not for us to name (RFC 9068). */
  readonly audience?: string;
  /** `typ` of the header that is accepted, in lower case; a token without one is, always. */
  readonly types: readonly string[];
  /** RFC 7638 thumbprint of the key at hand; a token that is bound to a key is refused where there is none. */
  readonly key?: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** The error for a token that is not good, or whose issuer does not answer; `why` never holds a part of it. */
  readonly refused: (why: string) => CountersignError;
  readonly unreachable: (host: string) => CountersignError;
}

/** What a signed token says, checked. */
export interface SignedToken {
  readonly issuer: string;
  readonly subject: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly claims: Readonly<Record<string, unknown>>;
  readonly token: { readonly jwt: string; readonly issuerKeys: JSONWebKeySet };
  /** Whether the issuer's signature covers the key at hand (RFC 7800 `cnf`). */
  readonly bound: boolean;
}

const required = z.looseObject({
  iss: z.string(),
  sub: z.string().min(1).max(500),
  aud: z.union([z.string(), z.array(z.string())]).optional(),
  iat: z.number(),
  exp: z.number(),
  cnf: z.looseObject({ jkt: z.string().optional() }).optional(),
});

/**
 * Checks a signed token that is no ID token: signature by a key that its issuer publishes, issuer, audience, kind and times.
 * @throws CountersignError as `refused` and `unreachable` make them, or `identity-*`; never with a part of the token
 */
export async function verifySignedToken(
  jwt: string,
  issuers: IssuerKeys,
  { issuer, audience, types, key, now, refused, unreachable }: SignedTokenExpectations,
): Promise<SignedToken> {
  if (jwt.length > LONGEST) throw refused('it is longer than such a token is');
  const keys = await issuers.of(issuer);
  const { payload, protectedHeader } = await verifySignature(jwt, keys, {
    algorithms: [...ALGORITHMS],
    issuer,
    ...(audience === undefined ? {} : { audience }),
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    currentDate: new Date(now),
    requiredClaims: ['iss', 'sub', 'exp', 'iat'],
  }).catch((error: unknown) => {
    if (error instanceof CountersignError) throw error;
    if (isOutOfReach(error)) throw unreachable(new URL(issuer).host);
    throw refused(reasonOf(error));
  });
  const type = protectedHeader.typ?.toLowerCase();
  if (type !== undefined && !types.includes(type)) throw refused('it is another kind of token (typ)');
  const said = required.safeParse(payload);
  if (!said.success) throw refused('its claims are malformed');
  const { sub, aud, iat, exp, cnf } = said.data;
  // A token for several audiences could have been shown to us by any of them.
  if (audience !== undefined && Array.isArray(aud) && aud.length !== 1)
    throw refused('it is meant for others, too (aud)');
  if (iat > now / 1000 + CLOCK_TOLERANCE_SECONDS) throw refused("it was issued after this machine's clock says it is");
  if (now >= exp * 1000) throw refused('it has expired');
  if (cnf?.jkt !== undefined && cnf.jkt !== key) throw refused('it is bound to another key (cnf)');
  return {
    issuer,
    subject: sub,
    issuedAt: iat * 1000,
    expiresAt: exp * 1000,
    claims: payload,
    token: { jwt, issuerKeys: keysFor(keys, protectedHeader.kid) },
    bound: cnf?.jkt !== undefined,
  };
}

/** Some issuers give every key the same kid: each is tried. */
async function verifySignature(jwt: string, keys: RemoteKeys, options: JWTVerifyOptions): Promise<JWTVerifyResult> {
  try {
    return await jwtVerify(jwt, keys, options);
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      const verified = await jwtVerify(jwt, key, options).catch((failure: unknown) => {
        if (failure instanceof errors.JWSSignatureVerificationFailed) return undefined;
        throw failure;
      });
      if (verified !== undefined) return verified;
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}

/** jose says what is wrong with a token by its own errors; anything else is of the way to the issuer's keys. */
function isOutOfReach(error: unknown): boolean {
  return (
    !(error instanceof errors.JOSEError) || error instanceof errors.JWKSTimeout || error.code === 'ERR_JOSE_GENERIC'
  );
}

/** jose's messages may quote claims; only its codes are passed on, in words. */
function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return `its claim ${/^[a-z_]{1,20}$/.test(error.claim) ? error.claim : ''} is not what is expected here`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its signature algorithm is not allowed';
  if (error instanceof errors.JWSSignatureVerificationFailed) return "its signature is not the issuer's";
  if (error instanceof errors.JWKSNoMatchingKey) return 'no published key of the issuer signed it';
  return 'it is malformed';
}
