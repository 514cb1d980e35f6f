import { type Desktop } from '../../shared/contract.ts';
import { type Input } from '../../shared/rpc/types.ts';
import { type GrantView } from '../../shared/views.ts';
import { troubleOf } from '../state/trouble.ts';
import { type Account } from './account.ts';

/**
 * Takes a grant; where it asks for a step-up that is not there, the person does it first and it is taken then.
 * @returns null where the step-up was called off; `account.stepUp.state` says why where it failed
 * @throws what the gate says otherwise
 */
export async function takeGrant(
  account: Pick<Account, 'take' | 'stepUp'>,
  request: Input<Desktop['grants.take']>,
): Promise<GrantView | null> {
  try {
    return await account.take(request);
  } catch (error) {
    if (troubleOf(error).code !== 'step-up-needed') throw error;
    return (await account.stepUp.begin()) ? account.take(request) : null;
  }
}
