import { MessageChannel } from 'node:worker_threads';
import { type Desktop as Contract, desktop } from '../../../../shared/contract.ts';
import { type Client, connect, messagePortLink } from '../../../../shared/rpc/index.ts';
import { type RunEvent } from '../../../../shared/views.ts';
import { signInAt } from '../../../demonstration/idp/visitor.ts';
import { type Desktop } from '../open.ts';

/** A window without a screen: a client on a link of its own. */
export interface Desk {
  readonly client: Client<Contract>;
  signIn(who: 'ana' | 'eli' | 'sam'): Promise<void>;
  /** All events of one statement on staging. */
  run(text: string, signal?: AbortSignal): Promise<readonly RunEvent[]>;
  close(): void;
}

export function openDesk(opened: Desktop): Desk {
  const { port1, port2 } = new MessageChannel();
  opened.serveLink(messagePortLink(port1));
  const link = messagePortLink(port2);
  const client = connect(link, desktop);
  return {
    client,
    async signIn(who) {
      for await (const step of client['session.signIn']())
        if (step.kind === 'open') await fetch(await signInAt(step.url, `${who}@shop.example`, `${who}-demo`));
    },
    async run(text, signal) {
      const events: RunEvent[] = [];
      for await (const event of client['query.run']({ connection: 'staging', text, offset: 0 }, signal))
        events.push(event);
      return events;
    },
    close: () => link.close(),
  };
}

/** The event of a kind that a run has exactly once. */
export function only<K extends RunEvent['kind']>(
  events: readonly RunEvent[],
  kind: K,
): Extract<RunEvent, { readonly kind: K }> {
  const found = events.filter((event): event is Extract<RunEvent, { readonly kind: K }> => event.kind === kind);
  const [one, another] = found;
  if (one === undefined || another !== undefined)
    throw new Error(`${String(found.length)} events of kind ${kind} among ${JSON.stringify(events).slice(0, 2_000)}`);
  return one;
}
