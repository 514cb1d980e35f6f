import { type ReactElement, useMemo } from 'react';
import { Shown } from '../results/shown.tsx';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { ruleLine } from './positions.ts';

/** A rule by its name; a press goes to its line, where the text has it. `line` where the gate has said which it is. */
export function RuleLink({ id, line }: { id: string; line?: number }): ReactElement {
  const { policy } = useWorkbench();
  const text = useStore(policy.draft, (draft) => draft?.text ?? '');
  const at = useMemo(() => line ?? ruleLine(text, id), [line, text, id]);
  if (at === null)
    return (
      <code>
        <Shown text={id} />
      </code>
    );
  return (
    <button
      type="button"
      className="link link-code"
      title={`Go to line ${String(at)}`}
      onClick={() => policy.editor.get()?.reveal(at)}
    >
      <Shown text={id} />
    </button>
  );
}
