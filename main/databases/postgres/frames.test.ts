import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FrameReader } from './frames.ts';

interface Frame {
  readonly type: number;
  readonly body: string;
}

const encode = ({ type, body }: Frame): Buffer => {
  const bytes = Buffer.from(body, 'latin1');
  const frame = Buffer.alloc(5 + bytes.length);
  frame[0] = type;
  frame.writeInt32BE(4 + bytes.length, 1);
  bytes.copy(frame, 5);
  return frame;
};

function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...ends, bytes.length].map((end, i, all) => bytes.subarray(i === 0 ? 0 : all[i - 1], end));
}

function readAll(chunks: readonly Buffer[], pauseAt: (index: number) => boolean = () => false): Frame[] {
  const frames: Frame[] = [];
  const reader = new FrameReader((type, bytes, start, end) => {
    frames.push({ type, body: bytes.toString('latin1', start, end) });
    return !pauseAt(frames.length);
  });
  for (const chunk of chunks) for (let done = reader.push(chunk); !done;) done = reader.resume();
  return frames;
}

const anyFrame = fc.record({
  type: fc.integer({ min: 0, max: 255 }),
  body: fc.string({ maxLength: 40, unit: 'binary-ascii' }),
});

describe('the frame reader', () => {
  it('reads the same messages wherever the bytes are cut and wherever it is paused', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 30 }),
        fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
        (frames, places, pauses) => {
          const bytes = Buffer.concat(frames.map(encode));
          expect(readAll(cut(bytes, places), (i) => pauses[i % pauses.length] ?? false)).toEqual(frames);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('reads one byte at a time', () => {
    const frames = [
      { type: 68, body: 'row' },
      { type: 90, body: '' },
      { type: 67, body: 'SELECT 1\0' },
    ];
    const bytes = Buffer.concat(frames.map(encode));
    expect(readAll(Array.from(bytes, (byte) => Buffer.from([byte])))).toEqual(frames);
  });

  it('collects a message of many chunks into one buffer of its own size', () => {
    const body = Buffer.alloc(10 * 1024 * 1024, 'x').toString('latin1');
    const bytes = encode({ type: 68, body });
    const chunks = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, i) =>
      bytes.subarray(i * 65_536, (i + 1) * 65_536),
    );
    const sizes: number[] = [];
    const reader = new FrameReader((_type, held, start, end) => {
      sizes.push(held.length, end - start);
      return true;
    });
    for (const chunk of chunks) reader.push(chunk);
    expect(sizes).toEqual([body.length, body.length]);
  });

  it.each([
    ['below its own size', 3],
    ['negative', -1],
    ['over the limit', 1005],
  ])('refuses a length %s', (_what, length) => {
    const bytes = Buffer.alloc(5);
    bytes.writeInt32BE(length, 1);
    for (const chunks of [[bytes], [bytes.subarray(0, 3), bytes.subarray(3)]]) {
      const reader = new FrameReader(() => true, 1000);
      expect(() => chunks.forEach((chunk) => reader.push(chunk))).toThrow(RangeError);
    }
  });

  it('never fails otherwise on arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 8 }), (chunks) => {
        const reader = new FrameReader(() => true, 1000);
        try {
          for (const chunk of chunks) reader.push(Buffer.from(chunk));
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 300 },
    );
  });
});
