import { type ReactElement, type ReactNode, useCallback, useEffect, useState } from 'react';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type ConnectionView, type ReasonView, type SpanView } from '../../shared/views.ts';
import { EmptyState, environmentName, Message, ProgressBar, Tabs } from '../design/index.ts';
import { keysInWords } from '../design/shortcut.tsx';
import { Failure } from './failure.tsx';
import { type InspectedCell } from './inspector/inspected.ts';
import { Messages } from './messages.tsx';
import { Refusal } from './refusal.tsx';
import { type ResultSheet, sheetOf } from './result-sheet.ts';
import { type RunModel, type RunSnapshot, staysHere } from './run-model.ts';
import { SheetView } from './sheet-view.tsx';
import { Shown } from './shown.tsx';
import { useSnapshot } from './use-snapshot.ts';
import { asSentence, duration, summary } from './words.ts';
import './results.css';

export interface ResultsPanelProps {
  readonly client: Client<Desktop>;
  /** The run of the tab that is shown, if it has one. */
  readonly run: RunModel | null;
  readonly connection: ConnectionView | null;
  /** Shows a part of the tab's text in the editor. */
  readonly onReveal: (span: SpanView) => void;
  /** Shows everything that made the verdict. */
  readonly onExplain?: (() => void) | undefined;
  /** The focused cell changed: what the inspector should show. */
  readonly onInspect?: (cell: InspectedCell | null) => void;
  /** What the rows relied on and is over, in a sentence; null while it lasts. They stay as they are. */
  readonly stale?: string | null;
  readonly onRunAgain?: () => void;
  /** Stands under a reason that the statement did not run for: what would lift it. */
  readonly reasonActions?: ((reason: ReasonView, connection: string) => ReactNode) | undefined;
  /** Enter or a double click on a cell: open the inspector. */
  readonly onOpenInspector?: () => void;
}

/** What became of the statement: its rows, or why there are none, and everything that was said about it. */
export function ResultsPanel(props: ResultsPanelProps): ReactElement {
  const { client, run, connection, onReveal, onExplain, onInspect, onOpenInspector, stale = null, onRunAgain } = props;
  const { reasonActions } = props;
  const snapshot = useSnapshot(run);
  const sheet = run !== null && snapshot?.result != null ? sheetOf(client, run) : null;
  const [tab, setTab] = useState('results');
  useInspected(sheet, run, snapshot, onInspect);
  const open = useCallback(() => onOpenInspector?.(), [onOpenInspector]);

  const notices = snapshot?.notices.length ?? 0;
  return (
    <div className="results">
      {snapshot?.state === 'running' && <ProgressBar label="Running" />}
      <Tabs
        label="Result"
        selected={tab}
        onSelect={setTab}
        trailing={snapshot && <span className="results-summary">{summary(snapshot)}</span>}
        items={[
          {
            id: 'results',
            label: 'Results',
            content: (
              <Outcome
                client={client}
                snapshot={snapshot}
                sheet={sheet}
                connection={connection}
                onReveal={onReveal}
                onExplain={onExplain}
                onOpen={open}
                stale={stale}
                onRunAgain={onRunAgain}
                reasonActions={
                  reasonActions !== undefined && run !== null
                    ? (reason) => reasonActions(reason, run.connection)
                    : undefined
                }
              />
            ),
          },
          {
            id: 'messages',
            label: notices > 0 ? `Messages ${notices}` : 'Messages',
            content: <Messages run={snapshot} />,
          },
        ]}
      />
    </div>
  );
}

function Outcome({
  client,
  snapshot,
  sheet,
  connection,
  onReveal,
  onExplain,
  onOpen,
  stale,
  onRunAgain,
  reasonActions,
}: {
  client: Client<Desktop>;
  snapshot: RunSnapshot | null;
  sheet: ResultSheet | null;
  connection: ConnectionView | null;
  onReveal: (span: SpanView) => void;
  onExplain: (() => void) | undefined;
  onOpen: () => void;
  stale: string | null;
  onRunAgain: (() => void) | undefined;
  reasonActions: ((reason: ReasonView) => ReactNode) | undefined;
}): ReactElement {
  if (snapshot === null) {
    const where = connection === null ? '' : ` on ${environmentName(connection.environment)} · ${connection.title}`;
    return (
      <EmptyState
        title={`Rows appear here. Press ${keysInWords('Mod+Enter')} to run the statement at the cursor${where}.`}
      />
    );
  }
  if (snapshot.state === 'refused' || snapshot.state === 'asked')
    return <Refusal run={snapshot} onReveal={onReveal} onExplain={onExplain} reasonActions={reasonActions} />;
  if (sheet === null || snapshot.rows === 0) {
    if (snapshot.state === 'failed') return <Failure run={snapshot} onReveal={onReveal} />;
    if (snapshot.state === 'cancelled') return <Cancelled run={snapshot} />;
    if (snapshot.state === 'done' && sheet === null)
      return <EmptyState title={`${snapshot.tag ?? 'Done'} · no rows come with this statement.`} />;
    if (sheet === null) return <div className="results-waiting" />;
  }
  return (
    <div className="results-rows">
      <SheetView
        key={snapshot.result}
        client={client}
        sheet={sheet}
        run={snapshot}
        onOpen={onOpen}
        stale={stale}
        onRunAgain={onRunAgain}
      />
      {snapshot.state === 'done' && snapshot.rows === 0 && <p className="results-none">No rows match.</p>}
      {/* Under the rows: what comes late never moves what is being read. */}
      {snapshot.state === 'cancelled' && <Cancelled run={snapshot} />}
      {snapshot.state === 'failed' && (
        <Message meaning="refused" alert>
          <Shown text={asSentence(snapshot.error?.message ?? '')} /> {snapshot.error?.next} The rows that came before
          are above.
        </Message>
      )}
    </div>
  );
}

function Cancelled({ run }: { run: RunSnapshot }): ReactElement {
  const rows = run.result === null || run.rows === 0 ? '' : ' The rows that came before are above.';
  return (
    <Message meaning="read">
      Cancelled after {duration(run.milliseconds ?? 0)}.{rows}
    </Message>
  );
}

/** Tells what the inspector should show whenever the focused cell changes. */
function useInspected(
  sheet: ResultSheet | null,
  model: RunModel | null,
  run: RunSnapshot | null,
  onInspect: ((cell: InspectedCell | null) => void) | undefined,
): void {
  const focus = useSnapshot(sheet)?.selection?.focus ?? null;
  const row = focus?.row;
  const column = focus?.column;
  const result = run?.result ?? null;
  const columns = run?.columns;
  const connection = model?.connection;
  const stays = staysHere(run);
  const watermark = run?.verdict?.watermark ?? null;
  useEffect(() => {
    if (onInspect === undefined) return;
    const known =
      result !== null && row !== undefined && column !== undefined && columns !== undefined && connection !== undefined;
    onInspect(known ? { result, row, column, columns, connection, stays, watermark } : null);
  }, [onInspect, result, row, column, columns, connection, stays, watermark]);
}
