import { CountersignError } from '../../errors.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation, openInstallation } from '../../installation.ts';
import { type ExitCode } from './io.ts';

/** Runs `work` with the profile opened and closes it whatever happens. */
export async function withInstallation(
  home: string,
  work: (installation: Installation) => Promise<ExitCode>,
): Promise<ExitCode> {
  const installation = await openInstallation(home, 'cli');
  try {
    return await work(installation);
  } finally {
    await installation.close();
  }
}

/** The login that a command runs as. @throws CountersignError signed-out */
export async function sessionOf(installation: Installation, email: string | undefined): Promise<Session> {
  const session = await installation.identity.restore(email === undefined ? {} : { email });
  if (session !== undefined) return session;
  throw new CountersignError(
    'signed-out',
    email === undefined ? 'Nobody is signed in to this profile.' : `${email} is not signed in to this profile.`,
    {
      next: 'Sign in with: countersign login',
    },
  );
}
