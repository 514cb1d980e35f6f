/** What the thread of the feed does: has the lock or waits for it, and takes in what there is, again and again. */
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { CountersignError } from '../../errors.ts';
import { type Lock, tryLock } from '../../lock.ts';
import { logsBelow } from '../journal/reader.ts';
import { type ActivityStore } from './activity-store.ts';
import { type FeedOptions, type FeedMessage } from './feed.ts';
import { LOCK } from './feed-lock.ts';
import { followLogs } from './follow-logs.ts';
import { openIndexHere } from './open-index.ts';
import { removeSqliteIndex } from './sqlite-schema.ts';

/** Behind what people wait for, and still within two seconds of the record on a busy machine. */
const NICENESS = 5;
/** Between two looks at the logs, where there was nothing; and at the lock, where another process has it. ms */
const POLL = 400;
/** Before what failed is tried again. ms */
const AGAIN = 5_000;

export async function feed(
  { directory, index, blobKey }: FeedOptions,
  tell: (message: FeedMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  let lock: Lock | null = null;
  while (!signal.aborted) {
    let store: ActivityStore | undefined;
    try {
      lock ??= tryLock(join(directory, LOCK));
      store = await openIndexHere(index);
      if (lock === null)
        await watch(directory, store, tell, () => (lock = tryLock(join(directory, LOCK))) !== null, signal);
      else await follow(directory, store, blobKey, tell, signal);
    } catch (error) {
      tell({ trouble: sentenceOf(error) });
      await store?.close().catch(() => undefined);
      store = undefined;
      const damaged = error instanceof CountersignError && error.code === 'index-damaged';
      if (damaged && lock !== null && index.kind === 'sqlite') removed(index.file);
      else await delay(AGAIN, undefined, { signal }).catch(() => undefined);
    }
    await store?.close().catch(() => undefined);
  }
  lock?.release();
}

/** Takes in until told to end. */
async function follow(
  directory: string,
  store: ActivityStore,
  blobKey: Uint8Array | undefined,
  tell: (message: FeedMessage) => void,
  signal: AbortSignal,
): Promise<void> {
  const follower = followLogs({ directory, store, ...(blobKey === undefined ? {} : { blobKey }) });
  let told = '';
  while (!signal.aborted) {
    const moved = await follower.step();
    const message = { indexed: follower.indexed(), trouble: follower.trouble() };
    const now = JSON.stringify([[...message.indexed], message.trouble]);
    if (now !== told) tell(message);
    told = now;
    if (!moved) await delay(POLL, undefined, { signal }).catch(() => undefined);
  }
}

/** Tells how far the process is that has the lock, until it has it no more. */
async function watch(
  directory: string,
  store: ActivityStore,
  tell: (message: FeedMessage) => void,
  isMine: () => boolean,
  signal: AbortSignal,
): Promise<void> {
  let told = '';
  while (!signal.aborted && !isMine()) {
    const here = new Set(logsBelow(directory).map(({ id }) => id));
    const logs = (await store.logs()).filter(({ log }) => here.has(log));
    const now = JSON.stringify(logs);
    if (now !== told) tell({ indexed: new Map(logs.map(({ log, indexed }) => [log, indexed])), trouble: null });
    told = now;
    await delay(POLL, undefined, { signal }).catch(() => undefined);
  }
}

function removed(file: string): void {
  try {
    removeSqliteIndex(file);
  } catch {
    // Another process has it open on a system that does not let it go: the next round tells that it is damaged still.
  }
}

function sentenceOf(error: unknown): string {
  if (!(error instanceof CountersignError)) return 'The search index cannot follow the record.';
  return error.next === undefined ? error.message : `${error.message} ${error.next}`;
}

if (parentPort !== null && typeof workerData === 'object' && workerData !== null && 'index' in workerData) {
  const port = parentPort;
  // Elsewhere the priority is that of the whole process.
  if (process.platform === 'linux') setPriority(0, NICENESS);
  const end = new AbortController();
  port.once('message', () => end.abort());
  await feed(workerData as FeedOptions, (message) => port.postMessage(message), end.signal);
  port.close();
}
