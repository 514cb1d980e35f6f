import { CountersignError } from '../errors.ts';
import { type Session } from '../identity/principal.ts';
import { type Installation } from '../installation.ts';

/** Members of the groups that organisation.yaml names see everybody's activity; so does whoever owns a local profile. */
export function isReviewer(installation: Pick<Installation, 'profile'>, { principal }: Session): boolean {
  const { identity, record } = installation.profile().organisation;
  if (identity.kind === 'os-account') return true;
  const { groups, agent } = principal;
  return agent === undefined && groups !== 'unknown' && groups.some((group) => record.reviewers.includes(group));
}

/** @throws CountersignError `not-a-reviewer` */
export function requireReviewer(installation: Pick<Installation, 'profile'>, session: Session, what: string): void {
  if (isReviewer(installation, session)) return;
  const { reviewers } = installation.profile().organisation.record;
  throw new CountersignError('not-a-reviewer', `Only reviewers may ${what}.`, {
    next:
      reviewers.length === 0
        ? 'Nobody is one: organisation.yaml names their groups (record.reviewers).'
        : `Ask somebody in ${reviewers.join(', ')}.`,
  });
}
