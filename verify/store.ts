/** Where copies of logs are read from: a directory or a bucket in the layout of docs/log-format.md, "In a store". */
export interface StoredObject {
  readonly key: string;
  /** Names the oldest version, which is what was created; null where there are no versions, or all that is left is a mark. */
  readonly version: string | null;
  /** Versions laid over the oldest one. */
  readonly overlaid: number;
  /** Is the object hidden by a delete marker. */
  readonly hidden: boolean;
  /** False for what cannot be read as an object: a link in a directory, a key of which only a delete marker is left. */
  readonly readable: boolean;
}

export interface StoreReader {
  /** For people: `s3://bucket/prefix`, `/mnt/audit`. */
  readonly name: string;
  /** Names directly below the top that end in `/`, without it. */
  folders(): Promise<readonly string[]>;
  /** Every object below `prefix` in the order of keys. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** The object's oldest version, or null when there is none. @throws CannotVerify when the store does not answer. */
  read(key: string, version: string | null, limit: number): Promise<Buffer | null>;
  /** What this store does not promise, as far as reading shows it; asked after everything was read. */
  shortcomings(): readonly string[];
}

/** How many objects are read at a time. */
const AT_ONCE = 16;

/** Loads ahead of the one who takes, and gives what was loaded in the order of `items`. */
export async function* loaded<T, U>(
  items: Iterable<T>,
  load: (item: T) => Promise<U>,
  ahead: number,
): AsyncGenerator<U> {
  const waiting: Promise<U>[] = [];
  for (const item of items) {
    const loading = load(item);
    // Who takes learns of a failure when it is its turn; until then it is not unhandled.
    loading.catch(() => undefined);
    waiting.push(loading);
    const first = waiting.length > ahead ? waiting.shift() : undefined;
    if (first !== undefined) yield await first;
  }
  for (const rest of waiting) yield await rest;
}

/** Runs `work` for every item, at most `AT_ONCE` at a time. */
export async function forEach<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  for await (const _ of loaded(items, work, AT_ONCE - 1));
}
