import { type ReactElement } from 'react';
import { type ReasonView } from '../../shared/views.ts';
import { OfferedGrants } from './offered-grants.tsx';

/** Under a reason that a statement did not run for: the grants that lift its rule for this person. */
export function LiftRefusal({
  reason,
  connection,
  onRunAgain,
}: {
  reason: ReasonView;
  connection: string;
  onRunAgain: () => void;
}): ReactElement {
  return (
    <OfferedGrants
      names={reason.grants ?? []}
      connection={connection}
      label={(offer) => `Take ${offer.name}`}
      before="The statement was refused before it."
      onRunAgain={onRunAgain}
    />
  );
}
