import { type ReactElement, useEffect, useState } from 'react';
import { type GrantOfferView, type GrantView } from '../../shared/views.ts';
import { Button, Message } from '../design/index.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { clockTime, remaining } from './clock-words.ts';
import { offersOf, ownGrants } from './grants.ts';
import { TakeGrant } from './take-grant.tsx';
import './offered-grants.css';

/** The grants that would lift what stands above, to be taken in place; the one that the person has by now; or who to ask. */
export function OfferedGrants({
  names,
  connection,
  label,
  before,
  onRunAgain,
}: {
  /** Each of them lifts it. */
  names: readonly string[];
  connection: string;
  /** What taking one does, for its button. */
  label: (offer: GrantOfferView) => string;
  /** What was before the grant, a sentence. */
  before: string;
  onRunAgain: () => void;
}): ReactElement | null {
  const { account } = useWorkbench();
  const grants = useStore(account.grants);
  const now = useStore(account.now);
  const [taking, setTaking] = useState<GrantOfferView | null>(null);
  const asked = names.join(' ');
  useEffect(() => {
    if (asked !== '') void account.read('grants');
  }, [account, asked]);
  if (names.length === 0 || grants.state === 'loading') return null;

  const held = ownGrants(grants, now).find((grant) => grant.connection === connection && names.includes(grant.name));
  if (held !== undefined) return <Held grant={held} now={now} before={before} onRunAgain={onRunAgain} />;
  if (taking !== null) {
    const close = (): void => {
      setTaking(null);
    };
    return (
      <div className="offered-grants">
        <TakeGrant offer={taking} connection={connection} onTaken={close} onCancel={close} />
      </div>
    );
  }
  const offers = offersOf(grants, connection, names);
  if (offers.length === 0)
    return (
      <p className="offered-grants offered-grants-words selectable">
        Nobody offers you {names.join(' or ')} here. Whoever administers the policy can.
      </p>
    );
  return (
    <div className="offered-grants">
      {offers.map((offer) => (
        <Button
          key={offer.name}
          icon="unlock"
          onPress={() => {
            setTaking(offer);
          }}
        >
          {offer.approval === null ? label(offer) : `Ask for ${offer.name}`}
        </Button>
      ))}
    </div>
  );
}

/** The grant is there; what is on the screen is from before it. */
function Held({
  grant,
  now,
  before,
  onRunAgain,
}: {
  grant: GrantView;
  now: number;
  before: string;
  onRunAgain: () => void;
}): ReactElement {
  return (
    <Message meaning="approved" actions={<Button onPress={onRunAgain}>Run again</Button>}>
      {grant.name} lasts {remaining(grant.until, now)}, until {clockTime(grant.until, now)}. {before}
    </Message>
  );
}
