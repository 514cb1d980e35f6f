import { type GrantTerms } from './approvals/grants.ts';
import { askerOf } from './gate/asker.ts';
import { type InForce } from './gate/in-force.ts';
import { grantTerms, mayTake } from './policy/grants.ts';

/** What the policy in force says of each of its grants: made for main/approvals, which knows no policy. */
export function grantsOf({ policy, connections }: Pick<InForce, 'policy' | 'connections'>): readonly GrantTerms[] {
  return [...policy.grants.keys()].flatMap((name) => {
    const terms = grantTerms(policy, name);
    if (terms === undefined) return [];
    const mayBeTaken: GrantTerms['mayTake'] = ({ principal }, connection) => {
      const known = connections.find((one) => one.name === connection);
      return known !== undefined && mayTake(policy, askerOf(principal), known, name);
    };
    return [{ ...terms, mayTake: mayBeTaken }];
  });
}
