/**
 * What this room needs to know of an organisation; the organisation of main/profile/types.ts fits it. Kept apart because
 * identity stands further in than the profile and imports nothing of it.
 */
export interface ProviderSettings {
  /** https:, or http: on loopback only. */
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** Loopback redirect (RFC 8252 §7.3): some providers match the port exactly, hence a list. */
  readonly redirect: { readonly host: string; readonly ports: 'any' | readonly number[]; readonly path: string };
  readonly groupsClaim: string;
}

export interface SessionLimits {
  readonly maxHours: number;
  readonly idleMinutes: number;
  readonly revalidateMinutes: number;
}

export interface IdentitySettings {
  readonly identity: { readonly kind: 'oidc'; readonly provider: ProviderSettings } | { readonly kind: 'os-account' };
  readonly session: SessionLimits;
}

/** Milliseconds since the epoch. A port, so that tests can move it. */
export type Clock = () => number;

/** Seconds that this machine's clock and the provider's may differ. */
export const CLOCK_TOLERANCE_SECONDS = 60;
