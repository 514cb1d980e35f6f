import { createHash, createHmac } from 'node:crypto';
import { FlattenedSign, flattenedVerify, importJWK, type JSONWebKeySet } from 'jose';
import { z } from 'zod';
import { principalOf } from '../identity/claims.ts';
import { type IdTokenClaims } from '../identity/id-token.ts';
import { type DeviceSigner } from '../identity/identity.ts';
import { pkTokenSchema, verifyPkToken } from '../identity/pk-token.ts';
import { type Principal } from '../identity/principal.ts';
import { type HubEvent, idOf } from './hub.ts';

/** Who vouches for the people whose events are read. */
export type Vouching =
  | {
      readonly kind: 'oidc';
      readonly issuer: string;
      readonly clientId: string;
      /** Hours that a login lasts at most, from the ID token's `iat`. */
      readonly maxHours: number;
      /** Every key that the issuer was seen to publish (JwksArchive). */
      readonly keys: () => Promise<JSONWebKeySet>;
      /** The groups that an ID token states (the provider's names); `unknown` where it does not. */
      readonly groupsIn: (claims: Readonly<Record<string, unknown>>) => readonly string[] | 'unknown';
    }
  /** Nobody: whoever sits at the account. Its events are sealed with a key of the profile, so that at least nobody else's count. */
  | { readonly kind: 'os-account' };

/** Events are made for one profile and sealed with its key where no device key is bound. */
export interface Sealing {
  readonly vouching: Vouching;
  /** 32 bytes of this profile: another profile's events do not count here. */
  readonly key: Uint8Array;
}

/** Who signed an event, as far as the event proves it. */
export type Signer = Pick<Principal, 'issuer' | 'subject' | 'name' | 'email' | 'groups'> & {
  /** RFC 7638 thumbprint of the device key; undefined for an account of the operating system. */
  readonly device?: string;
  /** When the provider saw the person with that key; ms since 1970. */
  readonly provenAt?: number;
};

/** A person as an event names them: on one line, without what nobody can see. */
export const personSchema = z.strictObject({
  issuer: z.string().min(1).max(2_000),
  subject: z.string().min(1).max(255),
  name: z
    .string()
    .max(200)
    .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]*$/u),
  email: z
    .string()
    .max(320)
    .regex(/^[^\p{Cc}\p{Cf}\p{Cs}\p{Z}]+$/u)
    .optional(),
});
export type Person = z.infer<typeof personSchema>;

export const personOf = ({ issuer, subject, name, email }: Principal): Person => ({
  ...{ issuer, subject, name },
  ...(email === undefined ? {} : { email }),
});

/** For whom the events of a profile are: signed with them, so that one of another profile is not taken for one of this. */
export const scopeOf = ({ key }: Sealing): string =>
  createHmac('sha256', key).update('countersign approvals scope v1').digest('base64url');

/** JWS `typ` of a topic: a signature made for one is none for another. */
const typeOf = (topic: string): string => `countersign-${topic}+jws`;

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);
const bodySchema = z.strictObject({
  ...{ protected: base64url, payload: base64url, signature: base64url },
  evidence: z.strictObject({ pkToken: pkTokenSchema }).optional(),
});
/** Exactly these members: nothing that fetches a key, nothing critical. */
const headerSchema = z.strictObject({ alg: z.string(), typ: z.string(), kid: z.string() });

const PROFILE = 'profile';
const sealingKey = ({ key }: Sealing): Uint8Array =>
  createHmac('sha256', key).update('countersign approvals seal v1').digest();

/**
 * Signs an event with the device key of a login, or seals it with the profile's where there is no provider and so no device key.
 * @returns the event, and the digest that its readers know it by
 */
export async function signEvent(
  topic: string,
  content: object,
  signer: DeviceSigner | undefined,
  sealing: Sealing,
): Promise<{ readonly event: HubEvent; readonly digest: string }> {
  const payload = new TextEncoder().encode(JSON.stringify(content));
  const signed =
    signer === undefined
      ? await new FlattenedSign(payload)
          .setProtectedHeader({ alg: 'HS256', typ: typeOf(topic), kid: PROFILE })
          .sign(sealingKey(sealing))
      : await signer.sign(payload, typeOf(topic));
  const { protected: header, payload: encoded, signature } = signed;
  const body = JSON.stringify({
    ...{ protected: header, payload: encoded, signature },
    ...(signer === undefined ? {} : { evidence: { pkToken: signer.pkToken } }),
  });
  return { event: { id: idOf(body), topic, body }, digest: digestOf(payload) };
}

