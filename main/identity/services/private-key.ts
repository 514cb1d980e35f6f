import { createPrivateKey, type KeyObject } from 'node:crypto';
import { type CryptoKey, importJWK, type JWK } from 'jose';
import { keyRefused } from './refusals.ts';

export interface AssertionKey {
  readonly key: CryptoKey;
  /** RFC 7518 §3.1. */
  readonly alg: string;
  /** As the JWK names itself: some providers want to be told. */
  readonly kid?: string;
}

/** The key that a service proves itself with (RFC 7523): JWK, or PKCS #8 PEM. @throws CountersignError `service-key-refused`, without any part of the key */
export async function readPrivateKey(name: string, text: string): Promise<AssertionKey> {
  const jwk = jwkOf(name, text);
  const alg = algorithmOf(name, jwk);
  const { kid } = jwk;
  // What a JWK says of its own use is left out: it must not keep a fit key from signing.
  const { key_ops: _operations, use: _use, alg: _alg, ext: _extractable, ...members } = jwk;
  const key = await importJWK({ ...members, alg }, alg, { extractable: false }).catch(() => {
    throw keyRefused(name, 'its members do not make a key');
  });
  if (key instanceof Uint8Array || key.type !== 'private') throw keyRefused(name, 'it is not a private key');
  return { key, alg, ...(kid === undefined ? {} : { kid }) };
}

function jwkOf(name: string, text: string): JWK {
  try {
    if (text.trimStart().startsWith('{')) return JSON.parse(text) as JWK;
    const key: KeyObject = createPrivateKey(text);
    return key.export({ format: 'jwk' }) as JWK;
  } catch {
    // The parser's message could quote the key.
    throw keyRefused(name, 'it is neither JWK nor PEM');
  }
}

function algorithmOf(name: string, { kty, crv, n, d, alg }: JWK): string {
  if (typeof d !== 'string') throw keyRefused(name, 'it is not a private key');
  if (kty === 'OKP' && crv === 'Ed25519') return 'EdDSA';
  if (kty === 'EC' && crv === 'P-256') return 'ES256';
  if (kty === 'EC' && crv === 'P-384') return 'ES384';
  if (kty === 'RSA') {
    if (Buffer.from(n ?? '', 'base64url').length < 256)
      throw keyRefused(name, 'its RSA modulus is shorter than 2048 bits');
    return alg === 'PS256' ? 'PS256' : 'RS256';
  }
  throw keyRefused(name, 'it is of a kind that nobody signs assertions with');
}
