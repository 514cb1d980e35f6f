import { createHash, randomBytes } from 'node:crypto';
import { calculateJwkThumbprint, exportJWK, FlattenedSign, generateKeyPair, importJWK } from 'jose';
import { z } from 'zod';

const ed25519 = z.strictObject({
  kty: z.literal('OKP'),
  crv: z.literal('Ed25519'),
  x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
});

/** Public key in the header: exactly the members of RFC 8037 §2, nothing private, nothing that fetches (jku, x5u). */
export const clientInstanceClaims = z.strictObject({
  alg: z.literal('EdDSA'),
  typ: z.literal('CIC'),
  rz: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  upk: ed25519,
});

export const deviceKeySchema = z.strictObject({
  /** Private JWK (RFC 8037). Software protected: Node reaches no TPM or Secure Enclave. */
  privateKey: ed25519.extend({ d: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
  /** BASE64URL of the header {alg, typ: 'CIC', rz, upk}, as it will stand in the PK token (RFC 7515 §7.2.1 `protected`). */
  protectedHeader: z.string().max(1_000),
  /** RFC 7638 thumbprint of the public key. */
  thumbprint: z.string(),
});

/**
 * The key that this login is bound to (OpenPubkey, "client instance claims"). The protected header that the key will sign
 * with names the key and 32 random bytes; its hash travels as the OpenID Connect nonce. The provider's signature over the
 * nonce thereby covers the key, and the provider works as a certificate authority without knowing it.
 */
export type DeviceKey = Readonly<z.infer<typeof deviceKeySchema>>;

export async function createDeviceKey(): Promise<DeviceKey> {
  const pair = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true });
  const { kty, crv, x, d } = deviceKeySchema.shape.privateKey.parse(await exportJWK(pair.privateKey));
  const upk = { kty, crv, x };
  const header = { alg: 'EdDSA', typ: 'CIC', rz: randomBytes(32).toString('base64url'), upk };
  return {
    privateKey: { ...upk, d },
    protectedHeader: Buffer.from(JSON.stringify(header)).toString('base64url'),
    thumbprint: await calculateJwkThumbprint(upk),
  };
}

/** BASE64URL(SHA-256(ASCII(protected header))): 43 characters. */
export function nonceOf(protectedHeader: string): string {
  return createHash('sha256').update(protectedHeader, 'ascii').digest('base64url');
}

/** Signs bytes with the device key as a flattened JWS (RFC 7515 §7.2.2) whose `kid` is the key's thumbprint. */
export async function signWithDeviceKey(
  key: DeviceKey,
  payload: Uint8Array,
  type: string,
): Promise<{ protected: string; payload: string; signature: string }> {
  const jws = await new FlattenedSign(payload)
    .setProtectedHeader({ alg: 'EdDSA', typ: type, kid: key.thumbprint })
    .sign(await importJWK(key.privateKey, 'EdDSA'));
  return { protected: jws.protected ?? '', payload: jws.payload, signature: jws.signature };
}
