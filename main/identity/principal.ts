/** Who is asking. Made only by main/identity from verified tokens (or, in a local profile, from the OS account). */
export interface Principal {
  /** OIDC issuer, or `local:` and the host name for an OS account. */
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  readonly email?: string;
  /** `unknown` when the identity provider did not say (Entra group overage): no group rule may match it. */
  readonly groups: readonly string[] | 'unknown';
  /** False for an OS account: nobody vouched for it. */
  readonly verified: boolean;
  /** RFC 7638 thumbprint of the device key bound to the login; undefined in a local profile. */
  readonly device?: string;
  /** When the person proved who they are (ISO 8601), and how strongly the provider says. */
  readonly authenticatedAt: string;
  readonly acr?: string;
  readonly amr?: readonly string[];
  /** Set when an agent acts for the person. */
  readonly agent?: { readonly id: string; readonly name: string };
}

export type SessionId = string & { readonly __brand: 'SessionId' };

/** A login that the gate still trusts. `ensureLive` is asked before every statement. */
export interface Session {
  readonly id: SessionId;
  readonly principal: Principal;
  /** ISO 8601; absolute end of the login. */
  readonly expiresAt: string;
}