const digestOf = (payload: Uint8Array): string => createHash('sha256').update(payload).digest('hex');

/** What an event says, before anybody knows whether it is true. */
export interface ReadEvent<T> {
  readonly content: T;
  /** SHA-256 of the signed bytes, hex: the same whatever is written around them, so that a replay is no second event. */
  readonly digest: string;
  /**
   * Who signed it, where it is the person it names. Undefined where anything about signature, type, key or login does not hold.
   * @param at when it says that it was signed: the login must have counted then
   */
  verify(named: Person, at: Date): Promise<Signer | undefined>;
}

/** Reads an event of a topic; undefined where it is none. */
export function readEvent<T>(event: HubEvent, schema: z.ZodType<T>, sealing: Sealing): ReadEvent<T> | undefined {
  if (event.id !== idOf(event.body)) return undefined;
  const body = bodySchema.safeParse(parsed(event.body));
  if (!body.success) return undefined;
  const { evidence, ...jws } = body.data;
  const payload = Buffer.from(jws.payload, 'base64url');
  const header = headerSchema.safeParse(parsed(Buffer.from(jws.protected, 'base64url').toString()));
  const content = schema.safeParse(parsed(payload.toString()));
  if (!header.success || !content.success || header.data.typ !== typeOf(event.topic)) return undefined;
  const { alg, kid } = header.data;
  const { vouching } = sealing;

  async function sealed(named: Person): Promise<Signer | undefined> {
    if (alg !== 'HS256' || kid !== PROFILE || evidence !== undefined || !named.issuer.startsWith('local:'))
      return undefined;
    await flattenedVerify(jws, sealingKey(sealing), { algorithms: ['HS256'] });
    return { ...withoutUndefined(named), groups: [] };
  }

  async function signed(named: Person, at: Date, by: Extract<Vouching, { kind: 'oidc' }>): Promise<Signer | undefined> {
    const expected = { issuer: by.issuer, clientId: by.clientId, maxAgeSeconds: by.maxHours * 3_600 };
    const { claims, deviceKey, thumbprint } = await verifyPkToken(evidence?.pkToken, await keysOf(by), at, expected);
    if (alg !== 'EdDSA' || kid !== thumbprint) return undefined;
    await flattenedVerify(jws, await importJWK(deviceKey, 'EdDSA'), { algorithms: ['EdDSA'] });
    if (claims.iss !== named.issuer || claims.sub !== named.subject) return undefined;
    return {
      ...described(claims, named),
      groups: by.groupsIn(claims),
      device: thumbprint,
      provenAt: claims.iat * 1000,
    };
  }

  return {
    content: content.data,
    digest: digestOf(payload),
    async verify(named, at) {
      try {
        return vouching.kind === 'os-account' ? await sealed(named) : await signed(named, at, vouching);
      } catch (error) {
        // Keys that cannot be read say nothing about the event; anything else says that it does not hold.
        if (error instanceof KeysUnavailable) throw error.cause;
        return undefined;
      }
    },
  };
}

class KeysUnavailable extends Error {}

const keysOf = ({ keys }: Extract<Vouching, { kind: 'oidc' }>): Promise<JSONWebKeySet> =>
  keys().catch((cause: unknown) => {
    throw new KeysUnavailable('the keys of the issuer', { cause });
  });

/** What the provider says of somebody counts before what they say of themselves. */
function described(claims: IdTokenClaims, named: Person): Omit<Signer, 'groups'> {
  const { issuer, subject, name, email = named.email } = principalOf(claims, {}, [], undefined);
  return { issuer, subject, name: name === subject ? named.name : name, ...(email === undefined ? {} : { email }) };
}

const withoutUndefined = ({ email, ...person }: Person): Omit<Signer, 'groups'> => ({
  ...person,
  ...(email === undefined ? {} : { email }),
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
