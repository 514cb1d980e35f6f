import { type ReactElement } from 'react';
import { type MaskView } from '../../shared/views.ts';
import { proposedMinutes } from './grants.ts';
import { OfferedGrants } from './offered-grants.tsx';

/** Beside a masked value: the grants with which this person could see it, or who to ask. */
export function SeeClear({
  mask,
  connection,
  onRunAgain,
}: {
  mask: MaskView;
  connection: string;
  onRunAgain: () => void;
}): ReactElement {
  return (
    <OfferedGrants
      names={mask.liftedBy ?? []}
      connection={connection}
      label={(offer) => `See clear for ${String(proposedMinutes(offer))} minutes: ${offer.name}`}
      before="These rows are from before it."
      onRunAgain={onRunAgain}
    />
  );
}
