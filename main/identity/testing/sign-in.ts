import { type People, type SignInProgress } from '../identity.ts';
import { type Session } from '../principal.ts';
import { type IdentitySettings, type ProviderSettings, type SessionLimits } from '../settings.ts';
import { type SignInMethod } from '../sign-in.ts';

export const LIMITS: SessionLimits = { maxHours: 8, idleMinutes: 60, revalidateMinutes: 15 };

export function providerFor(issuer: string, clientId = 'desktop'): ProviderSettings {
  return {
    issuer,
    clientId,
    scopes: ['openid', 'email', 'profile', 'groups', 'offline_access'],
    redirect: { host: '127.0.0.1', ports: 'any', path: '/callback' },
    groupsClaim: 'groups',
  };
}

export function settingsFor(
  issuer: string,
  clientId = 'desktop',
  change: Partial<SessionLimits> = {},
): IdentitySettings {
  return {
    identity: { kind: 'oidc', provider: providerFor(issuer, clientId) },
    session: { ...LIMITS, ...change },
  };
}

/** Plays whoever sits at the browser. */
export type Person = (step: Exclude<SignInProgress, { kind: 'done' }>) => Promise<unknown> | undefined;

/** Runs a sign-in. */
export const signIn = (
  identity: Pick<People, 'signIn'>,
  person: Person,
  method: SignInMethod = 'browser',
): Promise<Session> => played(identity.signIn(method), person);

/** Runs a step-up. */
export const stepUp = (
  identity: Pick<People, 'stepUp'>,
  session: Session,
  person: Person,
  method: SignInMethod = 'browser',
): Promise<Session> => played(identity.stepUp(session, method), person);

async function played(steps: AsyncIterable<SignInProgress>, person: Person): Promise<Session> {
  let session: Session | undefined;
  const moves: (Promise<unknown> | undefined)[] = [];
  try {
    for await (const step of steps) {
      if (step.kind === 'done') session = step.session;
      else {
        const move = person(step);
        // Told below, when the steps have ended.
        move?.catch(() => undefined);
        moves.push(move);
      }
    }
  } finally {
    await Promise.all(moves);
  }
  if (session === undefined) throw new Error('the sign-in ended without a session');
  return session;
}
