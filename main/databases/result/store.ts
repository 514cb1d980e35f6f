import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Blocks } from './blocks.ts';
import { StoredResult } from './result.ts';
import { ResultWriter, type WriterOptions } from './writer.ts';

const MIB = 1024 * 1024;

export interface ResultStoreOptions {
  /** Private directory, of this process alone, for what does not fit into memory. */
  readonly directory: string;
  /** Bytes of one result held in memory before the rest goes to a file; default 96 MiB. */
  readonly memoryPerResult?: number;
  /** Bytes of all results, memory and files together, before old ones are let go; default 1 GiB. */
  readonly total?: number;
  /** Told why a result could not be stored whole. */
  readonly onFull?: (error: unknown) => void;
}

export type NewResult = Omit<WriterOptions, 'onFull'>;

interface Entry {
  readonly result: StoredResult;
  readonly blocks: Blocks;
}

/**
 * All results that are open for somebody. When they grow past the total, the one that nobody has looked at for longest is
 * released, never the newest.
 */
export class ResultStore {
  readonly #options: ResultStoreOptions;
  /** Least recently used first. */
  readonly #entries = new Map<string, Entry>();
  #newest = '';

  constructor(options: ResultStoreOptions) {
    this.#options = options;
    clearLeftovers(options.directory);
  }

  create(options: NewResult): { readonly writer: ResultWriter; readonly result: StoredResult } {
    this.#makeRoom();
    const id = randomUUID();
    const { directory, memoryPerResult = 96 * MIB, onFull } = this.#options;
    const blocks = new Blocks({ directory, memory: memoryPerResult });
    const writer = new ResultWriter(blocks, { ...options, onFull });
    const result = new StoredResult(id, blocks, writer, () => this.#use(id));
    this.#entries.set(id, { result, blocks });
    this.#newest = id;
    return { writer, result };
  }

  /** Undefined when it never was or has been released. */
  get(id: string): StoredResult | undefined {
    return this.#entries.get(id)?.result;
  }

  release(id: string): void {
    this.#entries.get(id)?.blocks.release();
    this.#entries.delete(id);
  }

  close(): void {
    for (const id of [...this.#entries.keys()]) this.release(id);
  }

  #use(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
  }

  #makeRoom(): void {
    const total = this.#options.total ?? 1024 * MIB;
    let held = 0;
    for (const { result } of this.#entries.values()) held += result.bytes;
    for (const [id, { result }] of [...this.#entries]) {
      if (held <= total) return;
      if (id === this.#newest) continue;
      held -= result.bytes;
      this.release(id);
    }
  }
}

/** Files whose process died before it could remove their names. */
function clearLeftovers(directory: string): void {
  try {
    for (const name of readdirSync(directory)) {
      if (name.endsWith('.rows')) rmSync(join(directory, name), { force: true });
    }
  } catch {
    // No directory yet: nothing was left.
  }
}
