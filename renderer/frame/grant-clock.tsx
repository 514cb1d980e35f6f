import { type ReactElement } from 'react';
import { remaining } from '../account/clock-words.ts';
import { ownGrants } from '../account/grants.ts';
import { Icon } from '../design/index.ts';
import { plural } from '../results/words.ts';
import { showSettings } from '../state/actions.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';

/** The grants in force and how long the first of them still lasts; a press opens them. Nothing while there is none. */
export function GrantClock(): ReactElement | null {
  const workbench = useWorkbench();
  const { account } = workbench;
  const now = useStore(account.now);
  const grants = ownGrants(useStore(account.grants), now);
  const [first] = grants;
  if (first === undefined) return null;
  const words = grants.length === 1 ? first.name : plural(grants.length, 'grant');
  const sentences = grants.map(
    ({ name, connection, until }) => `${name} on ${connection} for ${remaining(until, now)} more`,
  );
  return (
    <button
      type="button"
      className="status-field status-button meaning-write"
      title={sentences.join('\n')}
      onClick={() => {
        showSettings(workbench, 'grants');
      }}
    >
      <Icon name="unlock" /> {words} {'\u00b7'} {remaining(first.until, now)}
    </button>
  );
}
