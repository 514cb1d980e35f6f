/**
 * The memory of blocks. It is shared memory, though nothing shares it, because V8 does not count that: of what it counts,
 * every ten MiB more start a collection of the whole heap, which costs more than storing the rows does. Results are
 * bounded by their store instead, and blocks that one gives back serve the next: nobody may keep a view into a block.
 */

/** Bytes of a block of usual size: what one result's rows are cut into. */
export const BLOCK = 1024 * 1024;
/** Bytes of the first block of a result: most results are small. */
export const FIRST_BLOCK = 16 * 1024;

/**
 * Blocks given back that are kept for later, by their size: as many of usual size as a large result holds, and as many
 * first ones as statements run at a time. More are left to the collector.
 */
const spare = [
  { size: BLOCK, most: 96, blocks: [] as Buffer[] },
  { size: FIRST_BLOCK, most: 16, blocks: [] as Buffer[] },
] as const;

const spareOf = (size: number): (typeof spare)[number] | undefined => spare.find((kept) => kept.size === size);

/** A block of at least `size` bytes, with whatever it held before. */
export function takeBlock(size: number): Buffer {
  return spareOf(size)?.blocks.pop() ?? Buffer.from(new SharedArrayBuffer(size));
}

/** The caller has no use for it any more. */
export function giveBlock(block: Buffer): void {
  const kept = spareOf(block.length);
  if (kept !== undefined && block.byteOffset === 0 && kept.blocks.length < kept.most) kept.blocks.push(block);
}
