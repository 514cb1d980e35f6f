/** A log, its tree and a witness's place for tests: the tree is RFC 6962 §2.1 word for word, slow and on its own. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { addCheckpointBody } from './add-checkpoint.ts';
import { type LogListEntry, logListSchema } from './log-list.ts';
import { signNote } from './signed-note.ts';
import { createWitnessState, openWitnessState, type WitnessState } from './state.ts';
import { generateSignerKey, SIGNATURE_TYPE, type SignerKey, type VerifierKey } from './verifier-key.ts';

export const sha = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** Largest power of two smaller than `n`. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** MTH (§2.1) over leaf hashes. */
export function treeHash(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only === undefined) return sha();
  if (leaves.length === 1) return only;
  const k = split(leaves.length);
  return sha(Buffer.of(1), treeHash(leaves.slice(0, k)), treeHash(leaves.slice(k)));
}

/** PROOF (§2.1.2): from the tree over the first `m` leaves to that over all of them; 0 < m <= n. */
export function consistency(m: number, leaves: readonly Buffer[]): Buffer[] {
  return m === leaves.length ? [] : subproof(m, leaves, true);
}

function subproof(m: number, leaves: readonly Buffer[], whole: boolean): Buffer[] {
  if (m === leaves.length) return whole ? [] : [treeHash(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), whole), treeHash(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), treeHash(leaves.slice(0, k))];
}

/** A log of numbered entries; `story` tells another one under the same name. */
export interface FakeLog {
  readonly origin: string;
  readonly key: SignerKey;
  root(size: number): Buffer;
  text(size: number, extension?: string): string;
  checkpoint(size: number): string;
  proof(from: number, to: number): Buffer[];
  /** Request body from one size to another. */
  request(from: number, to: number): string;
  /** The same log and key, with other entries from `after` on. */
  forked(after: number, story: string): FakeLog;
}

export function fakeLog(
  origin = 'log.example/device/0198',
  key = generateSignerKey(origin, SIGNATURE_TYPE.note),
  entry = (index: number): string => `entry ${index}`,
): FakeLog {
  const leaves = (size: number): Buffer[] =>
    Array.from({ length: size }, (_, i) => sha(Buffer.of(0), Buffer.from(entry(i))));
  const root = (size: number): Buffer => treeHash(leaves(size));
  const text = (size: number, extension = ''): string =>
    `${origin}\n${size}\n${root(size).toString('base64')}\n${extension}`;
  const checkpoint = (size: number): string => signNote(text(size), key);
  const proof = (from: number, to: number): Buffer[] => (from === 0 ? [] : consistency(from, leaves(to)));
  return {
    origin,
    key,
    root,
    text,
    checkpoint,
    proof,
    request: (from, to) => addCheckpointBody(from, proof(from, to), checkpoint(to)),
    forked: (after, story) => fakeLog(origin, key, (i) => (i < after ? entry(i) : `${story} ${i}`)),
  };
}

/** Entries of a log list as a file would give them. */
export const listed = (entries: readonly unknown[]): readonly LogListEntry[] => logListSchema.parse(entries);

/** A directory of one's own, and what removes it. */
export function temporaryDirectory(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'countersign-witness-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** A witness's memory in a directory of its own: what a test makes and takes away. */
export function temporaryState(key: VerifierKey): {
  readonly path: string;
  readonly state: WitnessState;
  remove(): void;
} {
  const directory = temporaryDirectory();
  const path = join(directory.path, 'state.db');
  createWitnessState(path, key);
  const state = openWitnessState(path, key);
  return {
    path,
    state,
    remove() {
      state.close();
      directory.remove();
    },
  };
}
