import { type ReactElement, useEffect, useState } from 'react';
import { type ClassifiedColumnView } from '../../shared/views.ts';
import {
  Button,
  EmptyState,
  environmentName,
  Icon,
  Menu,
  type MenuEntry,
  Message,
  ProgressBar,
  TextField,
} from '../design/index.ts';
import { Shown } from '../results/shown.tsx';
import { plural, thousands } from '../results/words.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { byTable, matchingColumns, sourceWords } from './classification-model.ts';
import { Proposed } from './proposed.tsx';

/** Columns shown at first, and how many more with each press. */
const STEP = 400;

/** Which columns are of which class, where that is from, and what looks as if it should be. */
export function ClassificationTab(): ReactElement {
  const workbench = useWorkbench();
  const { classification } = workbench.policy;
  const connections = useStore(workbench.connections);
  const chosen = useStore(classification.connection);
  const columns = useStore(classification.columns);
  const proposals = useStore(classification.proposals);
  const locked = useStore(workbench.policy.state, (state) => state?.locked ?? null);
  const [words, setWords] = useState('');
  const list = connections.state === 'ready' ? connections.value : [];
  const first = list[0]?.name ?? null;
  const connection = list.find(({ name }) => name === chosen) ?? null;

  useEffect(() => {
    if (chosen === null && first !== null) classification.choose(first);
  }, [chosen, first, classification]);

  if (connections.state === 'ready' && list.length === 0)
    return <EmptyState title="There is no connection whose columns could be classified." />;
  const entries: MenuEntry[] = list.map(({ name, title, environment }) => ({
    id: name,
    label: title,
    detail: environmentName(environment),
    icon: name === chosen ? 'check' : 'blank',
    onAction: () => {
      classification.choose(name);
    },
  }));
  const looking = proposals.state === 'looking';
  return (
    <div className="policy-pane">
      {(columns.state === 'loading' || looking) && (
        <ProgressBar label={looking ? 'Looking for more' : 'Reading the classification'} />
      )}
      <div className="policy-bar">
        <Menu label="Connection" entries={entries}>
          <Button icon="database" aria-label={`Connection: ${connection?.title ?? 'none'}`}>
            {connection?.title ?? 'Choose a connection'}
            <span className="policy-quiet">
              {connection === null ? '' : ` ${environmentName(connection.environment)}`}
            </span>{' '}
            <Icon name="chevron-down" />
          </Button>
        </Menu>
        <TextField label="Column or class" quiet icon="search" value={words} onChange={setWords} />
        {looking ? (
          <Button icon="debug-stop" onPress={classification.stop}>
            Stop
          </Button>
        ) : (
          <Button icon="search-sparkle" isDisabled={chosen === null} onPress={() => void classification.suggest()}>
            Look for more
          </Button>
        )}
      </div>
      <div className="policy-scroll">
        <Proposed locked={locked} />
        {columns.state === 'failed' && (
          <Message meaning="refused" alert actions={<Button onPress={classification.again}>Try again</Button>}>
            {columns.trouble.message} {columns.trouble.next}
          </Message>
        )}
        {columns.state === 'ready' && (
          <Columns key={`${chosen ?? ''} ${words}`} all={columns.value} found={matchingColumns(columns.value, words)} />
        )}
      </div>
    </div>
  );
}

function Columns({
  all,
  found,
}: {
  all: readonly ClassifiedColumnView[];
  found: readonly ClassifiedColumnView[];
}): ReactElement {
  const [most, setMost] = useState(STEP);
  if (all.length === 0)
    return (
      <EmptyState title="No column of this connection has a class yet. Look for more samples its values for what looks personal or secret; nothing is written before somebody confirms it." />
    );
  if (found.length === 0) return <EmptyState title="No classified column has these words." />;
  return (
    <>
      <table className="classified">
        <thead>
          <tr>
            <th scope="col">Column</th>
            <th scope="col">Class</th>
            <th scope="col">Group</th>
            <th scope="col">From</th>
          </tr>
        </thead>
        {byTable(found.slice(0, most)).map(({ table, columns }) => (
          <tbody key={table}>
            <tr className="classified-table">
              <th scope="rowgroup" colSpan={4}>
                <Shown text={table} />
              </th>
            </tr>
            {columns.map(({ name, column }) => (
              <tr key={column.column}>
                <th scope="row">
                  <code>
                    <Shown text={name} />
                  </code>
                </th>
                <td className="detail-class">
                  <Icon name="shield" /> <Shown text={column.class} />
                </td>
                <td>
                  <Shown text={column.group} />
                </td>
                <td className="policy-quiet">{sourceWords[column.source]}</td>
              </tr>
            ))}
          </tbody>
        ))}
      </table>
      <p className="policy-bar policy-more">
        {plural(found.length, 'column')}
        {found.length > most && (
          <Button
            onPress={() => {
              setMost(most + STEP);
            }}
          >
            Show {thousands(Math.min(STEP, found.length - most))} more
          </Button>
        )}
      </p>
    </>
  );
}
