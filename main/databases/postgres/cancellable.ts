import { cancelled } from './session-errors.ts';

/** Milliseconds between cancel requests for a statement that does not end. */
const CANCEL_AGAIN = 1000;
/** Milliseconds a cancelled statement may take to end before its connection is given up. */
const CANCEL_PATIENCE = 10_000;

interface Cancelling {
  readonly cancel: () => Promise<void>;
  readonly giveUp: () => Promise<void>;
}

/** Lets `signal` cancel what runs on the server, and gives up the connection if it then does not end. */
export async function whileCancellable<T>(
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
  { cancel, giveUp }: Cancelling,
): Promise<T> {
  if (signal?.aborted === true) throw cancelled();
  const timers: NodeJS.Timeout[] = [];
  const abort = (): void => {
    void cancel();
    // A request that arrives between two messages of ours hits nothing, so it is repeated.
    timers.push(setInterval(() => void cancel(), CANCEL_AGAIN));
    timers.push(setTimeout(() => void giveUp(), CANCEL_PATIENCE));
  };
  signal?.addEventListener('abort', abort, { once: true });
  try {
    return await work();
  } finally {
    for (const timer of timers) clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}
