/** What the writer makes, judged by the independent verifier: good as it is, and not good after any change. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyDirectory, verifyInThread, type Report } from '../../verify/index.ts';
import { nodeIo } from './journal/io.ts';
import { appended, filesOf, writeLog } from './testing/finished-log.ts';
import { BLOB_KEY, LOG, simulatedOptions } from './testing/lives.ts';
import { seeded } from './testing/simulated-disk.ts';
import { Writer } from './writer.ts';

let directory: string;
let log: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-verified-'));
  log = writeLog(directory, 150);
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Verifies with one thing changed, and puts it back. */
function changed(path: string, change: (bytes: Buffer) => Buffer | null): Report {
  const file = join(log, path);
  const before = readFileSync(file);
  const after = change(Buffer.from(before));
  try {
    if (after === null) rmSync(file);
    else writeFileSync(file, after);
    return verifyDirectory(directory);
  } finally {
    writeFileSync(file, before);
  }
}

const codes = (report: Report): readonly string[] => report.findings.map(({ code }) => code);

describe('a log of the product', () => {
  it('is good, and says what was checked and by whom it is proven', () => {
    const report = verifyDirectory(directory, { blobKey: BLOB_KEY });
    expect(report.findings).toEqual([]);
    expect(report.good).toBe(true);
    expect(report.logs[0]).toMatchObject({ id: LOG, size: 305, signed: 305 });
    expect(report.checked.find(({ what }) => what === 'blobs decrypted')?.count).toBe(150);
    expect(report.checked.every(({ provenBy }) => provenBy.length > 0)).toBe(true);
    expect(report.notChecked.join(' ')).toContain('keys');
  });

  it('holds in its journal the hash that a receipt promised', () => {
    const other = mkdtempSync(join(tmpdir(), 'countersign-receipt-'));
    try {
      const writer = new Writer(simulatedOptions(nodeIo(join(other, LOG))));
      const [receipt] = appended(writer, [{ k: 'config.change', change: { what: 'policy.yaml', to: '00' } }]);
      writer.close();
      const tile = readFileSync(join(other, LOG, 'tile/0/000.p/3'));
      expect(receipt?.index).toBe(1);
      expect(tile.toString('hex', 32, 64)).toBe(receipt?.hash);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it('is not good after one changed byte, wherever it lies in whichever file', { timeout: 120_000 }, () => {
    const random = seeded(20261121);
    for (const path of filesOf(log).filter((name) => name !== 'LOCK' && name !== 'journal/spare')) {
      const length = statSync(join(log, path)).size;
      for (let i = 0; i < (path.startsWith('journal/') ? 30 : 6); i++) {
        const at = Math.floor(random() * length);
        const report = changed(path, (bytes) => {
          bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
          return bytes;
        });
        expect({ path, at, good: report.good }).toEqual({ path, at, good: false });
      }
    }
  });

  it('is not good without one of its files, or with one cut short or made longer', () => {
    for (const path of filesOf(log).filter((name) => !['LOCK', 'journal/spare', 'tile/0/000.p/1'].includes(name))) {
      // Nothing but itself vouches for an older checkpoint, or for the whole published view.
      if (!path.startsWith('checkpoints/') && path !== 'checkpoint')
        expect({ path, good: changed(path, () => null).good }).toEqual({ path, good: false });
      expect({ path, good: changed(path, (bytes) => bytes.subarray(0, -1)).good }).toEqual({ path, good: false });
      expect({ path, good: changed(path, (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])).good }).toEqual({
        path,
        good: false,
      });
    }
  });

  it('is not good under a key that is not the trusted one', () => {
    const key = verifyDirectory(directory).logs[0]?.key ?? '';
    expect(codes(verifyDirectory(directory, { trustedKeys: [key] }))).toEqual([]);
    const other = mkdtempSync(join(tmpdir(), 'countersign-other-'));
    try {
      cpSync(log, join(other, LOG), { recursive: true });
      const json = join(other, LOG, 'log.json');
      writeFileSync(json, readFileSync(json, 'utf8').replace('test.example', 'evil.example'));
      expect(codes(verifyDirectory(other, { trustedKeys: [key] }))).toContain('identity');
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it('is not good when the blob key does not open its blobs', () => {
    expect(codes(verifyDirectory(directory, { blobKey: Buffer.alloc(32, 8) }))).toContain('blob-content');
  });

  it('is not called bad while it has no event yet, and is when its events are gone', () => {
    const other = mkdtempSync(join(tmpdir(), 'countersign-begun-'));
    try {
      const segment = join(other, LOG, 'journal/00000000.seg');
      new Writer(simulatedOptions(nodeIo(join(other, LOG)))).close();
      const bytes = readFileSync(segment);
      writeFileSync(segment, bytes.fill(0, bytes.indexOf('CSFR')));
      expect(codes(verifyDirectory(other))).toContain('cut');
      for (const part of ['checkpoints', 'tile', 'checkpoint', 'log.json'])
        rmSync(join(other, LOG, part), { recursive: true });
      mkdirSync(join(other, LOG, 'checkpoints'));
      expect(verifyDirectory(other)).toMatchObject({
        good: true,
        notChecked: expect.arrayContaining([`The log ${LOG}: it has no event yet.`]),
      });
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it('is not good under another name', () => {
    const renamed = join(directory, LOG.replace('7d22', '7d23'));
    renameSync(log, renamed);
    try {
      expect(verifyDirectory(directory).good).toBe(false);
    } finally {
      renameSync(renamed, log);
    }
  });

  it('stays good when a blob in a sealed segment is erased and an event says so, and only then', () => {
    const other = mkdtempSync(join(tmpdir(), 'countersign-erased-'));
    try {
      cpSync(log, join(other, LOG), { recursive: true });
      const path = join(other, LOG, 'journal/00000000.seg');
      const bytes = readFileSync(path);
      const text = bytes.toString('latin1');
      const ref = /"text":\{"h":"[0-9a-f]{64}","len":8,"ref":"([0-9a-f]{64})"\}/.exec(text)?.[1] ?? '';
      const row = bytes.indexOf(Buffer.from(ref, 'hex'));
      bytes.fill(0, row + 36, row + 36 + bytes.readUInt32BE(row + 32));
      writeFileSync(path, bytes);
      expect(codes(verifyDirectory(other))).toEqual(['blob-missing']);
      const writer = new Writer(simulatedOptions(nodeIo(join(other, LOG)), { segmentBytes: 64 * 1024 }));
      appended(writer, [{ k: 'blob.erased', blob: ref, why: { reason: 'retention' } }]);
      writer.close();
      expect(codes(verifyDirectory(other, { blobKey: BLOB_KEY }))).toEqual([]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it('is not good when an event says that a blob was erased which is there, once the log was closed after it', () => {
    const other = mkdtempSync(join(tmpdir(), 'countersign-kept-'));
    try {
      cpSync(log, join(other, LOG), { recursive: true });
      const text = readFileSync(join(log, 'journal/00000000.seg')).toString('latin1');
      const ref = /"text":\{"h":"[0-9a-f]{64}","len":8,"ref":"([0-9a-f]{64})"\}/.exec(text)?.[1] ?? '';
      const writer = new Writer(simulatedOptions(nodeIo(join(other, LOG)), { segmentBytes: 64 * 1024 }));
      const [receipt] = appended(writer, [{ k: 'blob.erased', blob: ref, why: { reason: 'retention' } }]);
      // A crash may come between the event and the zeros: the next opening makes them.
      expect(codes(verifyDirectory(other))).toEqual([]);
      writer.close();
      expect(verifyDirectory(other).findings).toMatchObject([
        { code: 'blob-not-erased', where: `${LOG} event ${receipt?.index}` },
      ]);
    } finally {
      rmSync(other, { recursive: true });
    }
  });

  it('is verified in a thread just as in the foreground', async () => {
    expect(await verifyInThread(directory, { blobKey: BLOB_KEY })).toEqual(
      verifyDirectory(directory, { blobKey: BLOB_KEY }),
    );
    await expect(verifyInThread(join(directory, 'absent'))).rejects.toThrow(/cannot be read/);
  });

  it('gives exit code 0 when good, 1 with findings, 2 when there is nothing to check', () => {
    const cli = (...args: readonly string[]): ReturnType<typeof spawnSync> =>
      spawnSync(process.execPath, [join(import.meta.dirname, '../../verify/cli.ts'), ...args], { encoding: 'utf8' });
    const good = cli(directory, '--json');
    expect(good.status).toBe(0);
    expect(JSON.parse(String(good.stdout))).toEqual(verifyDirectory(directory));
    expect(cli(log).stdout).toContain('Good: nothing that was checked is wrong.');
    expect(cli(tmpdir(), '--key', 'nonsense').status).toBe(2);
    expect(cli(join(directory, 'absent')).status).toBe(2);
    expect(cli().stderr).toContain('Usage');
    const file = join(log, 'log.json');
    const before = readFileSync(file);
    try {
      writeFileSync(file, before.subarray(1));
      const bad = cli(log);
      expect(bad.status).toBe(1);
      expect(bad.stdout).toContain('identity: ');
    } finally {
      writeFileSync(file, before);
    }
  });

  const openssl = spawnSync('openssl', ['version']).status === 0;
  it.skipIf(!openssl)('carries a signature that openssl confirms (needs openssl)', () => {
    const work = mkdtempSync(join(tmpdir(), 'countersign-openssl-'));
    try {
      const [body = '', signatures = ''] = readFileSync(join(log, 'checkpoint'), 'utf8').split('\n\n');
      const raw = Buffer.from(
        verifyDirectory(directory).logs[0]?.key.split('+').slice(2).join('+') ?? '',
        'base64',
      ).subarray(1);
      const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]);
      writeFileSync(join(work, 'key.der'), der);
      writeFileSync(join(work, 'body'), `${body}\n`);
      writeFileSync(join(work, 'sig'), Buffer.from(signatures.trim().split(' ')[2] ?? '', 'base64').subarray(4));
      const args = [
        'pkeyutl',
        '-verify',
        '-pubin',
        '-keyform',
        'DER',
        '-inkey',
        'key.der',
        '-rawin',
        '-in',
        'body',
        '-sigfile',
        'sig',
      ];
      expect(spawnSync('openssl', args, { cwd: work, encoding: 'utf8' }).stdout).toContain(
        'Signature Verified Successfully',
      );
    } finally {
      rmSync(work, { recursive: true });
    }
  });

  it('is read by its tiles alone: leaf hashes of the bundles are the tiles, and their tree has the signed root', () => {
    const bundles = ['tile/entries/000', 'tile/entries/001.p/49'].map((path) => readFileSync(join(log, path)));
    const hash = (...parts: readonly Uint8Array[]): Buffer => {
      const sum = createHash('sha256');
      for (const part of parts) sum.update(part);
      return sum.digest();
    };
    const leaves = bundles.flatMap((bytes) => {
      const found: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += 2 + bytes.readUInt16BE(at))
        found.push(hash(Buffer.of(0), bytes.subarray(at + 2, at + 2 + bytes.readUInt16BE(at))));
      return found;
    });
    const tiles = ['tile/0/000', 'tile/0/001.p/49'].map((path) => readFileSync(join(log, path)));
    expect(Buffer.concat(leaves)).toEqual(Buffer.concat(tiles));
    const mth = (nodes: readonly Buffer[]): Buffer => {
      if (nodes.length < 2) return nodes[0] ?? hash();
      let k = 1;
      while (k * 2 < nodes.length) k *= 2;
      return hash(Buffer.of(1), mth(nodes.slice(0, k)), mth(nodes.slice(k)));
    };
    expect(readFileSync(join(log, 'checkpoint'), 'utf8').split('\n')[2]).toBe(mth(leaves).toString('base64'));
  });
});
