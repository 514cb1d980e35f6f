import { compactVerify, decodeJwt, errors, importJWK } from 'jose';
import { z } from 'zod';
import { type DeviceSigner } from '../identity.ts';
import { type SessionId } from '../principal.ts';
import { CLOCK_TOLERANCE_SECONDS } from '../settings.ts';
import { deviceKeyOf } from './device-key-of.ts';
import { tokenRefused } from './refusals.ts';

/** `typ` of an agent's token (RFC 8725 §3.11): nothing else that a device key signs can be taken for one. */
export const AGENT_TOKEN_TYPE = 'countersign-agent+jwt';
const AUDIENCE = 'countersign';
/** Longest token that is looked at, characters. */
const LONGEST = 8_192;

/** JWK Thumbprint URI (RFC 9278): the issuer of a token is the device key that signed it. */
const issuerOf = (thumbprint: string): string => `urn:ietf:params:oauth:jwk-thumbprint:sha-256:${thumbprint}`;

const claims = z.strictObject({
  iss: z.string(),
  /** The person, as their identity provider calls them. */
  sub: z.string().min(1),
  /** RFC 8693 §4.1: who acts for them. */
  act: z.strictObject({ sub: z.string().min(1) }),
  aud: z.literal(AUDIENCE),
  /** The login by which it was issued, and with which it ends. */
  sid: z.uuid().transform((id) => id as SessionId),
  jti: z.uuid(),
  iat: z.int(),
  exp: z.int(),
  connections: z.array(z.string().min(1).max(100)).min(1).max(100).readonly().exactOptional(),
});
export type AgentClaims = Readonly<z.infer<typeof claims>>;

/** What a token is to say; times in seconds since the epoch. */
export type NewAgentClaims = Omit<AgentClaims, 'iss' | 'aud'>;

/** A compact JWS (RFC 7515 §7.1) by the device key of the person's login. */
export async function signAgentToken(said: NewAgentClaims, signer: DeviceSigner): Promise<string> {
  const payload: AgentClaims = { iss: issuerOf(signer.thumbprint), aud: AUDIENCE, ...said };
  const jws = await signer.sign(new TextEncoder().encode(JSON.stringify(payload)), AGENT_TOKEN_TYPE);
  return `${jws.protected}.${jws.payload}.${jws.signature}`;
}

/** Which login a token names, before anything of it is believed: to find the key that must have signed it. @throws `agent-token-refused` */
export function loginNamedBy(token: string): SessionId {
  if (token.length > LONGEST) throw tokenRefused('it is longer than such a token is');
  try {
    return z.object({ sid: claims.shape.sid }).parse(decodeJwt(token)).sid;
  } catch {
    throw tokenRefused('it is not one of this program');
  }
}

/**
 * Checks a token against the device key of the login that it names, as of `now` (ms since the epoch).
 * @throws CountersignError `agent-token-refused`, `agent-token-expired`; no part of the token is in the message
 */
export async function verifyAgentToken(token: string, signer: DeviceSigner, now: number): Promise<AgentClaims> {
  const key = await importJWK(deviceKeyOf(signer), 'EdDSA');
  const { payload, protectedHeader } = await compactVerify(token, key, { algorithms: ['EdDSA'] }).catch(
    (error: unknown) => {
      throw tokenRefused(
        error instanceof errors.JOSEAlgNotAllowed
          ? 'its signature algorithm is not allowed'
          : 'the device key of the login that it names did not sign it',
      );
    },
  );
  if (protectedHeader.typ !== AGENT_TOKEN_TYPE) throw tokenRefused('it is another kind of token');
  if (protectedHeader.kid !== signer.thumbprint) throw tokenRefused('it names another key');
  const said = claims.safeParse(parsed(payload));
  if (!said.success || said.data.iss !== issuerOf(signer.thumbprint)) throw tokenRefused('its claims are malformed');
  if (now < (said.data.iat - CLOCK_TOLERANCE_SECONDS) * 1000)
    throw tokenRefused("it was issued after this machine's clock says it is");
  return said.data;
}

function parsed(payload: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(payload));
  } catch {
    return undefined;
  }
}
