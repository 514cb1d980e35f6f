import { type JSONWebKeySet } from 'jose';
import { type PkToken } from './pk-token.ts';
import { type Principal, type Session } from './principal.ts';
import { type SignInMethod, type SignInPrompt } from './sign-in.ts';

/** Steps of a sign-in, in order; the last is `done`. */
export type SignInProgress = SignInPrompt | { readonly kind: 'done'; readonly session: Session };

/** What happened to a login, for the record. */
export type IdentityEvent =
  | { readonly kind: 'signed-in'; readonly session: Session; readonly method: SignInMethod; readonly bound: boolean }
  | { readonly kind: 'signed-out'; readonly session: Session }
  | { readonly kind: 'revalidated'; readonly session: Session }
  | { readonly kind: 'revoked'; readonly session: Session }
  | { readonly kind: 'expired'; readonly session: Session }
  | { readonly kind: 'provider-unreachable'; readonly session: Session };

/** Signs in the person's name with the key that the login is bound to. */
export interface DeviceSigner {
  /** RFC 7638 thumbprint of the device key; the `kid` of what it signs. */
  readonly thumbprint: string;
  /** Evidence that the key is the person's (verifyPkToken). A bearer secret of sorts: release it only with evidence. */
  readonly pkToken: PkToken;
  /** Keys of the issuer as archived here, with which the PK token verifies. */
  readonly issuerKeys: JSONWebKeySet;
  /** Flattened JWS (RFC 7515 §7.2.2) over the payload with header {alg, typ, kid}. */
  sign(
    payload: Uint8Array,
    type: string,
  ): Promise<{ readonly protected: string; readonly payload: string; readonly signature: string }>;
}

/** Who is signed in to a profile. Several people may be; the one who signed in last is current. */
export interface Identity {
  /**
   * Signs a person in. Ending the iteration early cancels it and closes the redirect listener. Throws CountersignError
   * with `sign-in-*` or `identity-*` codes.
   */
  signIn(method: SignInMethod, signal?: AbortSignal): AsyncIterable<SignInProgress>;
  /** The current login, or that of the person named; undefined where there is none. Whether it still counts: `ensureLive`. */
  restore(options?: { readonly email?: string }): Promise<Session | undefined>;
  /** Everybody with a login in this profile, the current person last. */
  people(): Promise<readonly Pick<Principal, 'issuer' | 'subject' | 'email'>[]>;
  /**
   * The login as it stands now, groups included, or an error: `session-expired`, `session-revoked` or `session-ended`
   * (signed out elsewhere). Asked before every statement; cheap except where the provider has to be asked.
   */
  ensureLive(session: Session): Promise<Session>;
  /** The person did something: the idle limit begins anew. */
  touch(session: Session): Promise<void>;
  /** Ends every login of the person here: deleted on this machine in any case, revoked at the provider where it can be reached. */
  signOut(session: Session): Promise<void>;
  /** Undefined where no device key is bound: a local profile, or a device-code login at a provider that does not return the nonce. */
  deviceSigner(session: Session): Promise<DeviceSigner | undefined>;
}
