import { type ReactElement, useEffect, useState } from 'react';
import { type ConnectionView, type EnvironmentName, type HistoryEntry } from '../../shared/views.ts';
import {
  EmptyState,
  environmentEdge,
  IconButton,
  MeaningIcon,
  Message,
  Panel,
  ProgressBar,
  TextField,
} from '../design/index.ts';
import { newTab } from '../state/actions.ts';
import { useStore } from '../state/store.ts';
import { type Loadable, loading, troubleOf } from '../state/trouble.ts';
import { useWorkbench } from '../state/workbench.ts';
import { agoInWords } from './ago.ts';
import './history.css';

const signs = {
  allow: ['approved', 'Ran'],
  refuse: ['refused', 'Refused'],
  ask: ['waiting', 'Needs approval'],
  failed: ['write', 'Failed'],
} as const;
const ENTRIES = 200;

function Entry({
  entry,
  environment,
  title,
  now,
  onOpen,
}: {
  entry: HistoryEntry;
  environment: EnvironmentName | null;
  title: string;
  now: number;
  onOpen: () => void;
}): ReactElement {
  const [meaning, word] = signs[entry.verdict];
  const numbers = [
    entry.rows === null ? null : `${entry.rows.toLocaleString('en')} rows`,
    entry.milliseconds === null ? null : `${entry.milliseconds.toLocaleString('en')} ms`,
  ].filter((part) => part !== null);
  return (
    <li className={environmentEdge(environment)}>
      <button type="button" className="history-entry" onClick={onOpen} title={entry.text.slice(0, 2000)}>
        <span className="history-head">
          <MeaningIcon meaning={meaning} label={word} />
          <span>{title}</span>
          <time dateTime={entry.at} title={new Date(entry.at).toLocaleString()}>
            {agoInWords(entry.at, now)}
          </time>
        </span>
        <code className="history-text">{entry.text.replace(/\s+/g, ' ').slice(0, 300)}</code>
        {numbers.length > 0 && <span className="history-numbers">{numbers.join(' \u00b7 ')}</span>}
      </button>
    </li>
  );
}

/** What this person ran, newest first; a press opens it in a new tab and runs nothing. */
export function HistoryPanel(): ReactElement {
  const workbench = useWorkbench();
  const connections = useStore(workbench.connections);
  const [text, setText] = useState('');
  const [entries, setEntries] =
    useState<Loadable<{ readonly list: readonly HistoryEntry[]; readonly now: number }>>(loading);

  useEffect(() => {
    const asked = new AbortController();
    workbench.client['history.list']({ text: text.slice(0, 200), limit: ENTRIES }, asked.signal).then(
      (list) => {
        setEntries({ state: 'ready', value: { list, now: Date.now() } });
      },
      (error: unknown) => {
        if (!asked.signal.aborted) setEntries({ state: 'failed', trouble: troubleOf(error) });
      },
    );
    return () => {
      asked.abort();
    };
  }, [workbench, text]);

  const find = (name: string): ConnectionView | null =>
    connections.state === 'ready' ? (connections.value.find((connection) => connection.name === name) ?? null) : null;

  return (
    <Panel
      title="History"
      actions={
        <IconButton
          icon="close"
          label="Back to the connections"
          onPress={() => {
            workbench.sidebar.set('connections');
          }}
        />
      }
    >
      <div className="schema-search">
        <TextField
          label="Find in what you ran"
          quiet
          icon="search"
          type="search"
          autoFocus
          value={text}
          onChange={setText}
        />
      </div>
      {entries.state === 'loading' && <ProgressBar label="Reading the history" />}
      {entries.state === 'failed' && (
        <Message meaning="refused" alert>
          {entries.trouble.message} {entries.trouble.next}
        </Message>
      )}
      {entries.state === 'ready' && entries.value.list.length === 0 && (
        <EmptyState title={text === '' ? 'Nothing ran yet.' : 'Nothing you ran has these words.'} />
      )}
      {entries.state === 'ready' && (
        <ul className="history-list">
          {entries.value.list.map((entry, index) => (
            <Entry
              key={`${entry.at}-${String(index)}`}
              entry={entry}
              environment={find(entry.connection)?.environment ?? null}
              title={find(entry.connection)?.title ?? entry.connection}
              now={entries.value.now}
              onOpen={() => {
                newTab(workbench, { connection: entry.connection, text: entry.text });
              }}
            />
          ))}
        </ul>
      )}
    </Panel>
  );
}
