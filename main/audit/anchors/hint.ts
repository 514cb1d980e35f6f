/**
 * `upload.json` in a log's directory: how far the log was when it was last looked at, so that a start need not list
 * everything that the store has. Only a hint: without it, or with a wrong one, the store itself says how far it is.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { putLocal } from './files.ts';
import { readFile } from './local-log.ts';

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);

const hint = z.strictObject({
  /** Name of the store that the rest is about. */
  store: z.string(),
  /** Entries uploaded. */
  size: count,
  /** When the store was asked last, ms since 1970. */
  asked: z.number(),
  /** Cosignatures and stamps of checkpoints up to this size are in the store. */
  late: count,
  /** Addresses of blobs that are erased here and could not be erased in the store yet. */
  erase: z.array(z.string().regex(/^[0-9a-f]{64}$/)),
});
export type Hint = z.infer<typeof hint>;

const FILE = 'upload.json';

/** What was noted for this store; nothing done where there is no note, or one about another store. */
export function readHint(directory: string, store: string): Hint {
  try {
    const found = hint.safeParse(JSON.parse(readFile(join(directory, FILE))?.toString() ?? 'null'));
    if (found.success && found.data.store === store) return found.data;
  } catch {
    // Torn or changed by hand: the store says how far it is.
  }
  return { store, size: 0, asked: 0, late: 0, erase: [] };
}

/** A directory that cannot be written costs the hint and nothing else. */
export function writeHint(directory: string, noted: Hint): void {
  try {
    putLocal(join(directory, FILE), Buffer.from(`${JSON.stringify(noted, null, 2)}\n`), { durable: false });
  } catch {
    return;
  }
}
