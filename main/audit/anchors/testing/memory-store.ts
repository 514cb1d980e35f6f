/** A store in memory that does what a store must, and fails where a test says. For tests. */
import { CountersignError } from '../../../errors.ts';
import { type ObjectStore, type StoreWeakness } from '../../store/store.ts';

export type Operation = 'create' | 'read' | 'list' | 'erase' | 'examine';

/** What becomes of one call: `before` it fails without effect, `after` it fails though it was done. */
export type Fault = (
  operation: Operation,
  key: string,
) => { readonly when: 'before' | 'after'; readonly error: Error } | null;

export interface MemoryStore extends ObjectStore {
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Keys in the order in which they were created. */
  readonly created: readonly string[];
  /** Keys in the order in which somebody tried to create them. */
  readonly tried: readonly string[];
  /** Most bytes of a single object. */
  readonly largest: number;
  retention(key: string): Date | undefined;
  /** From here on calls fail as this says; null for never. */
  fail(fault: Fault | null): void;
  /** Puts an object there as somebody else would. */
  plant(key: string, bytes: Buffer): void;
  remove(key: string): void;
  weaken(...weaknesses: readonly StoreWeakness[]): void;
}

export const unreachable = (): CountersignError =>
  new CountersignError('store-unreachable', 'The store does not answer.', { next: 'Check the network.' });

export function createMemoryStore(name = 'memory'): MemoryStore {
  const objects = new Map<string, Buffer>();
  const retained = new Map<string, Date>();
  const created: string[] = [];
  const tried: string[] = [];
  let fault: Fault | null = null;
  let weaknesses: readonly StoreWeakness[] = [];
  let largest = 0;

  async function guarded<T>(operation: Operation, key: string, work: () => T, signal?: AbortSignal): Promise<T> {
    // A turn of the event loop, as anything that goes over a network.
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    const failure = fault?.(operation, key) ?? null;
    if (failure?.when === 'before') throw failure.error;
    const done = work();
    if (failure?.when === 'after') throw failure.error;
    return done;
  }

  return {
    name,
    objects,
    created,
    tried,
    get largest() {
      return largest;
    },
    retention: (key) => retained.get(key),
    fail(next) {
      fault = next;
    },
    plant: (key, bytes) => void objects.set(key, bytes),
    remove: (key) => void objects.delete(key),
    weaken(...next) {
      weaknesses = next;
    },
    create(key, bytes, { retainUntil, signal }) {
      tried.push(key);
      return guarded(
        'create',
        key,
        () => {
          if (objects.has(key)) return 'exists';
          objects.set(key, Buffer.from(bytes));
          largest = Math.max(largest, bytes.length);
          created.push(key);
          if (retainUntil !== undefined) retained.set(key, retainUntil);
          return 'created';
        },
        signal,
      );
    },
    read: (key, signal) => guarded('read', key, () => objects.get(key) ?? null, signal),
    async *list(prefix, { after = '', signal } = {}) {
      await guarded('list', prefix, () => undefined, signal);
      for (const key of [...objects.keys()].sort()) if (key.startsWith(prefix) && key > after) yield key;
    },
    erase: (key, signal) => guarded('erase', key, () => void objects.delete(key), signal),
    examine: (signal) => guarded('examine', '', () => weaknesses, signal),
    close: () => undefined,
  };
}
