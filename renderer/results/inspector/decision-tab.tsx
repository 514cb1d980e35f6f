import { type ReactElement } from 'react';
import { type ExplainLine, explainSections, VERDICT_WORDS } from '../../../shared/explain.ts';
import { type SpanView, type VerdictView } from '../../../shared/views.ts';
import { MeaningIcon } from '../../design/index.ts';
import { Shown } from '../shown.tsx';

const MEANINGS = { allow: 'approved', refuse: 'refused', ask: 'waiting' } as const;

export interface DecisionTabProps {
  readonly verdict: VerdictView;
  /** Marks a part of the statement in the editor while a line about it is looked at; null takes the mark away. */
  readonly onPoint?: ((span: SpanView | null) => void) | undefined;
  /** Goes to a part of the statement in the editor. */
  readonly onReveal?: ((span: SpanView) => void) | undefined;
}

/** How the statement was judged: the verdict and everything that made it, in the words of `countersign explain`. */
export function DecisionTab({ verdict, onPoint, onReveal }: DecisionTabProps): ReactElement {
  return (
    <div
      className="decision selectable"
      tabIndex={0}
      role="region"
      aria-label="Decision"
      onMouseLeave={() => onPoint?.(null)}
      onBlur={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget)) onPoint?.(null);
      }}
    >
      <p className="decision-verdict">
        <MeaningIcon meaning={MEANINGS[verdict.verdict]} />
        <b>{VERDICT_WORDS[verdict.verdict]}</b>
        <span>{verdict.title}</span>
      </p>
      {explainSections(verdict).map(({ title, lines }) => (
        <section key={title}>
          <h3 className="decision-title">{title}</h3>
          <ul>
            {lines.map((line, index) => (
              <li key={index}>
                <Line line={line} onPoint={onPoint} onReveal={onReveal} />
                {line.note !== null && (
                  <p className="decision-quiet">
                    <Shown text={line.note} />
                  </p>
                )}
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

function Line({ line, onPoint, onReveal }: { line: ExplainLine } & Omit<DecisionTabProps, 'verdict'>): ReactElement {
  const { span } = line;
  const words = (
    <>
      {line.meaning === 'masked' && <MeaningIcon meaning="masked" label="Masked" />} <Shown text={line.text} />
    </>
  );
  if (span === null || onReveal === undefined) return <p>{words}</p>;
  return (
    <button
      type="button"
      className="decision-line"
      title="Show in editor"
      onMouseEnter={() => onPoint?.(span)}
      onFocus={() => onPoint?.(span)}
      onClick={() => {
        onReveal(span);
      }}
    >
      {words}
    </button>
  );
}
