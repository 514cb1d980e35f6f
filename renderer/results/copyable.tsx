import { type ReactElement, useState } from 'react';
import { IconButton } from '../design/index.ts';
import { showText } from './grid/cell-text.ts';
import { Shown } from './shown.tsx';
import './copyable.css';

const LONGEST_TITLE = 1000;

/** An id or a hash: whole in its title, on the screen as far as there is room or, with `wrap`, over several lines; copied with one press. */
export function Copyable({ label, text, wrap = false }: { label: string; text: string; wrap?: boolean }): ReactElement {
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
  };
  return (
    <span className="copyable">
      <code className={wrap ? 'copyable-wrapped' : 'copyable-text'} title={showText(text, LONGEST_TITLE).text}>
        <Shown text={text} />
      </code>
      <IconButton
        icon={copied ? 'check' : 'copy'}
        label={copied ? `${label} copied` : `Copy ${label}`}
        className="copyable-button"
        onPress={() => {
          copy().catch(() => {
            setCopied(false);
          });
        }}
      />
    </span>
  );
}
