import { describe, expect, it } from 'vitest';
import { CompactRange, hashLeaf, type Digest } from './merkle.ts';

const leaves = Array.from({ length: 70 }, (_, i) => hashLeaf(Buffer.from(`leaf ${i}`)));

/** Every subtree that leaves `first` to `size` complete, with its height and position. */
function subtrees(first: number, size: number, made?: Parameters<CompactRange['push']>[1], before = first) {
  const found: string[] = [];
  const inner: Digest[] = [];
  const tree = new CompactRange((height, position, node) => {
    found.push(`${height} ${position} ${node}`);
    if (height > 0) inner.push(node);
  }, before);
  for (const [i, leaf] of leaves.slice(before, size).entries()) tree.push(leaf, before + i < first ? undefined : made);
  return { found: new Set(found), inner, root: tree.root() };
}

describe('a tree that begins in the middle', () => {
  it('gives just the subtrees of the whole tree that lie behind its first leaf', () => {
    const whole = subtrees(0, leaves.length).found;
    for (let first = 0; first < leaves.length; first++) {
      const behind = [...whole].filter((subtree) => {
        const [height = 0, position = 0] = subtree.split(' ', 2).map(Number);
        return position * 2 ** height >= first;
      });
      expect({ first, found: subtrees(first, leaves.length).found }).toEqual({ first, found: new Set(behind) });
    }
  });

  it('hands its subtrees to the whole tree in the order in which that one needs them', () => {
    const { found, root } = subtrees(0, leaves.length);
    for (let first = 0; first < leaves.length; first++) {
      const { inner } = subtrees(first, leaves.length);
      let taken = 0;
      const made = { first, next: () => inner[taken++] ?? '' };
      const helped = subtrees(first, leaves.length, made, 0);
      expect({ first, root: helped.root, taken }).toEqual({ first, root, taken: inner.length });
      expect(helped.found).toEqual(found);
    }
  });
});
