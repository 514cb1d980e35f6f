/**
 * What this room needs to know of an organisation; the organisation of main/profile/types.ts fits it. Kept apart because
 * identity stands further in than the profile and imports nothing of it.
 */
export interface ProviderSettings {
  /** https:, or http: on loopback only. */
  readonly issuer: string;
  readonly clientId: string;
  /**
   * Of a native client that has a secret all the same, as Google's desktop clients do: everybody who has the program has it, so it
   * proves nothing (RFC 8252 §8.5), and PKCE is what protects the sign-in. Without one the client is public.
   */
  readonly clientSecret?: () => Promise<string>;
  readonly scopes: readonly string[];
  /** Loopback redirect (RFC 8252 §7.3): some providers match the port exactly, hence a list. */
  readonly redirect: { readonly host: string; readonly ports: 'any' | readonly number[]; readonly path: string };
  readonly groupsClaim: string;
  /** Where groups may come from, in the order in which they are asked; `['id-token', 'userinfo']` where absent. */
  readonly groupsFrom?: readonly GroupSource[];
  /** What a step-up asks for and what counts as one; a fresh sign-in (`prompt=login`) of the last minutes where absent. */
  readonly stepUp?: StepUpSettings;
  /** Claims that the ID token must carry with exactly this value, such as Google's `hd`: who else has an account there is refused. */
  readonly requiredClaims?: Readonly<Record<string, string>>;
  /** Parameters of the authorization request that some provider wants; never those of the protocol's own safety. */
  readonly authorizationParameters?: Readonly<Partial<Record<AuthorizationParameter, string>>>;
}

/** Google: access_type=offline for a refresh token, hd for the organisation's accounts. Entra: domain_hint. Auth0, Okta: audience, organization. */
export type AuthorizationParameter =
  'access_type' | 'audience' | 'domain_hint' | 'hd' | 'kc_idp_hint' | 'organization' | 'prompt' | 'resource';

/** `directory` is the signed file of directory.ts. */
export const GROUP_SOURCES = ['id-token', 'userinfo', 'directory'] as const;
export type GroupSource = (typeof GROUP_SOURCES)[number];
export const DEFAULT_GROUP_SOURCES: readonly GroupSource[] = ['id-token', 'userinfo'];

/** OpenID Connect Core §3.1.2.1 (acr_values, max_age): a wish to the provider, so the answer is checked here. */
export interface StepUpSettings {
  /** Asked for, in the order of preference. */
  readonly acrValues: readonly string[];
  /** Accepted: any of these contexts, or any of these methods (RFC 8176). Both empty: that the sign-in is fresh is enough. */
  readonly acr: readonly string[];
  readonly amr: readonly string[];
  /** Whether the provider must state `auth_time`; else a fresh nonce after `prompt=login` counts as the time. */
  readonly requireAuthTime: boolean;
}

/** How this machine gets the tokens of a service that policy.yaml names. */
export type ServiceSource =
  /** OAuth 2.0 client credentials at the organisation's issuer, with private_key_jwt (RFC 7523). */
  | {
      readonly kind: 'client';
      readonly clientId: string;
      /** The private key, JWK or PKCS #8 PEM. */
      readonly key: () => Promise<string>;
      /** Some providers want their token endpoint as the audience of the assertion, not the issuer. */
      readonly assertionAudience: 'issuer' | 'token-endpoint';
      readonly scopes: readonly string[];
    }
  /** A workload's own token, as GitLab or Kubernetes gives it: from the environment or a file. */
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string }
  /** GitHub Actions: asked for at ACTIONS_ID_TOKEN_REQUEST_URL. */
  | { readonly kind: 'github' };

export interface SessionLimits {
  readonly maxHours: number;
  readonly idleMinutes: number;
  readonly revalidateMinutes: number;
  /** While a login has something running or a connection open, the provider is asked this often whether it still stands; 15 where absent. */
  readonly checkSeconds?: number;
}

export interface IdentitySettings {
  readonly identity: { readonly kind: 'oidc'; readonly provider: ProviderSettings } | { readonly kind: 'os-account' };
  readonly session: SessionLimits;
  readonly services?: ReadonlyMap<string, ServiceSource>;
}

/** Milliseconds since the epoch. A port, so that tests can move it. */
export type Clock = () => number;

/** Seconds that this machine's clock and the provider's may differ. */
export const CLOCK_TOLERANCE_SECONDS = 60;
