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
  /** When they last proved again who they are, as strongly as the organisation asks of a step-up (ISO 8601); undefined: not in this login. */
  readonly steppedUpAt?: string;
  /** Set for a service or CI job that policy.yaml names: nobody is behind it, and it has no groups of its own. */
  readonly service?: { readonly name: string };
  /** Set when an agent acts for the person. `id` is its name in policy.yaml, `token` the id of the token it came with. */
  readonly agent?: { readonly id: string; readonly name: string; readonly token?: string };
}

export type SessionId = string & { readonly __brand: 'SessionId' };

/** A login that the gate still trusts. `ensureLive` is asked before every statement. */
export interface Session {
  readonly id: SessionId;
  readonly principal: Principal;
  /** ISO 8601; absolute end of the login. */
  readonly expiresAt: string;
  /** Connections that an agent's token is for; whatever policy gives where undefined. */
  readonly connections?: readonly string[];
}
