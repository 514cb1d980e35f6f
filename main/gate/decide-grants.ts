import { type DecideInput } from './decide-access.ts';
import { type Allow, type UsedGrant, type Verdict } from './verdict.ts';

/**
 * Of the grants in force, those that this verdict rests on: without any one of them it would be another. Where two lift the
 * same, the one that lasts longer counts; a grant that lifted nothing does not end the statement when it ends.
 *
 * @param again decides with these names of grants instead
 */
export function usedGrants(
  { granted = [], grants }: Pick<DecideInput, 'granted' | 'grants'>,
  allowed: Allow,
  again: (grants: readonly string[]) => Verdict,
): readonly UsedGrant[] {
  const wanted = substance(allowed);
  let names = grants;
  const used: UsedGrant[] = [];
  for (const grant of longestOfEach(granted)) {
    const without = names.filter((name) => name !== grant.name);
    const verdict = again(without);
    if (verdict.verdict === 'allow' && substance(verdict) === wanted) names = without;
    else used.push(grant);
  }
  return used;
}

/** One of each name, those that end soonest first. */
function longestOfEach(granted: readonly UsedGrant[]): readonly UsedGrant[] {
  const byEnd = granted.toSorted((one, other) => Date.parse(one.until) - Date.parse(other.until));
  return [...new Map(byEnd.map((grant) => [grant.name, grant])).values()].toSorted(
    (one, other) => Date.parse(one.until) - Date.parse(other.until),
  );
}

/** What a verdict lets happen, whichever rules it comes from. */
function substance(verdict: Allow): string {
  const { envelope, limits, groupSize, leftOut, demanded, rowsPerHour, leaving, watermark } = verdict;
  return JSON.stringify([
    envelope,
    limits,
    groupSize,
    leftOut,
    demanded?.level,
    rowsPerHour?.value,
    leaving.kind,
    watermark !== undefined,
    verdict.masks.map(({ output, class: name, masker, whole }) => [output, name, masker, whole]),
    (verdict.permitted ?? []).map(({ form, class: name, columns }) => [form, name, columns]),
  ]);
}
