import { type ReactElement, useState } from 'react';
import { Label } from 'react-aria-components/Label';
import { Radio, RadioGroup } from 'react-aria-components/RadioGroup';
import { type EnvironmentName } from '../../shared/views.ts';
import { Button, Dialog, EnvironmentBadge, Message, TextField } from '../design/index.ts';
import { connectTab, loadConnections } from '../state/actions.ts';
import { type Trouble, troubleOf } from '../state/trouble.ts';
import { useWorkbench } from '../state/workbench.ts';
import { activeTab } from '../state/workspace.ts';
import { environments } from './tree-rows.ts';

/** Adds a PostgreSQL by its URL. The password in it goes to the key store of this machine and is never shown again. */
export function AddConnection({ isOpen, onClose }: { isOpen: boolean; onClose: () => void }): ReactElement {
  const workbench = useWorkbench();
  const [url, setUrl] = useState('');
  const [title, setTitle] = useState('');
  const [environment, setEnvironment] = useState<EnvironmentName>('development');
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const [busy, setBusy] = useState(false);

  const close = (): void => {
    setUrl('');
    setTitle('');
    setTrouble(null);
    onClose();
  };
  const add = async (): Promise<void> => {
    setBusy(true);
    setTrouble(null);
    try {
      const added = await workbench.client['connections.add']({ url: url.trim(), title: title.trim(), environment });
      await loadConnections(workbench);
      // The first connection is what somebody wants to work on next.
      const tab = activeTab(workbench.workspace.get());
      if (tab?.connection === null) connectTab(workbench, tab.id, added.name);
      close();
    } catch (error) {
      setTrouble(troubleOf(error));
    } finally {
      setBusy(false);
    }
  };
  const ready = url.trim() !== '' && !busy;

  return (
    <Dialog
      title="Add a connection"
      isOpen={isOpen}
      onClose={close}
      actions={
        <>
          <Button onPress={close}>Cancel</Button>
          <Button variant="primary" isDisabled={!ready} onPress={() => void add()}>
            {busy ? 'Connecting' : 'Add'}
          </Button>
        </>
      }
    >
      <form
        className="add-connection"
        onSubmit={(event) => {
          event.preventDefault();
          if (ready) void add();
        }}
      >
        <TextField
          label="URL"
          code
          autoFocus
          value={url}
          onChange={setUrl}
          placeholder="postgresql://person:password@host:5432/database"
          hint="The password goes to this machine’s key store, never to a file."
        />
        <TextField label="Name" value={title} onChange={setTitle} placeholder="As the database is called" />
        <RadioGroup
          className="environment-choice"
          value={environment}
          onChange={(value) => {
            setEnvironment(value as EnvironmentName);
          }}
        >
          <Label>Environment</Label>
          <div className="environment-options">
            {environments.map((name) => (
              <Radio key={name} value={name} className="environment-option">
                <EnvironmentBadge environment={name} />
              </Radio>
            ))}
          </div>
        </RadioGroup>
        {trouble !== null && (
          <Message meaning="refused" alert>
            {trouble.message} {trouble.next}
          </Message>
        )}
        <button type="submit" className="visually-hidden" tabIndex={-1} aria-hidden="true" />
      </form>
    </Dialog>
  );
}
