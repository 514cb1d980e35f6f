import { INTERNAL, RpcError, disconnected, shapeForPeople } from './errors.ts';
import { CREDIT_WINDOW, MAX_CALLS } from './frames.ts';
import { type Contract, type Frame, type Handlers, type Link, type RpcErrorShape } from './types.ts';

export interface ServeOptions {
  /** Told of every error that is not shown to the caller, with the method it came from. For the log; must not throw. */
  onInternalError?(error: unknown, method: string): void;
}

/** A call that is running. `resume` wakes a stream that waits for credit. */
interface Call {
  readonly abort: AbortController;
  credit: number;
  resume(): void;
}

type Answer = (input: unknown, signal: AbortSignal) => unknown;

/**
 * Answers calls of `contract` that arrive on `link` until it closes; closing aborts every call. A frame that an honest
 * peer cannot send (a reused id, too much credit, an answer) closes the link; a call that cannot be answered is refused
 * by an error of its own.
 */
export function serve<C extends Contract>(
  link: Link,
  contract: C,
  handlers: Handlers<C>,
  options: ServeOptions = {},
): void {
  const calls = new Map<number, Call>();
  let lastId = 0;

  const refuse = (id: number, error: RpcErrorShape): void => link.send({ t: 'err', id, error });

  const fail = (id: number, method: string, signal: AbortSignal, error: unknown): void => {
    const shape = shapeForPeople(error);
    // A cancelled call fails because it was cancelled; a failure of its clean-up is news.
    const expected =
      signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'));
    if (shape === null && !expected) options.onInternalError?.(error, method);
    if (!signal.aborted) refuse(id, shape ?? INTERNAL);
  };

  async function answer(id: number, method: string, call: Call, run: () => Promise<void>): Promise<void> {
    try {
      await run();
    } catch (error) {
      fail(id, method, call.abort.signal, error);
    } finally {
      calls.delete(id);
    }
  }

  async function pump(id: number, call: Call, items: AsyncIterable<unknown>): Promise<void> {
    const { signal } = call.abort;
    const iterator = items[Symbol.asyncIterator]();
    const aborted = new Promise<null>((resolve) =>
      signal.addEventListener('abort', () => resolve(null), { once: true }),
    );
    try {
      while (!signal.aborted) {
        if (call.credit === 0) {
          await new Promise<void>((resolve) => {
            call.resume = resolve;
          });
          continue;
        }
        const pending = iterator.next();
        const item = await Promise.race([pending, aborted]);
        if (item === null) {
          // The producer may still be inside next(); what it throws because of the abort must not go unhandled.
          await pending;
          return;
        }
        if (item.done === true) {
          if (!signal.aborted) link.send({ t: 'ok', id, value: undefined });
          return;
        }
        call.credit--;
        link.send({ t: 'next', id, value: item.value });
      }
    } finally {
      await iterator.return?.();
    }
  }

  function start({ id, method, input }: Extract<Frame, { t: 'call' }>): void {
    if (id <= lastId) return link.close();
    lastId = id;
    const entry = Object.hasOwn(contract, method) ? contract[method] : undefined;
    if (entry === undefined) {
      return refuse(id, {
        code: 'unknown_method',
        message: 'Countersign does not know this call. The window and the process are of different versions.',
      });
    }
    if (calls.size >= MAX_CALLS) {
      return refuse(id, {
        code: 'too_many_calls',
        message: `More than ${MAX_CALLS} calls are running.`,
        next: 'Wait until some have ended.',
      });
    }
    const parsed = entry.input.safeParse(input);
    if (!parsed.success) {
      const where = parsed.error.issues.map((issue) => issue.path.join('.') || 'the argument itself').join(', ');
      return refuse(id, {
        code: 'invalid_arguments',
        message: `The call ${method} does not take these arguments: see ${where}.`,
      });
    }
    const call: Call = { abort: new AbortController(), credit: CREDIT_WINDOW, resume: () => undefined };
    calls.set(id, call);
    const { signal } = call.abort;
    const handler = handlers[method] as Answer;
    void answer(id, method, call, async () => {
      if (entry.kind === 'stream') return pump(id, call, handler(parsed.data, signal) as AsyncIterable<unknown>);
      const value = await handler(parsed.data, signal);
      if (!signal.aborted) link.send({ t: 'ok', id, value });
    });
  }

  function stop(call: Call, reason: Error): void {
    call.abort.abort(reason);
    call.resume();
  }

  link.onFrame((frame) => {
    switch (frame.t) {
      case 'call':
        return start(frame);
      case 'cancel': {
        const call = calls.get(frame.id);
        if (call !== undefined) stop(call, new RpcError({ code: 'cancelled', message: 'The call was cancelled.' }));
        return;
      }
      case 'credit': {
        const call = calls.get(frame.id);
        if (call === undefined) return;
        call.credit += frame.n;
        if (call.credit > CREDIT_WINDOW) return link.close();
        return call.resume();
      }
      default:
        return link.close();
    }
  });
  link.onClose(() => {
    for (const call of calls.values()) stop(call, disconnected());
  });
}
