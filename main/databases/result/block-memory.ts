/**
 * The memory of blocks. It is shared memory, though nothing shares it, because V8 does not count that: of what it counts,
 * every ten MiB more start a collection of the whole heap, which costs more than storing the rows does. Results are
 * bounded by their store instead, and blocks that one gives back serve the next: nobody may keep a view into a block.
 */

/** Bytes of a block of usual size: what one result's rows are cut into. */
export const BLOCK = 1024 * 1024;
/** Blocks given back that are kept for later, as many as a large result holds; more are left to the collector. */
const SPARE = 96;

const spare: Buffer[] = [];

/** A block of at least `size` bytes, with whatever it held before. */
export function takeBlock(size: number): Buffer {
  return (size === BLOCK ? spare.pop() : undefined) ?? Buffer.from(new SharedArrayBuffer(size));
}

/** The caller has no use for it any more. */
export function giveBlock(block: Buffer): void {
  if (block.length === BLOCK && block.byteOffset === 0 && spare.length < SPARE) spare.push(block);
}
