/**
 * Where the parts of a log are in a store, the same for a directory and a bucket (docs/log-format.md). Numbers have 20
 * digits, so that the order of keys is the order of indexes.
 */
import { NUMBERED, numbered, tilePath } from '../paths.ts';

/** The keys of one log. */
export interface LogKeys {
  readonly identity: string;
  readonly chunks: string;
  readonly checkpoints: string;
  chunk(first: number): string;
  checkpoint(size: number): string;
  tile(level: number | 'entries', index: number): string;
  /** @param address hex */
  blob(address: string): string;
  /** @param witness first four bytes of its key's hash, hex */
  cosignature(size: number, witness: string): string;
  stamp(size: number): string;
}

export function keysOf(log: string): LogKeys {
  const chunks = `${log}/chunk/`;
  const checkpoints = `${log}/checkpoint/`;
  return {
    identity: `${log}/log.json`,
    chunks,
    checkpoints,
    chunk: (first) => chunks + numbered(first),
    checkpoint: (size) => checkpoints + numbered(size),
    tile: (level, index) => `${log}/${tilePath(level, index)}`,
    blob: (address) => `${log}/blob/${address}`,
    cosignature: (size, witness) => `${log}/cosig/${numbered(size)}/${witness}`,
    stamp: (size) => `${log}/stamp/${numbered(size)}`,
  };
}

/** The number that a key below `prefix` is named by, or null when it is not named by one. */
export function numberIn(key: string, prefix: string): number | null {
  const name = key.startsWith(prefix) ? key.slice(prefix.length) : '';
  const number = Number(name);
  return NUMBERED.test(name) && Number.isSafeInteger(number) ? number : null;
}
