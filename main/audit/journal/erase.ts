/**
 * Takes single blobs out of a journal. Their place keeps its length and is overwritten with zeros: frame, leaf and every
 * proof stay good, because none of them covers a blob but by its address.
 */
import { FRAME_HEADER, frameLength, isZero, TABLE_ROW } from './frame.ts';
import { type Io } from './io.ts';
import { readHeader, SEGMENT_NAME, segmentPath } from './segment.ts';
import { sha256 } from '../merkle.ts';

export interface BlobPlace {
  readonly ordinal: number;
  /** Where its bytes begin in the segment's file. */
  readonly at: number;
  readonly length: number;
  readonly state: 'whole' | 'erased' | 'partly erased';
}

/** Where the blob of this address (hex) lies; null where no frame of the log has it. */
export function findBlob(io: Io, logId: string, address: string): BlobPlace | null {
  const wanted = Buffer.from(address, 'hex');
  for (const name of io.list('journal').filter((other) => SEGMENT_NAME.test(other))) {
    const ordinal = Number(SEGMENT_NAME.exec(name)?.[1]);
    const bytes = io.read(segmentPath(ordinal)) ?? Buffer.alloc(0);
    const start = bytes.includes(wanted) ? readHeader(bytes, logId)?.length : undefined;
    if (start === undefined) continue;
    for (
      let at = start, length = frameLength(bytes, at);
      length !== null;
      length = frameLength(bytes, (at += length))
    ) {
      const row = rowOf(bytes, at, wanted);
      if (row === null) continue;
      const blob = bytes.subarray(row.at, row.at + row.length);
      const state = sha256(blob).equals(wanted) ? 'whole' : isZero(blob) ? 'erased' : 'partly erased';
      return { ordinal, ...row, state };
    }
  }
  return null;
}

/** Where the frame at `at` has the blob. */
function rowOf(bytes: Buffer, at: number, wanted: Buffer): { readonly at: number; readonly length: number } | null {
  const table = at + FRAME_HEADER + bytes.readUInt32BE(at + 4);
  const bodies = table + bytes.readUInt32BE(at + 20) * TABLE_ROW;
  let body = bodies;
  for (let row = table; row < bodies && bodies <= bytes.length; row += TABLE_ROW) {
    const length = bytes.readUInt32BE(row + 32);
    if (wanted.equals(bytes.subarray(row, row + 32))) return { at: body, length };
    body += length;
  }
  return null;
}

/** Overwrites the blob with zeros; on stable storage when it returns. */
export function zeroBlob(io: Io, { ordinal, at, length }: BlobPlace): void {
  const file = io.open(segmentPath(ordinal), 'write');
  try {
    file.write(Buffer.alloc(length), at);
    file.sync();
  } finally {
    file.close();
  }
}
