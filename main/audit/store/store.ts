/**
 * Where copies of a log are kept outside its own directory. One write exists, and it never replaces: an object is created
 * where none was. Names are keys with `/`, below whatever prefix the store was opened with.
 */
export interface ObjectStore {
  /** For people: `s3://bucket/prefix`, `/mnt/audit`. Never a secret. */
  readonly name: string;
  /**
   * Creates the object, durable when this resolves, where no object of this key is; `exists` where one is, whatever it
   * holds. Idempotent for a caller that then compares. `retainUntil` asks that nobody can remove it before.
   * @throws CountersignError `store-unreachable` (worth another try), `store-refused` (credentials or rights: people must act),
   * `store-full`.
   */
  create(key: string, bytes: Uint8Array, options: CreateOptions): Promise<'created' | 'exists'>;
  /** The oldest version of the object: what was created first, whatever was laid over it since. Null where there is none. */
  read(key: string, signal?: AbortSignal): Promise<Buffer | null>;
  /** Keys below `prefix` in the order of their bytes, from the first one greater than `after`. */
  list(prefix: string, options?: { readonly after?: string; readonly signal?: AbortSignal }): AsyncIterable<string>;
  /** Removes an erasable object and every version of it that may be removed. Absent is done. */
  erase(key: string, signal?: AbortSignal): Promise<void>;
  /** What this place does not promise: said at set-up, shown as weakness. Leaves nothing behind that cannot be told from a probe. */
  examine(signal?: AbortSignal): Promise<readonly StoreWeakness[]>;
  close(): void;
}

export interface CreateOptions {
  readonly retainUntil?: Date;
  readonly signal?: AbortSignal;
}

/** A promise that a store does not make. */
export interface StoreWeakness {
  /** Stable: `no-object-lock`, `no-versioning`, `may-delete`, `may-overwrite`, `public`, `same-disk` ... */
  readonly code: string;
  readonly sentence: string;
  /** What ends it. */
  readonly mend: string;
}
