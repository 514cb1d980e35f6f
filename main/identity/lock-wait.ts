import { setTimeout as delay } from 'node:timers/promises';
import { CountersignError } from '../errors.ts';
import { tryLock } from '../lock.ts';

const RETRY_MS = 15;
/** Longer than a provider that answers each of its questions at the last moment can keep another process waiting. */
const LONGEST_WAIT_MS = 60_000;

/** Runs `work` while holding the lock at `path`, waiting for another process (or another call here) to release it first. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  let lock = tryLock(path);
  for (let waited = 0; lock === null; waited += RETRY_MS) {
    if (waited > LONGEST_WAIT_MS) {
      throw new CountersignError(
        'profile-busy',
        'Another Countersign process is holding the sign-in of this profile.',
        {
          next: 'Wait for it or end it, then try again.',
        },
      );
    }
    await delay(RETRY_MS);
    lock = tryLock(path);
  }
  try {
    return await work();
  } finally {
    lock.release();
  }
}
