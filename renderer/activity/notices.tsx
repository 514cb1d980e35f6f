import { type ReactElement } from 'react';
import { type ActivityProgressView } from '../../shared/views.ts';
import { Message } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';

/** Events that the index may be behind without a word: it is never quite there while somebody works. */
const BEHIND = 500;

/** What keeps this from being everything: rights, an index that is behind, one that is in trouble. */
export function Notices(): ReactElement {
  const { activity } = useWorkbench();
  const progress = useStore(activity.progress);
  if (progress.state === 'loading') return <></>;
  if (progress.state === 'failed')
    return (
      <Message meaning="write">
        New events are not shown by themselves: {progress.trouble.message} {progress.trouble.next}
      </Message>
    );
  const { everything, reviewers, trouble } = progress.value;
  return (
    <>
      {trouble !== null && (
        <Message meaning="write" alert>
          {trouble}
        </Message>
      )}
      {!everything && (
        <Message meaning="read">
          You see what you did yourself.{' '}
          {reviewers.length === 0 ? 'Nobody may see everything.' : `Everything is seen by: ${reviewers.join(', ')}.`}
        </Message>
      )}
      <Behind progress={progress.value} />
    </>
  );
}

function Behind({ progress: { indexed, recorded } }: { progress: ActivityProgressView }): ReactElement | null {
  if (recorded - indexed < BEHIND) return null;
  return (
    <div className="activity-behind">
      <span>
        Searching up to event {indexed.toLocaleString('en')} of {recorded.toLocaleString('en')}; the newest are still
        being taken in.
      </span>
      <progress aria-label="Taken into the search" value={indexed} max={recorded} />
    </div>
  );
}
