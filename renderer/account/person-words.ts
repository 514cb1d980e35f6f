import { type PersonView } from '../../shared/views.ts';
import { agoInWords } from '../history/ago.ts';

/** Groups as the provider gave them. That it said nothing is not the same as that there are none. */
export function groupWords({ groups, groupsKnown = true }: Pick<PersonView, 'groups' | 'groupsKnown'>): string {
  if (!groupsKnown) return 'Your provider did not say. Nothing is given to you for a group until it does.';
  return groups.length === 0 ? 'none' : groups.join(', ');
}

/** When they last proved again who they are; `now` in ms since 1970 UTC. Whether that is recent enough is the policy's. */
export function stepUpWords({ steppedUpAt }: Pick<PersonView, 'steppedUpAt'>, now: number): string {
  return steppedUpAt === null ? 'not in this login' : `confirmed ${agoInWords(steppedUpAt, now)}`;
}
