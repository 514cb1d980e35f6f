import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isConsistent, type TreeHead } from './consistency.ts';
import { consistency, sha, treeHash } from './testing.ts';

const SIZES = 70;
const leaves = Array.from({ length: SIZES }, (_, i) => sha(Buffer.of(0), Buffer.from(`entry ${i}`)));
const heads: readonly TreeHead[] = Array.from({ length: SIZES + 1 }, (_, size) => ({
  size,
  root: treeHash(leaves.slice(0, size)),
}));
const other = sha(Buffer.from('something else'));
const flipped = (hash: Buffer): Buffer => Buffer.from(hash.map((byte, i) => (i === 7 ? byte ^ 1 : byte)));

/** Every pair of sizes of the table with its proof. */
const pairs = heads.flatMap((newer) =>
  heads.slice(0, newer.size + 1).map((older) => ({
    older,
    newer,
    proof: older.size === 0 ? [] : consistency(older.size, leaves.slice(0, newer.size)),
  })),
);

describe('a consistency proof', () => {
  it(`is accepted between any two of the trees of up to ${SIZES} entries`, () => {
    expect(pairs.length).toBe(((SIZES + 1) * (SIZES + 2)) / 2);
    for (const { older, newer, proof } of pairs)
      expect([older.size, newer.size, isConsistent(older, newer, proof)]).toEqual([older.size, newer.size, true]);
  });

  it('is refused when any one of its hashes is changed', () => {
    for (const { older, newer, proof } of pairs)
      for (const i of proof.keys())
        expect(
          isConsistent(
            older,
            newer,
            proof.map((hash, j) => (i === j ? flipped(hash) : hash)),
          ),
        ).toBe(false);
  });

  it('is refused when any one of its hashes is missing', () => {
    for (const { older, newer, proof } of pairs)
      for (const i of proof.keys()) expect(isConsistent(older, newer, proof.toSpliced(i, 1))).toBe(false);
  });

  it('is refused with one hash too many, wherever it stands', () => {
    for (const { older, newer, proof } of pairs) {
      for (let i = 0; i <= proof.length; i++) {
        expect(isConsistent(older, newer, proof.toSpliced(i, 0, other))).toBe(false);
        expect(isConsistent(older, newer, proof.toSpliced(i, 0, older.root))).toBe(false);
      }
    }
  });

  it('is refused when it also says the root of the older tree', () => {
    for (const { older, newer, proof } of pairs)
      if (older.size > 0) expect(isConsistent(older, newer, [older.root, ...proof])).toBe(false);
  });

  it('is refused when two of its hashes change places', () => {
    for (const { older, newer, proof } of pairs)
      for (let i = 0; i + 1 < proof.length; i++) {
        const [one, two] = proof.slice(i, i + 2);
        if (one === undefined || two === undefined) throw new Error('no such hashes');
        expect(isConsistent(older, newer, proof.toSpliced(i, 2, two, one))).toBe(false);
      }
  });

  it('is refused for another root on either side', () => {
    for (const { older, newer, proof } of pairs) {
      expect(isConsistent({ ...older, root: other }, newer, proof)).toBe(false);
      // Whatever grew out of nothing only grew.
      expect(isConsistent(older, { ...newer, root: other }, proof)).toBe(older.size === 0 && newer.size > 0);
    }
  });

  it('is refused for the sizes the wrong way round', () => {
    for (const { older, newer, proof } of pairs)
      if (older.size !== newer.size) expect(isConsistent(newer, older, proof)).toBe(false);
  });

  it('is refused for any other size on either side, where that needs another proof', () => {
    for (const { older, newer, proof } of pairs) {
      for (const size of [older.size - 1, older.size + 1]) {
        if (older.size > 1 && size <= newer.size && older.size !== newer.size)
          expect(isConsistent({ ...older, size }, newer, proof)).toBe(false);
      }
    }
  });

  it('from the empty tree is empty, and the empty tree has one root', () => {
    const [empty, , two] = heads;
    if (empty === undefined || two === undefined) throw new Error('no such trees');
    expect(isConsistent(empty, two, [])).toBe(true);
    expect(isConsistent(empty, two, [other])).toBe(false);
    expect(isConsistent({ size: 0, root: other }, two, [])).toBe(false);
    expect(isConsistent(empty, { size: 0, root: other }, [])).toBe(false);
  });

  it('between equal sizes is empty, and the roots are equal', () => {
    for (const head of heads) {
      expect(isConsistent(head, head, [])).toBe(true);
      expect(isConsistent(head, head, [head.root])).toBe(false);
      expect(isConsistent(head, { ...head, root: other }, [])).toBe(false);
    }
  });

  it('is refused when a hash has another length', () => {
    const [older, newer] = [heads[3], heads[7]];
    if (older === undefined || newer === undefined) throw new Error('no such trees');
    const proof = consistency(3, leaves.slice(0, 7));
    expect(isConsistent(older, newer, [...proof.slice(0, -1), Buffer.alloc(31)])).toBe(false);
    expect(isConsistent(older, newer, [...proof.slice(0, -1), Buffer.alloc(0)])).toBe(false);
  });

  it('is judged by all bits of sizes beyond 2^31 and 2^32', () => {
    // Two perfect subtrees side by side: the proof from the left one is the right one.
    for (const size of [2 ** 31, 2 ** 32, 2 ** 40, 2 ** 50, 2 ** 52]) {
      const [left, right] = [sha(Buffer.of(1)), sha(Buffer.of(2))];
      const both = sha(Buffer.of(1), left, right);
      expect(
        isConsistent({ size, root: left }, { size: size * 2 - (size === 2 ** 52 ? 1 : 0), root: both }, [right]),
      ).toBe(true);
      // What 32 bits would make of it: the older tree empty, or both the same.
      expect(isConsistent({ size: 1, root: left }, { size: size * 2 - 1, root: both }, [right])).toBe(false);
      expect(isConsistent({ size, root: left }, { size: size + 1, root: left }, [])).toBe(false);
    }
  });

  it('of random sizes and hashes never passes and never fails to end', () => {
    const root = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => Buffer.from(bytes));
    const size = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
    fc.assert(
      fc.property(size, size, root, root, fc.array(root, { maxLength: 63 }), (m, n, one, two, proof) => {
        expect(isConsistent({ size: m, root: one }, { size: n, root: two }, proof)).toBe(false);
      }),
    );
  });
});
