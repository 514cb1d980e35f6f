/** Copies of a log in a real bucket, judged by the independent verifier: also what a bucket knows of what was done to it. */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify, type Report } from '../../verify/index.ts';
import { copyLog, filesOf, writeLog } from './testing/finished-log.ts';
import { LOG } from './testing/lives.ts';
import { radosgw, type Radosgw } from './testing/radosgw.ts';

const codes = (report: Report): readonly string[] => report.findings.map(({ code }) => code);

describe.skipIf(radosgw.missing)(`a copy of a log in a bucket of ${radosgw.name}`, () => {
  let root: string;
  let server: Radosgw;
  let client: S3Client;
  let log: string;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'countersign-bucket-'));
    log = writeLog(join(root, 'written'), 150);
    copyLog(log, join(root, 'store'), 40);
    server = await radosgw.start();
    client = server.client('owner');
  }, 180_000);
  afterAll(() => {
    server.close();
    rmSync(root, { recursive: true, force: true });
  });

  /** A bucket with the copy below `prefix`. */
  async function bucketWithCopy(
    prefix: string,
    how: { readonly versioning?: boolean; readonly objectLock?: boolean },
  ): Promise<string> {
    const bucket = await server.makeBucket({ ...how, owner: 'owner' });
    for (const path of filesOf(join(root, 'store'))) {
      const retention =
        how.objectLock === true
          ? ({ ObjectLockMode: 'COMPLIANCE', ObjectLockRetainUntilDate: new Date(Date.now() + 60_000) } as const)
          : {};
      await client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: `${prefix}${path}`,
          Body: readFileSync(join(root, 'store', path)),
          ...(how.objectLock === true ? { ChecksumAlgorithm: 'SHA256', ...retention } : {}),
        }),
      );
    }
    return bucket;
  }

  const judged = (
    address: string,
    credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string },
  ): Promise<Report> => {
    const { accessKeyId, secretAccessKey } = credentials ?? server.users.owner;
    return verify(address, {
      bucket: {
        endpoint: server.endpoint,
        region: server.region,
        environment: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      },
    });
  };

  it('is good, retention and versions included, and like the log on the disk', { timeout: 120_000 }, async () => {
    const bucket = await bucketWithCopy('team/records/', { objectLock: true });
    const report = await judged(`s3://${bucket}/team/records`);
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({ good: true, source: `s3://${bucket}/team/records`, logs: [{ id: LOG, size: 305 }] });
    expect(report.notChecked.join(' ')).not.toMatch(/no versions|Object Lock/);
    const { accessKeyId, secretAccessKey } = server.users.owner;
    const both = await verify(log, {
      copy: `s3://${bucket}/team/records/`,
      bucket: {
        endpoint: server.endpoint,
        region: server.region,
        environment: { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey },
      },
    });
    expect(both.checked.find(({ what }) => what.startsWith('events alike'))?.count).toBe(305);
  });

  it('is read in its first version, and what was laid over it or deleted is named', { timeout: 120_000 }, async () => {
    const bucket = await bucketWithCopy('', { versioning: true });
    const chunk = `${LOG}/chunk/${'40'.padStart(20, '0')}`;
    const checkpoint = `${LOG}/checkpoint/${'305'.padStart(20, '0')}`;
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: chunk, Body: 'another story' }));
    await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: checkpoint }));
    const report = await judged(`s3://${bucket}`);
    expect([...codes(report)].sort()).toEqual(['delete-marker', 'overlaid']);
    expect(report.findings.map(({ where }) => where).sort()).toEqual([checkpoint, chunk]);
    expect(report.logs).toMatchObject([{ size: 305, signed: 305 }]);
    expect(report.notChecked.join(' ')).toContain('show no retention');
  });

  it('misses what was removed for good', { timeout: 120_000 }, async () => {
    const bucket = await bucketWithCopy('', { versioning: true });
    const key = `${LOG}/chunk/${'40'.padStart(20, '0')}`;
    const versions = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }));
    for (const { VersionId } of versions.Versions ?? [])
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key, VersionId }));
    await expect(client.send(new GetObjectCommand({ Bucket: bucket, Key: key }))).rejects.toThrow();
    expect(codes(await judged(`s3://${bucket}`))).toEqual(expect.arrayContaining(['chunk-missing', 'cut']));
  });

  it('is good in a bucket that keeps no versions, which is said', { timeout: 120_000 }, async () => {
    const bucket = await bucketWithCopy('', {});
    const report = await judged(`s3://${bucket}`);
    expect(codes(report)).toEqual([]);
    expect(report.notChecked.join(' ')).toContain('the bucket keeps no versions');
  });

  it(
    'cannot be checked with wrong credentials, without any, in no bucket, and nowhere: in words',
    { timeout: 120_000 },
    async () => {
      const bucket = await server.makeBucket({ owner: 'owner' });
      const wrong = { ...server.users.owner, secretAccessKey: 'nonsense' };
      await expect(judged(`s3://${bucket}`, wrong)).rejects.toThrow(/credentials are wrong/);
      await expect(judged('s3://there-is-no-such-bucket')).rejects.toThrow(/no such bucket/);
      await expect(judged(`s3://${bucket}`)).rejects.toThrow(/no audit log/);
      const anonymous = verify(`s3://${bucket}`, { bucket: { endpoint: server.endpoint, anonymous: true } });
      await expect(anonymous).rejects.toThrow(/credentials are wrong, or may not read/);
    },
  );
});
