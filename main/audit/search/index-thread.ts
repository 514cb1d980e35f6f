/** Answers for index-in-thread.ts. An index that is made anew meanwhile, by the feed, is opened anew. */
import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { CountersignError } from '../../errors.ts';
import { type ActivityStore } from './activity-store.ts';
import { type Answer, type Question } from './index-in-thread.ts';
import { openSqliteIndex } from './sqlite-index.ts';

const { file } = workerData as { readonly file: string };
const port = parentPort;
let open: { readonly store: ActivityStore; readonly inode: bigint | undefined } | undefined;

const inodeNow = (): bigint | undefined => statSync(file, { bigint: true, throwIfNoEntry: false })?.ino;

async function current(): Promise<ActivityStore> {
  if (open !== undefined && open.inode === inodeNow()) return open.store;
  await open?.store.close();
  open = undefined;
  const store = openSqliteIndex(file);
  open = { store, inode: inodeNow() };
  return store;
}

async function answer({ id, method, args }: Question): Promise<Answer> {
  try {
    if (method === 'close') {
      await open?.store.close();
      return { id, value: undefined };
    }
    const store = await current();
    // The caller has given the arguments of that very method.
    return { id, value: await (store[method] as (...args: readonly unknown[]) => Promise<unknown>)(...args) };
  } catch (error) {
    if (error instanceof CountersignError && error.code === 'index-damaged') open = undefined;
    const told =
      error instanceof CountersignError
        ? error
        : new CountersignError('index-unavailable', 'The search index cannot be read.', {
            next: 'Start the program again; the record itself is not affected.',
          });
    return {
      id,
      error: { code: told.code, message: told.message, ...(told.next === undefined ? {} : { next: told.next }) },
    };
  }
}

port?.on('message', (question: Question) => void answer(question).then((told) => port.postMessage(told)));
