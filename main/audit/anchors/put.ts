import { type ObjectStore } from '../store/store.ts';

/** An object that is already there under this key and holds something else; `found` null when it cannot be read. */
export class Different extends Error {
  readonly key: string;
  readonly found: Buffer | null;
  constructor(key: string, found: Buffer | null) {
    super(`${key} holds something else`);
    this.key = key;
    this.found = found;
  }
}

export interface PutOptions {
  readonly retainUntil?: Date;
  readonly signal: AbortSignal;
}

/**
 * Creates an object or finds it there as it should be: after an answer that got lost, or when another process was first.
 * @throws Different
 */
export async function put(store: ObjectStore, key: string, bytes: Uint8Array, options: PutOptions): Promise<void> {
  if ((await store.create(key, bytes, options)) === 'created') return;
  const found = await store.read(key, options.signal);
  if (found?.equals(bytes) !== true) throw new Different(key, found);
}

/** Runs `work` for each item, at most `width` at a time; stops at the first error, when no other is running any more. */
export async function eachOf<T>(items: readonly T[], width: number, work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const item of rest) {
      if (failed) return;
      try {
        await work(item);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: Math.min(width, items.length) }, lane));
  for (const ended of lanes) if (ended.status === 'rejected') throw ended.reason;
}
