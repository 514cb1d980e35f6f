import { createPrivateKey, sign } from 'node:crypto';
import { calculateJwkThumbprint, flattenedVerify, importJWK, type JSONWebKeySet, type JWK } from 'jose';
import { z } from 'zod';
import { CountersignError } from '../errors.ts';
import { clientInstanceClaims, type DeviceKey, nonceOf } from './device-key.ts';
import { type IdTokenClaims, verifyIdToken } from './id-token.ts';

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);
const signature = z.strictObject({ protected: base64url, signature: base64url });

/**
 * A PK token (OpenPubkey): the ID token's payload with two signatures, first the provider's, then the device key's, in JWS
 * JSON general serialization (RFC 7515 §7.2.1). It proves that the provider saw this person hold this key at `iat`.
 */
export const pkTokenSchema = z.strictObject({ payload: base64url, signatures: z.tuple([signature, signature]) });
export type PkToken = z.infer<typeof pkTokenSchema>;

/** Signs the ID token's payload with the device key. The token must carry `nonceOf(key.protectedHeader)`. */
export function makePkToken(idToken: string, key: DeviceKey): PkToken {
  const [header = '', payload = '', issuerSignature = ''] = idToken.split('.');
  // Signed over the payload's own base64url text: encoding it anew could give bytes that the provider never signed.
  const signed = sign(
    null,
    Buffer.from(`${key.protectedHeader}.${payload}`, 'ascii'),
    createPrivateKey({ key: { ...key.privateKey }, format: 'jwk' }),
  );
  return {
    payload,
    signatures: [
      { protected: header, signature: issuerSignature },
      { protected: key.protectedHeader, signature: signed.toString('base64url') },
    ],
  };
}

export interface PkTokenExpectations {
  readonly issuer: string;
  readonly clientId: string;
  /** Seconds after issue that the login counts (session.maxHours); without it the ID token's own expiry is the bound. */
  readonly maxAgeSeconds?: number;
}

export interface VerifiedPkToken {
  readonly claims: IdTokenClaims;
  readonly deviceKey: JWK;
  /** RFC 7638 thumbprint of the device key. */
  readonly thumbprint: string;
}

function refuse(message: string): never {
  throw new CountersignError(
    'identity-binding-refused',
    `The binding of the device key to the login was refused: ${message}.`,
  );
}

/**
 * Verifies offline, from archived keys of the issuer, that a PK token was valid at `at`: provider's signature, issuer,
 * audience and times; nonce = hash of the device key's header; device key's signature. Throws CountersignError
 * `identity-binding-refused`, `identity-token-refused` or `identity-clock-skew`.
 */
export async function verifyPkToken(
  pkToken: unknown,
  keys: JSONWebKeySet,
  at: Date,
  expected: PkTokenExpectations,
): Promise<VerifiedPkToken> {
  const parsed = pkTokenSchema.safeParse(pkToken);
  if (!parsed.success) refuse('it is not a PK token');
  const { payload, signatures } = parsed.data;
  const [byIssuer, byDevice] = signatures;
  const claims = await verifyIdToken(`${byIssuer.protected}.${payload}.${byIssuer.signature}`, {
    issuer: expected.issuer,
    clientId: expected.clientId,
    keys,
    at: at.getTime(),
    ...(expected.maxAgeSeconds === undefined ? {} : { maxAgeSeconds: expected.maxAgeSeconds }),
  });
  if (claims.nonce !== nonceOf(byDevice.protected)) refuse('the ID token was issued for another key');

  const header = clientInstanceClaims.safeParse(parseJson(byDevice.protected));
  if (!header.success) refuse('its device header is malformed');
  const deviceKey = header.data.upk;
  await flattenedVerify({ payload, ...byDevice }, await importJWK(deviceKey, 'EdDSA'), { algorithms: ['EdDSA'] }).catch(
    () => refuse("the device key's signature is wrong"),
  );
  return { claims, deviceKey, thumbprint: await calculateJwkThumbprint(deviceKey) };
}

function parseJson(protectedHeader: string): unknown {
  try {
    return JSON.parse(Buffer.from(protectedHeader, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
