import { type ReactElement, type ReactNode, useState } from 'react';
import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type MaskView, type SpanView, type VerdictView } from '../../shared/views.ts';
import { EmptyState, Tabs } from '../design/index.ts';
import { CellTab } from './inspector/cell-tab.tsx';
import { DecisionTab } from './inspector/decision-tab.tsx';
import { type InspectedCell } from './inspector/inspected.ts';
import { RowTab } from './inspector/row-tab.tsx';
import './inspector/inspector.css';

export interface InspectorProps {
  readonly client: Client<Desktop>;
  /** The focused cell, as `ResultsPanel` tells it. */
  readonly selection: InspectedCell | null;
  /** The verdict on the statement that made the result, or on the one at the cursor. */
  readonly verdict: VerdictView | null;
  /** Stands under what is said about a mask: how to see what is behind it. */
  readonly maskActions?: ((mask: MaskView, connection: string) => ReactNode) | undefined;
  readonly onPoint?: ((span: SpanView | null) => void) | undefined;
  readonly onReveal?: ((span: SpanView) => void) | undefined;
  /** The tab to show, where the window decides it (Explain goes to the decision); else the inspector keeps its own. */
  readonly tab?: string;
  readonly onTab?: (tab: string) => void;
}

/** The focused cell, its row, and the decision behind them, in full. */
export function Inspector(props: InspectorProps): ReactElement {
  const { client, selection, verdict, maskActions, onPoint, onReveal, tab, onTab } = props;
  const [own, setOwn] = useState('cell');
  return (
    <Tabs
      label="Inspector"
      selected={tab ?? own}
      onSelect={onTab ?? setOwn}
      items={[
        {
          id: 'cell',
          label: 'Cell',
          content:
            selection === null ? (
              <EmptyState title="Select a cell to see its whole value." />
            ) : (
              <CellTab client={client} cell={selection} maskActions={maskActions} />
            ),
        },
        {
          id: 'row',
          label: 'Row',
          content:
            selection === null ? (
              <EmptyState title="Select a cell to see its row as a record." />
            ) : (
              <RowTab client={client} cell={selection} />
            ),
        },
        {
          id: 'decision',
          label: 'Decision',
          content:
            verdict === null ? (
              <EmptyState title="Run a statement to see how it was judged." />
            ) : (
              <DecisionTab verdict={verdict} onPoint={onPoint} onReveal={onReveal} />
            ),
        },
      ]}
    />
  );
}
