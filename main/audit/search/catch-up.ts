import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
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
