import { type ReactElement, useDeferredValue, useEffect, useMemo, useState } from 'react';
import { Button, EmptyState, IconButton, Message, Panel, ProgressBar, TextField } from '../design/index.ts';
import { loadConnections } from '../state/actions.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { AddConnection } from './add-connection.tsx';
import { ConnectionTree } from './connection-tree.tsx';
import { useFoundRows } from './found-rows.ts';
import { treeRows } from './tree-rows.ts';
import './schema.css';

/** Connections by environment, and below each its schemas, tables and columns. */
export function ConnectionsPanel(): ReactElement {
  const workbench = useWorkbench();
  const connections = useStore(workbench.connections);
  const branches = useStore(workbench.schema.branches);
  const info = useStore(workbench.info);
  const [expanded, setExpanded] = useState<ReadonlySet<string>>(new Set());
  const [text, setText] = useState('');
  const [adding, setAdding] = useState(false);
  const wanted = useDeferredValue(text.trim());
  const list = useMemo(() => (connections.state === 'ready' ? connections.value : []), [connections]);
  const rows = useMemo(() => treeRows({ connections: list, branches, expanded }), [list, branches, expanded]);
  const found = useFoundRows(workbench, list, wanted, expanded);
  const local = info.state === 'ready' && info.value.identity === 'os-account';

  useEffect(() => {
    void loadConnections(workbench);
  }, [workbench]);

  return (
    <Panel
      title="Connections"
      actions={
        local && (
          <IconButton
            icon="add"
            label="Add a connection"
            onPress={() => {
              setAdding(true);
            }}
          />
        )
      }
    >
      <div className="schema-search">
        <TextField label="Find a table" quiet icon="search" type="search" value={text} onChange={setText} />
      </div>
      {connections.state === 'loading' && <ProgressBar label="Reading the connections" />}
      {connections.state === 'failed' && (
        <Message
          meaning="refused"
          alert
          actions={<Button onPress={() => void loadConnections(workbench)}>Try again</Button>}
        >
          {connections.trouble.message} {connections.trouble.next}
        </Message>
      )}
      {connections.state === 'ready' && list.length === 0 && (
        <EmptyState title="No connection yet.">
          {local ? (
            <Button
              variant="primary"
              onPress={() => {
                setAdding(true);
              }}
            >
              Add a connection
            </Button>
          ) : (
            <p>Your organisation has not given you one. Whoever manages its connections can.</p>
          )}
        </EmptyState>
      )}
      {list.length > 0 && wanted === '' && (
        <ConnectionTree
          workbench={workbench}
          rows={rows}
          label="Connections"
          expanded={expanded}
          onExpanded={setExpanded}
        />
      )}
      {list.length > 0 && wanted !== '' && (
        <>
          {found.searching && <ProgressBar label="Searching" />}
          <ConnectionTree
            workbench={workbench}
            rows={found.rows}
            label="Tables found"
            expanded={expanded}
            onExpanded={setExpanded}
          />
        </>
      )}
      {local && (
        <AddConnection
          isOpen={adding}
          onClose={() => {
            setAdding(false);
          }}
        />
      )}
    </Panel>
  );
}
