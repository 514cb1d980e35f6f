/** The thread that writes one log, as the process that started it sees it. */
import { Worker } from 'node:worker_threads';
import { CountersignError } from '../errors.ts';
import { type Lock } from '../lock.ts';
import { type RecordedEvent } from './events.ts';
import { type Answer, type Ask, type FromWorker, type Request, type ToWorker, type WorkerInput } from './worker.ts';
import { GIVEN_UP, type Problem } from './problem.ts';
import { type Receipt, type Reply } from './writer.ts';

export interface LogThread {
  readonly id: string;
  /** Directory of the log. */
  readonly path: string;
  /** Events on stable storage. */
  readonly recorded: () => number;
  /** Why nothing new can be recorded, or null. */
  readonly trouble: () => string | null;
  /** Resolves when the event is on stable storage. @throws CountersignError `audit-*` */
  record(event: RecordedEvent): Promise<Receipt>;
  /** Has the writer do something besides recording, after everything given to `record` before. @throws CountersignError `audit-*` */
  ask<K extends Request['kind']>(request: Extract<Request, { kind: K }>): Promise<Answer[K]>;
  /** Ends what is open, signs the log and lets go of it. */
  close(): Promise<void>;
}

export type Damaged = Extract<FromWorker, { kind: 'damaged' }>;

export const asError = ({ code, message, next }: Problem, cause?: unknown): CountersignError =>
  new CountersignError(code, message, { ...(next === undefined ? {} : { next }), cause });

const STOPPED: Problem = {
  code: 'audit-failed',
  message: 'The audit log has stopped: nothing can run until it is opened again.',
  next: 'Start the program again.',
};
export const CLOSED: Problem = { code: 'audit-closed', message: 'The audit log is closed: nothing more can run.' };

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Starts the thread; gives it once the log has been read back, or why that log must not be continued: then the caller
 * keeps the lock. `changed` is called whenever `recorded` or `trouble` may have changed.
 * @throws CountersignError `audit-disk-full`, `audit-failed`; the lock has been released.
 */
export function startThread(input: WorkerInput, lock: Lock, changed: () => void): Promise<LogThread | Damaged> {
  // Run from source under type stripping, from the build as JavaScript.
  const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
  const worker = new Worker(new URL(file, import.meta.url), { workerData: input });
  const recording: Waiting<Receipt>[] = [];
  const asking = new Map<number, Waiting<never>>();
  let asked = 0;
  let queue: RecordedEvent[] = [];
  let recorded = 0;
  let trouble: string | null = null;
  let stopped: Problem | undefined;
  let closing: Promise<void> | undefined;
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));

  const settle = (reply: Reply): void => {
    const waiting = recording.shift();
    if ('problem' in reply) waiting?.reject(asError(reply.problem));
    else waiting?.resolve(reply);
  };
  const stop = (problem: Problem): void => {
    stopped ??= problem;
    while (recording.length > 0) settle({ problem: stopped });
    for (const { reject } of asking.values()) reject(asError(stopped));
    asking.clear();
  };
  const post = (message: ToWorker): void => worker.postMessage(message);
  const flush = (): void => {
    const append = queue;
    queue = [];
    if (append.length > 0 && stopped === undefined) post({ append });
  };
  /** The process stays alive while somebody waits for the thread. */
  const wait = (): void => {
    if (recording.length + asking.size === 0) worker.ref();
  };
  const rest = (): void => {
    if (recording.length + asking.size === 0 && closing === undefined) worker.unref();
  };

  const thread: LogThread = {
    id: input.id,
    path: input.root,
    recorded: () => recorded,
    trouble: () => trouble,
    record: (event) =>
      new Promise((resolve, reject) => {
        if (stopped !== undefined) return reject(asError(stopped));
        wait();
        recording.push({ resolve, reject });
        // Everything that is appended before the event loop turns travels as one message.
        if (queue.push(event) === 1) queueMicrotask(flush);
      }),
    ask: (request) =>
      new Promise((resolve, reject) => {
        if (stopped !== undefined) return reject(asError(stopped));
        wait();
        const ask: Ask = { id: asked++, request };
        asking.set(ask.id, { resolve, reject });
        flush();
        post({ ask });
        if (request.kind === 'abandon') stopped = GIVEN_UP;
      }),
    close() {
      closing ??= exited.then(() => {
        stop(CLOSED);
        lock.release();
      });
      worker.ref();
      flush();
      post('close');
      stopped ??= CLOSED;
      return closing;
    },
  };

  return new Promise((resolve, reject) => {
    worker.on('message', (message: FromWorker) => {
      switch (message.kind) {
        case 'damaged':
          void worker.terminate();
          return resolve(message);
        case 'unopened':
          void worker.terminate();
          lock.release();
          return reject(asError(message.problem));
        case 'done':
          message.replies.forEach(settle);
          break;
        case 'answer': {
          const waiting = asking.get(message.ask);
          asking.delete(message.ask);
          if ('problem' in message) waiting?.reject(asError(message.problem));
          else waiting?.resolve(message.answer as never);
          break;
        }
        case 'closed':
      }
      ({ size: recorded, trouble } = message);
      changed();
      rest();
      resolve(thread);
    });
    worker.on('error', (cause) => {
      trouble = STOPPED.message;
      stop(STOPPED);
      changed();
      lock.release();
      reject(asError(STOPPED, cause));
    });
    worker.on('exit', () => {
      stop(STOPPED);
      if (closing !== undefined) return;
      trouble ??= STOPPED.message;
      changed();
    });
  });
}
