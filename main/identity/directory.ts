import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { CountersignError } from '../errors.ts';
import { type Directory } from './context.ts';
import { CLOCK_TOLERANCE_SECONDS } from './settings.ts';

/**
 * The signed directory: people and their groups, written by an administrator's job where the provider cannot tell groups
 * (Google Workspace, Entra group overage, LDAP). A flattened JWS (RFC 7515 §7.2.2) whose payload is
 * `{ version: 1, iat, exp, people: [{ person, groups }] }` with times in seconds since 1970; `person` is an e-mail address, or
 * issuer and subject with a space between them.
 */
const TYPE = 'countersign-directory+jws';
/** Largest file, bytes of text: about 100,000 people. */
const MAX_LENGTH = 16 * 1024 * 1024;
/** A list of people that is older than this is nobody's directory any more, days. */
export const MAX_DIRECTORY_DAYS = 90;

const base64url = z.string().regex(/^[A-Za-z0-9_-]+$/);
const file = z.strictObject({ protected: base64url.max(1_000), payload: base64url, signature: base64url.max(200) });
/** Nothing but these members: no `crit`, and no key or address of one that the file would bring itself. */
const header = z.strictObject({
  alg: z.enum(['EdDSA', 'Ed25519', 'ES256']),
  typ: z.literal(TYPE),
  kid: z.string().max(200).optional(),
});

const person = z
  .string()
  .max(600)
  .transform((text, context) => {
    if (/^[^\s@]+@[^\s@]+$/u.test(text)) return text.toLowerCase();
    if (/^https?:\/\/\S+ \S+$/u.test(text)) return text;
    context.addIssue({
      code: 'custom',
      message: 'is an e-mail address, or an issuer and a subject with a space between',
    });
    return z.NEVER;
  });
const people = z
  .array(z.strictObject({ person, groups: z.array(z.string().min(1).max(500)).max(2_000) }))
  .max(200_000)
  .superRefine((listed, context) => {
    const seen = new Set<string>();
    for (const [index, entry] of listed.entries()) {
      if (seen.has(entry.person))
        context.addIssue({ code: 'custom', path: [index, 'person'], message: `${entry.person} is listed twice` });
      seen.add(entry.person);
    }
  });
const seconds = z.int().min(0).max(99_999_999_999);
const content = z.strictObject({ version: z.literal(1), iat: seconds, exp: seconds, people });

/** What somebody writes to have it signed, as YAML or JSON. */
export const directoryPeople = z.strictObject({ people });
export type DirectoryPeople = z.infer<typeof directoryPeople>['people'];

/**
 * Reads directory.json and checks it: signed by `key` (public JWK, Ed25519 or P-256), not before its time (`now`, milliseconds
 * since the epoch), not after it, nobody twice. The algorithm is that of the key, whatever the file says.
 * @throws CountersignError `directory-refused`, `directory-expired`
 */
export function readDirectory(text: string, key: Readonly<Record<string, string>>, now: number): Directory {
  if (text.length > MAX_LENGTH) refuse('it is larger than 16 MB');
  const jws = file.safeParse(parseJson(text));
  if (!jws.success) refuse('it is not a flattened JSON web signature');
  const head = header.safeParse(parseJson(decoded(jws.data.protected)));
  if (!head.success) refuse('its header is not that of a directory');
  const publicKey = importPublic(key);
  const { alg } = head.data;
  if (algorithmOf(publicKey) !== (alg === 'Ed25519' ? 'EdDSA' : alg))
    refuse(`it is signed with ${alg}, which is not the kind of identity.directoryKey`);
  const signed = Buffer.from(`${jws.data.protected}.${jws.data.payload}`, 'ascii');
  if (
    !verify(
      hashOf(publicKey),
      signed,
      { key: publicKey, dsaEncoding: 'ieee-p1363' },
      Buffer.from(jws.data.signature, 'base64url'),
    )
  )
    refuse('its signature is not that of identity.directoryKey');

  const parsed = content.safeParse(parseJson(decoded(jws.data.payload)));
  if (!parsed.success) refuse(firstProblem(parsed.error));
  const { iat, exp } = parsed.data;
  const at = now / 1000;
  if (iat > at + CLOCK_TOLERANCE_SECONDS) refuse('it was signed in the future: compare the clocks of both machines');
  if (exp <= iat || exp - iat > MAX_DIRECTORY_DAYS * 86_400)
    refuse(`it must expire, and at most ${String(MAX_DIRECTORY_DAYS)} days after it was signed`);
  if (at >= exp) {
    throw new CountersignError(
      'directory-expired',
      `directory.json expired at ${iso(exp)}: nobody's groups are known from it.`,
      {
        next: 'Have the job that signs it run again.',
      },
    );
  }
  const groups = new Map(parsed.data.people.map((entry) => [entry.person, [...new Set(entry.groups)]]));
  return {
    issuedAt: iso(iat),
    expiresAt: iso(exp),
    people: groups.size,
    // Issuer and subject first: an e-mail address can change hands.
    groupsOf: ({ issuer, subject, email }) =>
      groups.get(`${issuer} ${subject}`) ?? (email === undefined ? undefined : groups.get(email.toLowerCase())),
  };
}

