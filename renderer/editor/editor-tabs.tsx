import { type KeyboardEvent, type ReactElement, useEffect, useRef, useState } from 'react';
import { type ConnectionView, type TabState } from '../../shared/views.ts';
import { environmentEdge, environmentName, Icon, IconButton } from '../design/index.ts';
import { shortcutOf } from '../commands/commands.ts';
import { closeTabById, newTab } from '../state/actions.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { renameTab, stepTab } from '../state/workspace.ts';
import './editor-tabs.css';

function Rename({ tab, onDone }: { tab: TabState; onDone: () => void }): ReactElement {
  const workbench = useWorkbench();
  const left = useRef(false);
  const finish = (title: string | null): void => {
    if (left.current) return;
    left.current = true;
    if (title !== null) workbench.workspace.update((workspace) => renameTab(workspace, tab.id, title));
    onDone();
  };
  return (
    <input
      className="editor-tab-rename"
      aria-label="Name of the tab"
      autoFocus
      defaultValue={tab.title}
      maxLength={200}
      onFocus={(event) => {
        event.target.select();
      }}
      onBlur={(event) => {
        finish(event.target.value);
      }}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === 'Enter') finish(event.currentTarget.value);
        if (event.key === 'Escape') finish(null);
      }}
    />
  );
}

function EditorTab({
  tab,
  connection,
  active,
}: {
  tab: TabState;
  connection: ConnectionView | null;
  active: boolean;
}): ReactElement {
  const workbench = useWorkbench();
  const [renaming, setRenaming] = useState(false);
  const element = useRef<HTMLDivElement>(null);
  const environment = connection?.environment ?? null;
  useEffect(() => {
    if (active) element.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }, [active]);

  const onKeyDown = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1 as const, ArrowLeft: -1 as const }[event.key];
    if (step !== undefined) {
      workbench.workspace.update((workspace) => stepTab(workspace, step));
      requestAnimationFrame(() => document.querySelector<HTMLElement>('.editor-tab[aria-selected="true"]')?.focus());
    } else if (event.key === 'F2') setRenaming(true);
    else if (event.key === 'Delete') closeTabById(workbench, tab.id);
    else if (event.key === 'Enter') workbench.editor.get()?.focus();
    else return;
    event.preventDefault();
  };

  return (
    <div
      className={`editor-tab-box ${environmentEdge(environment)}`}
      data-active={active ? '' : undefined}
      role="presentation"
    >
      <div
        ref={element}
        role="tab"
        className="editor-tab"
        aria-selected={active}
        aria-controls="editor-panel"
        aria-label={
          environment === null ? tab.title : `${tab.title}, ${connection?.title ?? ''}, ${environmentName(environment)}`
        }
        tabIndex={active ? 0 : -1}
        title={
          connection === null
            ? tab.title
            : `${tab.title} \u2014 ${connection.title}, ${environmentName(connection.environment)}`
        }
        onMouseDown={(event) => {
          if (renaming) return;
          // The text has the focus after a click, not the tab.
          event.preventDefault();
          if (event.button === 1) closeTabById(workbench, tab.id);
          if (event.button === 0) workbench.workspace.update((workspace) => ({ ...workspace, active: tab.id }));
          workbench.editor.get()?.focus();
        }}
        onDoubleClick={() => {
          setRenaming(true);
        }}
        onKeyDown={onKeyDown}
      >
        {renaming ? (
          <Rename
            tab={tab}
            onDone={() => {
              setRenaming(false);
            }}
          />
        ) : (
          <span className="editor-tab-title">{tab.title}</span>
        )}
      </div>
      <button
        type="button"
        className="editor-tab-close"
        aria-label={`Close ${tab.title}`}
        tabIndex={-1}
        onClick={() => {
          closeTabById(workbench, tab.id);
        }}
      >
        <Icon name="close" />
      </button>
    </div>
  );
}

/** The tabs of the editor, each with its environment's edge. Middle click closes, double click or F2 renames. */
export function EditorTabs(): ReactElement {
  const workbench = useWorkbench();
  const { tabs, active } = useStore(workbench.workspace);
  const connections = useStore(workbench.connections);
  const list = connections.state === 'ready' ? connections.value : [];
  return (
    <div className="editor-tabs">
      <div className="editor-tabs-list" role="tablist" aria-label="Editor tabs">
        {tabs.map((tab) => (
          <EditorTab
            key={tab.id}
            tab={tab}
            active={tab.id === active}
            connection={list.find(({ name }) => name === tab.connection) ?? null}
          />
        ))}
      </div>
      <IconButton
        icon="add"
        label="New tab"
        shortcut={shortcutOf('tab.new')}
        onPress={() => {
          newTab(workbench);
        }}
      />
    </div>
  );
}
