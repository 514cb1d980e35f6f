import { type ReactElement } from 'react';
import { EmptyState, Icon } from '../design/index.ts';
import { showText } from './grid/cell-text.ts';
import { type RunSnapshot } from './run-model.ts';
import { duration, thousands } from './words.ts';

interface Line {
  readonly icon: string;
  readonly label: string;
  readonly text: string;
}

const signs: Readonly<Record<string, string>> = { WARNING: 'warning', ERROR: 'error', INFO: 'info', NOTICE: 'info' };

/** Longer than any notice somebody reads. */
const NOTICE_CHARACTERS = 4000;

function linesOf(run: RunSnapshot): readonly Line[] {
  const lines: Line[] = [];
  if (run.recorded !== null) {
    lines.push({ icon: 'pass', label: 'Recorded', text: `as ${thousands(run.recorded)}, before the database saw it` });
  }
  for (const notice of run.notices) {
    const severity = notice.severity.toUpperCase();
    const text = notice.text.split('\n').map((line) => showText(line, NOTICE_CHARACTERS).text);
    lines.push({ icon: signs[severity] ?? 'info', label: severity, text: text.join('\n') });
  }
  if (run.error !== null) lines.push({ icon: 'error', label: run.error.code, text: run.error.message });
  if (run.cut !== null) lines.push({ icon: 'warning', label: 'Cut', text: run.cut });
  if (run.state === 'done') {
    const time = run.milliseconds === null ? '' : ` in ${duration(run.milliseconds)}`;
    lines.push({ icon: 'check', label: 'Done', text: `${run.tag ?? ''}${time}` });
  }
  if (run.state === 'cancelled')
    lines.push({ icon: 'circle-slash', label: 'Cancelled', text: `after ${duration(run.milliseconds ?? 0)}` });
  return lines;
}

/** What was said about a run, in the order it was said. */
export function Messages({ run }: { run: RunSnapshot | null }): ReactElement {
  const lines = run === null ? [] : linesOf(run);
  if (lines.length === 0)
    return <EmptyState title="Nothing was said yet. Notices of the server and what was recorded appear here." />;
  return (
    <ol className="messages selectable">
      {lines.map((line, index) => (
        <li key={index} className="messages-line">
          <Icon name={line.icon} />
          <span className="messages-label">{line.label}</span>
          <span className="messages-text">{line.text}</span>
        </li>
      ))}
    </ol>
  );
}
