import { type ReactElement, useMemo } from 'react';
import { Button, EmptyState, Icon, Message, ProgressBar } from '../design/index.ts';
import { plural } from '../results/words.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { ChangeList } from './change-list.tsx';
import { type Counts, countsOf, directions, directionWords, groupChanges } from './changes-model.ts';
import { RuleLink } from './rule-link.tsx';

/** What the text would change of the policy in force; what becomes wider stands first. */
export function ChangesTab(): ReactElement {
  const { policy } = useWorkbench();
  const { of, value, asking, trouble } = useStore(policy.diff.answer);
  const problems = useStore(policy.check.answer, (answer) => answer.value?.problems.length ?? 0);
  const draft = useStore(policy.draft);
  const groups = useMemo(() => (value === null ? [] : groupChanges(value.changes)), [value]);
  if (trouble !== null) {
    return (
      <Message meaning="refused" alert actions={<Button onPress={policy.diff.again}>Try again</Button>}>
        {trouble.message} {trouble.next}
      </Message>
    );
  }
  if (value === null) {
    return problems > 0 ? (
      <EmptyState title="What changes is known once the text has no errors." />
    ) : (
      <ProgressBar label="Comparing with the policy in force" />
    );
  }
  const { added, removed, changed } = value.rules;
  return (
    <div className="policy-pane">
      {asking && <ProgressBar label="Comparing with the policy in force" />}
      <p className="policy-bar" role="status">
        {value.same ? 'The same policy as the one in force.' : <CountWords counts={countsOf(value)} />}
        {of !== draft?.text && <span className="policy-quiet">of the text before</span>}
      </p>
      {value.same ? (
        <EmptyState title="Edit the text: what it would allow or deny beyond the policy in force stands here before anybody saves it." />
      ) : (
        <div className="policy-scroll">
          <Rules title="Rules added" icon="add" ids={added} />
          <Rules title="Rules removed" icon="remove" ids={removed} />
          <Rules title="Rules changed" icon="edit" ids={changed} />
          <ChangeList groups={groups} />
        </div>
      )}
    </div>
  );
}

/** `3 wider, 1 narrower`, each with its sign. */
export function CountWords({ counts }: { counts: Counts }): ReactElement {
  const some = directions.filter((direction) => counts[direction] > 0);
  if (some.length === 0) return <>Nobody whom the matrix knows may do more or less than now.</>;
  return (
    <>
      {some.map((direction) => (
        <span key={direction} className={`change-count change-${direction}`}>
          <Icon name={directionWords[direction].icon} /> {plural(counts[direction], 'right')}{' '}
          {directionWords[direction].word.toLowerCase()}
        </span>
      ))}
    </>
  );
}

function Rules({ title, icon, ids }: { title: string; icon: string; ids: readonly string[] }): ReactElement | null {
  if (ids.length === 0) return null;
  return (
    <p className="change-rules">
      <span className="policy-quiet">
        <Icon name={icon} /> {title}
      </span>
      {ids.map((id) => (
        <RuleLink key={id} id={id} />
      ))}
    </p>
  );
}