/**
 * Signs people and groups into the text of directory.json. `privateKey` is a private JWK or PKCS #8 PEM, Ed25519 or P-256.
 * @throws CountersignError `directory-key-invalid`, `directory-refused`
 */
export function signDirectory(listed: DirectoryPeople, privateKey: string, now: number, days: number): string {
  const key = importPrivate(privateKey);
  const iat = Math.floor(now / 1000);
  const parsed = content.safeParse({ version: 1, iat, exp: iat + Math.round(days * 86_400), people: listed });
  if (!parsed.success) refuse(firstProblem(parsed.error));
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const jws = { protected: encode({ alg: algorithmOf(key), typ: TYPE }), payload: encode(parsed.data) };
  const signature = sign(hashOf(key), Buffer.from(`${jws.protected}.${jws.payload}`, 'ascii'), {
    key,
    dsaEncoding: 'ieee-p1363',
  });
  return `${JSON.stringify({ ...jws, signature: signature.toString('base64url') })}\n`;
}

/** The public JWK of a private key, for `identity.directoryKey` of organisation.yaml. @throws CountersignError `directory-key-invalid` */
export function directoryKeyOf(privateKey: string): Readonly<Record<string, string>> {
  const { kty, crv, x, y } = createPublicKey(importPrivate(privateKey)).export({ format: 'jwk' });
  return Object.fromEntries(
    Object.entries({ kty, crv, x, y }).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function importPrivate(text: string): KeyObject {
  try {
    const jwk = text.trimStart().startsWith('{') ? parseJson(text) : undefined;
    const key =
      jwk === undefined
        ? createPrivateKey(text)
        : createPrivateKey({ key: z.record(z.string(), z.string()).parse(jwk), format: 'jwk' });
    if (algorithmOf(key) !== undefined) return key;
  } catch {
    // What went wrong may quote the key.
  }
  throw new CountersignError('directory-key-invalid', 'That is no private key that a directory can be signed with.', {
    next: 'Use an Ed25519 or P-256 key, as private JWK or PKCS #8 PEM: countersign directory key makes one.',
  });
}

function importPublic(jwk: Readonly<Record<string, string>>): KeyObject {
  try {
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    if (!('d' in jwk) && algorithmOf(key) !== undefined) return key;
  } catch {
    // Told below.
  }
  throw new CountersignError(
    'directory-key-invalid',
    'identity.directoryKey in organisation.yaml is no Ed25519 or P-256 public key.',
    {
      next: 'Copy the line that countersign directory key prints.',
    },
  );
}

/** RFC 8037 §3.1 and RFC 7518 §3.4. */
function algorithmOf(key: KeyObject): 'EdDSA' | 'ES256' | undefined {
  if (key.asymmetricKeyType === 'ed25519') return 'EdDSA';
  return key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1' ? 'ES256' : undefined;
}
const hashOf = (key: KeyObject): 'sha256' | null => (algorithmOf(key) === 'ES256' ? 'sha256' : null);

function refuse(why: string): never {
  throw new CountersignError('directory-refused', `directory.json was refused: ${why}.`, {
    next: 'Have it signed anew with countersign directory sign.',
  });
}

function firstProblem({ issues }: z.ZodError): string {
  const [issue] = issues;
  return issue === undefined ? 'it is malformed' : `${issue.path.join('.')} ${issue.message}`.trim();
}

const iso = (at: number): string => new Date(at * 1000).toISOString();
const decoded = (part: string): string => Buffer.from(part, 'base64url').toString('utf8');

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
