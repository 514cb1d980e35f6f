import { type Organisation } from './types.ts';

/** What of a person decides on their standing in the organisation; the principal of main/identity fits it. */
export interface Standing {
  /** The provider's names. */
  readonly groups: readonly string[] | 'unknown';
  readonly agent?: object;
  readonly service?: object;
}

/**
 * Whether somebody is in one of these groups of organisation.yaml. Whoever owns a local profile is in all of them; an agent or a
 * service is in none, whoever is behind it; groups that nobody stated are none.
 */
function isIn(groups: readonly string[], { identity }: Pick<Organisation, 'identity'>, who: Standing): boolean {
  if (who.agent !== undefined || who.service !== undefined) return false;
  if (identity.kind === 'os-account') return true;
  return who.groups !== 'unknown' && who.groups.some((group) => groups.includes(group));
}

/** May change policy and classification, and end what is not theirs. */
export const isAdministrator = (organisation: Organisation, who: Standing): boolean =>
  isIn(organisation.administrators, organisation, who);

/** Sees everybody's activity. */
export const isReviewer = (organisation: Organisation, who: Standing): boolean =>
  isIn(organisation.record.reviewers, organisation, who);
