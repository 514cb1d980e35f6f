/**
 * Where the parts of a log are in a store, the same for a directory and a bucket (docs/log-format.md). Numbers have 20
 * digits, so that the order of keys is the order of indexes.
 */
import { tilePath } from '../publish.ts';

const DIGITS = 20;
const digits = (n: number): string => String(n).padStart(DIGITS, '0');

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
    chunk: (first) => chunks + digits(first),
    checkpoint: (size) => checkpoints + digits(size),
    tile: (level, index) => `${log}/${tilePath(level, index)}`,
    blob: (address) => `${log}/blob/${address}`,
    cosignature: (size, witness) => `${log}/cosig/${digits(size)}/${witness}`,
    stamp: (size) => `${log}/stamp/${digits(size)}`,
  };
}

/** The number that a key below `prefix` is named by, or null when it is not named by one. */
export function numberIn(key: string, prefix: string): number | null {
  const name = key.startsWith(prefix) ? key.slice(prefix.length) : '';
  const number = Number(name);
  return /^\d{20}$/.test(name) && Number.isSafeInteger(number) ? number : null;
}

/** The name of a directory or file of this number in a log's own directory. */
export const numbered = digits;
