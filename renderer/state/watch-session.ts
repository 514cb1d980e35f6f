import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type Trouble, troubleOf } from './trouble.ts';

/** Codes with which the gate says that nobody is signed in any more. */
const ENDED = new Set(['signed-out', 'session-ended', 'session-expired', 'session-revoked', 'session-damaged']);

type Call = (input: unknown, signal?: AbortSignal) => Promise<unknown> | AsyncIterable<unknown>;

/** The same client, which also tells when an answer says that the session has ended, whichever call it was. */
export function watchSession(client: Client<Desktop>, onEnded: (trouble: Trouble) => void): Client<Desktop> {
  const look = (error: unknown): void => {
    const trouble = troubleOf(error);
    if (ENDED.has(trouble.code)) onEnded(trouble);
  };

  async function* watched(events: AsyncIterable<unknown>): AsyncGenerator<unknown> {
    try {
      for await (const event of events) {
        const failed = event as {
          readonly kind?: unknown;
          readonly error?: { readonly code: string; readonly message: string; readonly next: string | null };
        } | null;
        if (failed?.kind === 'failed' && failed.error !== undefined && ENDED.has(failed.error.code))
          onEnded(failed.error);
        yield event;
      }
    } catch (error) {
      look(error);
      throw error;
    }
  }

  const watch =
    (call: Call): Call =>
    (input, signal) => {
      const answer = call(input, signal);
      if (!(answer instanceof Promise)) return watched(answer);
      answer.catch(look);
      return answer;
    };

  const calls = Object.entries(client).map(([name, call]) => [name, watch(call as Call)]);
  return Object.fromEntries(calls) as Client<Desktop>;
}
