import { CountersignError } from '../../errors.ts';
import { type Session } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { replacePolicy } from '../../profile/edit-policy.ts';
import { requireAdministrator } from '../standing.ts';

/** Why this person may not save a policy, in a sentence; null where they may. */
export function lockedFor(installation: Pick<Installation, 'profile'>, session: Session): string | null {
  try {
    requireAdministrator(installation, session, WHAT);
    return null;
  } catch (error) {
    if (!(error instanceof CountersignError)) throw error;
    return [error.message, error.next ?? ''].join(' ').trim();
  }
}

const WHAT = 'save a policy';

/**
 * Replaces policy.yaml, and has it in force when this resolves: for running sessions too. The record says who did it, from
 * which policy to which, before the file is written.
 * @throws CountersignError `not-an-administrator`, and what `replacePolicy` throws
 */
export async function savePolicy(
  installation: Installation,
  session: Session,
  saved: { readonly text: string; readonly revision: string },
): Promise<void> {
  requireAdministrator(installation, session, WHAT);
  const actor = await installation.actorOf(session);
  await replacePolicy(installation.home, saved, async ({ hash: to }) => {
    const { hash: from } = installation.inForce().policy;
    await installation.audit.append({ k: 'config.change', actor, change: { what: 'policy.yaml saved', from, to } });
  });
  await installation.reload();
}
