import { type JSONWebKeySet } from 'jose';

/** By what a service was known: checked in full by whoever made it. */
export interface ServiceProof {
  readonly issuer: string;
  readonly subject: string;
  /** When the issuer vouched for it, and until when it does; ms since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Undefined where the token is opaque. */
  readonly token: { readonly jwt: string; readonly issuerKeys: JSONWebKeySet } | undefined;
  /** Whether the issuer's signature covers the key of the session (RFC 7800 `cnf`). */
  readonly bound: boolean;
}
