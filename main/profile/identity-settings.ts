import { z } from 'zod';
import { type YamlFile } from '../policy/yaml-file.ts';
import { secretReference } from './secret-field.ts';
import { type OidcProvider, type ServiceSettings } from './types.ts';

/** The parts of organisation.yaml that say who vouches for people and services. */

const GROUP_SOURCES = ['id-token', 'userinfo', 'directory'] as const;

/** RFC 8037 §2 and RFC 7518 §6.2: public keys only, of the two algorithms that directory files are signed with. */
const publicKey = z.union(
  [
    z.strictObject({
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      x: z.base64url().length(43),
      kid: z.string().max(200).optional(),
    }),
    z.strictObject({
      kty: z.literal('EC'),
      crv: z.literal('P-256'),
      x: z.base64url().length(43),
      y: z.base64url().length(43),
      kid: z.string().max(200).optional(),
    }),
  ],
  { error: 'directoryKey must be a public key as JWK: OKP with Ed25519, or EC with P-256, and never a private one' },
);

const parameter = z.string().min(1).max(500).optional();
/** What some provider wants to be asked besides; never what the safety of the protocol rests on (state, nonce, PKCE, redirect). */
const authorizationParameters = z
  .strictObject({
    access_type: z.enum(['offline', 'online']).optional(),
    prompt: z.enum(['consent', 'select_account', 'login']).optional(),
    ...{ audience: parameter, domain_hint: parameter, hd: parameter, kc_idp_hint: parameter },
    ...{ organization: parameter, resource: parameter },
  })
  .default({});

const strengths = z.array(z.string().min(1).max(300)).max(50).default([]);

export const oidcSection = z.strictObject({
  kind: z.literal('oidc'),
  issuer: z.string().max(2000),
  clientId: z.string().min(1).max(500),
  clientSecret: secretReference.optional(),
  scopes: z.array(z.string().min(1).max(100)).max(50).default(['openid', 'profile', 'email']),
  redirect: z
    .strictObject({
      host: z.enum(['127.0.0.1', '[::1]', 'localhost']).default('127.0.0.1'),
      ports: z
        .preprocess((value) => (value === 'any' ? [] : value), z.array(z.int().min(1024).max(65535)).max(100))
        .default([]),
      path: z
        .string()
        .regex(/^\/[\w/.-]*$/, 'must begin with / and hold letters, digits and /._-')
        .default('/callback'),
    })
    .prefault({}),
  groupsClaim: z.string().min(1).max(200).default('groups'),
  groupsFrom: z.array(z.enum(GROUP_SOURCES)).min(1).max(GROUP_SOURCES.length).default(['id-token', 'userinfo']),
  directoryKey: publicKey.optional(),
  stepUp: z
    .strictObject({ acrValues: strengths, acr: strengths, amr: strengths, requireAuthTime: z.boolean().default(false) })
    .prefault({}),
  requiredClaims: z.record(z.string().min(1).max(200), z.string().min(1).max(500)).default({}),
  authorizationParameters,
});
type OidcSection = z.output<typeof oidcSection>;

/** What is wrong with the section beyond its shape, or the provider it describes. */
export function oidcProvider(
  { kind: _kind, directoryKey, clientSecret, redirect, ...section }: OidcSection,
  problem: YamlFile<unknown>['problem'],
): OidcProvider | ReturnType<typeof problem> {
  const { issuer, scopes, groupsFrom } = section;
  if (!isIssuer(issuer)) {
    const message =
      'the issuer must be an https: address without query or fragment (http: only for 127.0.0.1, [::1] and localhost)';
    return problem(['identity', 'issuer'], message);
  }
  if (!scopes.includes('openid')) return problem(['identity', 'scopes'], 'the scopes must hold openid');
  if (groupsFrom.includes('directory') && directoryKey === undefined) {
    const message = 'groups from a directory need identity.directoryKey, the public key that signs directory.json';
    return problem(['identity', 'groupsFrom'], message);
  }
  return {
    ...section,
    authorizationParameters: withoutAbsent(section.authorizationParameters),
    ...(directoryKey === undefined ? {} : { directoryKey: withoutAbsent(directoryKey) }),
    ...(clientSecret === undefined ? {} : { clientSecret }),
    redirect: { ...redirect, ports: redirect.ports.length === 0 ? ('any' as const) : redirect.ports },
  };
}

/** OpenID Connect Core 1.0 section 2: scheme, host, optional port and path; no query or fragment. */
function isIssuer(text: string): boolean {
  if (!URL.canParse(text) || /[?#\s]/.test(text)) return false;
  const url = new URL(text);
  if (url.username !== '' || url.password !== '') return false;
  const loopback = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  return url.protocol === 'https:' || (url.protocol === 'http:' && loopback);
}

const withoutAbsent = (key: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(key).filter((entry): entry is [string, string] => entry[1] !== undefined));

const service = z
  .strictObject({
    clientId: z.string().min(1).max(500).optional(),
    key: secretReference.optional(),
    assertionAudience: z.enum(['issuer', 'token-endpoint']).default('issuer'),
    scopes: z.array(z.string().min(1).max(100)).max(50).default([]),
    token: z
      .union(
        [
          z.literal('github'),
          z.strictObject({ environment: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/) }),
          z.strictObject({ file: z.string().min(1).max(1000) }),
        ],
        { error: 'token is github, { environment: VARIABLE } or { file: PATH }' },
      )
      .optional(),
  })
  .refine(
    ({ clientId, key, token }) =>
      token === undefined ? clientId !== undefined && key !== undefined : key === undefined && clientId === undefined,
    {
      error:
        'a service has either clientId and key (client credentials), or token (a workload whose platform gives it one)',
    },
  );

export const servicesSection = z.record(z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/), service).default({});

export function serviceSettings(section: z.output<typeof servicesSection>): ReadonlyMap<string, ServiceSettings> {
  return new Map(Object.entries(section).map(([name, entry]) => [name, settingsOf(entry)]));
}

function settingsOf({ clientId, key, assertionAudience, scopes, token }: z.output<typeof service>): ServiceSettings {
  if (clientId !== undefined && key !== undefined) return { kind: 'client', clientId, key, assertionAudience, scopes };
  if (token === undefined || token === 'github') return { kind: 'github' };
  if ('environment' in token) return { kind: 'environment', variable: token.environment };
  return { kind: 'file', path: token.file };
}
