import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RecordedEvent } from './events.ts';
import { nodeIo } from './journal/io.ts';
import { openJournalReader } from './journal/reader.ts';
import { checkpointCovering, consistencyProof, inclusionProof, newestCheckpoint, rootAt } from './proofs.ts';
import { LOG, simulatedOptions, statement } from './testing/lives.ts';
import { Writer } from './writer.ts';

const { actor } = statement('s', '');
const BEFORE = 700;
const SIZE = 70_000;
let directory: string;
let log: string;
let writer: Writer;
let leaves: readonly Buffer[];
const roots = new Map<number, Buffer>();

const sha = (...parts: readonly Uint8Array[]): Buffer => {
  const sum = createHash('sha256');
  for (const part of parts) sum.update(part);
  return sum.digest();
};
const node = (left: Buffer, right: Buffer): Buffer => sha(Buffer.of(1), left, right);

/** Merkle tree hash as RFC 6962 §2.1 has it, over leaf hashes. */
function mth(hashes: readonly Buffer[]): Buffer {
  if (hashes.length < 2) return hashes[0] ?? sha();
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return node(mth(hashes.slice(0, k)), mth(hashes.slice(k)));
}

/** Root over the first `size` leaves. */
function rootOf(size: number): Buffer {
  const root = roots.get(size) ?? mth(leaves.slice(0, size));
  roots.set(size, root);
  return root;
}

/** RFC 9162 §2.1.3.2 */
function includes(leaf: Buffer, index: number, size: number, proof: readonly Buffer[], root: Buffer): boolean {
  let fn = index;
  let sn = size - 1;
  let r = leaf;
  for (const p of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      r = node(p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else r = node(r, p);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && r.equals(root);
}

/** RFC 9162 §2.1.4.2 */
function extendsTree(
  first: number,
  second: number,
  roots: readonly [Buffer, Buffer],
  proof: readonly Buffer[],
): boolean {
  const path = Number.isInteger(Math.log2(first)) ? [roots[0], ...proof] : [...proof];
  let fn = first - 1;
  let sn = second - 1;
  while (fn % 2 === 1) [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  let [fr] = path;
  let sr = fr;
  for (const c of path.slice(1)) {
    if (sn === 0 || fr === undefined || sr === undefined) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = node(c, fr);
      sr = node(c, sr);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn / 2, Math.floor(sn / 2)];
    } else sr = node(sr, c);
    [fn, sn] = [Math.floor(fn / 2), Math.floor(sn / 2)];
  }
  return sn === 0 && fr?.equals(roots[0]) === true && sr?.equals(roots[1]) === true;
}

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-proofs-'));
  log = join(directory, LOG);
  const io = nodeIo(log);
  writer = new Writer({ ...simulatedOptions(io), segmentBytes: 1024 * 1024, checkpointEvery: 10_000 });
  const denied = (i: number): RecordedEvent => ({
    k: 'config.change',
    change: { what: `setting ${i}` },
    ...(i % 9 === 0 ? { s: 's' } : {}),
  });
  writer.append([{ k: 'session.start', s: 's', actor }]);
  while (writer.size < BEFORE) writer.append([denied(writer.size)]);
  writer.publish();
  while (writer.size < SIZE)
    writer.append(Array.from({ length: Math.min(500, SIZE - writer.size) }, (_, i) => denied(i)));
  writer.maintain();
  const reader = openJournalReader(log, 0);
  const found: Buffer[] = [];
  for (let run = reader.next({ bytes: 1 << 20 }); run !== null; run = reader.next({ bytes: 1 << 20 })) {
    expect(run.first).toBe(found.length);
    for (const entry of run.entries) found.push(sha(Buffer.of(0), entry));
  }
  leaves = found;
});
afterAll(() => {
  writer.close();
  rmSync(directory, { recursive: true, force: true });
});

const SIZES = [1, 2, 3, 255, 256, 257, 511, 700, 701, 4096, 65_535, 65_536, 65_537, 69_999, SIZE];

describe('proofs from a directory that is being written', () => {
  it('have the root of RFC 6962 at sizes around every border of tiles', () => {
    expect(leaves).toHaveLength(SIZE);
    expect(rootAt(log, 0)).toEqual(sha());
    for (const size of SIZES) expect(rootAt(log, size).equals(rootOf(size))).toBe(true);
  });

  it('prove that an event is in the log, and nothing else', () => {
    for (const size of SIZES) {
      const root = rootOf(size);
      for (const index of [0, 1, 255, 256, size >> 1, size - 2, size - 1].filter((i) => i >= 0 && i < size)) {
        const proof = inclusionProof(log, index, size);
        const leaf = leaves[index] ?? sha();
        expect({ size, index, good: includes(leaf, index, size, proof, root) }).toEqual({ size, index, good: true });
        expect(includes(sha(leaf), index, size, proof, root)).toBe(false);
      }
    }
  });

  it('prove that a tree only grew', () => {
    for (const [i, from] of SIZES.entries())
      for (const to of SIZES.slice(i + 1)) {
        const proof = consistencyProof(log, from, to);
        const both = [rootOf(from), rootOf(to)] as const;
        expect({ from, to, good: extendsTree(from, to, both, proof) }).toEqual({ from, to, good: true });
      }
    expect(consistencyProof(log, SIZE, SIZE)).toEqual([]);
    expect(consistencyProof(log, 0, SIZE)).toEqual([]);
  });

  it('are refused for what is not in the log', () => {
    for (const attempt of [
      () => inclusionProof(log, SIZE, SIZE),
      () => inclusionProof(log, -1, 5),
      () => inclusionProof(log, 3, SIZE + 1000),
      () => consistencyProof(log, 5, 4),
      () => rootAt(log, SIZE + 1000),
    ])
      expect(attempt).toThrow(expect.objectContaining({ code: 'audit-no-event' }));
  });

  it('find the newest checkpoint, and the first one over an event', () => {
    const signed = writer.checkpoint();
    expect(newestCheckpoint(log)).toEqual(signed);
    expect(signed).toMatchObject({ size: SIZE, root: rootOf(SIZE).toString('hex') });
    expect(checkpointCovering(log, 3)?.size).toBe(BEFORE);
    expect(checkpointCovering(log, SIZE - 1)?.size).toBe(SIZE);
    expect(checkpointCovering(log, SIZE)).toBeNull();
    expect(newestCheckpoint(join(directory, 'absent'))).toBeNull();
  });
});
