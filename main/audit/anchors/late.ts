/**
 * What is made of a checkpoint after it was signed: cosignatures in `cosig/<size>/<witness>` and a time stamp in
 * `stamp/<size>`, in the log's directory first and from there in the store.
 */
import { join } from 'node:path';
import { NUMBERED, numbered } from '../paths.ts';
import { type ObjectStore } from '../store/store.ts';
import { putLocal } from './files.ts';
import { keysOf } from './keys.ts';
import { names, readFile, readSigned, type LocalLog } from './local-log.ts';
import { put } from './put.ts';

const WITNESS = /^[0-9a-f]{8}$/;

const sizesIn = (directory: string): readonly number[] =>
  names(directory)
    .filter((name) => NUMBERED.test(name))
    .map(Number);

/** Sizes above `above` of which the log's directory has cosignatures or a stamp. */
export const lateSizes = (path: string, above: number): readonly number[] =>
  ['cosig', 'stamp'].flatMap((name) => sizesIn(join(path, name))).filter((size) => size > above);

/** Sizes that were stamped, ascending. */
export const stampedSizes = (path: string): readonly number[] =>
  [...sizesIn(join(path, 'stamp'))].sort((a, b) => a - b);

/** Sizes that were cosigned, the greatest first. */
export const cosignedSizes = (path: string): readonly number[] =>
  [...sizesIn(join(path, 'cosig'))].sort((a, b) => b - a);

export const stampPath = (path: string, size: number): string => join(path, 'stamp', numbered(size));

const cosignaturePath = (path: string, size: number, witness: string): string =>
  join(path, 'cosig', numbered(size), witness);

/** Keeps a cosignature line. @param witness first four bytes of its key's hash, hex */
export function keepCosignature(path: string, size: number, witness: string, line: string): void {
  putLocal(cosignaturePath(path, size, witness), Buffer.from(line), { durable: true });
}

export const readCosignature = (path: string, size: number, witness: string): string | null =>
  readFile(cosignaturePath(path, size, witness))?.toString() ?? null;

export function keepStamp(path: string, size: number, stamp: Uint8Array): void {
  putLocal(stampPath(path, size), stamp, { durable: true });
}

/**
 * Copies what was made of the checkpoint of this size, after the checkpoint itself. The same witness or authority may have
 * been asked twice, by two processes: then the answers differ in their time, and the first one stays.
 */
export async function pushLate(
  log: LocalLog,
  store: ObjectStore,
  size: number,
  retainUntil: Date | undefined,
  signal: AbortSignal,
): Promise<void> {
  const checkpoint = readSigned(log, size);
  if (checkpoint === null) return;
  const keys = keysOf(log.id);
  const options = { signal, ...(retainUntil === undefined ? {} : { retainUntil }) };
  await put(store, keys.checkpoint(size), Buffer.from(checkpoint.note), options);
  for (const witness of names(join(log.path, 'cosig', numbered(size))).filter((name) => WITNESS.test(name))) {
    const line = readCosignature(log.path, size, witness);
    if (line !== null) await store.create(keys.cosignature(size, witness), Buffer.from(line), options);
  }
  const stamp = readFile(stampPath(log.path, size));
  if (stamp !== null) await store.create(keys.stamp(size), stamp, options);
}
