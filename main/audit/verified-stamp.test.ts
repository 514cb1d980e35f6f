/** Time stamps over checkpoints, made by a real authority (openssl) and judged by the independent verifier. */
import { hash, X509Certificate } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyDirectory, type Report, type VerifyOptions } from '../../verify/index.ts';
import { noteOf, writeLog } from './testing/finished-log.ts';
import { noTimeAuthority, startTimeAuthority, type TimeAuthority } from './testing/time-authority.ts';

const STRIDE = process.env['EVERY_BYTE'] === '1' ? 1 : 7;
const SIZE = 15;

/** TimeStampReq of RFC 3161 §2.4.1: version 1, SHA-256 of the bytes, certificate wanted. */
function request(bytes: Buffer): Buffer {
  const imprint = hash('sha256', bytes, 'buffer');
  return Buffer.concat([
    Buffer.from('3039020101303130 0d060960864801650304020105000420'.replace(' ', ''), 'hex'),
    imprint,
    Buffer.from('0101ff', 'hex'),
  ]);
}

const codes = (report: Report): readonly string[] => report.findings.map(({ code }) => code);
const name = `a time stamp over a checkpoint${noTimeAuthority === undefined ? '' : ` (skipped: ${noTimeAuthority})`}`;

describe.skipIf(noTimeAuthority !== undefined)(name, () => {
  let root: string;
  let log: string;
  let authority: TimeAuthority;
  let stamp: string;
  let good: Buffer;
  let options: VerifyOptions;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'countersign-stamp-'));
    // Its clock is the real one: a stamp that is older than the events it covers is a finding.
    log = writeLog(root, 5, { clock: { wall: () => Date.now(), monotonic: () => process.hrtime.bigint() } });
    authority = await startTimeAuthority();
    good = await authority.reply(request(noteOf(log, SIZE)));
    stamp = join(log, 'stamp', String(SIZE).padStart(20, '0'));
    mkdirSync(join(log, 'stamp'));
    options = { authorities: authority.ca };
  }, 60_000);
  afterAll(async () => {
    await authority.stop();
    rmSync(root, { recursive: true, force: true });
  });

  function judged(bytes: Buffer, how: VerifyOptions = options): Report {
    writeFileSync(stamp, bytes);
    return verifyDirectory(root, how);
  }

  it('is good under a trusted root, and says who vouches for what and when', () => {
    const report = judged(good);
    expect(report.findings).toEqual([]);
    const [vouching] = report.vouching.filter(({ kind }) => kind === 'time-stamp');
    expect(vouching).toMatchObject({ name: 'CN=Test authority', trusted: true, size: SIZE });
    expect(Math.abs(Date.parse(vouching?.at ?? '') - Date.now())).toBeLessThan(300_000);
  });

  it('is by nobody in particular without a trusted root, which is said', () => {
    const report = judged(good, {});
    expect(codes(report)).toEqual([]);
    expect(report.vouching.find(({ kind }) => kind === 'time-stamp')).toMatchObject({ trusted: false });
    expect(report.notChecked.join(' ')).toContain('--tsa-ca');
  });

  it('is not good after any changed byte', { timeout: 300_000 }, () => {
    // The root comes along for convenience; the one that counts is the one that the verifier was given.
    const { raw } = new X509Certificate(authority.ca);
    const spare = good.indexOf(raw);
    expect(spare).toBeGreaterThan(0);
    for (let at = 0; at < good.length; at += STRIDE) {
      if (at >= spare && at < spare + raw.length) continue;
      const bytes = Buffer.from(good);
      bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at);
      expect({ at, codes: codes(judged(bytes)) }).toEqual({ at, codes: ['stamp'] });
    }
  });

  it('is not good when it is cut or made longer', () => {
    for (let length = 0; length < good.length; length += 13)
      expect({ length, codes: codes(judged(good.subarray(0, length))) }).toEqual({ length, codes: ['stamp'] });
    expect(codes(judged(Buffer.concat([good, Buffer.of(0)])))).toEqual(['stamp']);
  });

  it('is not good over another checkpoint', async () => {
    const older = readFileSync(join(log, 'checkpoint')).subarray(1);
    expect(judged(await authority.reply(request(older))).findings[0]?.sentence).toContain('something else');
  });

  it('is not good by another authority than the trusted one', async () => {
    const other = await startTimeAuthority();
    try {
      const report = judged(await other.reply(request(noteOf(log, SIZE))));
      expect(report.findings[0]?.sentence).toContain('not by an authority that you named');
    } finally {
      await other.stop();
    }
  });

  it.each([
    ['for servers', { usage: 'serverAuth', named: true }],
    ['for anything besides', { usage: 'critical,timeStamping,serverAuth', named: true }],
    ['that the signature does not name', { usage: 'critical,timeStamping', named: false }],
  ])('is not good by a certificate %s', async (_what, certificate) => {
    const forged = await authority.forge(request(noteOf(log, SIZE)), certificate);
    expect(codes(judged(forged))).toEqual(['stamp']);
  });

  it('is good by RSA and SHA-512, too', async () => {
    const other = await startTimeAuthority({ key: ['rsa:2048'], digest: 'sha512' });
    try {
      expect(codes(judged(await other.reply(request(noteOf(log, SIZE))), { authorities: other.ca }))).toEqual([]);
    } finally {
      await other.stop();
    }
  });

  it('of a size that nothing was signed at is a finding', () => {
    judged(good);
    const stray = join(log, 'stamp', String(3).padStart(20, '0'));
    writeFileSync(stray, good);
    try {
      expect(codes(verifyDirectory(root, options))).toEqual(['anchor']);
    } finally {
      rmSync(stray);
    }
  });
});
