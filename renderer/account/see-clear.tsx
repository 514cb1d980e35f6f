import { type ReactElement, useEffect, useState } from 'react';
import { type GrantOfferView, type GrantView, type MaskView } from '../../shared/views.ts';
import { Button, Message } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { clockTime, remaining } from './clock-words.ts';
import { offersThatLift, ownGrants, proposedMinutes } from './grants.ts';
import { TakeGrant } from './take-grant.tsx';
import './see-clear.css';

/** Beside a masked value: the grants with which this person could see it, or who to ask. */
export function SeeClear({
  mask,
  connection,
  onRunAgain,
}: {
  mask: MaskView;
  connection: string;
  onRunAgain: () => void;
}): ReactElement | null {
  const { account } = useWorkbench();
  const grants = useStore(account.grants);
  const now = useStore(account.now);
  const [taking, setTaking] = useState<GrantOfferView | null>(null);
  const lifting = mask.liftedBy ?? [];
  useEffect(() => {
    if (lifting.length > 0) void account.read('grants');
    // Once for each masked column that is looked at.
  }, [account, lifting.length, mask.column]);
  if (lifting.length === 0 || grants.state === 'loading') return null;

  const held = ownGrants(grants, now).find((grant) => grant.connection === connection && lifting.includes(grant.name));
  if (held !== undefined) return <Held grant={held} now={now} onRunAgain={onRunAgain} />;
  if (taking !== null)
    return (
      <div className="see-clear">
        <TakeGrant
          offer={taking}
          connection={connection}
          onTaken={() => {
            setTaking(null);
          }}
          onCancel={() => {
            setTaking(null);
          }}
        />
      </div>
    );
  const offers = offersThatLift(grants, connection, mask);
  if (offers.length === 0)
    return (
      <p className="see-clear see-clear-words selectable">
        Nobody offers you {lifting.join(' or ')} here. Whoever administers the policy can.
      </p>
    );
  return (
    <div className="see-clear">
      {offers.map((offer) => (
        <Button
          key={offer.name}
          icon="unlock"
          onPress={() => {
            setTaking(offer);
          }}
        >
          {offer.approval === null
            ? `See clear for ${String(proposedMinutes(offer))} minutes: ${offer.name}`
            : `Ask for ${offer.name}`}
        </Button>
      ))}
    </div>
  );
}

/** The grant is there, the rows are from before it. */
function Held({ grant, now, onRunAgain }: { grant: GrantView; now: number; onRunAgain: () => void }): ReactElement {
  return (
    <Message meaning="approved" actions={<Button onPress={onRunAgain}>Run again</Button>}>
      {grant.name} lasts {remaining(grant.until, now)}, until {clockTime(grant.until, now)}. These rows are from before
      it.
    </Message>
  );
}
