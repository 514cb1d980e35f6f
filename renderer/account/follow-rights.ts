import { type Workbench } from '../state/workbench.ts';
import { ownGrants } from './grants.ts';

/** What the person may do now beyond what the policy always gives: their grants that last, and when they proved who they are. */
function rightsOf({ account, session }: Pick<Workbench, 'account' | 'session'>): string {
  const current = session.get();
  const grants = ownGrants(account.grants.get(), account.now.get()).map(({ id }) => id);
  return JSON.stringify([grants, current.state === 'signed-in' ? current.person.steppedUpAt : null]);
}

/** Calls back when a grant came or ended, or the person proved again who they are. Returns what ends it. */
export function followRights(workbench: Pick<Workbench, 'account' | 'session'>, onChange: () => void): () => void {
  let before = rightsOf(workbench);
  const look = (): void => {
    const now = rightsOf(workbench);
    if (now === before) return;
    before = now;
    onChange();
  };
  const { account, session } = workbench;
  const leaves = [account.grants.subscribe(look), account.now.subscribe(look), session.subscribe(look)];
  return () => {
    for (const leave of leaves) leave();
  };
}
