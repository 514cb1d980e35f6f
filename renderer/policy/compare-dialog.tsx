import { lazy, type ReactElement, Suspense } from 'react';
import { Dialog as AriaDialog, Heading } from 'react-aria-components/Dialog';
import { Modal, ModalOverlay } from 'react-aria-components/Modal';
import { Button, IconButton, ProgressBar } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { isBehind } from './draft.ts';

const CompareText = lazy(async () => ({ default: (await import('../monaco-views.ts')).CompareText }));

/** The file on disk beside the text in the editor; where the file has moved on, which of them counts is said here too. */
export function CompareDialog(): ReactElement | null {
  const { policy } = useWorkbench();
  const open = useStore(policy.dialog) === 'compare';
  const file = useStore(policy.state);
  const draft = useStore(policy.draft);
  if (!open || file === null || draft === null) return null;
  const close = (): void => {
    policy.dialog.set(null);
  };
  return (
    <ModalOverlay
      className="dialog-overlay compare-overlay"
      isOpen
      isDismissable
      onOpenChange={(shown) => {
        if (!shown) close();
      }}
    >
      <Modal className="compare-modal">
        <AriaDialog className="compare">
          <header className="compare-head">
            <Heading slot="title" className="dialog-title">
              policy.yaml on disk, and your text
            </Heading>
            {isBehind(draft, file) && (
              <div className="policy-actions">
                <Button
                  onPress={() => {
                    policy.revert();
                    close();
                  }}
                >
                  Take the file
                </Button>
                <Button
                  onPress={() => {
                    policy.keep();
                    close();
                  }}
                >
                  Keep mine
                </Button>
              </div>
            )}
            <IconButton icon="close" label="Close" shortcut="Escape" onPress={close} />
          </header>
          <div className="compare-body">
            <Suspense fallback={<ProgressBar label="Loading the editor" />}>
              <CompareText before={file.text} after={draft.text} />
            </Suspense>
          </div>
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
