import { type ReactElement, type ReactNode } from 'react';
import { type VerdictView } from '../../../shared/views.ts';
import { MeaningIcon } from '../../design/index.ts';
import { byteSize } from '../grid/cell-text.ts';
import { duration, plural } from '../words.ts';

const words = {
  allow: { meaning: 'approved', text: 'Allowed' },
  refuse: { meaning: 'refused', text: 'Refused' },
  ask: { meaning: 'waiting', text: 'Needs approval' },
} as const;

/** How the statement was judged: the verdict and everything that made it. What `countersign explain` prints. */
export function DecisionTab({ verdict }: { verdict: VerdictView }): ReactElement {
  const { meaning, text } = words[verdict.verdict];
  return (
    <div className="decision selectable" tabIndex={0} role="region" aria-label="Decision">
      <p className="decision-verdict">
        <MeaningIcon meaning={meaning} />
        <b>{text}</b>
        <span>{verdict.title}</span>
      </p>
      <Section title="Why" show={verdict.reasons.length > 0}>
        {verdict.reasons.map((reason, index) => (
          <li key={index}>
            {reason.sentence}
            {reason.next !== null && <span className="decision-quiet"> {reason.next}</span>}
          </li>
        ))}
      </Section>
      <Section title="Rules" show={verdict.rules.length > 0}>
        {verdict.rules.map((rule) => (
          <li key={`${rule.id} ${rule.effect}`}>
            <code>{rule.id}</code> {rule.effect}
            {rule.text !== null && <span className="decision-quiet"> {rule.text}</span>}
          </li>
        ))}
      </Section>
      <Section title="Objects" show={verdict.objects.length > 0}>
        {verdict.objects.map((object) => (
          <li key={`${object.name} ${object.access}`}>
            <code>{object.name}</code> {object.access}
            {object.via !== null && <span className="decision-quiet"> through {object.via}</span>}
          </li>
        ))}
      </Section>
      <Section title="Masked outputs" show={verdict.masks.length > 0}>
        {verdict.masks.map((mask) => (
          <li key={mask.output}>
            <MeaningIcon meaning="masked" /> <code>{mask.name}</code> from <code>{mask.column}</code>
            <span className="decision-quiet"> {mask.sentence}</span>
          </li>
        ))}
      </Section>
      <Section title="Outputs" show={verdict.outputs.length > 0}>
        {verdict.outputs.map((output, index) => (
          <li key={index}>
            <code>{output.name}</code> from {output.from.length === 0 ? 'no column' : output.from.join(', ')}
            {!output.plain && <span className="decision-quiet"> computed</span>}
          </li>
        ))}
      </Section>
      <Section title="Columns and where they are used" show={verdict.columns.length > 0}>
        {verdict.columns.map((use, index) => (
          <li key={index}>
            <code>{use.column}</code> <span className="decision-quiet">{use.place}</span>
          </li>
        ))}
      </Section>
      <Section title="Limits" show={verdict.limits !== null}>
        {verdict.limits !== null && (
          <li>
            {plural(verdict.limits.rows, 'row')}, {byteSize(verdict.limits.bytes)},{' '}
            {duration(verdict.limits.statementTimeout)} a statement
          </li>
        )}
      </Section>
      <Section title="Who may approve" show={verdict.approvers.length > 0}>
        <li>{verdict.approvers.join(', ')}</li>
      </Section>
    </div>
  );
}

function Section({
  title,
  show,
  children,
}: {
  title: string;
  show: boolean;
  children: ReactNode;
}): ReactElement | null {
  if (!show) return null;
  return (
    <section>
      <h3 className="decision-title">{title}</h3>
      <ul>{children}</ul>
    </section>
  );
}
