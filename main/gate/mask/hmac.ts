import { createHmac, hash } from 'node:crypto';

/** SHA-256 (FIPS 180-4): bytes of a block and of a digest. */
const BLOCK = 64;
const DIGEST = 32;
/** Longer messages are rare and go through a streaming object, which costs six times as much to make. Bytes. */
const SHORT = 1_024;

/**
 * HMAC-SHA-256 (RFC 2104) under one key of at most 64 bytes, as two one-shot hashes over buffers made once: for masks, which
 * need one per cell. Of `message` the bytes [start, end) count.
 */
export function hmacSha256(key: Uint8Array): (message: Uint8Array, start?: number, end?: number) => Uint8Array {
  if (key.length > BLOCK) throw new RangeError('a key longer than a block is not used here');
  const inner = Buffer.alloc(BLOCK + SHORT, 0);
  const outer = Buffer.alloc(BLOCK + DIGEST, 0);
  for (let i = 0; i < BLOCK; i++) {
    inner[i] = (key[i] ?? 0) ^ 0x36;
    outer[i] = (key[i] ?? 0) ^ 0x5c;
  }
  return (message, start = 0, end = message.length) => {
    if (end - start > SHORT) return createHmac('sha256', key).update(message.subarray(start, end)).digest();
    for (let i = start, to = BLOCK; i < end; i++, to++) inner[to] = message[i] ?? 0;
    hash('sha256', inner.subarray(0, BLOCK + end - start), 'buffer').copy(outer, BLOCK);
    return hash('sha256', outer, 'buffer');
  };
}
