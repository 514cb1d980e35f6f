/**
 * The proof that a session was a service's: the token of its platform, or the access token that its provider gave it, signed
 * by the issuer. Only where the token names the session's key (RFC 7800 `cnf`) does the issuer vouch for that as well.
 */
import { isObject, parseObject, type Json } from './json.ts';
import { decoded, signedBy, thumbprintOf } from './jws.ts';
import { CLOCKS_DIFFER, LONGEST, type Login } from './login-proof.ts';

/** How a service may have been known. */
export const METHODS: ReadonlySet<unknown> = new Set(['workload-token', 'client-credentials']);

export interface ServiceLogin extends Login {
  /** Whether the issuer's signature covers the key of the session. */
  readonly bound: boolean;
}

/** The key of a service's session as its `key.bind` leaf names it. A text says what is wrong. */
export function sessionKey(bind: Json): Json | string {
  const { key } = bind;
  if (!isObject(key) || key.kty !== 'OKP' || key.crv !== 'Ed25519' || key.d !== undefined || bind.alg !== 'EdDSA')
    return "the session's key cannot be read";
  return thumbprintOf(key) === bind.thumbprint ? key : 'it names another key than that of the session';
}

/** Reads the proof of a `key.bind` leaf of a service. `t`: when it was recorded, seconds since 1970. */
export function proveService(bind: Json, token: Buffer, jwks: Buffer, t: number): ServiceLogin | string {
  const deviceKey = sessionKey(bind);
  if (typeof deviceKey === 'string') return deviceKey;
  const [header, payload, signature, more] = token.toString().split('.');
  if (header === undefined || payload === undefined || signature === undefined || more !== undefined)
    return 'its token is not a signed one';
  const keys = parseObject(jwks)?.keys;
  const issuerKey = signedBy(
    { protected: header, payload, signature },
    Array.isArray(keys) ? keys.filter(isObject) : [],
  );
  if (issuerKey === 'algorithm') return "the token's signature algorithm is not one that an issuer may use";
  if (issuerKey === 'signature') return "no key of the issuer that the record has made the token's signature";
  const claims = decoded(payload);
  if (claims === null) return "the token's claims cannot be read";
  const wrong = wrongClaim(claims, bind) ?? wrongTime(claims, bind, t);
  if (wrong !== undefined) return wrong;
  const named = isObject(claims.cnf) ? claims.cnf.jkt : undefined;
  if (named !== undefined && named !== bind.thumbprint) return 'the issuer gave the token to another key (cnf)';
  return {
    issuer: String(claims.iss),
    subject: String(claims.sub),
    thumbprint: String(bind.thumbprint),
    deviceKey,
    issuerKey: thumbprintOf(issuerKey) ?? '',
    bound: named !== undefined,
  };
}

function wrongClaim(claims: Json, bind: Json): string | undefined {
  if (claims.iss !== bind.iss) return 'the token is of another issuer';
  if (typeof claims.sub !== 'string' || claims.sub !== bind.sub) return 'the token is of another subject';
  const audiences = Array.isArray(claims.aud) ? claims.aud : claims.aud === undefined ? [] : [claims.aud];
  // A platform's token is for this program alone; an access token is for the interface of its provider.
  if (bind.method === 'workload-token' && (audiences.length !== 1 || audiences[0] !== bind.aud))
    return 'the token was issued for another program (aud)';
  for (const name of ['iat', 'exp'])
    if (claims[name] !== bind[name]) return `the event says another ${name} than the token`;
  return undefined;
}

/** Renewed tokens are not in the record: the one that is was good when the session began. */
function wrongTime({ iat, exp }: Json, { until }: Json, t: number): string | undefined {
  if (typeof iat !== 'number' || typeof exp !== 'number' || exp <= iat)
    return 'the token says no time, or none that can be';
  if (iat > t + CLOCKS_DIFFER) return 'the token was issued after it was recorded';
  if (t > exp + CLOCKS_DIFFER) return 'the token had ended before it was recorded';
  if (typeof until !== 'number') return 'it does not say when the session ends';
  return until > t + LONGEST + CLOCKS_DIFFER ? 'the session lasts longer than one may' : undefined;
}
