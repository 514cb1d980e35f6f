import { RpcError, disconnected } from './errors.ts';
import { CREDIT_BATCH, CREDIT_WINDOW } from './frames.ts';
import { type Client, type Contract, type Frame, type Link } from './types.ts';

/** How the answers to one call are taken. */
interface Receiver {
  next(value: unknown): void;
  ok(value: unknown): void;
  fail(error: unknown): void;
}

/** A caller of an iterator's next() that waits for the answer. */
interface Reader {
  resolve(result: IteratorResult<unknown>): void;
  reject(error: unknown): void;
}

type Invoke = (input: unknown, signal?: AbortSignal) => Promise<unknown> | AsyncIterable<unknown>;

/**
 * The calling side of `contract` over `link`. Calls reject with RpcError; with `disconnected` when the link is or goes
 * closed, and with the signal's reason when aborted. A stream starts when it is first iterated.
 */
export function connect<C extends Contract>(link: Link, contract: C): Client<C> {
  const receivers = new Map<number, Receiver>();
  let lastId = 0;
  let open = true;

  /** Sends the call and returns its id; `receiver` hears nothing after its ok or fail. */
  function call(method: string, input: unknown, receiver: Receiver): number {
    const id = ++lastId;
    if (!open) {
      receiver.fail(disconnected());
      return id;
    }
    receivers.set(id, receiver);
    try {
      link.send({ t: 'call', id, method, input });
    } catch (error) {
      receivers.delete(id);
      receiver.fail(error);
    }
    return id;
  }

  function cancel(id: number): void {
    if (receivers.delete(id)) link.send({ t: 'cancel', id });
  }

  function unary(method: string, input: unknown, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      const settled = (): void => signal?.removeEventListener('abort', onAbort);
      const id = call(method, input, {
        next: () => link.close(),
        ok(value) {
          settled();
          resolve(value);
        },
        fail(error) {
          settled();
          reject(error as Error);
        },
      });
      const onAbort = (): void => {
        cancel(id);
        reject(signal?.reason as Error);
      };
      if (receivers.has(id)) signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  function iterate(method: string, input: unknown, signal?: AbortSignal): AsyncIterator<unknown> {
    const queue: unknown[] = [];
    const waiting: Reader[] = [];
    let state: 'running' | 'done' | { readonly error: unknown } = 'running';
    let taken = 0;

    const end = (outcome: 'done' | { readonly error: unknown }): void => {
      if (state !== 'running') return;
      state = outcome;
      signal?.removeEventListener('abort', onAbort);
      for (const reader of waiting.splice(0)) settle(reader);
    };

    /** Answers a reader once the stream has ended: its error is told once, then it is merely over. */
    const settle = ({ resolve, reject }: Reader): void => {
      if (typeof state === 'string') return resolve({ done: true, value: undefined });
      const { error } = state;
      state = 'done';
      reject(error);
    };

    const onAbort = (): void => {
      cancel(id);
      queue.length = 0;
      end({ error: signal?.reason });
    };

    const take = (value: unknown): IteratorResult<unknown> => {
      taken++;
      if (taken % CREDIT_BATCH === 0 && receivers.has(id)) link.send({ t: 'credit', id, n: CREDIT_BATCH });
      return { done: false, value };
    };

    let id = 0;
    if (signal?.aborted === true) end({ error: signal.reason });
    else {
      id = call(method, input, {
        next(value) {
          const reader = waiting.shift();
          if (reader !== undefined) return reader.resolve(take(value));
          if (queue.length === CREDIT_WINDOW) return link.close();
          queue.push(value);
        },
        ok: () => end('done'),
        fail: (error) => end({ error }),
      });
      if (receivers.has(id)) signal?.addEventListener('abort', onAbort, { once: true });
    }

    return {
      next() {
        if (queue.length > 0) return Promise.resolve(take(queue.shift()));
        return new Promise((resolve, reject) => {
          if (state === 'running') waiting.push({ resolve, reject });
          else settle({ resolve, reject });
        });
      },
      return() {
        cancel(id);
        queue.length = 0;
        end('done');
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  const take = (frame: Frame): void => {
    if (frame.t === 'call' || frame.t === 'cancel' || frame.t === 'credit') return link.close();
    // An id nobody waits for is a call cancelled while its answer was on the way.
    const receiver = receivers.get(frame.id);
    if (frame.t === 'next') return receiver?.next(frame.value);
    receivers.delete(frame.id);
    if (frame.t === 'ok') receiver?.ok(frame.value);
    else receiver?.fail(new RpcError(frame.error));
  };

  link.onFrame(take);
  link.onClose(() => {
    open = false;
    const orphans = [...receivers.values()];
    receivers.clear();
    for (const receiver of orphans) receiver.fail(disconnected());
  });

  const methods = Object.entries(contract).map(([method, entry]): [string, Invoke] => [
    method,
    entry.kind === 'stream'
      ? (input, signal) => ({ [Symbol.asyncIterator]: () => iterate(method, input, signal) })
      : (input, signal) => unary(method, input, signal),
  ]);
  return Object.fromEntries(methods) as unknown as Client<C>;
}
