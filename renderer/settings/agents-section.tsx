import { type ReactElement, useEffect, useState } from 'react';
import { clockTime, remaining } from '../account/clock-words.ts';
import { type AgentView, type IssuedTokenView } from '../../shared/views.ts';
import { Button, EmptyState, Message } from '../design/index.ts';
import { asSentence } from '../results/words.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { IssueToken, IssuedToken } from './issue-token.tsx';
import { Loaded, Section } from './section.tsx';
import { useAct } from './use-act.ts';

/** Agents that act for this person: what they have, what they may be given, and the switch that stops them. */
export function AgentsSection(): ReactElement {
  const { account } = useWorkbench();
  const agents = useStore(account.agents);
  const { busy, trouble, act } = useAct();
  useEffect(() => {
    void account.read('agents');
  }, [account]);
  const running = agents.state === 'ready' ? agents.value.filter(({ tokens }) => tokens.length > 0) : [];
  return (
    <Section
      title="Agents"
      note="An agent does what both it and you may do, and never more. What it has ends with your login; everything it runs is recorded with your name."
      actions={
        running.length > 0 && (
          <Button
            variant="danger"
            icon="debug-stop"
            isDisabled={busy}
            onPress={() => {
              act(() => Promise.all(running.map(({ name }) => account.stop({ agent: name }))));
            }}
          >
            Stop all agents
          </Button>
        )
      }
    >
      {trouble !== null && (
        <Message meaning="refused" alert>
          {trouble.message} {trouble.next}
        </Message>
      )}
      <Loaded value={agents} label="Reading the agents" onRetry={() => void account.read('agents')}>
        {(list) => <Agents list={list} />}
      </Loaded>
    </Section>
  );
}

function Agents({ list }: { list: readonly AgentView[] }): ReactElement {
  const mine = list.filter((agent) => agent.mine);
  const others = list.filter((agent) => !agent.mine);
  return (
    <>
      {mine.length === 0 && (
        <EmptyState title="No agent may act for you.">
          <p>The policy names agents and for whom they are. Whoever administers it can name one for you.</p>
        </EmptyState>
      )}
      {mine.length > 0 && (
        <ul className="settings-list">
          {mine.map((agent) => (
            <Agent key={agent.name} agent={agent} />
          ))}
        </ul>
      )}
      {others.length > 0 && (
        <p className="settings-note">Not for you: {others.map(({ title }) => title).join(', ')}.</p>
      )}
    </>
  );
}

function Agent({ agent }: { agent: AgentView }): ReactElement {
  const { account } = useWorkbench();
  const now = useStore(account.now);
  const [issuing, setIssuing] = useState(false);
  /** In this component only: it is gone with it. */
  const [issued, setIssued] = useState<IssuedTokenView | null>(null);
  const { busy, trouble, act } = useAct();
  const { name, title, text, maxMinutes, tokens } = agent;
  return (
    <li className="settings-item">
      <div className="settings-head">
        <h3>
          {title} <code className="settings-quiet">{name}</code>
        </h3>
        {!issuing && issued === null && (
          <Button
            icon="key"
            onPress={() => {
              setIssuing(true);
            }}
          >
            Issue a token
          </Button>
        )}
        {tokens.length > 0 && (
          <Button
            variant="danger"
            icon="debug-stop"
            isDisabled={busy}
            aria-label={`Stop ${title}`}
            onPress={() => {
              act(() => account.stop({ agent: name }));
            }}
          >
            Stop
          </Button>
        )}
      </div>
      <p className="settings-note">
        {text !== null && `${asSentence(text)} `}At most {maxMinutes} minutes at a time.
      </p>
      {trouble !== null && (
        <Message meaning="refused" alert>
          {trouble.message} {trouble.next}
        </Message>
      )}
      {issuing && (
        <IssueToken
          agent={agent}
          onIssued={(token) => {
            setIssuing(false);
            setIssued(token);
          }}
          onCancel={() => {
            setIssuing(false);
          }}
        />
      )}
      {issued !== null && (
        <IssuedToken
          issued={issued}
          onDone={() => {
            setIssued(null);
          }}
        />
      )}
      {tokens.length === 0 ? (
        <p className="settings-quiet">It has no token: it can do nothing.</p>
      ) : (
        <table className="facts settings-table">
          <thead>
            <tr>
              <th scope="col">Token</th>
              <th scope="col">Issued</th>
              <th scope="col">Connections</th>
              <th scope="col">Ends in</th>
              <th scope="col">
                <span className="visually-hidden">End</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {tokens.map(({ id, issuedAt, expiresAt, connections }) => (
              <tr key={id}>
                <th scope="row">
                  <code>{id}</code>
                </th>
                <td>{clockTime(issuedAt, now)}</td>
                <td>{connections === null ? 'all you may use' : connections.join(', ')}</td>
                <td title={new Date(expiresAt).toLocaleString()}>{remaining(expiresAt, now)}</td>
                <td className="settings-act">
                  <Button
                    isDisabled={busy}
                    aria-label={`End token ${id}`}
                    onPress={() => {
                      act(() => account.stop({ token: id }));
                    }}
                  >
                    End
                  </Button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </li>
  );
}
