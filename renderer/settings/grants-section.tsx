import { type ReactElement, useEffect, useState } from 'react';
import { clockTime, remaining } from '../account/clock-words.ts';
import { TakeGrant, termsOf } from '../account/take-grant.tsx';
import { type GrantOfferView, type GrantsView, type GrantView } from '../../shared/views.ts';
import { Button, EmptyState, Message, TextField } from '../design/index.ts';
import { Shown } from '../results/shown.tsx';
import { asSentence } from '../results/words.ts';
import { useStore } from '../state/store.ts';
import { useWorkbench } from '../state/workbench.ts';
import { Loaded, Section } from './section.tsx';
import { useAct } from './use-act.ts';

/** Why somebody ends what is their own, where they do not say. */
const OWN_END = 'Ended by the person who took it.';

/** Rights that somebody has for a while, and those that this person can take. */
export function GrantsSection(): ReactElement {
  const { account } = useWorkbench();
  const grants = useStore(account.grants);
  const again = (): void => void account.read('grants');
  useEffect(() => {
    void account.read('grants');
  }, [account]);
  return (
    <>
      <Section
        title="Grants in force"
        note="A grant is a right for a while, on one connection. When it ends, what relies on it is stopped."
      >
        <Loaded value={grants} label="Reading the grants" onRetry={again}>
          {(value) => <InForce value={value} />}
        </Loaded>
      </Section>
      {grants.state === 'ready' && (
        <Section title="What you can take">
          {grants.value.offers.length === 0 ? (
            <EmptyState title="The policy offers you no grant." />
          ) : (
            <ul className="settings-list">
              {grants.value.offers.map((offer) => (
                <Offer key={offer.name} offer={offer} />
              ))}
            </ul>
          )}
        </Section>
      )}
    </>
  );
}

function InForce({ value }: { value: GrantsView }): ReactElement {
  const { account } = useWorkbench();
  const now = useStore(account.now);
  const lasting = value.inForce.filter(({ until }) => Date.parse(until) > now);
  if (lasting.length === 0) return <EmptyState title="None: you have the rights that the policy always gives." />;
  return (
    <ul className="settings-list">
      {lasting.map((grant) => (
        <InForceGrant key={grant.id} grant={grant} now={now} />
      ))}
    </ul>
  );
}

function InForceGrant({ grant, now }: { grant: GrantView; now: number }): ReactElement {
  const { account } = useWorkbench();
  const { busy, trouble, act } = useAct();
  const [why, setWhy] = useState<string | null>(null);
  const { id, name, person, mine, connection, reason, from, until } = grant;
  return (
    <li className="settings-item">
      <div className="settings-head">
        <h3>
          {name} <span className="settings-quiet">on {connection}</span>
        </h3>
        <span className="settings-clock" title={new Date(until).toLocaleString()}>
          {remaining(until, now)}
        </span>
        {why === null && (
          <Button
            variant={mine ? 'secondary' : 'danger'}
            isDisabled={busy}
            aria-label={`End ${name} of ${person} on ${connection}`}
            onPress={() => {
              if (mine) act(() => account.endGrant(id, OWN_END));
              else setWhy('');
            }}
          >
            End
          </Button>
        )}
      </div>
      <p className="settings-note selectable">
        {mine ? 'Yours' : <Shown text={person} />}, {clockTime(from, now)} to {clockTime(until, now)}
        {reason !== null && (
          <>
            : <Shown text={reason} />
          </>
        )}
      </p>
      {why !== null && (
        <form
          className="settings-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (why.trim() !== '') act(() => account.endGrant(id, why.trim()));
          }}
        >
          <TextField
            label="Why do you end it? It is recorded."
            autoFocus
            isRequired
            maxLength={500}
            value={why}
            onChange={setWhy}
          />
          <div className="settings-actions">
            <Button type="submit" variant="danger" isDisabled={busy || why.trim() === ''}>
              End it
            </Button>
            <Button
              onPress={() => {
                setWhy(null);
              }}
            >
              Keep it
            </Button>
          </div>
        </form>
      )}
      {trouble !== null && (
        <Message meaning="refused" alert>
          {trouble.message} {trouble.next}
        </Message>
      )}
    </li>
  );
}

function Offer({ offer }: { offer: GrantOfferView }): ReactElement {
  const [taking, setTaking] = useState(false);
  const [taken, setTaken] = useState<GrantView | null>(null);
  const { account } = useWorkbench();
  const now = useStore(account.now);
  const { name, text, connections } = offer;
  return (
    <li className="settings-item">
      <div className="settings-head">
        <h3>{name}</h3>
        {!taking && (
          <Button
            aria-label={`Take ${name}`}
            onPress={() => {
              setTaken(null);
              setTaking(true);
            }}
          >
            Take
          </Button>
        )}
      </div>
      <p className="settings-note selectable">
        {text !== null && `${asSentence(text)} `}On {connections.join(', ')}. {!taking && termsOf(offer).join(' ')}
      </p>
      {taking && (
        <TakeGrant
          offer={offer}
          onTaken={(grant) => {
            setTaking(false);
            setTaken(grant);
          }}
          onCancel={() => {
            setTaking(false);
          }}
        />
      )}
      {taken !== null && Date.parse(taken.until) > now && (
        <p role="status" className="settings-quiet">
          Taken on {taken.connection}, until {clockTime(taken.until, now)}.
        </p>
      )}
    </li>
  );
}
