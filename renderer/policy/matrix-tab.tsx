import { type ReactElement, useMemo, useState } from 'react';
import { Button, EmptyState, IconButton, Message, ProgressBar, Split, TextField } from '../design/index.ts';
import { plural, thousands } from '../results/words.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { MatrixDetail } from './matrix-detail.tsx';
import { everything, rowsOf } from './matrix-model.ts';
import { MatrixTable } from './matrix-table.tsx';

/** Rows shown at first, and how many more with each press: a browser lays out a few thousand cells without a pause. */
const STEP = 240;

/** Who can do what, where: for everybody that the text names. */
export function MatrixTab(): ReactElement {
  const workbench = useWorkbench();
  const { policy } = workbench;
  const { of, value, asking, trouble } = useStore(policy.matrix.answer);
  const checked = useStore(policy.check.answer);
  const draft = useStore(policy.draft);
  const filter = useStore(policy.filter);
  const cell = useStore(policy.cell);
  const layout = useStore(workbench.workspace, ({ layout: sizes }) => sizes);
  const [most, setMost] = useState(STEP);
  const rows = useMemo(() => (value === null ? [] : rowsOf(value, filter)), [value, filter]);
  const broken = (checked.value?.problems.length ?? 0) > 0;

  if (trouble !== null) {
    return (
      <Message meaning="refused" alert actions={<Button onPress={policy.matrix.again}>Try again</Button>}>
        {trouble.message} {trouble.next}
      </Message>
    );
  }
  if (value === null) {
    return broken ? (
      <EmptyState title="The matrix is there once the text has no errors." />
    ) : (
      <ProgressBar label="Working out the matrix" />
    );
  }
  if (value.who.length === 0 || value.places.length === 0) {
    return (
      <EmptyState
        title={
          value.who.length === 0
            ? 'The text names nobody yet. Every group, agent and service that it names has its rows here.'
            : 'There is no connection yet that the rules could be about.'
        }
      />
    );
  }
  const table = (
    <div className="policy-pane">
      {asking && <ProgressBar label="Working out the matrix" />}
      <div className="policy-bar">
        <TextField
          label="Who"
          quiet
          icon="search"
          value={filter.who}
          onChange={(who) => {
            policy.filter.set({ ...filter, who });
            setMost(STEP);
          }}
        />
        <TextField
          label="Connection or environment"
          quiet
          icon="search"
          value={filter.place}
          onChange={(place) => {
            policy.filter.set({ ...filter, place });
            setMost(STEP);
          }}
        />
        <span className="policy-quiet" role="status">
          {plural(rows.length, 'row')}
          {of !== draft?.text && (broken ? ', of the last text without errors' : ', of the text before')}
        </span>
      </div>
      {rows.length === 0 ? (
        <EmptyState title="Nobody and no connection has all of these words.">
          <Button
            onPress={() => {
              policy.filter.set(everything);
            }}
          >
            Clear the filters
          </Button>
        </EmptyState>
      ) : (
        <MatrixTable view={value} rows={rows.slice(0, most)} />
      )}
      {rows.length > most && (
        <p className="policy-bar policy-more">
          {thousands(most)} of {plural(rows.length, 'row')} are shown.
          <Button
            onPress={() => {
              setMost(most + STEP);
            }}
          >
            Show {thousands(Math.min(STEP, rows.length - most))} more
          </Button>
        </p>
      )}
    </div>
  );
  return (
    <Split
      orientation="vertical"
      sizes={layout}
      onResized={(sizes) => {
        workbench.workspace.update((workspace) => ({ ...workspace, layout: { ...workspace.layout, ...sizes } }));
      }}
      areas={[
        { id: 'matrix-table', label: 'matrix', least: '120px', content: table },
        ...(cell === null
          ? []
          : [
              {
                id: 'matrix-detail',
                label: 'cell',
                size: '220px',
                least: '96px',
                fixed: true,
                content: (
                  <MatrixDetail
                    view={value}
                    name={cell}
                    close={
                      <IconButton
                        icon="close"
                        label="Close"
                        shortcut="Escape"
                        onPress={() => {
                          policy.cell.set(null);
                        }}
                      />
                    }
                  />
                ),
              },
            ]),
      ]}
    />
  );
}
