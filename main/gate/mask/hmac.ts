import { createHmac, hash } from 'node:crypto';

/** SHA-256 (FIPS 180-4): bytes of a block and of a digest. */
const BLOCK = 64;
const DIGEST = 32;
/** Longer messages are rare and go through a streaming object, which costs ten times as much to make. Bytes. */
const SHORT = 256;

/** 32 bytes as text of one character a byte: Node makes such a text four times as fast as a buffer. */
export type Latin1Digest = string;

/**
 * HMAC-SHA-256 (RFC 2104) under one key of at most 64 bytes, as two one-shot hashes over buffers made once: for masks, which
 * need one per cell. Of `message` the bytes [start, end) count.
 */
export function hmacSha256(key: Uint8Array): (message: Uint8Array, start?: number, end?: number) => Latin1Digest {
  if (key.length > BLOCK) throw new RangeError('a key longer than a block is not used here');
  const inner = Buffer.alloc(BLOCK + SHORT, 0);
  const outer = Buffer.alloc(BLOCK + DIGEST, 0);
  for (let i = 0; i < BLOCK; i++) {
    inner[i] = (key[i] ?? 0) ^ 0x36;
    outer[i] = (key[i] ?? 0) ^ 0x5c;
  }
  /** The inner block with messages of each length. */
  const inners = Array.from({ length: SHORT + 1 }, (_, length) => inner.subarray(0, BLOCK + length));
  return (message, start = 0, end = message.length) => {
    const view = inners[end - start];
    if (view === undefined) return createHmac('sha256', key).update(message.subarray(start, end)).digest('binary');
    for (let i = start, to = BLOCK; i < end; i++, to++) inner[to] = message[i] ?? 0;
    outer.write(hash('sha256', view, 'binary'), BLOCK, 'latin1');
    return hash('sha256', outer, 'binary');
  };
}
