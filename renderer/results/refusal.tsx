import { type ReactElement, type ReactNode } from 'react';
import { type ReasonView, type SpanView } from '../../shared/views.ts';
import { Button, MeaningIcon } from '../design/index.ts';
import { excerpt, inTab, type RunSnapshot } from './run-model.ts';
import { Shown } from './shown.tsx';
import { oneLine } from './words.ts';

/** Why a statement did not run: what, which part, which rule, what would be allowed, how to ask. The verdict's own words. */
export function Refusal({
  run,
  onReveal,
  onExplain,
  reasonActions,
}: {
  run: RunSnapshot;
  onReveal: (span: SpanView) => void;
  /** Stands under a reason: what would lift it. */
  reasonActions?: ((reason: ReasonView) => ReactNode) | undefined;
  onExplain?: (() => void) | undefined;
}): ReactElement | null {
  const { verdict } = run;
  if (verdict === null) return null;
  const asked = verdict.verdict === 'ask';
  const waiting = asked || verdict.needs.length > 0;
  const heading = asked ? 'Needs approval' : waiting ? 'Waits for you' : 'Refused';
  return (
    <section className="stopped selectable" aria-label={heading} data-waiting={waiting || undefined}>
      <header className="stopped-head">
        <MeaningIcon meaning={waiting ? 'waiting' : 'refused'} />
        <h3>
          {heading}: {verdict.title}
        </h3>
        <span className="stopped-note">Nothing ran.{run.recorded !== null && ` Recorded as ${run.recorded}.`}</span>
      </header>
      <ul className="reasons">
        {verdict.reasons.map((reason, index) => (
          <Reason
            key={`${reason.code} ${index}`}
            run={run}
            reason={reason}
            onReveal={onReveal}
            actions={reasonActions?.(reason)}
          />
        ))}
      </ul>
      {verdict.needs.length === 0 && <Rules run={run} />}
      {verdict.approvers.length > 0 && (
        <p className="stopped-line">
          <span className="stopped-label">Who may approve</span>
          <span>{verdict.approvers.join(', ')}</span>
        </p>
      )}
      {onExplain !== undefined && (
        <p>
          <Button icon="law" onPress={onExplain}>
            Explain verdict
          </Button>
        </p>
      )}
    </section>
  );
}

function Reason({
  run,
  reason,
  onReveal,
  actions,
}: {
  run: RunSnapshot;
  reason: ReasonView;
  onReveal: (span: SpanView) => void;
  actions: ReactNode;
}): ReactElement {
  const { span } = reason;
  return (
    <li className="reason">
      <p>
        <Shown text={reason.sentence} />
      </p>
      {span !== null && (
        <p className="reason-part">
          <code>
            <Shown text={oneLine(excerpt(run, span))} />
          </code>
          <Button variant="quiet" icon="go-to-file" onPress={() => onReveal(inTab(run, span))}>
            Show in editor
          </Button>
        </p>
      )}
      {reason.next !== null && <p className="reason-next">{reason.next}</p>}
      {actions}
      <code className="reason-code">{reason.code}</code>
    </li>
  );
}

function Rules({ run }: { run: RunSnapshot }): ReactElement | null {
  const rules = run.verdict?.rules ?? [];
  if (rules.length === 0) return null;
  return (
    <>
      {rules.map((rule) => (
        <p key={`${rule.id} ${rule.effect}`} className="stopped-line">
          <span className="stopped-label">Rule</span>
          <span>
            <code>{rule.id}</code> {rule.effect}
            {rule.text !== null && `: ${rule.text}`}
          </span>
        </p>
      ))}
    </>
  );
}
