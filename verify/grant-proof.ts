/**
 * The proof that somebody took a grant: what they signed with the device key of their login, as a flattened JWS (RFC 7515
 * §7.2.2) with the PK token of that login beside it (docs/log-format.md, "Grants").
 */
import { at, isObject, parseObject, type Json } from './json.ts';
import { decoded, signedBy, thumbprintOf } from './jws.ts';
import { CLOCKS_DIFFER } from './login-proof.ts';
import { sha256 } from './merkle.ts';

/** Whose key it is: a device key by its thumbprint, or the profile's own, which only that profile can check. */
export type GrantProof =
  | {
      readonly thumbprint: string;
      /** When they say that they had last proved again who they are; seconds since 1970, NaN where that is no time. */
      readonly steppedUpAt: number | undefined;
    }
  | 'sealed';

const TYPE = 'countersign-grant+jws';

/** Compares what was signed with what the event says in clear. A text says what is wrong. `t`: seconds since 1970. */
export function proveGrant(
  signed: Buffer,
  grant: Json,
  actor: Json,
  t: number,
): GrantProof | { readonly wrong: string } {
  const { protected: header, payload, signature, evidence } = parseObject(signed) ?? {};
  const told = decoded(header);
  const content = decoded(payload);
  if (typeof header !== 'string' || typeof payload !== 'string' || typeof signature !== 'string' || told === null)
    return { wrong: 'what was signed is no JWS' };
  if (told.typ !== TYPE || content === null) return { wrong: 'what was signed is no grant' };
  const wrong = difference(Buffer.from(payload, 'base64url'), content, grant, actor, t);
  if (wrong !== undefined) return { wrong };
  if (told.alg === 'HS256') return 'sealed';
  const device = decoded(deviceHeader(evidence));
  const thumbprint = thumbprintOf(device?.upk);
  if (!isObject(device?.upk) || thumbprint === null || told.kid !== thumbprint || told.alg !== 'EdDSA')
    return { wrong: 'the key that signed is not shown' };
  const { kid: _kid, alg: _alg, ...key } = device.upk;
  if (!isObject(signedBy({ protected: header, payload, signature }, [key])))
    return { wrong: 'the signature is not of the key that is shown' };
  return { thumbprint, steppedUpAt: content.steppedUpAt === undefined ? undefined : seconds(content.steppedUpAt) };
}

/** The header that the device key signed at the login, which names the key: the second signature of the PK token. */
function deviceHeader(evidence: unknown): unknown {
  const signatures = at(evidence, 'pkToken', 'signatures');
  return Array.isArray(signatures) ? at(signatures[1], 'protected') : undefined;
}

function difference(payload: Buffer, content: Json, grant: Json, actor: Json, t: number): string | undefined {
  if (sha256(payload).toString('hex') !== grant.id) return 'its id is not the hash of what was signed';
  if (content.grant !== grant.name || content.connection !== grant.connection)
    return 'another grant, or one for another connection, was signed';
  if (
    at(content, 'person', 'issuer') !== at(actor, 'user', 'iss') ||
    at(content, 'person', 'subject') !== at(actor, 'user', 'sub')
  )
    return 'somebody else signed it';
  const [from, until] = [seconds(content.from), seconds(content.until)];
  if (Math.floor(until) !== grant.until) return 'another time was signed';
  return Math.abs(from - t) > CLOCKS_DIFFER ? 'it was signed at another time than it was recorded' : undefined;
}

const seconds = (time: unknown): number => (typeof time === 'string' ? Date.parse(time) / 1000 : NaN);
