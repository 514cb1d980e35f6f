import { type KeyBinding } from '../audit/events.ts';
import { type ServiceSigner } from '../identity/index.ts';
import { type Session } from '../identity/principal.ts';

/**
 * The proof, for the record, of who a service is: the token by which it was known and the keys of its issuer, sealed, beside
 * the key of the session. Where the token is opaque there is nothing to keep but that key.
 */
export function serviceBindingOf({ principal }: Session, signer: ServiceSigner): KeyBinding {
  const { thumbprint, publicKey, method, token, until } = signer;
  return {
    alg: 'EdDSA',
    thumbprint,
    iss: principal.issuer,
    sub: principal.subject,
    until: Math.floor(Date.parse(until) / 1000),
    method,
    key: publicKey,
    ...(token === undefined ? {} : { ...saidBy(token.jwt), ...sealed(token) }),
  };
}

const sealed = ({ jwt, issuerKeys }: NonNullable<ServiceSigner['token']>): Pick<KeyBinding, 'token' | 'jwks'> => ({
  token: { text: jwt },
  jwks: { text: JSON.stringify(issuerKeys) },
});

/** What the token says that the event says in clear; it was verified when the service signed in. */
function saidBy(jwt: string): Pick<KeyBinding, 'aud' | 'iat' | 'exp'> {
  const [, payload = ''] = jwt.split('.');
  const { aud, iat, exp } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const first: unknown = Array.isArray(aud) ? aud[0] : aud;
  return {
    ...(typeof first === 'string' ? { aud: first } : {}),
    ...(typeof iat === 'number' ? { iat } : {}),
    ...(typeof exp === 'number' ? { exp } : {}),
  };
}
