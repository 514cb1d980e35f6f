import { type ReactElement } from 'react';
import { type SpanView } from '../../shared/views.ts';
import { Button, Icon } from '../design/index.ts';
import { type RunSnapshot } from './run-model.ts';
import { Shown } from './shown.tsx';
import { lineAndColumn } from './words.ts';

/** What the server or the gate said, where, and what to do next. */
export function Failure({
  run,
  onReveal,
}: {
  run: RunSnapshot;
  onReveal: (span: SpanView) => void;
}): ReactElement | null {
  const { error } = run;
  if (error === null) return null;
  const { span } = error;
  const local = span === null ? null : Math.min(Math.max(span.start - run.offset, 0), run.text.length);
  return (
    <section className="stopped selectable" role="alert">
      <header className="stopped-head">
        <Icon name="error" className="meaning-refused" />
        <h3>
          <Shown text={error.message} />
        </h3>
      </header>
      {span !== null && local !== null && (
        <>
          <Excerpt text={run.text} at={local} length={Math.max(1, span.end - span.start)} />
          <div className="stopped-action">
            <Button icon="go-to-file" onPress={() => onReveal(span)}>
              Show in editor
            </Button>
          </div>
        </>
      )}
      {error.next !== null && <p className="reason-next">{error.next}</p>}
      <p className="stopped-line">
        <span className="stopped-label">Code</span>
        <code>{error.code}</code>
      </p>
    </section>
  );
}

/** The line of the statement with the part underlined. */
function Excerpt({ text, at, length }: { text: string; at: number; length: number }): ReactElement {
  const { line, column } = lineAndColumn(text, at);
  const start = at - (column - 1);
  const newline = text.indexOf('\n', at);
  const end = newline < 0 ? text.length : newline;
  const from = Math.max(start, at - 60);
  const marked = Math.min(at + length, end);
  return (
    <pre className="excerpt">
      <span className="excerpt-line">
        line {line}, column {column}
      </span>
      {from > start && '…'}
      <Shown text={text.slice(from, at)} />
      <mark>
        <Shown text={text.slice(at, marked) || ' '} />
      </mark>
      <Shown text={text.slice(marked, Math.min(end, marked + 100))} />
      {end > marked + 100 && '…'}
    </pre>
  );
}
