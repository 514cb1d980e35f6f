import { type Identity, type Session, type SignInProgress } from '../index.ts';
import { type IdentitySettings } from '../settings.ts';

export function settingsFor(
  issuer: string,
  clientId = 'desktop',
  change: Partial<IdentitySettings['session']> = {},
): IdentitySettings {
  return {
    identity: {
      kind: 'oidc',
      provider: {
        issuer,
        clientId,
        scopes: ['openid', 'email', 'profile', 'groups', 'offline_access'],
        redirect: { host: '127.0.0.1', ports: 'any', path: '/callback' },
        groupsClaim: 'groups',
      },
    },
    session: { maxHours: 8, idleMinutes: 60, revalidateMinutes: 15, ...change },
  };
}

/** Runs a sign-in; `person` plays whoever sits at the browser. */
export async function signIn(
  identity: Identity,
  person: (step: Exclude<SignInProgress, { kind: 'done' }>) => Promise<unknown> | undefined,
  method: 'browser' | 'device' = 'browser',
): Promise<Session> {
  let session: Session | undefined;
  const played: (Promise<unknown> | undefined)[] = [];
  try {
    for await (const step of identity.signIn(method)) {
      if (step.kind === 'done') session = step.session;
      else played.push(person(step));
    }
  } finally {
    await Promise.all(played);
  }
  if (session === undefined) throw new Error('the sign-in ended without a session');
  return session;
}
