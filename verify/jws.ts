/** Signatures of tokens: JWS (RFC 7515) by JSON Web Keys (RFC 7517, RFC 8037), with asymmetric algorithms only. */
import { constants, createHash, createPublicKey, verify, type KeyObject, type VerifyKeyObjectInput } from 'node:crypto';
import { isObject, parseText, type Json } from './json.ts';

interface Algorithm {
  /** Digest for node:crypto; null for EdDSA, which has its own. */
  readonly digest: string | null;
  readonly options: (key: KeyObject) => VerifyKeyObjectInput | null;
}

const rsa = (bits: number, padding?: 'pss'): Algorithm => ({
  digest: `sha${bits}`,
  options: (key) =>
    key.asymmetricKeyType !== 'rsa' || (key.asymmetricKeyDetails?.modulusLength ?? 0) < 2048
      ? null
      : padding === undefined
        ? { key }
        : { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: bits / 8 },
});
const ecdsa = (bits: number, curve: string): Algorithm => ({
  digest: `sha${bits}`,
  options: (key) =>
    key.asymmetricKeyDetails?.namedCurve === curve ? { key, dsaEncoding: 'ieee-p1363' as const } : null,
});
const eddsa: Algorithm = { digest: null, options: (key) => (key.asymmetricKeyType === 'ed25519' ? { key } : null) };

/** RFC 7518 §3.1 and RFC 8037 §3.1; never `none`, and never HS*, which anybody could make who knows a public key. */
const ALGORITHMS: ReadonlyMap<string, Algorithm> = new Map([
  ...([256, 384, 512] as const).flatMap((bits): [string, Algorithm][] => [
    [`RS${bits}`, rsa(bits)],
    [`PS${bits}`, rsa(bits, 'pss')],
  ]),
  ['ES256', ecdsa(256, 'prime256v1')],
  ['ES384', ecdsa(384, 'secp384r1')],
  ['ES512', ecdsa(512, 'secp521r1')],
  ['EdDSA', eddsa],
  ['Ed25519', eddsa],
]);

const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** JSON object in base64url, or null. */
export function decoded(part: unknown): Json | null {
  return typeof part === 'string' && BASE64URL.test(part) ? parseText(Buffer.from(part, 'base64url').toString()) : null;
}

/** Why a signature does not hold. */
export type Refused = 'algorithm' | 'signature';

/**
 * Whether one of the keys made the signature over `header.payload`; which one, or why none. Keys of another `kid` than the
 * header's are not tried (RFC 7515 §4.1.4), and neither is a header with `crit` (§4.1.11).
 */
export function signedBy(
  {
    protected: header,
    payload,
    signature,
  }: { readonly protected: string; readonly payload: string; readonly signature: string },
  keys: readonly Json[],
): Json | Refused {
  const told = decoded(header);
  const algorithm = typeof told?.alg === 'string' ? ALGORITHMS.get(told.alg) : undefined;
  if (told === null || algorithm === undefined || told.crit !== undefined) return 'algorithm';
  if (!BASE64URL.test(signature)) return 'signature';
  const bytes = Buffer.from(`${header}.${payload}`, 'ascii');
  const made = Buffer.from(signature, 'base64url');
  const found = keys.find((jwk) => {
    const fits = told.kid === undefined || jwk.kid === undefined || jwk.kid === told.kid;
    const meant = jwk.alg === undefined || jwk.alg === told.alg || algorithm === eddsa;
    return fits && meant && jwk.use !== 'enc' && holds(algorithm, bytes, made, jwk);
  });
  return found ?? 'signature';
}

function holds({ digest, options }: Algorithm, bytes: Buffer, signature: Buffer, jwk: Json): boolean {
  try {
    const with_ = options(createPublicKey({ key: { ...jwk }, format: 'jwk' }));
    return with_ !== null && verify(digest, bytes, with_, signature);
  } catch {
    return false;
  }
}

/** Members of a key that make its thumbprint, in order (RFC 7638 §3.2, RFC 8037 §2). */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};

/** RFC 7638 thumbprint: SHA-256, base64url; null for a key of a kind that has none here. */
export function thumbprintOf(jwk: unknown): string | null {
  const members = isObject(jwk) && typeof jwk.kty === 'string' ? MEMBERS[jwk.kty] : undefined;
  if (!isObject(jwk) || members?.some((name) => typeof jwk[name] !== 'string') !== false) return null;
  const text = JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])));
  return createHash('sha256').update(text).digest('base64url');
}
