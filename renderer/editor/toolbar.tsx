import { type ReactElement } from 'react';
import { type ConnectionView, type TabState } from '../../shared/views.ts';
import { shortcutOf } from '../commands/commands.ts';
import { Button, environmentName, Icon, IconButton, Menu, type MenuEntry, WithTooltip } from '../design/index.ts';
import { connectTab, explainCurrent, formatText } from '../state/actions.ts';
import { cancelRun, runCurrent } from '../state/run.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { useActiveRun } from './use-run.ts';
import { VerdictLine } from './verdict-line.tsx';
import './toolbar.css';

function ConnectionChoice({
  tab,
  connections,
}: {
  tab: TabState;
  connections: readonly ConnectionView[];
}): ReactElement {
  const workbench = useWorkbench();
  const connection = connections.find(({ name }) => name === tab.connection) ?? null;
  const entries: MenuEntry[] = connections.map(({ name, title, environment }) => ({
    id: name,
    label: title,
    detail: environmentName(environment),
    icon: name === tab.connection ? 'check' : 'blank',
    onAction: () => {
      connectTab(workbench, tab.id, name);
    },
  }));
  return (
    <Menu label="Connection of this tab" entries={entries}>
      <Button variant="quiet" icon="database" aria-label={`Connection: ${connection?.title ?? 'none'}`}>
        {connection?.title ?? 'Choose a connection'} <Icon name="chevron-down" />
      </Button>
    </Menu>
  );
}

/** What can be done with the text: run or cancel, explain, format; on which connection; and the verdict on the current statement. */
export function Toolbar({ tab }: { tab: TabState }): ReactElement {
  const workbench = useWorkbench();
  const connections = useStore(workbench.connections);
  const { snapshot } = useActiveRun(workbench);
  const list = connections.state === 'ready' ? connections.value : [];
  const environment = list.find(({ name }) => name === tab.connection)?.environment ?? null;
  const gone = tab.connection === null || (connections.state === 'ready' && environment === null);
  const running = snapshot?.state === 'running';
  return (
    <div className="toolbar" role="toolbar" aria-label="Statement">
      <Button
        icon="play"
        className={environment === null ? 'run-button' : `run-button run-on environment-${environment}`}
        shortcut={shortcutOf('run')}
        isDisabled={gone || running}
        onPress={() => void runCurrent(workbench)}
      >
        Run
      </Button>
      <IconButton
        icon="debug-stop"
        label="Cancel"
        shortcut={shortcutOf('cancel')}
        className="cancel-button"
        isDisabled={!running}
        onPress={() => {
          cancelRun(workbench);
        }}
      />
      <WithTooltip text="Show the verdict without running" shortcut={shortcutOf('explain')}>
        <Button
          variant="quiet"
          onPress={() => {
            explainCurrent(workbench);
          }}
        >
          Explain
        </Button>
      </WithTooltip>
      <WithTooltip text="Lay out the selection or the whole text" shortcut={shortcutOf('format')}>
        <Button variant="quiet" onPress={() => void formatText(workbench)}>
          Format
        </Button>
      </WithTooltip>
      <ConnectionChoice tab={tab} connections={list} />
      <VerdictLine />
    </div>
  );
}
