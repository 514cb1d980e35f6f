import { type ReactElement, useEffect, useRef, useState } from 'react';
import { Label } from 'react-aria-components/Label';
import { Radio, RadioGroup } from 'react-aria-components/RadioGroup';
import { Button, Dialog, Message, ProgressBar } from '../design/index.ts';
import { byteSize } from '../results/grid/cell-text.ts';
import { useStore } from '../state/store.ts';
import { type Trouble, troubleOf } from '../state/trouble.ts';
import { useWorkbench } from '../state/workbench.ts';
import { type Count, countOf, countWords } from './count.ts';
import { firstCriteria } from './criteria.ts';
import { exportName, saveFile } from './save-file.ts';

/** Events one export takes at most (shared/contract.ts, `activity.export`). */
const MOST = 100_000;

const formats = [
  { format: 'csv', label: 'CSV', hint: 'a table for spreadsheets', type: 'text/csv' },
  { format: 'jsonl', label: 'JSONL', hint: 'one JSON object a line, with everything', type: 'application/x-ndjson' },
] as const;
type Format = (typeof formats)[number]['format'];

type Progress =
  | { readonly state: 'choosing' }
  | { readonly state: 'reading'; readonly bytes: number }
  | { readonly state: 'saved'; readonly name: string; readonly bytes: number }
  | { readonly state: 'failed'; readonly trouble: Trouble };

/** What is shown, as a file: how many events, how many at most, and that taking them is recorded. */
export function ExportDialog(): ReactElement | null {
  const { activity } = useWorkbench();
  const open = useStore(activity.exporting);
  return open ? <Open /> : null;
}

function Open(): ReactElement {
  const { activity, client, workspace } = useWorkbench();
  const bars = useStore(activity.bars);
  const [format, setFormat] = useState<Format>('csv');
  const [progress, setProgress] = useState<Progress>({ state: 'choosing' });
  const ended = useRef<AbortController | null>(null);
  const feed = useStore(activity.feed.state);
  const range = useStore(workspace, (state) => (state.activity ?? firstCriteria).range);
  const [now] = useState(() => Date.now());
  const count = countOf(feed, bars.state === 'ready' ? bars.value : null, range, now);

  useEffect(() => () => ended.current?.abort(), []);

  const close = (): void => {
    ended.current?.abort();
    activity.exporting.set(false);
  };
  const save = async (): Promise<void> => {
    const chosen = formats.find((one) => one.format === format) ?? formats[0];
    const { signal } = (ended.current = new AbortController());
    const parts: string[] = [];
    let bytes = 0;
    setProgress({ state: 'reading', bytes });
    try {
      for await (const part of client['activity.export']({ query: activity.query(), format }, signal)) {
        parts.push(part);
        bytes += new Blob([part]).size;
        setProgress({ state: 'reading', bytes });
      }
      const name = exportName(format, Date.now());
      saveFile(name, chosen.type, parts);
      setProgress({ state: 'saved', name, bytes });
    } catch (error) {
      if (!signal.aborted) setProgress({ state: 'failed', trouble: troubleOf(error) });
    }
  };

  return (
    <Dialog
      title="Export events"
      isOpen
      onClose={close}
      actions={
        <>
          <Button variant="quiet" onPress={close}>
            {progress.state === 'saved' ? 'Close' : 'Cancel'}
          </Button>
          <Button
            variant="primary"
            isDisabled={progress.state === 'reading' || count?.events === 0}
            onPress={() => void save()}
          >
            {progress.state === 'saved' ? 'Export again' : 'Export'}
          </Button>
        </>
      }
    >
      <p>{howMany(count)}</p>
      <RadioGroup
        className="export-formats"
        value={format}
        onChange={(value) => {
          setFormat(value === 'jsonl' ? 'jsonl' : 'csv');
        }}
      >
        <Label>Format</Label>
        {formats.map((one) => (
          <Radio key={one.format} value={one.format} className="export-format">
            <b>{one.label}</b> <span>{one.hint}</span>
          </Radio>
        ))}
      </RadioGroup>
      <Message meaning="read">
        That you take these events, with what narrows them, goes into the record. Statements are in the file without
        their values.
      </Message>
      {progress.state === 'reading' && (
        <div role="status">
          <ProgressBar label="Exporting" />
          {byteSize(progress.bytes)} read
        </div>
      )}
      {progress.state === 'saved' && (
        <Message meaning="approved" alert>
          Saved as {progress.name}, {byteSize(progress.bytes)}.
        </Message>
      )}
      {progress.state === 'failed' && (
        <Message meaning="refused" alert>
          Nothing was saved. {progress.trouble.message} {progress.trouble.next}
        </Message>
      )}
    </Dialog>
  );
}

function howMany(count: Count | null): string {
  if (count === null) return `The events that are shown, at most the newest ${MOST.toLocaleString('en')}.`;
  if (count.events === 0) return 'No event is shown.';
  return count.events <= MOST
    ? `${countWords(count)}: all that are shown.`
    : `The newest ${MOST.toLocaleString('en')} of ${countWords(count)}. For the others narrow the times and export again.`;
}
