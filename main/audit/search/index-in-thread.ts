/** An index in SQLite as the process that asks it sees it: its searches are synchronous and run in a thread of their own. */
import { Worker } from 'node:worker_threads';
import { CountersignError } from '../../errors.ts';
import { type ActivityStore } from './activity-store.ts';

export type Method = keyof ActivityStore;

export interface Question {
  readonly id: number;
  readonly method: Method;
  readonly args: readonly unknown[];
}

export type Answer =
  | { readonly id: number; readonly value: unknown }
  | {
      readonly id: number;
      readonly error: { readonly code: string; readonly message: string; readonly next?: string };
    };

interface Waiting {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** The file is opened, and made where it is absent, by the first search. */
export function openIndexInThread(file: string): ActivityStore {
  const source = import.meta.url.endsWith('.ts') ? './index-thread.ts' : './index-thread.js';
  const worker = new Worker(new URL(source, import.meta.url), { workerData: { file } });
  worker.unref();
  const waiting = new Map<number, Waiting>();
  let asked = 0;
  let ended = false;

  worker.on('message', (answer: Answer) => {
    const one = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) worker.unref();
    if ('value' in answer) one?.resolve(answer.value as never);
    else
      one?.reject(
        new CountersignError(
          answer.error.code,
          answer.error.message,
          answer.error.next === undefined ? {} : { next: answer.error.next },
        ),
      );
  });
  const stop = (): void => {
    ended = true;
    for (const { reject } of waiting.values()) reject(closed());
    waiting.clear();
  };
  worker.on('error', stop);
  worker.on('exit', stop);

  function ask<M extends Method>(method: M, ...args: Parameters<ActivityStore[M]>): ReturnType<ActivityStore[M]> {
    const answer = new Promise((resolve, reject) => {
      if (ended) return reject(closed());
      if (waiting.size === 0) worker.ref();
      const question: Question = { id: asked++, method, args };
      waiting.set(question.id, { resolve, reject });
      worker.postMessage(question);
    });
    return answer as ReturnType<ActivityStore[M]>;
  }

  return {
    logs: () => ask('logs'),
    add: (...args) => ask('add', ...args),
    forget: (...args) => ask('forget', ...args),
    events: (...args) => ask('events', ...args),
    chart: (...args) => ask('chart', ...args),
    facets: (...args) => ask('facets', ...args),
    event: (...args) => ask('event', ...args),
    async close() {
      if (!ended) await ask('close').catch(() => undefined);
      await worker.terminate();
    },
  };
}

const closed = (): CountersignError =>
  new CountersignError('index-closed', 'The search index is closed.', { next: 'Open the profile again.' });
