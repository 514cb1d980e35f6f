import { type ReactElement, useMemo } from 'react';
import { Button, Dialog, Message, ProgressBar } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { ChangeList } from './change-list.tsx';
import { CountWords } from './changes-tab.tsx';
import { countsOf, groupChanges } from './changes-model.ts';
import { whyNotSaved } from './saving.ts';

/** Before a policy comes into force: what becomes wider by it, for everybody at once. */
export function SaveDialog(): ReactElement | null {
  const { policy } = useWorkbench();
  const open = useStore(policy.dialog) === 'save';
  return open ? <Open /> : null;
}

function Open(): ReactElement {
  const { policy } = useWorkbench();
  const { of, value, trouble } = useStore(policy.diff.answer);
  // What is known of the text may change while this is read.
  useStore(policy.check.answer);
  const text = useStore(policy.draft, (draft) => draft?.text ?? null);
  const saving = useStore(policy.saving);
  // The file may change while this is read.
  useStore(policy.state);
  const hindrance = whyNotSaved(policy);
  // What was weighed for another text says nothing about this one.
  const diff = of === text ? value : null;
  const loosened = useMemo(
    () => (diff === null ? [] : groupChanges(diff.changes).filter(({ direction }) => direction !== 'narrower')),
    [diff],
  );
  const close = (): void => {
    policy.dialog.set(null);
  };
  return (
    <Dialog
      title="Put this policy in force"
      isOpen
      onClose={close}
      actions={
        <>
          <Button variant="quiet" onPress={close}>
            Cancel
          </Button>
          <Button
            variant="primary"
            isDisabled={diff === null || saving.state === 'saving' || hindrance !== null}
            onPress={() => void policy.save()}
          >
            {loosened.length > 0 ? 'Save and widen' : 'Save'}
          </Button>
        </>
      }
    >
      {diff === null && trouble === null && (
        <div role="status">
          <ProgressBar label="Comparing with the policy in force" />
          Working out what changes.
        </div>
      )}
      {trouble !== null && (
        <Message meaning="refused" alert actions={<Button onPress={policy.diff.again}>Try again</Button>}>
          What changes is not known: {trouble.message} {trouble.next}
        </Message>
      )}
      {hindrance !== null && saving.state !== 'saving' && <Message meaning="write">{hindrance}</Message>}
      {diff !== null && (
        <>
          <p className="change-counts">
            {diff.same ? (
              'The same policy in other words: nothing changes for anybody.'
            ) : (
              <CountWords counts={countsOf(diff)} />
            )}
          </p>
          {loosened.length > 0 && (
            <div className="save-changes" tabIndex={0} role="region" aria-label="What becomes wider">
              <ChangeList groups={loosened} />
            </div>
          )}
        </>
      )}
      <p className="policy-quiet">
        It counts within a second, for running sessions too, and goes into the record under your name.
      </p>
      {saving.state === 'saving' && <ProgressBar label="Saving" />}
      {saving.state === 'failed' && (
        <Message meaning="refused" alert>
          Not saved. {saving.trouble.message} {saving.trouble.next}
        </Message>
      )}
    </Dialog>
  );
}
