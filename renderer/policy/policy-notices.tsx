import { type ReactElement } from 'react';
import { Button, Message } from '../design/index.ts';
import { Shown } from '../results/shown.tsx';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { isBehind, isEdited } from './draft.ts';

/** What keeps the text from being what is in force, or from being saved. */
export function PolicyNotices(): ReactElement {
  const { policy } = useWorkbench();
  const state = useStore(policy.state);
  const trouble = useStore(policy.trouble);
  const draft = useStore(policy.draft);
  const behind = state !== null && draft !== null && isBehind(draft, state);
  return (
    <>
      {trouble !== null && (
        <Message meaning="write" actions={<Button onPress={policy.again}>Try again</Button>}>
          Changes of the file are not shown by themselves: {trouble.message} {trouble.next}
        </Message>
      )}
      {state !== null && state.trouble !== null && <Malformed />}
      {behind && (
        <Message
          meaning="write"
          alert
          actions={
            <div className="policy-actions">
              <Button
                onPress={() => {
                  policy.dialog.set('compare');
                }}
              >
                Compare
              </Button>
              <Button onPress={policy.revert}>Take the file</Button>
              <Button onPress={policy.keep}>Keep mine</Button>
            </div>
          }
        >
          policy.yaml was changed by somebody else while you edited it. Your text is untouched.
        </Message>
      )}
      {state !== null && state.locked !== null && (
        <Message meaning="read">
          {state.locked}{' '}
          {draft !== null && isEdited(draft)
            ? 'What you write is a proposal: it is tried here and changes nothing.'
            : 'You can edit the text to try a proposal; it changes nothing.'}
        </Message>
      )}
    </>
  );
}

/** The file is broken: which policy counts meanwhile, and where the file is wrong. */
function Malformed(): ReactElement | null {
  const { policy } = useWorkbench();
  const state = useStore(policy.state);
  const draft = useStore(policy.draft);
  if (state?.trouble == null) return null;
  const first = state.problems[0];
  // Lines of the file are those of the editor only while the editor has the file.
  const here = draft !== null && !isEdited(draft);
  return (
    <Message
      meaning="refused"
      alert
      actions={
        first !== undefined && here ? (
          <Button
            icon="go-to-file"
            onPress={() => policy.editor.get()?.reveal(first.line, first.column)}
          >{`Line ${String(first.line)}`}</Button>
        ) : undefined
      }
    >
      <Shown text={state.trouble} />
      {first !== undefined && (
        <>
          {' '}
          Line {first.line}: <Shown text={first.message} />
        </>
      )}
    </Message>
  );
}
