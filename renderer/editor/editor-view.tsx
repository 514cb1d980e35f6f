import { lazy, type ReactElement, Suspense } from 'react';
import { type SpanView } from '../../shared/views.ts';
import { Button, EmptyState, environmentEdge, ProgressBar, Shortcut, Split } from '../design/index.ts';
import { LiftRefusal } from '../account/lift-refusal.tsx';
import { SeeClear } from '../account/see-clear.tsx';
import { useEndedGrant } from '../account/use-ended-grant.ts';
import { commands, shortcutOf } from '../commands/commands.ts';
import { HistoryPanel } from '../history/history-panel.tsx';
import { Inspector } from '../results/inspector.tsx';
import { ResultsPanel } from '../results/results-panel.tsx';
import { inTab } from '../results/run-model.ts';
import { ConnectionsPanel } from '../schema/connections-panel.tsx';
import { explainRun, inspectorShown, newTab, showInspector } from '../state/actions.ts';
import { runAgain } from '../state/run.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { activeTab } from '../state/workspace.ts';
import { EditorTabs } from './editor-tabs.tsx';
import { NeedsBar } from './needs-bar.tsx';
import { Toolbar } from './toolbar.tsx';
import { useActiveRun } from './use-run.ts';
import './editor-view.css';

/** Monaco is the largest part of the window: the frame is on the screen before it is fetched. */
const SqlEditor = lazy(async () => ({ default: (await import('../monaco-views.ts')).SqlEditor }));

const FIRST_KEYS = ['tab.new', 'relations', 'palette', 'history'];

function NoTab(): ReactElement {
  const workbench = useWorkbench();
  return (
    <div className="no-tab">
      <EmptyState title="No tab is open.">
        <Button
          variant="primary"
          onPress={() => {
            newTab(workbench);
          }}
        >
          New tab
        </Button>
        <dl className="first-keys">
          {commands
            .filter(({ id }) => FIRST_KEYS.includes(id))
            .map(({ id, title }) => (
              <div key={id}>
                <dt>{title}</dt>
                <dd>
                  <Shortcut keys={shortcutOf(id)} />
                </dd>
              </div>
            ))}
        </dl>
      </EmptyState>
    </div>
  );
}

function TabArea(): ReactElement {
  const workbench = useWorkbench();
  const tab = useStore(workbench.workspace, activeTab);
  const layout = useStore(workbench.workspace, ({ layout }) => layout);
  const connections = useStore(workbench.connections);
  const { run, snapshot } = useActiveRun(workbench);
  const stale = useEndedGrant(workbench, run, snapshot);
  if (tab === null) return <NoTab />;
  const connection =
    connections.state === 'ready' ? (connections.value.find(({ name }) => name === tab.connection) ?? null) : null;
  const text = (
    <div className="text-area">
      <div
        id="editor-panel"
        role="tabpanel"
        aria-label={tab.title}
        className={`text-box ${environmentEdge(connection?.environment ?? null)}`}
      >
        <Suspense fallback={<ProgressBar label="Loading the editor" />}>
          <SqlEditor />
        </Suspense>
      </div>
      <Toolbar tab={tab} />
      <NeedsBar tab={tab} />
    </div>
  );
  const onRunAgain = (): void => {
    runAgain(workbench, tab.id);
  };
  const results = (
    <section className="results-area" aria-label="Results">
      <ResultsPanel
        client={workbench.client}
        run={run}
        connection={connection}
        onReveal={(span) => workbench.editor.get()?.reveal(span)}
        onExplain={() => {
          explainRun(workbench);
        }}
        stale={stale}
        onRunAgain={onRunAgain}
        reasonActions={(reason, on) => <LiftRefusal reason={reason} connection={on} onRunAgain={onRunAgain} />}
        onInspect={workbench.inspected.set}
        onOpenInspector={() => {
          showInspector(workbench, true);
        }}
      />
    </section>
  );
  return (
    <Split
      orientation="vertical"
      sizes={layout}
      onResized={(sizes) => {
        workbench.workspace.update((workspace) => ({ ...workspace, layout: { ...workspace.layout, ...sizes } }));
      }}
      areas={[
        { id: 'text', label: 'text', size: '42%', least: '96px', content: text },
        { id: 'results', label: 'results', size: '58%', least: '96px', content: results },
      ]}
    />
  );
}

/** The cell that is looked at; the decision on the statement at the cursor, or on the one that ran. */
function InspectorArea(): ReactElement {
  const workbench = useWorkbench();
  const live = useStore(workbench.live);
  const inspected = useStore(workbench.inspected);
  const active = useStore(workbench.workspace, ({ active }) => active);
  const tab = useStore(workbench.inspectorTab);
  const { snapshot } = useActiveRun(workbench);
  const inTabOf = (span: SpanView): SpanView | null => {
    if (live !== null) return { start: live.statement.start + span.start, end: live.statement.start + span.end };
    return snapshot === null ? null : inTab(snapshot, span);
  };
  return (
    <aside className="inspector-area" aria-label="Inspector">
      <Inspector
        tab={tab}
        onTab={workbench.inspectorTab.set}
        client={workbench.client}
        selection={inspected}
        verdict={live?.verdict ?? snapshot?.verdict ?? null}
        maskActions={(mask, connection) => (
          <SeeClear
            key={mask.column}
            mask={mask}
            connection={connection}
            onRunAgain={() => {
              if (active !== null) runAgain(workbench, active);
            }}
          />
        )}
        onPoint={(span) => workbench.editor.get()?.mark(span && inTabOf(span))}
        onReveal={(span) => {
          const part = inTabOf(span);
          if (part !== null) workbench.editor.get()?.reveal(part);
        }}
      />
    </aside>
  );
}

/** Connections or history, the editor over its results, and the inspector. */
export function EditorView(): ReactElement {
  const workbench = useWorkbench();
  const sidebar = useStore(workbench.sidebar);
  const inspector = useStore(workbench.workspace, inspectorShown);
  const layout = useStore(workbench.workspace, ({ layout }) => layout);
  const center = (
    <div className="editor-area">
      <EditorTabs />
      <div className="editor-rest">
        <TabArea />
      </div>
    </div>
  );
  const areas = [
    {
      id: 'side',
      label: 'connections',
      size: '264px',
      least: '160px',
      fixed: true,
      content: sidebar === 'history' ? <HistoryPanel /> : <ConnectionsPanel />,
    },
    { id: 'center', label: 'editor', least: '320px', content: center },
    ...(inspector
      ? [
          {
            id: 'inspector',
            label: 'inspector',
            size: '280px',
            least: '180px',
            fixed: true,
            content: <InspectorArea />,
          },
        ]
      : []),
  ];
  return (
    <Split
      orientation="horizontal"
      sizes={inspector ? prefixed(layout, 'wide-') : layout}
      onResized={(sizes) => {
        const kept = inspector
          ? Object.fromEntries(Object.entries(sizes).map(([id, size]) => [`wide-${id}`, size]))
          : sizes;
        workbench.workspace.update((workspace) => ({ ...workspace, layout: { ...workspace.layout, ...kept } }));
      }}
      areas={areas}
    />
  );
}

/** With the inspector open the same areas have other sizes, remembered apart. */
function prefixed(layout: Readonly<Record<string, number>>, prefix: string): Record<string, number> {
  return Object.fromEntries(
    Object.entries(layout).flatMap(([id, size]) => (id.startsWith(prefix) ? [[id.slice(prefix.length), size]] : [])),
  );
}
