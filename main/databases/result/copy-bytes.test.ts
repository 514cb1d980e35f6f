import fc from 'fast-check';
import { expect, it } from 'vitest';
import { copyBytes } from './copy-bytes.ts';

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);

it('copies bytes of any length from anywhere to anywhere, and touches nothing beside them', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(9), fc.nat(9), fc.nat(9), (length, before, behind, at) => {
      const source = Buffer.from(Array.from({ length: before + length + behind }, (_, i) => 0xff - i));
      const target = Buffer.alloc(at + length + 9, 0x11);
      const expected = Buffer.concat([
        Buffer.alloc(at, 0x11),
        source.subarray(before, before + length),
        Buffer.alloc(9, 0x11),
      ]);
      expect(copyBytes(viewOf(source), before, before + length, viewOf(target), at)).toBe(at + length);
      expect(target).toEqual(expected);
    }),
  );
});
