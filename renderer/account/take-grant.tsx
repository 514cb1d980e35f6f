import { type ReactElement, useId, useState } from 'react';
import { type GrantOfferView, type GrantView } from '../../shared/views.ts';
import { Button, Icon, Menu, Message, TextField } from '../design/index.ts';
import { BrowserWait } from '../sign-in/browser-wait.tsx';
import { useStore } from '../state/store.ts';
import { type Trouble, troubleOf } from '../state/trouble.ts';
import { useWorkbench } from '../state/workbench.ts';
import { proposedMinutes, saysSomething } from './grants.ts';
import { takeGrant } from './take.ts';
import './take-grant.css';

/** What taking it means besides what it gives, one sentence each. */
export function termsOf({ maxMinutes, reason, stepUp, approval, alert }: GrantOfferView): readonly string[] {
  return [
    `At most ${String(maxMinutes)} minutes.`,
    ...(reason ? ['It asks for a reason, which is recorded.'] : []),
    ...(stepUp ? ['It asks that you confirm it is you.'] : []),
    ...(alert.length > 0 ? [`It is recorded as an alert for ${alert.join(' and ')}.`] : []),
    ...(approval === null ? [] : [`It needs the approval of ${approval}.`]),
  ];
}

/** Minutes as they are typed; null where they are none, or more than the grant gives. */
export function minutesOf(text: string, { maxMinutes }: Pick<GrantOfferView, 'maxMinutes'>): number | null {
  const minutes = /^\s*\d{1,4}\s*$/.test(text) ? Number(text) : 0;
  return minutes >= 1 && minutes <= maxMinutes ? minutes : null;
}

/** Takes one grant: for which connection, how long, and why. In place, wherever it is offered. */
export function TakeGrant({
  offer,
  connection: fixed,
  onTaken,
  onCancel,
}: {
  offer: GrantOfferView;
  /** Where it is for one connection only; else the person chooses. */
  connection?: string;
  onTaken: (grant: GrantView) => void;
  onCancel: () => void;
}): ReactElement {
  const workbench = useWorkbench();
  const { account } = workbench;
  const stepUp = useStore(account.stepUp.state);
  const connections = useStore(workbench.connections);
  const termsId = useId();
  const [connection, setConnection] = useState(fixed ?? offer.connections[0] ?? '');
  const [minutes, setMinutes] = useState(String(proposedMinutes(offer)));
  const [reason, setReason] = useState('');
  const [taking, setTaking] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const wanted = minutesOf(minutes, offer);
  const ready = wanted !== null && connection !== '' && (!offer.reason || saysSomething(reason));
  const titleOf = (name: string): string =>
    (connections.state === 'ready' ? connections.value.find((one) => one.name === name)?.title : undefined) ?? name;

  const take = async (): Promise<void> => {
    if (!ready || taking) return;
    setTaking(true);
    setTrouble(null);
    try {
      const said = reason.trim();
      const request = { grant: offer.name, connection, minutes: wanted, ...(said === '' ? {} : { reason: said }) };
      const taken = await takeGrant(account, request);
      if (taken !== null) onTaken(taken);
    } catch (error) {
      setTrouble(troubleOf(error));
    }
    setTaking(false);
  };

  return (
    <form
      className="take-grant"
      aria-label={`Take ${offer.name}`}
      aria-describedby={termsId}
      onSubmit={(event) => {
        event.preventDefault();
        void take();
      }}
    >
      <ul id={termsId} className="take-terms selectable">
        {termsOf(offer).map((term) => (
          <li key={term}>{term}</li>
        ))}
      </ul>
      {fixed === undefined && offer.connections.length > 1 && (
        <Menu
          label="Connection"
          entries={offer.connections.map((name) => ({
            id: name,
            label: titleOf(name),
            detail: name,
            icon: name === connection ? 'check' : 'blank',
            onAction: () => {
              setConnection(name);
            },
          }))}
        >
          <Button icon="database" aria-label={`Connection: ${titleOf(connection)}`}>
            {connection} <Icon name="chevron-down" />
          </Button>
        </Menu>
      )}
      <div className="take-fields">
        <TextField
          label="Minutes"
          inputMode="numeric"
          autoFocus={!offer.reason}
          isInvalid={wanted === null}
          value={minutes}
          onChange={setMinutes}
        />
        {offer.reason && (
          <TextField
            label="Reason"
            placeholder="What is it for"
            autoFocus
            isRequired
            maxLength={2000}
            value={reason}
            onChange={setReason}
          />
        )}
      </div>
      {taking && stepUp.kind === 'waiting' ? (
        <BrowserWait
          sentence="Confirm in your browser that it is you. The grant is taken by itself then."
          url={stepUp.url}
          onCancel={() => {
            account.stepUp.cancel();
          }}
          onOpen={(url) => {
            workbench.host.openExternal(url);
          }}
        />
      ) : (
        <div className="take-actions">
          <Button type="submit" variant="primary" isDisabled={!ready || taking}>
            Take {wanted === null ? '' : `for ${String(wanted)} min`}
          </Button>
          <Button onPress={onCancel}>Cancel</Button>
        </div>
      )}
      {wanted === null && <p className="take-wrong">From 1 to {offer.maxMinutes} minutes.</p>}
      {trouble !== null && (
        <Message meaning={trouble.code === 'approval-needed' ? 'waiting' : 'refused'} alert>
          {trouble.message} {trouble.next}
        </Message>
      )}
      {!taking && stepUp.kind === 'failed' && (
        <Message meaning="refused" alert>
          {stepUp.trouble.message} {stepUp.trouble.next}
        </Message>
      )}
    </form>
  );
}
