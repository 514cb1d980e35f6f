import { type ReactElement } from 'react';
import { Button, Dialog } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';

/** Asks before what was typed gives way to the file. */
export function RevertDialog(): ReactElement | null {
  const { policy } = useWorkbench();
  const open = useStore(policy.dialog) === 'revert';
  if (!open) return null;
  const close = (): void => {
    policy.dialog.set(null);
  };
  return (
    <Dialog
      title="Go back to the file"
      isOpen
      onClose={close}
      actions={
        <>
          <Button variant="quiet" onPress={close}>
            Cancel
          </Button>
          <Button
            variant="primary"
            onPress={() => {
              policy.revert();
              close();
            }}
          >
            Revert
          </Button>
        </>
      }
    >
      <p>
        Your text gives way to policy.yaml as it is on disk. Undo in the editor brings it back while the window is open.
      </p>
    </Dialog>
  );
}
