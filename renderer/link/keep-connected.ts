import { RpcError, connect } from '../../shared/rpc/index.ts';
import { type Client, type Contract } from '../../shared/rpc/types.ts';
import { LinkRefused, type Dial, type Dialled } from './dial.ts';

export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'connected' }
  /** Lost; trying again. Calls reject with `disconnected` until it is connected. */
  | { readonly kind: 'lost' }
  /** Connected again, to a process that may know nothing of what the window asked before. */
  | { readonly kind: 'restored' }
  | { readonly kind: 'refused'; readonly refusal: LinkRefused };

export interface Patience {
  /** First pause between attempts, milliseconds; each next one is twice as long. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** After so long without a link there will be none; undefined: never give up. */
  readonly giveUpMs?: number;
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
}

export const patience: Patience = {
  firstPauseMs: 250,
  longestPauseMs: 5_000,
  now: () => performance.now(),
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

type Call = (input: unknown, signal?: AbortSignal) => unknown;

const givenUp = (): LinkRefused =>
  new LinkRefused(
    'Countersign has stopped',
    'Your text is saved. Start Countersign again and use the window it opens.',
  );

/**
 * A client that stays the same while links come and go: it dials, dials again when the link is lost, and tells of each
 * change. Calls go over the link of the moment.
 */
export function keepConnected<C extends Contract>(
  contract: C,
  dial: Dial,
  onState: (state: LinkState) => void,
  { firstPauseMs, longestPauseMs, giveUpMs = Infinity, now, pause }: Patience = patience,
): Client<C> {
  let current: Client<C> | null = null;

  const entries = Object.entries(contract).map(([method, entry]): [string, Call] => [
    method,
    (input, signal) => {
      if (current !== null) return (current[method] as Call)(input, signal);
      const lost = (): Promise<never> =>
        Promise.reject(
          new RpcError({
            code: 'disconnected',
            message: 'There is no connection to the Countersign process at the moment.',
            next: 'Wait for the window to connect again, or start Countersign again.',
          }),
        );
      return entry.kind === 'unary' ? lost() : { [Symbol.asyncIterator]: () => ({ next: lost }) };
    },
  ]);

  /** Dials until there is a link. @throws LinkRefused */
  async function dialUntilAnswered(): Promise<Dialled> {
    const since = now();
    for (let wait = firstPauseMs; ; wait = Math.min(wait * 2, longestPauseMs)) {
      try {
        return await dial();
      } catch (error) {
        if (error instanceof LinkRefused) throw error;
        if (now() - since >= giveUpMs) throw givenUp();
        await pause(wait);
      }
    }
  }

  async function run(): Promise<never> {
    onState({ kind: 'connecting' });
    for (let again = false; ; again = true) {
      const { link, refusal } = await dialUntilAnswered();
      const closed = new Promise<void>((resolve) => link.onClose(resolve));
      current = connect(link, contract);
      onState({ kind: again ? 'restored' : 'connected' });
      await closed;
      current = null;
      const reason = refusal();
      if (reason !== null) throw reason;
      onState({ kind: 'lost' });
    }
  }

  run().catch((error: unknown) => {
    const refusal = error instanceof LinkRefused ? error : givenUp();
    onState({ kind: 'refused', refusal });
  });
  return Object.fromEntries(entries) as unknown as Client<C>;
}
