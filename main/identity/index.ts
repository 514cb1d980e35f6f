import { join } from 'node:path';
import { type SecretStore } from '../credentials/index.ts';
import { CountersignError } from '../errors.ts';
import { type Identity, type IdentityEvent } from './identity.ts';
import { createOidcIdentity } from './oidc-identity.ts';
import { OS_ACCOUNT_SESSION, osAccountSession } from './os-account.ts';
import { type Clock, type IdentitySettings } from './settings.ts';

export { type DeviceSigner, type Identity, type IdentityEvent, type SignInProgress } from './identity.ts';
export { type Principal, type Session, type SessionId } from './principal.ts';
export { type IdentitySettings } from './settings.ts';
export { type SignInMethod } from './sign-in.ts';
export { type PkToken, type PkTokenExpectations, type VerifiedPkToken, verifyPkToken } from './pk-token.ts';
export { osAccountSession } from './os-account.ts';

/** Longest wait for a person at the identity provider, ms. */
const SIGN_IN_TIMEOUT_MS = 5 * 60_000;

export interface IdentityPorts {
  readonly organisation: IdentitySettings;
  readonly secrets: SecretStore;
  readonly profileDirectory: string;
  readonly clock?: Clock;
  readonly fetch?: typeof fetch;
  readonly onEvent?: (event: IdentityEvent) => void;
  readonly signInTimeoutMs?: number;
}

/** Identity as organisation.yaml describes it. Throws CountersignError `identity-issuer-*` for an issuer nobody could trust. */
export function createIdentity(ports: IdentityPorts): Identity {
  const clock = ports.clock ?? Date.now;
  const { identity, session } = ports.organisation;
  if (identity.kind === 'os-account') return createOsAccountIdentity(clock);
  return createOidcIdentity({
    provider: identity.provider,
    limits: session,
    secrets: ports.secrets,
    directory: join(ports.profileDirectory, 'identity'),
    clock,
    fetch: ports.fetch ?? fetch,
    onEvent: ports.onEvent ?? (() => undefined),
    signInTimeoutMs: ports.signInTimeoutMs ?? SIGN_IN_TIMEOUT_MS,
  });
}

/** A local profile: whoever sits at the account is the asker, always signed in and never verified. */
function createOsAccountIdentity(clock: Clock): Identity {
  const session = osAccountSession(clock());
  return {
    async *signIn() {
      yield await Promise.resolve({ kind: 'done' as const, session });
    },
    restore: () => Promise.resolve(session),
    people: () => Promise.resolve([{ issuer: session.principal.issuer, subject: session.principal.subject }]),
    ensureLive: ({ id }) =>
      id === OS_ACCOUNT_SESSION
        ? Promise.resolve(session)
        : Promise.reject(
            new CountersignError(
              'session-ended',
              'This profile has no sign-in: it uses the account of the operating system.',
            ),
          ),
    touch: () => Promise.resolve(),
    signOut: () => Promise.resolve(),
    deviceSigner: () => Promise.resolve(undefined),
  };
}
