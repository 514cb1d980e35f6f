import { EMPTY_ROOT, sha256 } from '../merkle.ts';

export interface TreeHead {
  /** Entries: a safe integer. */
  readonly size: number;
  /** 32 bytes. */
  readonly root: Buffer;
}

const NODE = Buffer.of(1);
const nodeHash = (left: Buffer, right: Buffer): Buffer => sha256(Buffer.concat([NODE, left, right]));
const isOdd = (n: number): boolean => n % 2 === 1;
// Sizes go past 2^31, where shifts and masks of numbers would lose the upper bits.
const half = (n: number): number => Math.floor(n / 2);

/**
 * Does `proof` show that the tree `newer` only added to the tree `older` (RFC 6962 §2.1.2, checked as RFC 9162 §2.1.4.2
 * says)? From the empty tree and from the tree itself the only good proof is an empty one.
 */
export function isConsistent(older: TreeHead, newer: TreeHead, proof: readonly Buffer[]): boolean {
  if (older.size > newer.size || proof.some((hash) => hash.length !== 32)) return false;
  if (!emptyIsEmpty(older) || !emptyIsEmpty(newer)) return false;
  if (older.size === newer.size) return proof.length === 0 && older.root.equals(newer.root);
  if (older.size === 0) return proof.length === 0;

  // An older tree that is one perfect subtree is a node of the newer one: its root begins the path, unsaid.
  const [first, ...rest] = isPowerOfTwo(older.size) ? [older.root, ...proof] : proof;
  if (first === undefined) return false;
  let left = older.size - 1;
  let right = newer.size - 1;
  while (isOdd(left)) [left, right] = [half(left), half(right)];
  let olderRoot = first;
  let newerRoot = first;
  for (const hash of rest) {
    if (right === 0) return false;
    if (isOdd(left) || left === right) {
      olderRoot = nodeHash(hash, olderRoot);
      newerRoot = nodeHash(hash, newerRoot);
      while (!isOdd(left) && left !== 0) [left, right] = [half(left), half(right)];
    } else {
      newerRoot = nodeHash(newerRoot, hash);
    }
    [left, right] = [half(left), half(right)];
  }
  return right === 0 && olderRoot.equals(older.root) && newerRoot.equals(newer.root);
}

const emptyIsEmpty = ({ size, root }: TreeHead): boolean => size !== 0 || root.equals(EMPTY_ROOT);

function isPowerOfTwo(n: number): boolean {
  let rest = n;
  while (rest > 1 && !isOdd(rest)) rest /= 2;
  return rest === 1;
}
