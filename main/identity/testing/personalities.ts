import { type AuthorizationParameter, type GroupSource, type StepUpSettings } from '../settings.ts';

export const PERSONALITIES = ['okta', 'entra', 'entra-overage', 'google', 'keycloak', 'strict'] as const;
export type PersonalityName = (typeof PERSONALITIES)[number];

/** What sets one provider apart from another, as far as it has been seen or documented. */
export interface Personality {
  /** Path of the issuer. */
  readonly path: string;
  /** Whether a loopback redirect must match its registration with the port (Okta), or any port will do (RFC 8252 §7.3). */
  readonly exactPort: boolean;
  readonly rotates: boolean;
  /** Claims in userinfo only (OpenID Connect Core §5.4), and a refresh token only after consent. */
  readonly strict: boolean;
  /** Whether the ID token says when the person signed in although nobody asked. */
  readonly statesAuthTime: boolean;
  /** Of a client that is native and yet has a secret, as Google's are. */
  readonly clientSecret?: string;
  /** Needed for a refresh token besides, as Google wants it. */
  readonly offlineParameter?: readonly [AuthorizationParameter, string];
  /** Strength without and with a second factor, and how the latter is asked for. */
  readonly strength?: {
    readonly first: { readonly acr?: string; readonly amr?: readonly string[] };
    readonly second: { readonly acr?: string; readonly amr?: readonly string[] };
    readonly acrValue: string;
  };
  readonly claims: (person: PersonClaims) => Readonly<Record<string, unknown>>;
  /** The few lines of organisation.yaml that it needs. */
  readonly settings: {
    readonly scopes: readonly string[];
    readonly groupsFrom?: readonly GroupSource[];
    readonly stepUp?: StepUpSettings;
    readonly requiredClaims?: Readonly<Record<string, string>>;
    readonly authorizationParameters?: Readonly<Partial<Record<AuthorizationParameter, string>>>;
  };
  /** Groups that Ana has when she signs in there. */
  readonly groups: readonly string[] | 'unknown';
}

export interface PersonClaims {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly groups: readonly string[];
}

const OIDC = ['openid', 'profile', 'email'];
const TENANT = '5f1c9a3e-0d52-4b7e-9c36-3f0b7f2a9d11';
/** Entra names groups by their object ids. */
const objectIdOf = (group: string): string =>
  `0f3c0000-0000-4000-8000-${Buffer.from(group).toString('hex').slice(0, 12).padEnd(12, '0')}`;
const entraClaims = ({ id, name, email }: PersonClaims): Record<string, unknown> => ({
  ...{
    name,
    email,
    preferred_username: email,
    tid: TENANT,
    oid: `9a1b0000-0000-4000-8000-00000000${id.padEnd(4, '0')}`,
    ver: '2.0',
  },
});

export const personalities: Readonly<Record<PersonalityName, Personality>> = {
  okta: {
    path: '/oauth2/default',
    ...{ exactPort: true, rotates: true, strict: false, statesAuthTime: true },
    strength: {
      first: { amr: ['pwd'] },
      second: { acr: 'urn:okta:loa:2fa:any', amr: ['mfa', 'otp', 'pwd'] },
      acrValue: 'urn:okta:loa:2fa:any',
    },
    claims: ({ name, email, groups }) => ({ name, email, preferred_username: email, groups: ['Everyone', ...groups] }),
    settings: {
      scopes: [...OIDC, 'groups', 'offline_access'],
      stepUp: { acrValues: ['urn:okta:loa:2fa:any'], acr: [], amr: ['mfa'], requireAuthTime: true },
    },
    groups: ['Everyone', 'analysts'],
  },
  entra: {
    path: `/${TENANT}/v2.0`,
    ...{ exactPort: false, rotates: true, strict: false, statesAuthTime: false },
    claims: (person) => ({ ...entraClaims(person), groups: person.groups.map(objectIdOf) }),
    settings: {
      scopes: [...OIDC, 'offline_access'],
      groupsFrom: ['id-token'],
      stepUp: { acrValues: [], acr: [], amr: [], requireAuthTime: true },
      requiredClaims: { tid: TENANT },
    },
    groups: [objectIdOf('analysts')],
  },
  'entra-overage': {
    path: `/${TENANT}/v2.0`,
    ...{ exactPort: false, rotates: true, strict: false, statesAuthTime: false },
    claims: (person) => ({
      ...entraClaims(person),
      _claim_names: { groups: 'src1' },
      _claim_sources: { src1: { endpoint: `https://graph.example/v1.0/users/${person.id}/getMemberObjects` } },
    }),
    settings: { scopes: [...OIDC, 'offline_access'], groupsFrom: ['id-token', 'directory'] },
    groups: 'unknown',
  },
  google: {
    path: '',
    ...{ exactPort: false, rotates: false, strict: false, statesAuthTime: false },
    clientSecret: 'made-up-for-tests',
    offlineParameter: ['access_type', 'offline'],
    claims: ({ name, email }) => ({ name, email, email_verified: true, hd: 'shop.example' }),
    settings: {
      scopes: OIDC,
      groupsFrom: ['directory'],
      requiredClaims: { hd: 'shop.example' },
      authorizationParameters: { access_type: 'offline', prompt: 'consent', hd: 'shop.example' },
    },
    groups: 'unknown',
  },
  keycloak: {
    path: '/realms/shop',
    ...{ exactPort: false, rotates: true, strict: false, statesAuthTime: true },
    strength: { first: { acr: '1' }, second: { acr: '2' }, acrValue: '2' },
    claims: ({ name, email, groups }) => ({
      ...{ name, email, email_verified: true, preferred_username: email },
      groups: groups.map((group) => `/shop/${group}`),
    }),
    settings: {
      scopes: [...OIDC, 'offline_access'],
      groupsFrom: ['id-token'],
      stepUp: { acrValues: ['2'], acr: ['2'], amr: [], requireAuthTime: true },
    },
    groups: ['/shop/analysts'],
  },
  strict: {
    path: '',
    ...{ exactPort: false, rotates: true, strict: true, statesAuthTime: false },
    claims: ({ name, email, groups }) => ({ name, email, email_verified: true, groups }),
    settings: {
      scopes: [...OIDC, 'groups', 'offline_access'],
      groupsFrom: ['userinfo'],
      authorizationParameters: { prompt: 'consent' },
    },
    groups: ['analysts'],
  },
};
