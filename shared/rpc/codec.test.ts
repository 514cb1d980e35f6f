import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame } from './codec.ts';
import { type Frame } from './types.ts';

/** A message with this header and these bytes after it. */
function message(header: unknown, bytes: readonly number[] = [], declared?: number): ArrayBuffer {
  const json =
    typeof header === 'string' ? new TextEncoder().encode(header) : new TextEncoder().encode(JSON.stringify(header));
  const out = new Uint8Array(4 + json.length + bytes.length);
  new DataView(out.buffer).setUint32(0, declared ?? json.length, true);
  out.set(json, 4);
  out.set(bytes, 4 + json.length);
  return out.buffer;
}

describe('frames as bytes', () => {
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.string({ unit: 'binary' }),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => (n === 0 ? 0 : n)),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array(),
      fc.array(tie('value')),
      fc.dictionary(fc.string(), tie('value')).map((entries) => ({ ...entries })),
    ),
  })).value;

  it('come back as they were, whatever they carry', () => {
    fc.assert(
      fc.property(value, (carried) => {
        const frame: Frame = { t: 'ok', id: 1, value: carried };
        expect(decodeFrame(encodeFrame(frame).buffer)).toEqual(frame);
      }),
    );
  });

  it('leave the value they were made from as it was', () => {
    const carried = Object.freeze({ page: Object.freeze([new Uint8Array([1])]) });
    encodeFrame({ t: 'ok', id: 1, value: carried });
    expect(carried).toEqual({ page: [new Uint8Array([1])] });
  });

  it.each([
    ['nothing', new ArrayBuffer(0)],
    ['less than a length', new ArrayBuffer(3)],
    ['a header longer than the message', message({ frame: null, bytes: [] }, [], 1000)],
    ['a header length of 4 GB', message({ frame: null, bytes: [] }, [], 0xffffffff)],
    ['a header that is not JSON', message('{')],
    ['a header that is not UTF-8', new Uint8Array([1, 0, 0, 0, 0xff]).buffer],
    ['a header with more than it should have', message({ frame: null, bytes: [], more: 1 })],
    ['bytes that are not there', message({ frame: { value: null }, bytes: [[9, 'value']] }, [1])],
    ['bytes of a negative length', message({ frame: { value: null }, bytes: [[-1, 'value']] }, [1])],
    ['bytes that no path takes', message({ frame: { value: null }, bytes: [] }, [1])],
    ['a path to nowhere', message({ frame: { value: null }, bytes: [[1, 'other']] }, [1])],
    ['a path of no steps', message({ frame: null, bytes: [[1]] }, [1])],
    ['a path through a prototype', message({ frame: { value: {} }, bytes: [[1, 'value', '__proto__', 'x']] }, [1])],
    ['a path to a prototype', message({ frame: { value: {} }, bytes: [[1, 'value', '__proto__']] }, [1])],
    ['a path to a place that is taken', message({ frame: { value: 'text' }, bytes: [[1, 'value']] }, [1])],
    [
      'two paths to one place',
      message(
        {
          frame: { value: null },
          bytes: [
            [1, 'value'],
            [1, 'value'],
          ],
        },
        [1, 2],
      ),
    ],
    ['a path into text', message({ frame: { value: 'text' }, bytes: [[1, 'value', 0]] }, [1])],
  ])('refuse %s', (_name, bytes) => {
    expect(() => decodeFrame(bytes)).toThrow(RangeError);
  });

  it('never do more than throw a RangeError on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        try {
          decodeFrame(new Uint8Array(bytes).buffer);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
    );
  });
});
