/** A log so long that its segments are read ahead in a second thread: nothing is seen less for that. */
import {
  closeSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyDirectory, verifyInThread, type Report } from '../../verify/index.ts';
import { writeLog } from './testing/finished-log.ts';
import { BLOB_KEY } from './testing/lives.ts';
import { seeded } from './testing/simulated-disk.ts';

const MiB = 1024 * 1024;
const codes = (report: Report): readonly string[] => report.findings.map(({ code }) => code);

describe('a long log', () => {
  let root: string;
  let log: string;
  const segment = (ordinal: number): string => join(log, 'journal', `${String(ordinal).padStart(8, '0')}.seg`);

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'countersign-long-'));
    // 52 texts of a megabyte between shorter ones: seven segments.
    log = writeLog(root, 208, { segmentBytes: 8 * MiB }, (i) => `select '${'x'.repeat(i % 4 === 0 ? MiB : 10)}'`);
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** Verifies with some bytes of a segment changed, and puts them back. */
  function changed(ordinal: number, at: number, bytes: Buffer): Report {
    const file = openSync(segment(ordinal), 'r+');
    const before = Buffer.alloc(bytes.length);
    readSync(file, before, 0, before.length, at);
    writeSync(file, bytes, 0, bytes.length, at);
    try {
      return verifyDirectory(root);
    } finally {
      writeSync(file, before, 0, before.length, at);
      closeSync(file);
    }
  }

  it('is good, and every blob of it opens', async () => {
    const report = await verifyInThread(root, { blobKey: BLOB_KEY });
    expect(report.findings).toEqual([]);
    expect(report.logs).toMatchObject([{ size: 421, signed: 421 }]);
    expect(report.checked.find(({ what }) => what === 'blobs decrypted')?.count).toBe(208);
    expect(report.checked.find(({ what }) => what.startsWith('segments'))?.count).toBeGreaterThan(5);
  });

  it('is not good after one changed byte in whichever segment, the open one included', { timeout: 120_000 }, () => {
    const random = seeded(7);
    const segments = readdirSync(join(log, 'journal')).filter((name) => name.endsWith('.seg')).length;
    expect(segments).toBeGreaterThan(6);
    for (let i = 0; i < 4 * segments; i++) {
      const ordinal = i % segments;
      const at = Math.floor(random() * statSync(segment(ordinal)).size);
      const report = changed(ordinal, at, Buffer.of(readFileSync(segment(ordinal)).readUInt8(at) ^ 0x10));
      expect({ ordinal, at, good: report.good }).toEqual({ ordinal, at, good: false });
    }
  });

  it('tells a blob that was changed from one that is zeros, and sees both', () => {
    const bytes = readFileSync(segment(1));
    const frame = bytes.indexOf('CSFR');
    const entries = bytes.readUInt32BE(frame + 4);
    const blobs = bytes.readUInt32BE(frame + 20);
    const body = frame + 64 + entries + 36 * blobs;
    const length = bytes.readUInt32BE(frame + 64 + entries + 32);
    expect(codes(changed(1, body, Buffer.alloc(length)))).toEqual(['blob-missing']);
    expect(codes(changed(1, body, Buffer.alloc(length - 1)))).toEqual(['blob-changed']);
  });

  it('is judged up to the segment that is missing', () => {
    const gone = readFileSync(segment(3));
    rmSync(segment(3));
    try {
      expect(codes(verifyDirectory(root))).toEqual(expect.arrayContaining(['segment-missing', 'cut']));
    } finally {
      const file = openSync(segment(3), 'w');
      writeSync(file, gone);
      closeSync(file);
    }
  });
});
