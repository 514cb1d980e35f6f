import { type ReactElement, type ReactNode, useMemo, useState } from 'react';
import { type Desktop } from '../../../shared/contract.ts';
import { type Client } from '../../../shared/rpc/types.ts';
import { type MaskView, type ResultColumnView } from '../../../shared/views.ts';
import { Button, EmptyState, Message, ProgressBar } from '../../design/index.ts';
import { copySelection } from '../copy.ts';
import { byteSize } from '../grid/cell-text.ts';
import { selectCell } from '../grid/selection.ts';
import { maskSentences } from '../result-sheet.ts';
import { Shown } from '../shown.tsx';
import { notCopied } from '../use-copy.ts';
import { Watermark } from '../watermark.tsx';
import { thousands } from '../words.ts';
import { formatJson } from './format-json.ts';
import { type InspectedCell } from './inspected.ts';
import { LongText } from './long-text.tsx';
import { useCell, type WholeCell } from './use-cell.ts';

/** JSON above this many characters is shown as it came: laying it out would hold the window up. */
const MAX_FORMATTED = 4_000_000;

/** One cell in full: its text, formatted where it is JSON, and why it is masked where it is. */
export function CellTab({
  client,
  cell,
  maskActions,
}: {
  client: Client<Desktop>;
  cell: InspectedCell;
  maskActions?: ((mask: MaskView, connection: string) => ReactNode) | undefined;
}): ReactElement {
  const column = cell.columns[cell.column];
  const answer = useCell(client, cell.result, cell.row, cell.column);
  if (column === undefined) return <EmptyState title="Select a cell to see its whole value." />;
  return (
    <div className="inspector-cell">
      <header className="inspector-head">
        <h3>
          <Shown text={column.name} />
        </h3>
        <code>{column.type}</code>
        <span className="inspector-note">
          row {thousands(cell.row + 1)}
          {answer.state === 'ready' && answer.value.text !== null && ` · ${byteSize(answer.value.bytes)}`}
        </span>
      </header>
      {column.mask !== null && <Message meaning="masked">{maskSentences(column.mask).join(' ')}</Message>}
      {column.mask !== null && maskActions?.(column.mask, cell.connection)}
      {answer.state === 'loading' && <ProgressBar label="Reading the cell" />}
      {answer.state === 'failed' && (
        <Message meaning="refused">
          {answer.trouble.message} {answer.trouble.next}
        </Message>
      )}
      {answer.state === 'ready' && <CellText client={client} cell={cell} column={column} whole={answer.value} />}
      {cell.watermark !== null && <Watermark text={cell.watermark} />}
    </div>
  );
}

function CellText({
  client,
  cell,
  column,
  whole,
}: {
  client: Client<Desktop>;
  cell: InspectedCell;
  column: ResultColumnView;
  whole: WholeCell;
}): ReactElement {
  const [wrap, setWrap] = useState(true);
  const [formatted, setFormatted] = useState(true);
  const text = whole.text ?? '';
  const json = useMemo(() => jsonOf(text, column.type), [text, column.type]);
  if (whole.text === null) return <p className="inspector-null">NULL</p>;
  if (text === '') return <p className="inspector-null">Empty text</p>;
  return (
    <>
      <div className="inspector-tools">
        <Toggle label="Wrap" icon="word-wrap" on={wrap} onChange={setWrap} />
        {json !== null && <Toggle label="Format JSON" icon="json" on={formatted} onChange={setFormatted} />}
        <CopyCell client={client} cell={cell} />
      </div>
      <LongText text={formatted && json !== null ? json : text} wrap={wrap} label={`Value of ${column.name}`} />
    </>
  );
}

function jsonOf(text: string, type: string): string | null {
  const maybe = type.startsWith('json') || /^\s*[[{]/.test(text);
  return maybe && text.length <= MAX_FORMATTED ? formatJson(text) : null;
}

function Toggle({
  label,
  icon,
  on,
  onChange,
}: {
  label: string;
  icon: string;
  on: boolean;
  onChange: (on: boolean) => void;
}): ReactElement {
  return (
    <Button
      variant="quiet"
      icon={icon}
      aria-pressed={on}
      className={on ? 'toggle-on' : 'toggle-off'}
      onPress={() => onChange(!on)}
    >
      {label}
    </Button>
  );
}

/** Goes through the gate like every copy, so that it is recorded. */
function CopyCell({ client, cell }: { client: Client<Desktop>; cell: InspectedCell }): ReactElement {
  const [said, setSaid] = useState('');
  const copy = (): void => {
    copySelection(client, cell.result, selectCell(cell), 'tsv', false)
      .then(({ cut }) => setSaid(cut ? 'Copied the beginning: a limit cut the rest.' : 'Copied.'))
      .catch((error: unknown) => setSaid(notCopied(error)));
  };
  return (
    <>
      <Button variant="quiet" icon="copy" isDisabled={cell.stays !== null} onPress={copy}>
        Copy
      </Button>
      <span role="status" className="inspector-note inspector-said" title={cell.stays ?? said}>
        {cell.stays ?? said}
      </span>
    </>
  );
}
