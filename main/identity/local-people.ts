import { CountersignError } from '../errors.ts';
import { type People } from './identity.ts';
import { OS_ACCOUNT_SESSION, osAccountSession } from './os-account.ts';
import { type Clock } from './settings.ts';

/** A local profile: whoever sits at the account is the asker, always signed in and never verified. */
export function createLocalPeople(clock: Clock): People {
  const session = osAccountSession(clock());
  const { issuer, subject, authenticatedAt } = session.principal;
  return {
    async *signIn() {
      yield await Promise.resolve({ kind: 'done' as const, session });
    },
    // eslint-disable-next-line require-yield -- it ends before there is anything to give
    async *stepUp() {
      await Promise.reject(
        new CountersignError('step-up-unavailable', 'This profile has no identity provider to prove to who you are.', {
          next: 'What asks for a step-up needs a profile of an organisation.',
        }),
      );
    },
    restore: () => Promise.resolve(session),
    people: () => Promise.resolve([{ issuer, subject }]),
    logins: () =>
      Promise.resolve([
        {
          id: session.id,
          createdAt: authenticatedAt,
          lastUsedAt: new Date(clock()).toISOString(),
          expiresAt: session.expiresAt,
        },
      ]),
    endLogin: (_session, id) => Promise.reject(notEnded(id)),
    ensureLive: ({ id }) => (id === OS_ACCOUNT_SESSION ? Promise.resolve(session) : Promise.reject(noSignIn())),
    confirm: () => Promise.resolve(),
    touch: () => Promise.resolve(),
    signOut: () => Promise.resolve(),
    deviceSigner: () => Promise.resolve(undefined),
  };
}

const noSignIn = (): CountersignError =>
  new CountersignError('session-ended', 'This profile has no sign-in: it uses the account of the operating system.', {
    next: 'Use it as it is; nobody has to sign in.',
  });

const notEnded = (id: string): CountersignError =>
  id === OS_ACCOUNT_SESSION
    ? new CountersignError('session-unknown', 'The account of the operating system cannot be signed out of here.', {
        next: 'Log out of the operating system.',
      })
    : new CountersignError('session-unknown', 'There is no such sign-in in this profile.', {
        next: 'Look at the list again.',
      });
