import { describe, expect, it } from 'vitest';
import { sha256 } from '../merkle.ts';
import { encodeFrame, hasFrameBehind, readFrame } from './frame.ts';

const blob = Buffer.from('sealed bytes of a blob');
const frame = {
  first: 41,
  entries: [Buffer.from('one'), Buffer.alloc(0), Buffer.from('three')],
  blobs: [{ address: sha256(blob), bytes: blob }],
};
const bytes = encodeFrame(frame);
const within = (part: Buffer): Buffer => Buffer.concat([part, Buffer.alloc(300)]);

describe('a frame', () => {
  it('reads back as it was written', () => {
    const blobs = frame.blobs.map((one) => ({ ...one, whole: true }));
    expect(readFrame(within(bytes), 0, false)).toEqual({ ...frame, blobs, length: bytes.length });
  });

  it('is not whole when it is cut at any byte', () => {
    for (let length = 0; length < bytes.length; length++)
      expect(readFrame(within(bytes.subarray(0, length)), 0, false)).toBeNull();
  });

  it('is not whole when any bit of it is changed', () => {
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(readFrame(within(changed), 0, false)).toBeNull();
      const sealed = readFrame(within(changed), 0, true);
      if (bit < (bytes.length - blob.length) * 8) expect(sealed).toBeNull();
      else expect(sealed?.blobs[0]?.whole).toBe(false);
    }
  });

  it('is whole with an erased blob in a sealed segment, and torn in the open one', () => {
    const erased = Buffer.from(bytes).fill(0, bytes.length - blob.length);
    expect(readFrame(within(erased), 0, true)?.entries).toEqual(frame.entries);
    expect(readFrame(within(erased), 0, false)).toBeNull();
  });

  it('is found behind a bad place only when it is whole and not of an earlier index', () => {
    const behind = Buffer.concat([Buffer.from('torn'), bytes, Buffer.alloc(9)]);
    expect(hasFrameBehind(behind, 0, 41)).toBe(true);
    expect(hasFrameBehind(behind, 0, 42)).toBe(false);
    expect(hasFrameBehind(behind.subarray(0, bytes.length), 0, 41)).toBe(false);
  });
});
