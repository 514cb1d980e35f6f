import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { inTurn, startFaultProxy, type Fault, type FaultProxy, type Seen } from '../testing/fault-proxy.ts';
import { radosgw, type Radosgw } from '../testing/radosgw.ts';
import { PATIENCE, type Patience } from './s3-requests.ts';
import { createS3Store } from './s3.ts';
import { type ObjectStore } from './store.ts';

const LOG = '0198c5d2-7f00-7000-8000-000000000000';
const CHUNK = `${LOG}/chunk/00000000000000000000`;
const isPut = ({ method, path }: Pick<Seen, 'method' | 'path'>): boolean =>
  method === 'PUT' && path.includes('/chunk/');
const isGet = ({ method, path }: Pick<Seen, 'method' | 'path'>): boolean =>
  method === 'GET' && path.includes('/chunk/');
const isList = ({ method, path }: Pick<Seen, 'method' | 'path'>): boolean =>
  method === 'GET' && path.includes('versions');

/** What happens to one request, and whether another try may mend it. */
const passing: readonly (readonly [string, Fault])[] = [
  ['the request is lost', { kind: 'drop-request' }],
  ['the answer is lost', { kind: 'drop-answer' }],
  ['the answer is lost after its head', { kind: 'cut-answer', after: 0 }],
  ['the connection breaks in the middle of the request', { kind: 'cut-request', after: 1000 }],
  ['another writer is at it (409)', { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' }],
  ['the server fails (500)', { kind: 'answer', status: 500, code: 'InternalError' }],
  ['a proxy fails (502, no words)', { kind: 'answer', status: 502 }],
  ['the server asks to slow down (503)', { kind: 'answer', status: 503, code: 'SlowDown' }],
  ['too much is asked (429)', { kind: 'answer', status: 429, code: 'TooManyRequests' }],
  ['the upload was too slow (400)', { kind: 'answer', status: 400, code: 'RequestTimeout' }],
  ['bytes were changed on the way (400)', { kind: 'answer', status: 400, code: 'BadDigest' }],
  ['something answers that is no server', { kind: 'garbage' }],
  ['a network answers that wants a sign-in', { kind: 'page' }],
];

describe.skipIf(radosgw.missing)(`a record copied to ${radosgw.name} over a bad network`, () => {
  let server: Radosgw;
  let proxy: FaultProxy;
  const buckets = { plain: '', locked: '' };
  const stores: ObjectStore[] = [];
  beforeAll(async () => {
    server = await radosgw.start();
    buckets.plain = await server.makeBucket();
    buckets.locked = await server.makeBucket({ objectLock: true });
    proxy = await startFaultProxy(server.endpoint);
  });
  afterEach(() => proxy.plan(() => undefined));
  afterAll(async () => {
    for (const store of stores) store.close();
    await proxy.close();
    server.close();
  });

  /** A store whose pauses between attempts take no time, and that has tried the bucket already. */
  const open = async (bucket: string, prefix: string, patience: Partial<Patience> = {}): Promise<ObjectStore> => {
    const { region, users } = server;
    const store = createS3Store(
      { ...{ bucket, prefix, region, pathStyle: true, retainDays: 0 }, endpoint: proxy.endpoint, ...users.owner },
      { ...PATIENCE, wait: async () => undefined, ...patience },
    );
    stores.push(store);
    await store.create('first', Buffer.from('first'), {});
    return store;
  };
  const versions = async (bucket: string, Prefix: string): Promise<number> =>
    ((await server.client('owner').send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix }))).Versions ?? [])
      .length;

  describe.each(['plain', 'locked'] as const)('in a bucket that is %s', (kind) => {
    it.each(passing)('is written once, and as it is, when %s', async (_, fault) => {
      const prefix = randomUUID();
      const store = await open(buckets[kind], prefix);
      const bytes = randomBytes(100_000);
      proxy.plan(inTurn([fault, fault], isPut));
      const outcome = await store.create(CHUNK, bytes, {});
      // Where the server had done it before the answer was lost, the second try meets the first.
      if (outcome === 'exists') expect(['drop-answer', 'cut-answer']).toContain(fault.kind);
      expect((await store.read(CHUNK))?.equals(bytes)).toBe(true);
      expect(await versions(buckets[kind], `${prefix}/${CHUNK}`)).toBe(1);
    });

    it.each(passing)('is read as it is, and listed whole, when %s', async (_, fault) => {
      const store = await open(buckets[kind], randomUUID());
      const bytes = randomBytes(100_000);
      await store.create(CHUNK, bytes, {});
      proxy.plan(inTurn([fault, fault], isGet));
      expect((await store.read(CHUNK))?.equals(bytes)).toBe(true);
      proxy.plan(inTurn([fault, fault], isList));
      expect((await store.read(CHUNK))?.equals(bytes)).toBe(true);
      proxy.plan(inTurn([fault, fault], isList));
      expect(await Array.fromAsync(store.list(''))).toEqual([CHUNK, 'first']);
    });
  });

  it('is never taken for read where it ends early', async () => {
    const store = await open(buckets.plain, randomUUID());
    const bytes = randomBytes(100_000);
    await store.create(CHUNK, bytes, {});
    for (const after of [1, 50_000, 99_999]) {
      proxy.plan(inTurn([{ kind: 'cut-answer', after }], isGet));
      expect((await store.read(CHUNK))?.equals(bytes)).toBe(true);
    }
  });

  it.each<readonly [string, Fault, string]>([
    ['all requests are lost', { kind: 'drop-request' }, 'store-unreachable'],
    ['all answers are lost', { kind: 'drop-answer' }, 'store-unreachable'],
    ['the server stays broken', { kind: 'answer', status: 503, code: 'SlowDown' }, 'store-unreachable'],
    ['a sign-in page answers', { kind: 'page' }, 'store-unreachable'],
    ['the rights were taken away', { kind: 'answer', status: 403, code: 'AccessDenied' }, 'store-refused'],
    ['the token has expired', { kind: 'answer', status: 400, code: 'ExpiredToken' }, 'store-refused'],
    ['the clock is wrong', { kind: 'answer', status: 403, code: 'RequestTimeTooSkewed' }, 'store-refused'],
    ['the bucket is elsewhere', { kind: 'answer', status: 301, code: 'PermanentRedirect' }, 'store-refused'],
    ['the bucket is gone', { kind: 'answer', status: 404, code: 'NoSuchBucket' }, 'store-refused'],
    ['the disk behind is full', { kind: 'answer', status: 507, code: 'XMinioStorageFull' }, 'store-full'],
  ])('gives up in words when %s', async (_, fault, code) => {
    const store = await open(buckets.plain, randomUUID());
    await store.create(CHUNK, Buffer.from('x'), {});
    const before = proxy.seen.length;
    proxy.plan(() => fault);
    const refused = { name: 'CountersignError', code };
    await expect(store.create(`${LOG}/chunk/1`, Buffer.from('x'), {})).rejects.toMatchObject(refused);
    // People must act, or wait: asking again and again helps nobody.
    expect(proxy.seen.length - before).toBe(code === 'store-unreachable' ? PATIENCE.attempts : 1);
    await expect(store.read(CHUNK)).rejects.toMatchObject(refused);
    await expect(Array.fromAsync(store.list(''))).rejects.toMatchObject(refused);
  });

  it('does not wait for a server that never answers', async () => {
    const store = await open(buckets.plain, randomUUID(), { attempts: 2, attempt: 200 });
    await store.create(CHUNK, Buffer.from('x'), {});
    const never = new Promise(() => undefined);
    proxy.plan(() => ({ kind: 'hold', until: never }));
    const gone = { code: 'store-unreachable', message: expect.stringContaining('does not answer in time') };
    await expect(store.create(`${LOG}/chunk/1`, Buffer.from('x'), {})).rejects.toMatchObject(gone);
    await expect(store.read(CHUNK)).rejects.toMatchObject(gone);
    await expect(store.erase(`${LOG}/blob/${'ab'.repeat(32)}`)).rejects.toMatchObject(gone);
    await expect(store.examine()).rejects.toMatchObject(gone);
  });

  it('stops at once when it is told to', async () => {
    const store = await open(buckets.plain, randomUUID());
    const stop = new AbortController();
    const reason = new Error('enough');
    proxy.plan(() => {
      stop.abort(reason);
      return { kind: 'hold', until: new Promise(() => undefined) };
    });
    await expect(store.create(CHUNK, Buffer.from('x'), { signal: stop.signal })).rejects.toBe(reason);
    await expect(store.read(CHUNK, stop.signal)).rejects.toBe(reason);
  });

  it('stops within a pause between two attempts, too', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const store = await open(buckets.plain, randomUUID(), {
      wait: async (_, signal) => {
        stop.abort(reason);
        return PATIENCE.wait(60_000, signal);
      },
    });
    proxy.plan(() => ({ kind: 'answer', status: 503, code: 'SlowDown' }));
    await expect(store.create(CHUNK, Buffer.from('x'), { signal: stop.signal })).rejects.toBe(reason);
  });

  it('waits longer between attempts the more of them failed, up to a bound, and not as long as others do', async () => {
    const pauses: number[] = [];
    const store = await open(buckets.plain, randomUUID(), {
      attempts: 50,
      wait: async (ms) => void pauses.push(ms),
    });
    proxy.plan(() => ({ kind: 'answer', status: 503, code: 'SlowDown' }));
    await expect(store.create(CHUNK, Buffer.from('x'), {})).rejects.toMatchObject({ code: 'store-unreachable' });
    expect(pauses).toHaveLength(49);
    for (const [n, pause] of pauses.entries())
      expect(pause).toBeLessThanOrEqual(Math.min(PATIENCE.longest, PATIENCE.first * 2 ** (n + 1)));
    expect(new Set(pauses.slice(10)).size).toBeGreaterThan(1);
  });

  it('keeps 5 MB as they are when the connection breaks in their middle, going and coming', async () => {
    const store = await open(buckets.locked, randomUUID());
    const bytes = randomBytes(5 * 1024 * 1024);
    proxy.plan(inTurn([{ kind: 'cut-request', after: 3_000_000 }], isPut));
    expect(await store.create(CHUNK, bytes, {})).toBe('created');
    proxy.plan(inTurn([{ kind: 'cut-answer', after: 3_000_000 }], isGet));
    expect((await store.read(CHUNK))?.equals(bytes)).toBe(true);
  });

  it('tries the bucket again for the next writer when the first one gave up', async () => {
    const { region, users } = server;
    const settings = { bucket: buckets.plain, prefix: randomUUID(), region, pathStyle: true, retainDays: 0 };
    const store = createS3Store({ ...settings, endpoint: proxy.endpoint, ...users.owner });
    stores.push(store);
    proxy.plan(inTurn([{ kind: 'answer', status: 403, code: 'AccessDenied' }]));
    await expect(store.create(CHUNK, Buffer.from('x'), {})).rejects.toMatchObject({ code: 'store-refused' });
    expect(await store.create(CHUNK, Buffer.from('x'), {})).toBe('created');
  });

  it('sends every object with its SHA-256, on condition that none is there, and a lock with its MD5', async () => {
    const store = await open(buckets.locked, randomUUID());
    const until = new Date(Math.ceil(Date.now() / 1000) * 1000 + 60 * 60 * 1000);
    await store.create(CHUNK, Buffer.from('abc'), { retainUntil: until });
    expect(proxy.seen.findLast(isPut)?.headers).toMatchObject({
      'if-none-match': '*',
      'x-amz-checksum-sha256': 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=',
      'content-md5': 'kAFQmDzST7DWlj99KOF/cg==',
      'x-amz-object-lock-mode': 'COMPLIANCE',
      'x-amz-object-lock-retain-until-date': until.toISOString().replace('.000', ''),
    });
    for (const { headers } of proxy.seen) expect(Object.keys(headers).join()).not.toMatch(/checksum-(?!sha256)/);
  });
});
