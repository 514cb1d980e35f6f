import { useCallback, useSyncExternalStore } from 'react';
import { type RunModel, type RunSnapshot } from '../results/run-model.ts';
import { useStore } from '../state/store.ts';
import { type Workbench } from '../state/workbench.ts';

const nothing = (): void => undefined;

/** The last run of the active tab, and how it stands now. */
export function useActiveRun(workbench: Workbench): {
  readonly run: RunModel | null;
  readonly snapshot: RunSnapshot | null;
} {
  const active = useStore(workbench.workspace, ({ active }) => active);
  const run = useStore(workbench.runs, (runs) => (active === null ? null : (runs.get(active) ?? null)));
  const subscribe = useCallback((listener: () => void) => run?.subscribe(listener) ?? nothing, [run]);
  const snapshot = useSyncExternalStore(subscribe, () => run?.snapshot() ?? null);
  return { run, snapshot };
}
