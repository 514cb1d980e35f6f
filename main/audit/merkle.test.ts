import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CompactRange, digestBytes, hashLeaf } from '../../verify/merkle.ts';
import { leafHash, Tree, type FullTile } from './merkle.ts';

const sha = (...parts: readonly Uint8Array[]): Buffer => {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
};

/** RFC 6962 §2.1, word for word. */
function mth(entries: readonly Buffer[]): Buffer {
  const [only] = entries;
  if (only === undefined) return sha();
  if (entries.length === 1) return sha(Buffer.of(0), only);
  let k = 1;
  while (k * 2 < entries.length) k *= 2;
  return sha(Buffer.of(1), mth(entries.slice(0, k)), mth(entries.slice(k)));
}

function grown(entries: readonly Buffer[]): { readonly tree: Tree; readonly tiles: readonly FullTile[] } {
  const tree = new Tree();
  const tiles = entries.flatMap((entry) => tree.append(leafHash(entry)));
  return { tree, tiles };
}

const numbered = (count: number): Buffer[] => Array.from({ length: count }, (_, i) => Buffer.from(`entry ${i}`));

describe('the Merkle tree', () => {
  it('has the roots that the Certificate Transparency reference tree has', () => {
    const entries = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ].map((hex) => Buffer.from(hex, 'hex'));
    const roots = [
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
      '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
      '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
      'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
      '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
    ];
    for (const [size, root] of roots.entries()) {
      expect(grown(entries.slice(0, size)).tree.root().toString('hex')).toBe(root);
    }
  });

  it('has the root of RFC 6962 at every size, in the writer and in the verifier', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
          { maxLength: 70 },
        ),
        (entries) => {
          const range = new CompactRange();
          for (const entry of entries) range.push(hashLeaf(entry));
          expect(grown(entries).tree.root()).toEqual(mth(entries));
          expect(digestBytes(range.root())).toEqual(mth(entries));
        },
      ),
    );
  });

  it.each([255, 256, 257, 511, 512, 513, 700])(
    'has the root of RFC 6962 over the edge of a tile, at %i entries',
    (size) => {
      expect(grown(numbered(size)).tree.root()).toEqual(mth(numbered(size)));
    },
  );

  it('fills tiles in order: 256 leaf hashes, then over 256 such tiles one of the level above', () => {
    const { tiles, tree } = grown(numbered(256 * 256 + 3));
    expect(tiles.filter(({ level }) => level === 0).map(({ index }) => index)).toEqual(
      Array.from({ length: 256 }, (_, i) => i),
    );
    const above = tiles.filter(({ level }) => level === 1);
    expect(above.map(({ index }) => index)).toEqual([0]);
    expect(above[0]?.hashes[1]).toEqual(mth(numbered(512).slice(256)));
    expect(tree.levels.map((level) => level.length)).toEqual([3, 0, 1]);
  });

  it('goes on from its newest tiles as if it had never stopped', () => {
    const { tree } = grown(numbered(777));
    const again = new Tree(tree.levels);
    again.append(leafHash(Buffer.from('next')));
    expect(again.size).toBe(778);
    expect(again.root()).toEqual(mth([...numbered(777), Buffer.from('next')]));
  });
});
