import { type ReactElement, type ReactNode } from 'react';
import { type MatrixCellView, type MatrixView } from '../../shared/views.ts';
import { Button, Icon } from '../design/index.ts';
import { Shown } from '../results/shown.tsx';
import { useWorkbench } from '../state/workbench.ts';
import { type CellName, cellOf, effectSentence, looksOf } from './matrix-model.ts';
import { RuleLink } from './rule-link.tsx';

/** One cell of the matrix, whole: what is asked for, what it depends on, and the rules that make it so. */
export function MatrixDetail({
  view,
  name,
  close,
}: {
  view: MatrixView;
  name: CellName;
  close: ReactNode;
}): ReactElement {
  const { policy } = useWorkbench();
  const cell = cellOf(view, name);
  const who = view.who.find(({ id }) => id === name.who)?.title ?? name.who;
  const place = view.places.find(({ connection }) => connection === name.connection)?.title ?? name.connection;
  return (
    <aside
      className="matrix-detail"
      aria-label="Cell"
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.preventDefault();
        policy.cell.set(null);
      }}
    >
      <header className="matrix-detail-head">
        <h2 className="matrix-detail-title">
          <Shown text={`${who}: ${name.action} on ${place}`} />
        </h2>
        <Button
          variant="quiet"
          icon="law"
          onPress={() => {
            policy.question.update((question) => ({ ...question, as: name.who, connection: name.connection }));
            policy.tab.set('explain');
          }}
        >
          Explain a statement
        </Button>
        {close}
      </header>
      <div className="matrix-detail-body selectable">
        {cell === null ? <p className="policy-quiet">The text does not name them any more.</p> : <Whole cell={cell} />}
      </div>
    </aside>
  );
}

function Whole({ cell }: { cell: MatrixCellView }): ReactElement {
  const { icon, meaning } = looksOf(cell);
  return (
    <>
      <p className="policy-effect">
        <Icon name={icon} className={`meaning-${meaning}`} /> {effectSentence(cell)}
      </p>
      <Part title="With" lines={cell.obligations} />
      <Part title="Depends on" lines={cell.conditions} code />
      {cell.rules.length > 0 && (
        <section>
          <h3 className="detail-label">Rules</h3>
          <ul className="policy-words-list">
            {cell.rules.map((id) => (
              <li key={id}>
                <RuleLink id={id} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  );
}

function Part({
  title,
  lines,
  code = false,
}: {
  title: string;
  lines: readonly string[];
  code?: boolean;
}): ReactElement | null {
  if (lines.length === 0) return null;
  return (
    <section>
      <h3 className="detail-label">{title}</h3>
      <ul className="policy-words-list">
        {lines.map((line, index) => (
          <li key={index}>
            {code ? (
              <code>
                <Shown text={line} />
              </code>
            ) : (
              <Shown text={line} />
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
