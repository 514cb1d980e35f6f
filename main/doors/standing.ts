import { CountersignError } from '../errors.ts';
import { mayNot } from '../identity/agents/refusals.ts';
import { type Session } from '../identity/principal.ts';
import { type Installation } from '../installation.ts';
import * as standing from '../profile/standing.ts';

type Asked = Pick<Installation, 'profile'>;

/** Members of the groups that organisation.yaml names see everybody's activity; so does whoever owns a local profile. */
export const isReviewer = (installation: Asked, { principal }: Session): boolean =>
  standing.isReviewer(installation.profile().organisation, principal);

/** @throws CountersignError `not-a-reviewer` */
export function requireReviewer(installation: Asked, session: Session, what: string): void {
  if (isReviewer(installation, session)) return;
  const { reviewers } = installation.profile().organisation.record;
  throw refusal('not-a-reviewer', `Only reviewers may ${what}.`, reviewers, 'record.reviewers');
}

export const isAdministrator = (installation: Asked, { principal }: Session): boolean =>
  standing.isAdministrator(installation.profile().organisation, principal);

/** @throws CountersignError `not-an-administrator` */
export function requireAdministrator(installation: Asked, session: Session, what: string): void {
  if (isAdministrator(installation, session)) return;
  const { administrators } = installation.profile().organisation;
  throw refusal('not-an-administrator', `Only administrators may ${what}.`, administrators, 'administrators');
}

/**
 * An agent has the person's name in the record, and no part in what they did without it: texts, values and reasons of theirs.
 * @throws CountersignError `agent-may-not`
 */
export function requireNoAgent({ principal }: Session, what: string): void {
  if (principal.agent !== undefined) throw mayNot(what);
}

function refusal(code: string, message: string, groups: readonly string[], key: string): CountersignError {
  return new CountersignError(code, message, {
    next:
      groups.length === 0
        ? `Nobody is one: organisation.yaml names their groups (${key}).`
        : `Ask somebody in ${groups.join(', ')}.`,
  });
}
