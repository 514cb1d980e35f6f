import { type ReactElement, useMemo, useState } from 'react';
import { Button } from '../design/index.ts';
import { formatJson } from '../results/inspector/format-json.ts';
import { TextBlock } from './text-block.tsx';

/** The leaf as it was hashed; laid out over lines, its values untouched. */
export function EventLeaf({ leaf }: { leaf: string }): ReactElement {
  const [open, setOpen] = useState(false);
  const json = useMemo(() => (open ? (formatJson(leaf) ?? leaf) : ''), [open, leaf]);
  return (
    <details
      className="detail-section"
      onToggle={(event) => {
        setOpen(event.currentTarget.open);
      }}
    >
      <summary className="detail-label">Leaf, as it was hashed</summary>
      {open && (
        <>
          <TextBlock text={json} label="Leaf" most={24} />
          <div className="detail-actions">
            <Button
              variant="quiet"
              icon="copy"
              onPress={() => void navigator.clipboard.writeText(leaf).catch(() => undefined)}
            >
              Copy leaf
            </Button>
          </div>
        </>
      )}
    </details>
  );
}
