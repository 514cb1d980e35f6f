/** Requests to one bucket: one attempt each, bounded in time, and what is made of several. The SDK is loaded on first use. */
// `import type` is erased whole: of `import { type … }` the loading of the SDK would be left.
import type { S3Client } from '@aws-sdk/client-s3';
import { type Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { CountersignError } from '../../errors.ts';
import { explain, failureOf, TIMEOUT } from './s3-errors.ts';

const loadSdk = async () => import('@aws-sdk/client-s3');
export type Sdk = Awaited<ReturnType<typeof loadSdk>>;

/** How long is waited for a server: all in milliseconds. */
export interface Patience {
  readonly attempts: number;
  /** For one attempt, besides its bytes. */
  readonly attempt: number;
  /** For a kilobyte sent or received. */
  readonly kilobyte: number;
  /** Between two attempts: doubled each time up to `longest`, then a random part of it. */
  readonly first: number;
  readonly longest: number;
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** A server that hangs is given up after a little more than a minute; one that is slow may take 64 kB a second. */
export const PATIENCE: Patience = {
  attempts: 4,
  attempt: 15_000,
  kilobyte: 16,
  first: 250,
  longest: 5000,
  wait: async (ms, signal) => delay(ms, undefined, { signal }),
};

/** Sends one command. `bytes` is the length of the body that goes or comes. */
export type Once = <T>(
  send: (client: S3Client, sdk: Sdk, signal: AbortSignal) => Promise<T>,
  bytes?: number,
) => Promise<T>;

export interface Requests {
  /**
   * Runs `work` until it succeeds or another try cannot help. `what` names what was tried in the error.
   * @throws CountersignError as `ObjectStore` says, or the signal's reason
   */
  run<T>(what: string, signal: AbortSignal | undefined, work: (once: Once) => Promise<T>): Promise<T>;
  /** Ends what is under way: a server that hangs keeps no program alive. */
  close(): void;
}

export function createRequests(
  store: string,
  connect: (sdk: Sdk) => S3Client,
  patience: Patience = PATIENCE,
): Requests {
  const closed = new AbortController();
  let connected: Promise<{ readonly sdk: Sdk; readonly client: S3Client }> | undefined;
  const open = async (): Promise<{ readonly sdk: Sdk; readonly client: S3Client }> =>
    (connected ??= loadSdk().then((sdk) => ({ sdk, client: connect(sdk) })));

  const onceWith =
    (caller: AbortSignal): Once =>
    async (send, bytes = 0) => {
      const { sdk, client } = await open();
      const ours = AbortSignal.timeout(patience.attempt + Math.ceil(bytes / 1024) * patience.kilobyte);
      const signal = AbortSignal.any([caller, ours]);
      try {
        // Not all that the SDK does heeds the signal, such as asking for credentials.
        return await Promise.race([send(client, sdk, signal), aborted(signal)]);
      } catch (error) {
        caller.throwIfAborted();
        throw ours.aborted ? Object.assign(new Error(TIMEOUT), { name: TIMEOUT }) : error;
      }
    };

  return {
    async run(what, caller, work) {
      const signal = caller === undefined ? closed.signal : AbortSignal.any([caller, closed.signal]);
      for (let attempt = 1; ; attempt += 1) {
        try {
          signal.throwIfAborted();
          return await work(onceWith(signal));
        } catch (error) {
          signal.throwIfAborted();
          if (error instanceof CountersignError) throw error;
          if (!failureOf(error).transient || attempt >= patience.attempts) throw explain(store, what, error);
        }
        const pause = Math.random() * Math.min(patience.longest, patience.first * 2 ** attempt);
        await patience.wait(pause, signal).catch((error: unknown) => {
          signal.throwIfAborted();
          throw error;
        });
      }
    },
    close() {
      closed.abort();
      void connected?.then(({ client }) => client.destroy());
    },
  };
}

/** Never resolves; rejects with the signal's reason. */
export async function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, failed) => {
    const fail = (): void => failed(signal.reason as Error);
    if (signal.aborted) fail();
    else signal.addEventListener('abort', fail, { once: true });
  });
}

/** All bytes of an answer's body. @throws when it ends early, has more than `limit` bytes, or the signal aborts */
export async function readBody(body: Readable, limit: number, signal: AbortSignal): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  const stop = (): void => void body.destroy(signal.reason as Error);
  signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const part of body) {
      parts.push(part as Buffer);
      length += (part as Buffer).length;
      if (length > limit) throw new Error('longer than it was said to be');
    }
  } finally {
    signal.removeEventListener('abort', stop);
    body.destroy();
  }
  return Buffer.concat(parts, length);
}

/** An answer that no S3 server gives: a page of a network that wants a sign-in, a broken proxy. */
export class NotS3 extends Error {
  override readonly name = 'NotS3';
}
