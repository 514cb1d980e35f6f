import { type RunModel, type RunSnapshot } from '../results/run-model.ts';
import { useStore } from '../state/store.ts';
import { type Workbench } from '../state/workbench.ts';
import { endedGrant } from './grants.ts';

/** What is over that a result relied on, in a sentence; null while it lasts, and where it relied on nothing. */
export function useEndedGrant(
  { account }: Workbench,
  run: RunModel | null,
  snapshot: RunSnapshot | null,
): string | null {
  const grants = useStore(account.grants);
  const asOf = useStore(account.grantsAsOf);
  const now = useStore(account.now);
  const used = snapshot?.verdict?.grants ?? [];
  if (run === null || snapshot === null || used.length === 0) return null;
  const { startedAt } = snapshot;
  const ended = endedGrant({ connection: run.connection, startedAt, grants: used }, { grants, asOf }, now);
  return ended === null ? null : `The grant ${ended} is over; these rows are from when it was not.`;
}
