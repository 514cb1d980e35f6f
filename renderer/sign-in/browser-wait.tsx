import { type ReactElement } from 'react';
import { Button, Icon, IconButton } from '../design/index.ts';
import './browser-wait.css';

/** The person's browser has the next step: says so, and helps where it did not open. */
export function BrowserWait({
  sentence,
  url,
  onCancel,
  onOpen,
}: {
  sentence: string;
  /** The address, once it is known. */
  url: string | null;
  onCancel: () => void;
  onOpen: (url: string) => void;
}): ReactElement {
  return (
    <div className="browser-wait" role="status">
      <p>
        <Icon name="link-external" /> {sentence}
      </p>
      {url !== null && (
        <div className="browser-wait-link">
          <code title={url}>{url}</code>
          <IconButton icon="copy" label="Copy the address" onPress={() => void navigator.clipboard.writeText(url)} />
          <IconButton
            icon="link-external"
            label="Open it again"
            onPress={() => {
              onOpen(url);
            }}
          />
        </div>
      )}
      <Button onPress={onCancel}>Cancel</Button>
    </div>
  );
}
