/**
 * The proof that a login was a person's: an ID token (OpenID Connect Core §2) whose nonce is the hash of a header that names
 * the device key, signed by the identity provider and by the device key (OpenPubkey's PK token, JWS JSON serialization).
 */
import { createHash } from 'node:crypto';
import { isObject, parseObject, type Json } from './json.ts';
import { decoded, signedBy, thumbprintOf } from './jws.ts';

/** Seconds that the clocks of the provider and of the machine may differ. */
export const CLOCKS_DIFFER = 60;
/** Seconds that a login may last at most: a week (docs/configuration.md, `session.maxHours`). */
export const LONGEST = 7 * 86_400;

export interface Login {
  readonly issuer: string;
  readonly subject: string;
  readonly thumbprint: string;
  /** Public key of the device (JWK). */
  readonly deviceKey: Json;
  /** RFC 7638 thumbprint of the provider's key that signed. */
  readonly issuerKey: string;
}

/** Reads the proof of a `key.bind` leaf. A text says what is wrong. `t`: when it was recorded, seconds since 1970. */
export function proveLogin(bind: Json, token: Buffer, jwks: Buffer, t: number): Login | string {
  const parts = readToken(token);
  if (parts === null) return 'its token is not a PK token';
  const { payload, byIssuer, byDevice } = parts;
  const keys = parseObject(jwks)?.keys;
  const issuerKey = signedBy({ payload, ...byIssuer }, Array.isArray(keys) ? keys.filter(isObject) : []);
  if (issuerKey === 'algorithm') return "the token's signature algorithm is not one that a provider may use";
  if (issuerKey === 'signature') return "no key of the provider that the record has made the token's signature";
  const claims = decoded(payload);
  if (claims === null) return "the token's claims cannot be read";
  const wrong = wrongClaim(claims, bind) ?? wrongTime(claims, bind, t);
  if (wrong !== undefined) return wrong;
  const nonce = createHash('sha256').update(byDevice.protected, 'ascii').digest('base64url');
  if (claims.nonce !== nonce) return 'the provider signed another device key (nonce)';
  const device = decoded(byDevice.protected);
  const { upk } = device ?? {};
  if (device?.typ !== 'CIC' || device.alg !== 'EdDSA' || !isObject(upk) || upk.d !== undefined)
    return "the device key's header cannot be read";
  if (!isObject(signedBy({ payload, ...byDevice }, [upk]))) return 'the device key did not sign the login';
  const thumbprint = thumbprintOf(upk);
  if (thumbprint === null || thumbprint !== bind.thumbprint || bind.alg !== device.alg)
    return 'it names another device key than the one that signed';
  return {
    issuer: String(claims.iss),
    subject: String(claims.sub),
    thumbprint,
    deviceKey: upk,
    issuerKey: thumbprintOf(issuerKey) ?? '',
  };
}

interface Signature {
  readonly protected: string;
  readonly signature: string;
}

/** JWS JSON general serialization (RFC 7515 §7.2.1) with exactly the two signatures. */
function readToken(
  bytes: Buffer,
): { readonly payload: string; readonly byIssuer: Signature; readonly byDevice: Signature } | null {
  const token = parseObject(bytes);
  const { payload, signatures } = token ?? {};
  if (typeof payload !== 'string' || !Array.isArray(signatures) || signatures.length !== 2) return null;
  const [byIssuer, byDevice] = signatures.map(signatureOf);
  return byIssuer == null || byDevice == null ? null : { payload, byIssuer, byDevice };
}

function signatureOf(value: unknown): Signature | null {
  const { protected: header, signature } = isObject(value) ? value : {};
  return typeof header === 'string' && typeof signature === 'string' ? { protected: header, signature } : null;
}

/** What the event says in clear must be what the token says (OpenID Connect Core §3.1.3.7). */
function wrongClaim(claims: Json, bind: Json): string | undefined {
  if (claims.iss !== bind.iss) return 'the token is of another issuer';
  if (typeof claims.sub !== 'string' || claims.sub !== bind.sub) return 'the token is of another person';
  const audiences = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  if (typeof bind.aud !== 'string' || !audiences.includes(bind.aud))
    return 'the token was issued for another program (aud)';
  if (claims.azp !== undefined ? claims.azp !== bind.aud : audiences.length > 1)
    return 'the token was issued for another program (azp)';
  for (const name of ['nonce', 'iat', 'exp', 'acr'])
    if (claims[name] !== bind[name]) return `the event says another ${name} than the token`;
  return undefined;
}

function wrongTime({ iat, exp }: Json, { until }: Json, t: number): string | undefined {
  if (typeof iat !== 'number' || typeof exp !== 'number' || exp <= iat)
    return 'the token says no time, or none that can be';
  if (iat > t + CLOCKS_DIFFER) return 'the token was issued after it was recorded';
  if (typeof until !== 'number') return 'it does not say when the login ends';
  if (until < iat || until > iat + LONGEST + CLOCKS_DIFFER) return 'the login lasts longer than a login may';
  return t > until + CLOCKS_DIFFER ? 'the login had ended before it was recorded' : undefined;
}

/** Whether the device key signed that this working session of this log began: `header..signature`. */
export function provesSession(
  proof: unknown,
  { deviceKey, thumbprint }: Login,
  logId: string,
  session: unknown,
): boolean {
  const [header, empty, signature, more] = typeof proof === 'string' ? proof.split('.') : [];
  if (header === undefined || empty !== '' || signature === undefined || more !== undefined) return false;
  const told = decoded(header);
  if (told?.typ !== 'countersign-session' || told.kid !== thumbprint) return false;
  const payload = Buffer.from(JSON.stringify({ log: logId, s: session })).toString('base64url');
  const { kid: _kid, alg: _alg, ...key } = deviceKey;
  return isObject(signedBy({ protected: header, payload, signature }, [key]));
}
