/**
 * Frames on a byte channel (WebSocket):
 *
 *   u32 header length, little-endian   JSON header, UTF-8   raw bytes
 *
 * The header is `{ frame, bytes }`: every Uint8Array is lifted out of the frame, null stands in its place, and `bytes`
 * lists `[length, ...path]` in the order in which they follow. Paths and not marker objects, so that no value a server
 * or a person can produce is ever taken for a marker.
 */
import { z } from 'zod';
import { type Frame } from './types.ts';
import { MAX_FRAME_BYTES, mapBytes, tooLarge } from './wire-value.ts';

const LENGTH_BYTES = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

const header = z.strictObject({
  frame: z.unknown(),
  bytes: z.array(z.tuple([z.int().min(0)], z.union([z.string(), z.int().min(0)]))),
});

/** @throws RpcError `not_sendable` or `too_large`. */
export function encodeFrame(frame: Frame): Uint8Array<ArrayBuffer> {
  const lifted: Uint8Array[] = [];
  const places: (string | number)[][] = [];
  const bare = mapBytes(frame, (bytes, path) => {
    lifted.push(bytes);
    places.push([bytes.byteLength, ...path]);
    return null;
  });
  const json = encoder.encode(JSON.stringify({ frame: bare, bytes: places }));
  const size = lifted.reduce((sum, bytes) => sum + bytes.byteLength, LENGTH_BYTES + json.length);
  if (size > MAX_FRAME_BYTES) tooLarge();
  const out = new Uint8Array(size);
  new DataView(out.buffer).setUint32(0, json.length, true);
  out.set(json, LENGTH_BYTES);
  let at = LENGTH_BYTES + json.length;
  for (const bytes of lifted) {
    out.set(bytes, at);
    at += bytes.byteLength;
  }
  return out;
}

/**
 * The inverse. The Uint8Arrays in the answer are views of `message`; the value is not yet checked to be a frame.
 * @throws RangeError when `message` was not made by encodeFrame.
 */
export function decodeFrame(message: ArrayBuffer): unknown {
  if (message.byteLength < LENGTH_BYTES || message.byteLength > MAX_FRAME_BYTES) throw new RangeError('frame length');
  const jsonLength = new DataView(message).getUint32(0, true);
  let at = LENGTH_BYTES + jsonLength;
  if (at > message.byteLength) throw new RangeError('header length');
  let parsed: z.infer<typeof header>;
  try {
    parsed = header.parse(JSON.parse(decoder.decode(new Uint8Array(message, LENGTH_BYTES, jsonLength))));
  } catch (error) {
    throw new RangeError('header', { cause: error });
  }
  for (const [length, ...path] of parsed.bytes) {
    if (at + length > message.byteLength) throw new RangeError('bytes beyond the end');
    setAt(parsed.frame, path, new Uint8Array(message, at, length));
    at += length;
  }
  if (at !== message.byteLength) throw new RangeError('bytes nobody asked for');
  return parsed.frame;
}

/** Puts `bytes` where its null stands. Own properties only: a path through a prototype is refused. */
function setAt(root: unknown, path: readonly (string | number)[], bytes: Uint8Array): void {
  let holder = root;
  for (const [depth, key] of path.entries()) {
    if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key)) throw new RangeError('path');
    const value: unknown = Reflect.get(holder, key);
    if (depth < path.length - 1) {
      holder = value;
      continue;
    }
    if (value !== null) throw new RangeError('place taken');
    Object.defineProperty(holder, key, { value: bytes, writable: true, enumerable: true, configurable: true });
    return;
  }
  throw new RangeError('empty path');
}
