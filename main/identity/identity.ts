import { type JSONWebKeySet } from 'jose';
import { type PkToken } from './pk-token.ts';
import { type Principal, type Session } from './principal.ts';
import { type SignInMethod, type SignInPrompt } from './sign-in.ts';

/** Steps of a sign-in, in order; the last is `done`. */
export type SignInProgress = SignInPrompt | { readonly kind: 'done'; readonly session: Session };

/** How a service was known: as a client of the organisation's provider, or by a token of the platform that runs it. */
export type ServiceMethod = 'client-credentials' | 'workload-token';

/** What happened to a login, for the record. */
export type IdentityEvent =
  | {
      readonly kind: 'signed-in';
      readonly session: Session;
      readonly method: SignInMethod | ServiceMethod;
      /** Whether who vouched for it vouched for the session's key as well. */
      readonly bound: boolean;
    }
  | { readonly kind: 'signed-out'; readonly session: Session }
  | { readonly kind: 'revalidated'; readonly session: Session }
  | { readonly kind: 'revoked'; readonly session: Session }
  | { readonly kind: 'expired'; readonly session: Session }
  | { readonly kind: 'provider-unreachable'; readonly session: Session }
  | { readonly kind: 'stepped-up'; readonly session: Session; readonly method: SignInMethod }
  | { readonly kind: 'token-issued'; readonly session: Session; readonly token: AgentToken }
  | { readonly kind: 'token-stopped'; readonly session: Session; readonly token: AgentToken };

export interface LoginSummary {
  readonly id: string;
  readonly device?: string;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly expiresAt: string;
}

/** A token that lets an agent act for a person; the token itself is shown once and kept nowhere. */
export interface AgentToken {
  readonly id: string;
  /** Name of the agent in policy.yaml. */
  readonly agent: string;
  readonly issuedAt: string;
  readonly expiresAt: string;
  /** Connections it is for; all that policy gives where undefined. */
  readonly connections?: readonly string[];
}

/**
 * What shows that a session is a service's. Its key is made for the session: only where the token names it (`cnf`, RFC 7800)
 * did the issuer say that it is the service's; else this program says so.
 */
export interface ServiceSigner {
  readonly method: ServiceMethod;
  /** RFC 7638 thumbprint of the session's key. */
  readonly thumbprint: string;
  /** Ed25519 public key (RFC 8037). */
  readonly publicKey: { readonly kty: 'OKP'; readonly crv: 'Ed25519'; readonly x: string };
  /**
   * The signed token by which the service was known, and the keys of its issuer; undefined where the provider's token is
   * opaque: then its answer to the service's assertion, over TLS, was all there was.
   */
  readonly token: { readonly jwt: string; readonly issuerKeys: JSONWebKeySet } | undefined;
  /** When the session ends at the latest, however often its token is renewed (ISO 8601). */
  readonly until: string;
  sign: DeviceSigner['sign'];
}

/** Signs in the person's name with the key that the login is bound to. */
export interface DeviceSigner {
  /** RFC 7638 thumbprint of the device key; the `kid` of what it signs. */
  readonly thumbprint: string;
  /** Evidence that the key is the person's (verifyPkToken). A bearer secret of sorts: release it only with evidence. */
  readonly pkToken: PkToken;
  /** Keys of the issuer as archived here, with which the PK token verifies. */
  readonly issuerKeys: JSONWebKeySet;
  /** When the login that the key is bound to ends at the latest (ISO 8601); an agent's session may end before. */
  readonly until?: string;
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
  /**
   * The person of this login proves again who they are, as strongly as the organisation asks. `done` carries the same login
   * with `steppedUpAt` and a new device key bound to it. Throws `step-up-refused` where the provider's answer is not strong or fresh enough,
   * or is somebody else's.
   */
  stepUp(session: Session, method: SignInMethod, signal?: AbortSignal): AsyncIterable<SignInProgress>;
  /** Signs in a service that policy.yaml and organisation.yaml name. Throws `service-*`. */
  signInService(name: string, signal?: AbortSignal): Promise<Session>;
  /** A token for an agent of policy.yaml, for this person's login and no longer than it. Throws `agent-*`. */
  issueAgentToken(
    session: Session,
    request: { readonly agent: string; readonly minutes: number; readonly connections?: readonly string[] },
  ): Promise<{ readonly token: string; readonly issued: AgentToken }>;
  /** The session of an agent that shows a token. It lives as long as the token, the person's login and their rights. Throws `agent-*`. */
  agentSession(token: string): Promise<Session>;
  /** Tokens of this person that still count. */
  agentTokens(session: Session): Promise<readonly AgentToken[]>;
  /** Ends one token, or all of this person's for one agent; what runs with it is cancelled. */
  stopAgent(session: Session, which: { readonly token: string } | { readonly agent: string }): Promise<void>;
  /** Asks the provider now whether the login still stands, and ends it where not: `ensureLive` that does not wait until revalidation is due. */
  confirm(session: Session): Promise<void>;
  /** The current login, or that of the person named; undefined where there is none. Whether it still counts: `ensureLive`. */
  restore(options?: { readonly email?: string }): Promise<Session | undefined>;
  /** This person's logins in this profile. */
  logins(session: Session): Promise<readonly LoginSummary[]>;
  /** Ends one of this person's logins: deleted here, revoked at the provider where it can be reached. Throws `session-unknown`. */
  endLogin(session: Session, id: string): Promise<void>;
  /** Everybody with a login in this profile, the current person last. */
  people(): Promise<readonly Pick<Principal, 'issuer' | 'subject' | 'email'>[]>;
  /**
   * The login as it stands now, groups included, or an error: `session-expired`, `session-revoked` or `session-ended`
   * (signed out elsewhere). Asked before every statement; cheap except where the provider has to be asked. Only the id counts:
   * whatever else the caller says of the login is not believed.
   */
  ensureLive(session: Pick<Session, 'id'>): Promise<Session>;
  /** The person did something: the idle limit begins anew. */
  touch(session: Session): Promise<void>;
  /** Ends every login of the person here: deleted on this machine in any case, revoked at the provider where it can be reached. */
  signOut(session: Session): Promise<void>;
  /**
   * Of an agent's session the person's, which then signs nothing but that a working session begins; of a service's none.
   * Undefined where no device key is bound: a local profile, or a device-code login at a provider that does not
   * return the nonce.
   */
  deviceSigner(session: Session): Promise<DeviceSigner | undefined>;
  /** Undefined for everybody but a service. */
  serviceSigner(session: Session): Promise<ServiceSigner | undefined>;
}

/** The part of it that is people signing in; agents and services stand on it. */
export type People = Omit<
  Identity,
  'signInService' | 'issueAgentToken' | 'agentSession' | 'agentTokens' | 'stopAgent' | 'serviceSigner'
>;
