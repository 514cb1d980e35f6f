import {
  DeleteBucketPolicyCommand,
  DeleteObjectCommand,
  GetObjectRetentionCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectLockConfigurationCommand,
  PutObjectRetentionCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { randomBytes, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { radosgw, type Radosgw } from '../testing/radosgw.ts';
import { createS3Store, type S3Settings } from './s3.ts';
import { type ObjectStore } from './store.ts';

const LOG = '0198c5d2-7f00-7000-8000-000000000000';
const blob = (): string => `${LOG}/blob/${randomBytes(32).toString('hex')}`;
const HOUR = 60 * 60 * 1000;
const inAnHour = (): Date => new Date(Math.floor(Date.now() / 1000) * 1000 + HOUR);

describe.skipIf(radosgw.missing)(`a record copied to ${radosgw.name}`, () => {
  let server: Radosgw;
  let owner: S3Client;
  const stores: ObjectStore[] = [];
  /** Buckets, by what they have. */
  const buckets = { plain: '', versioned: '', locked: '' };
  beforeAll(async () => {
    server = await radosgw.start();
    owner = server.client('owner');
    buckets.plain = await server.makeBucket();
    buckets.versioned = await server.makeBucket({ versioning: true });
    buckets.locked = await server.makeBucket({ objectLock: true });
  });
  afterAll(() => {
    for (const store of stores) store.close();
    server.close();
  });

  const open = (bucket: string, settings: Partial<S3Settings> = {}): ObjectStore => {
    const { endpoint, region, users } = server;
    const store = createS3Store({
      ...{ bucket, prefix: randomUUID(), region, endpoint, pathStyle: true, retainDays: 0 },
      ...users.owner,
      ...settings,
    });
    stores.push(store);
    return store;
  };
  const put = async (store: ObjectStore, key: string, text = key): Promise<'created' | 'exists'> =>
    store.create(key, Buffer.from(text), {});
  const versions = async (bucket: string, Prefix: string): Promise<readonly (string | undefined)[]> =>
    ((await owner.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix }))).Versions ?? []).map(
      ({ VersionId }) => VersionId,
    );

  /** A locked bucket with the policy of docs/record-store.md, as far as this server knows its words. */
  const documented = async (): Promise<string> => {
    const page = readFileSync(new URL('../../../docs/record-store.md', import.meta.url), 'utf8');
    const [, text = ''] = /```json policy\n(.*?)```/s.exec(page) ?? [];
    return server.makeBucket({
      objectLock: true,
      policy: (bucket) =>
        (
          JSON.parse(
            text
              .replaceAll('example-audit', bucket)
              .replaceAll('arn:aws:iam::111122223333:role/countersign-writer', 'arn:aws:iam:::user/writer'),
          ) as { readonly Statement: readonly { readonly Sid: string }[] }
        ).Statement.filter(({ Sid }) => Sid !== 'OnlyWhereNothingIs' && Sid !== 'OnlyEncrypted'),
    });
  };

  describe.each(['plain', 'versioned', 'locked'] as const)('in a bucket that is %s', (kind) => {
    it('creates an object where none is and leaves the one that is', async () => {
      const store = open(buckets[kind]);
      expect(await put(store, `${LOG}/log.json`, 'first')).toBe('created');
      expect(await put(store, `${LOG}/log.json`, 'second')).toBe('exists');
      expect(String(await store.read(`${LOG}/log.json`))).toBe('first');
    });

    it('lets one of forty racing writers win, with what it wrote', async () => {
      const prefix = randomUUID();
      const writers = Array.from({ length: 40 }, () => open(buckets[kind], { prefix }));
      await Promise.all(writers.map(async (store) => put(store, 'warm')));
      const outcomes = await Promise.all(
        writers.map(async (store, n) => put(store, `${LOG}/chunk/0`, `writer ${String(n)}`)),
      );
      expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
      const winner = outcomes.indexOf('created');
      expect(String(await open(buckets[kind], { prefix }).read(`${LOG}/chunk/0`))).toBe(`writer ${String(winner)}`);
    });

    it('makes no second version of an object by creating it again', async () => {
      const prefix = randomUUID();
      const store = open(buckets[kind], { prefix });
      for (const text of ['first', 'second', 'first']) await put(store, 'a', text);
      expect(await versions(buckets[kind], `${prefix}/a`)).toHaveLength(1);
    });

    it('keeps 5 MB as they are', async () => {
      const bytes = randomBytes(5 * 1024 * 1024);
      const store = open(buckets[kind]);
      const key = blob();
      await store.create(key, bytes, {});
      expect((await store.read(key))?.equals(bytes)).toBe(true);
    });

    it('takes every key a record has, and lists them in the order of their bytes', async () => {
      const store = open(buckets[kind]);
      const keys = [
        `${LOG}/log.json`,
        `${LOG}/chunk/00000000000000041000`,
        `${LOG}/tile/0/x000/160`,
        `${LOG}/tile/0/x000/161.p/255`,
        `${LOG}/tile/entries/x001/x234/067`,
        `${LOG}/cosig/00000000000000041234/0a1b2c3d`,
        'abcdefghijklmnopqrstuvwxyz0123456789_-.a',
        ...['a0', 'a/b', 'a.b', 'a-b', 'a/b0', 'a/b.c', 'a_b', 'b'],
      ];
      for (const key of keys) expect(await put(store, key)).toBe('created');
      expect(await Array.fromAsync(store.list(''))).toEqual(keys.sort());
      expect(await Array.fromAsync(store.list('a/b'))).toEqual(['a/b', 'a/b.c', 'a/b0']);
      expect(await Array.fromAsync(store.list('a/', { after: 'a/b' }))).toEqual(['a/b.c', 'a/b0']);
    });

    it('erases a blob with all its versions, once and again, and nothing else', async () => {
      const prefix = randomUUID();
      const store = open(buckets[kind], { prefix });
      const key = blob();
      await put(store, key);
      await owner.send(new PutObjectCommand({ Bucket: buckets[kind], Key: `${prefix}/${key}`, Body: 'over it' }));
      await owner.send(new DeleteObjectCommand({ Bucket: buckets[kind], Key: `${prefix}/${key}` }));
      await store.erase(key);
      await store.erase(key);
      expect(await store.read(key)).toBeNull();
      const left = await owner.send(
        new ListObjectVersionsCommand({ Bucket: buckets[kind], Prefix: `${prefix}/${key}` }),
      );
      expect([left.Versions ?? [], left.DeleteMarkers ?? []]).toEqual([[], []]);
      await expect(store.erase(`${LOG}/log.json`)).rejects.toMatchObject({ code: 'store-key-invalid' });
    });

    it('knows nothing of what is not there', async () => {
      const store = open(buckets[kind]);
      expect(await store.read('a')).toBeNull();
      expect(await Array.fromAsync(store.list(''))).toEqual([]);
    });
  });

  it('lists 2,100 keys from any place, over pages', { timeout: 120_000 }, async () => {
    const prefix = randomUUID();
    const store = open(buckets.plain, { prefix });
    const keys = Array.from({ length: 2100 }, (_, n) => `${LOG}/chunk/${String(n).padStart(20, '0')}`);
    for (let n = 0; n < keys.length; n += 50) {
      await Promise.all(
        keys
          .slice(n, n + 50)
          .map(async (key) =>
            owner.send(new PutObjectCommand({ Bucket: buckets.plain, Key: `${prefix}/${key}`, Body: 'x' })),
          ),
      );
    }
    expect(await Array.fromAsync(store.list(`${LOG}/chunk/`))).toEqual(keys);
    expect(await Array.fromAsync(store.list('', { after: keys[1050] ?? '' }))).toEqual(keys.slice(1051));
    expect(await Array.fromAsync(store.list('', { after: keys.at(-1) ?? '' }))).toEqual([]);
  });

  describe('attacked', () => {
    it.each(['versioned', 'locked'] as const)(
      'reads and lists what was hidden by a deletion in a bucket that is %s, and creates nothing in its place',
      async (kind) => {
        const prefix = randomUUID();
        const store = open(buckets[kind], { prefix });
        await put(store, `${LOG}/checkpoint/1`, 'true');
        await owner.send(new DeleteObjectCommand({ Bucket: buckets[kind], Key: `${prefix}/${LOG}/checkpoint/1` }));
        expect(String(await store.read(`${LOG}/checkpoint/1`))).toBe('true');
        expect(await Array.fromAsync(store.list(''))).toEqual([`${LOG}/checkpoint/1`]);
        expect(await put(store, `${LOG}/checkpoint/1`, 'false')).toBe('exists');
        expect(String(await store.read(`${LOG}/checkpoint/1`))).toBe('true');
      },
    );

    it('reads what was created first, however many versions and deletions were laid over it', async () => {
      const prefix = randomUUID();
      const store = open(buckets.locked, { prefix });
      const Key = `${prefix}/a`;
      await put(store, 'a', 'true');
      for (let n = 0; n < 3; n += 1) {
        await owner.send(new PutObjectCommand({ Bucket: buckets.locked, Key, Body: `false ${String(n)}` }));
        await owner.send(new DeleteObjectCommand({ Bucket: buckets.locked, Key }));
      }
      expect(String(await store.read('a'))).toBe('true');
    });

    it('reads what was written before the bucket had versions', async () => {
      const bucket = await server.makeBucket();
      const store = open(bucket, { prefix: 'p' });
      await put(store, 'a', 'true');
      const VersioningConfiguration = { Status: 'Enabled' } as const;
      await owner.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
      await owner.send(new PutObjectCommand({ Bucket: bucket, Key: 'p/a', Body: 'false' }));
      expect(String(await store.read('a'))).toBe('true');
    });

    it('is not stopped by names that no XML can hold', async () => {
      const prefix = randomUUID();
      const store = open(buckets.versioned, { prefix });
      for (const name of ['a\u0001b', 'B', 'ä+%2f&<', '..', 'z '])
        await owner.send(new PutObjectCommand({ Bucket: buckets.versioned, Key: `${prefix}/${name}`, Body: 'x' }));
      await put(store, 'c');
      expect(await Array.fromAsync(store.list(''))).toEqual(['c']);
    });

    it('keeps a retained object from its own writer: neither removed nor kept shorter', async () => {
      const prefix = randomUUID();
      const store = open(buckets.locked, { prefix });
      const key = blob();
      const until = inAnHour();
      await store.create(key, Buffer.from('text'), { retainUntil: until });
      const of = { Bucket: buckets.locked, Key: `${prefix}/${key}` };
      const [VersionId] = await versions(buckets.locked, of.Key);
      const { Retention } = await owner.send(new GetObjectRetentionCommand({ ...of, VersionId }));
      expect(Retention).toEqual({ Mode: 'COMPLIANCE', RetainUntilDate: until });
      const forbidden = { $metadata: { httpStatusCode: 403 } };
      const sooner = { Mode: 'COMPLIANCE' as const, RetainUntilDate: new Date(until.getTime() - HOUR / 2) };
      await expect(owner.send(new DeleteObjectCommand({ ...of, VersionId }))).rejects.toMatchObject(forbidden);
      await expect(
        owner.send(new DeleteObjectCommand({ ...of, VersionId, BypassGovernanceRetention: true })),
      ).rejects.toMatchObject(forbidden);
      await expect(
        owner.send(new PutObjectRetentionCommand({ ...of, VersionId, Retention: sooner })),
      ).rejects.toMatchObject(forbidden);
      await expect(store.erase(key)).rejects.toMatchObject({
        code: 'store-refused',
        message: expect.stringContaining('could not be removed in every version'),
      });
      expect(String(await store.read(key))).toBe('text');
    });
  });

  describe('under the policy of the documentation', () => {
    it('can do what a record needs, and erase blobs', async () => {
      const store = open(await documented(), { ...server.users.writer, prefix: 'laptops' });
      const key = blob();
      expect(await store.create(`${LOG}/log.json`, Buffer.from('log'), { retainUntil: inAnHour() })).toBe('created');
      expect(await put(store, key)).toBe('created');
      expect(String(await store.read(`${LOG}/log.json`))).toBe('log');
      expect(await Array.fromAsync(store.list(''))).toEqual([key, `${LOG}/log.json`].sort());
      await store.erase(key);
      expect(await store.read(key)).toBeNull();
    });

    it('cannot remove or hide anything else, locked or not, nor write elsewhere, nor change the bucket', async () => {
      const Bucket = await documented();
      const store = open(Bucket, { ...server.users.writer, prefix: 'laptops' });
      await put(store, 'a');
      const writer = server.client('writer');
      const [VersionId] = await versions(Bucket, 'laptops/a');
      const VersioningConfiguration = { Status: 'Suspended' } as const;
      for (const attack of [
        async () => writer.send(new DeleteObjectCommand({ Bucket, Key: 'laptops/a' })),
        async () => writer.send(new DeleteObjectCommand({ Bucket, Key: 'laptops/a', VersionId })),
        async () => writer.send(new PutObjectCommand({ Bucket, Key: 'other/a', Body: 'x' })),
        async () => writer.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration })),
        async () => writer.send(new DeleteBucketPolicyCommand({ Bucket })),
      ])
        await expect(attack()).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    });
  });

  describe('configured wrongly', () => {
    it.each<readonly [string, string, Partial<S3Settings>, RegExp]>([
      ['an unknown access key', 'store-refused', { accessKeyId: 'NOBODY' }, /does not know the access key/],
      ['a wrong secret', 'store-refused', { secretAccessKey: 'of-somebody-else' }, /secret does not belong/],
      ['a bucket that is not there', 'store-refused', { bucket: 'nowhere-at-all' }, /no such bucket/],
      ['a bucket name that cannot be', 'store-refused', { bucket: 'Not_A_Bucket!' }, /bucket/],
      ['a port where nobody listens', 'store-unreachable', { endpoint: 'http://127.0.0.1:1' }, /nothing answers there/],
      ['a name that no machine has', 'store-unreachable', { endpoint: 'https://store.invalid' }, /name/],
    ])('says what to do about %s', async (_, code, settings, words) => {
      const secret = settings.secretAccessKey ?? server.users.owner.secretAccessKey;
      const patience = { attempts: 2, attempt: 5000, kilobyte: 16, first: 1, longest: 1, wait: async () => undefined };
      const { endpoint, region, users } = server;
      const store = createS3Store(
        {
          ...{ bucket: buckets.plain, prefix: 'x', region, endpoint, pathStyle: true, retainDays: 0 },
          ...users.owner,
          ...settings,
        },
        patience,
      );
      for (const ask of [
        async () => put(store, 'a'),
        async () => store.read('a'),
        async () => Array.fromAsync(store.list('')),
        async () => store.examine(),
      ]) {
        const error = await ask().then(
          () => undefined,
          (thrown: unknown) => thrown as Error & { readonly next?: string },
        );
        expect(error).toMatchObject({ name: 'CountersignError', code, message: expect.stringMatching(words) });
        expect(error?.next).toMatch(/\.$/);
        expect(JSON.stringify([error?.message, error?.next, String(error?.cause)])).not.toContain(secret);
      }
      store.close();
    });

    it('says that the credentials do not give the right', async () => {
      const store = open(buckets.plain, server.users.stranger);
      await expect(put(store, 'a')).rejects.toMatchObject({
        code: 'store-refused',
        message: expect.stringContaining('AccessDenied'),
      });
    });

    it('says that there is no room left', async () => {
      const bucket = await server.makeBucket({ owner: 'full' });
      const store = open(bucket, server.users.full);
      await expect(put(store, 'a').then(async () => put(store, 'b'))).rejects.toMatchObject({ code: 'store-full' });
    });

    it('says that the clock is a year behind, again and again, and never signs with the time of the server', async () => {
      // What was signed with another clock than ours would be dated by ours: kept too short, or for good.
      const store = open(buckets.plain);
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() - 365 * 24 * HOUR });
      try {
        for (const _ of [1, 2, 3])
          await expect(put(store, 'a')).rejects.toMatchObject({ code: 'store-refused', next: 'Set the clock.' });
      } finally {
        vi.useRealTimers();
      }
    });

    it('says that the clock is wrong when a retention lies in the past', async () => {
      const store = open(buckets.locked);
      await expect(
        store.create('a', Buffer.from('a'), { retainUntil: new Date(Date.now() - HOUR) }),
      ).rejects.toMatchObject({ code: 'store-refused', message: expect.stringContaining('clock') });
    });
  });

  describe('examined', () => {
    const codes = async (store: ObjectStore): Promise<readonly string[]> =>
      (await store.examine()).map(({ code }) => code).sort();

    it('names what a plain bucket does not promise', async () => {
      expect(await codes(open(buckets.plain, { retainDays: 365 }))).toEqual([
        'may-delete',
        'no-object-lock',
        'no-versioning',
      ]);
      expect(await codes(open(buckets.plain))).toEqual(['may-delete', 'no-retention', 'no-versioning']);
    });

    it('names what a bucket with versions alone does not promise', async () => {
      expect(await codes(open(buckets.versioned, { retainDays: 365 }))).toEqual([
        'may-delete',
        'may-hide',
        'no-conditional-create',
        'no-object-lock',
      ]);
    });

    it('names what the owner of a locked bucket still may', async () => {
      expect(await codes(open(buckets.locked, { retainDays: 365 }))).toEqual(['may-hide', 'no-conditional-create']);
    });

    it('names a default retention that is shorter than what is asked for', async () => {
      const bucket = await server.makeBucket({ objectLock: true });
      const rule = { DefaultRetention: { Mode: 'COMPLIANCE', Days: 1 } } as const;
      const ObjectLockConfiguration = { ObjectLockEnabled: 'Enabled', Rule: rule } as const;
      await owner.send(new PutObjectLockConfigurationCommand({ Bucket: bucket, ObjectLockConfiguration }));
      const found = await open(bucket, { retainDays: 365 }).examine();
      expect(found.find(({ code }) => code === 'short-default-retention')?.sentence).toMatch(
        /kept 1 days, less than the 365/,
      );
      expect(found.map(({ code }) => code)).toContain('may-not-erase');
    });

    it('leaves no probe that it may remove, but the one that tells whether objects can be created twice', async () => {
      for (const [kind, left] of Object.entries({ plain: [], versioned: [], locked: ['kept'] })) {
        const prefix = randomUUID();
        const Bucket = buckets[kind as keyof typeof buckets];
        await open(Bucket, { prefix, retainDays: 1 }).examine();
        const { Versions = [], DeleteMarkers = [] } = await owner.send(
          new ListObjectVersionsCommand({ Bucket, Prefix: prefix }),
        );
        const names = [...Versions, ...DeleteMarkers].map(({ Key }) => Key?.split('/').at(-1) ?? '');
        expect([...new Set(names)].sort()).toEqual(['create-once', ...left]);
      }
    });

    it('names what a writer without the right to ask for locks is refused', async () => {
      const bucket = await server.makeBucket({
        versioning: true,
        policy: (name) => [
          {
            Effect: 'Allow',
            Principal: { AWS: 'arn:aws:iam:::user/writer' },
            Action: [
              's3:PutObject',
              's3:PutObjectRetention',
              's3:GetObject',
              's3:GetObjectVersion',
              's3:ListBucketVersions',
            ],
            Resource: [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`],
          },
        ],
      });
      const store = open(bucket, server.users.writer);
      await expect(store.create('a', Buffer.from('a'), { retainUntil: inAnHour() })).rejects.toMatchObject({
        code: 'store-refused',
        message: expect.stringContaining('without Object Lock'),
      });
    });

    it.each([
      ['reads', ['s3:GetObject']],
      ['lists', ['s3:ListBucketVersions']],
      ['writes', ['s3:PutObject']],
    ])('names a bucket that anybody %s', async (_, actions) => {
      const bucket = await server.makeBucket({
        policy: (name) => [
          {
            Effect: 'Allow',
            Principal: '*',
            Action: actions,
            Resource: [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`],
          },
        ],
      });
      expect(await codes(open(bucket))).toContain('public');
    });

    it('finds nothing to say of the writer that the documentation describes but what the server itself lacks', async () => {
      const bucket = await documented();
      const store = open(bucket, { ...server.users.writer, prefix: 'laptops', retainDays: 365 });
      expect(await codes(store)).toEqual(['no-conditional-create']);
    });

    it('still takes a retention off an upload for a bucket that keeps none', async () => {
      const store = open(buckets.plain);
      expect(await store.create('a', Buffer.from('a'), { retainUntil: inAnHour() })).toBe('created');
      expect(String(await store.read('a'))).toBe('a');
    });
  });
});
