import { type ReactElement } from 'react';
import { type PersonView } from '../../shared/views.ts';
import { EnvironmentBadge, Icon } from '../design/index.ts';
import { useActiveRun } from '../editor/use-run.ts';
import { type RunSnapshot } from '../results/run-model.ts';
import { summary } from '../results/words.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { STRENGTHS, StrengthIcon } from '../schema/connection-strength.tsx';
import { activeTab } from '../state/workspace.ts';
import { GrantClock } from './grant-clock.tsx';
import { Recorded } from './recorded.tsx';

/** The run in a few words, announced when it changes its state and not for every row. */
function runWords(snapshot: RunSnapshot | null): string {
  if (snapshot === null) return '';
  if (snapshot.state === 'running') return 'running';
  return snapshot.cut === null ? summary(snapshot) : `${summary(snapshot)} \u00b7 cut`;
}

/** One line at the bottom: where you are first, then who, what ran, and what is recorded. */
export function StatusLine({ person }: { person: PersonView }): ReactElement {
  const workbench = useWorkbench();
  const tab = useStore(workbench.workspace, activeTab);
  const connections = useStore(workbench.connections);
  const saveTrouble = useStore(workbench.saveTrouble);
  const { snapshot } = useActiveRun(workbench);
  const connection =
    connections.state === 'ready' ? (connections.value.find(({ name }) => name === tab?.connection) ?? null) : null;
  return (
    <footer className="status-line" aria-label="Status">
      {connection !== null && (
        <span className="status-environment">
          <EnvironmentBadge environment={connection.environment} />
          <span className="status-field" title={STRENGTHS[connection.strength]}>
            {connection.title} {'\u00b7'} {connection.access} {'\u00b7'} <StrengthIcon strength={connection.strength} />{' '}
            {connection.strength}
          </span>
        </span>
      )}
      <span className="status-field">
        <Icon name="account" /> {person.name}
        {!person.verified && ', not verified'}
      </span>
      <GrantClock />
      <span className="status-field status-run" role="status" aria-live="polite">
        {runWords(snapshot)}
      </span>
      {saveTrouble !== null && (
        <span className="status-field meaning-refused" role="alert" title={saveTrouble.next ?? ''}>
          <Icon name="error" /> Text not saved: {saveTrouble.message}
        </span>
      )}
      <span className="status-rest" />
      <Recorded />
    </footer>
  );
}
