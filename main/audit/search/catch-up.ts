import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CountersignError } from '../../errors.ts';
import { tryLock } from '../../lock.ts';
import { LOCK } from './feed-lock.ts';
import { type Follower, type FollowerOptions, followLogs } from './follow-logs.ts';
import { openJournalReader, logsBelow } from '../journal/reader.ts';

/** How long another process that feeds the index is waited for, ms: it is as far as the record within two seconds. */
const PATIENCE = 3_000;
const LOOK = 50;

/**
 * Brings an index up to what is recorded now, for a command that asks once. Gives why it is not, or null: another process
 * feeds it and is slow, or a log cannot be read.
 */
export async function catchUp(options: FollowerOptions): Promise<string | null> {
  const lock = tryLock(join(options.directory, LOCK));
  if (lock === null) return waitForFeed(options);
  try {
    const follower: Follower = followLogs(options);
    while (await follower.step());
    return follower.trouble();
  } finally {
    lock.release();
  }
}

/**
 * Forgets logs and takes them in again from what is recorded: what an index was changed to, or kept of something erased, is gone.
 * @param logs ids; those that are not there are passed over
 * @returns why it is not whole, or null
 * @throws CountersignError `index-in-use` where another process feeds the index
 */
export async function takeInAnew(options: FollowerOptions, logs: readonly string[]): Promise<string | null> {
  const lock = tryLock(join(options.directory, LOCK));
  if (lock === null) {
    throw new CountersignError('index-in-use', 'Another process of this profile takes events into the search index.', {
      next: 'Close the window that is open on this profile, then try again.',
    });
  }
  try {
    for (const log of logs) await options.store.forget(log);
    const follower: Follower = followLogs(options);
    while (await follower.step());
    return follower.trouble();
  } finally {
    lock.release();
  }
}

async function waitForFeed({ directory, store }: FollowerOptions): Promise<string | null> {
  for (let waited = 0; waited < PATIENCE; waited += LOOK) {
    const indexed = new Map((await store.logs()).map(({ log, indexed: size }) => [log, size]));
    if (logsBelow(directory).every(({ id, path }) => isAtEnd(path, indexed.get(id) ?? 0))) return null;
    await delay(LOOK);
  }
  return 'The search index is behind the record: another process of this profile takes events in.';
}

function isAtEnd(path: string, indexed: number): boolean {
  const reader = openJournalReader(path, indexed);
  try {
    return reader.next({ bytes: 1 }) === null;
  } catch {
    // What cannot be read is not waited for.
    return true;
  } finally {
    reader.close();
  }
}
