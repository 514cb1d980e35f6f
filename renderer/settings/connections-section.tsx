import { type ReactElement } from 'react';
import { type ConnectionView } from '../../shared/views.ts';
import { Button, EmptyState, EnvironmentBadge, Message, ProgressBar } from '../design/index.ts';
import { STRENGTHS, StrengthIcon, useExamination, Weaknesses } from '../schema/connection-strength.tsx';
import { loadConnections } from '../state/actions.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { Loaded, Section } from './section.tsx';

/** How far the gate binds on each connection, and what would make it bind more. */
export function ConnectionsSection(): ReactElement {
  const workbench = useWorkbench();
  const connections = useStore(workbench.connections);
  return (
    <Section
      title="Connections"
      note="Somebody with full control of their own machine can go around a program that runs there. How much that helps them depends on who holds the database’s credential."
    >
      <Loaded value={connections} label="Reading the connections" onRetry={() => void loadConnections(workbench)}>
        {(list) =>
          list.length === 0 ? (
            <EmptyState title="No connection yet." />
          ) : (
            <ul className="settings-list">
              {list.map((connection) => (
                <Connection key={connection.name} connection={connection} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </Section>
  );
}

function Connection({ connection }: { connection: ConnectionView }): ReactElement {
  const workbench = useWorkbench();
  const { examined, examine } = useExamination(workbench, connection);
  const { title, name, environment, strength, access, weaknesses } = connection;
  return (
    <li className="settings-item">
      {examined?.state === 'loading' && <ProgressBar label={`Looking at ${title}`} />}
      <div className="settings-head">
        <h3>
          <EnvironmentBadge environment={environment} /> {title} <code className="settings-quiet">{name}</code>
        </h3>
        <Button aria-label={`Examine ${title} (${name})`} onPress={examine}>
          {weaknesses === null ? 'Connect and look' : 'Look again'}
        </Button>
      </div>
      <p className="settings-note">
        <StrengthIcon strength={strength} /> <b>{strength}</b>, {access}. {STRENGTHS[strength]}
      </p>
      <Weaknesses connection={connection} examined={examined} />
      {examined?.state === 'failed' && (
        <Message meaning="refused" alert>
          {examined.trouble.message} {examined.trouble.next}
        </Message>
      )}
    </li>
  );
}
