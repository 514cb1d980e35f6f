import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDirectoryStore } from '../store/index.ts';
import { createS3Store } from '../store/s3.ts';
import { type ObjectStore } from '../store/store.ts';
import { seeded } from '../testing/simulated-disk.ts';
import { startFaultProxy, type Fault, type FaultProxy } from '../testing/fault-proxy.ts';
import { radosgw, type Radosgw } from '../testing/radosgw.ts';
import { LogCopy, type Step } from './copy.ts';
import { newestSigned, openLocalLog, type Signed } from './local-log.ts';
import { missingIn, writeLog, type WrittenLog } from './testing/written-log.ts';

const { signal } = new AbortController();

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-stores-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function copyOf(path: string, store: ObjectStore): LogCopy {
  const log = openLocalLog(path) ?? expect.fail();
  return new LogCopy({ log, store, retainDays: 1, clock: { now: () => Date.now(), sleep: () => Promise.resolve() } });
}
async function bring(copy: LogCopy): Promise<Step> {
  for (;;) {
    const newest: Signed = newestSigned(copy.log) ?? expect.fail();
    const step = await copy.step(newest, signal);
    if (step.kind !== 'more') return step;
  }
}
function signedLog(events: number): WrittenLog {
  const log = writeLog(join(directory, 'log'));
  log.add(events);
  log.sign();
  return log;
}

/** Two machines with the same key and the same log, both of which have added to it. */
function twins(log: WrittenLog): WrittenLog {
  mkdirSync(join(directory, 'elsewhere'), { recursive: true });
  cpSync(log.path, join(directory, 'elsewhere', log.id), { recursive: true });
  const twin = writeLog(join(directory, 'elsewhere'), { id: log.id, key: log.key });
  twin.add(20);
  twin.sign();
  log.add(20);
  log.sign();
  return twin;
}

async function oneGoesOn(log: WrittenLog, store: ObjectStore): Promise<void> {
  await bring(copyOf(log.path, store));
  const both = [log, twins(log)];
  const ends = await Promise.all(both.map(({ path }) => bring(copyOf(path, store))));
  expect(ends.filter(({ kind }) => kind === 'even')).toHaveLength(1);
  const winner = both[ends.findIndex(({ kind }) => kind === 'even')] ?? expect.fail();
  expect(await missingIn(store, winner.path, winner.id, winner.size())).toEqual([]);
}

describe('a log copied to a directory', () => {
  let store: ObjectStore;
  beforeEach(() => {
    mkdirSync(join(directory, 'store'));
    store = createDirectoryStore(join(directory, 'store'));
  });

  it('is there byte for byte, also for a process that knows nothing of it', async () => {
    const log = signedLog(400);
    expect(await bring(copyOf(log.path, store))).toEqual({ kind: 'even' });
    rmSync(join(log.path, 'upload.json'));
    log.add(100);
    log.sign();
    expect(await bring(copyOf(log.path, store))).toEqual({ kind: 'even' });
    expect(await missingIn(store, log.path, log.id, log.size())).toEqual([]);
  });

  it('goes on from one of two machines', () => oneGoesOn(signedLog(30), store));
});

describe.skipIf(radosgw.missing)(`a log copied to ${radosgw.name}`, () => {
  let server: Radosgw;
  let proxy: FaultProxy;
  const stores: ObjectStore[] = [];
  beforeAll(async () => {
    server = await radosgw.start();
    proxy = await startFaultProxy(server.endpoint);
  });
  afterEach(() => proxy.plan(() => undefined));
  afterAll(async () => {
    for (const store of stores) store.close();
    await proxy.close();
    server.close();
  });

  function open(bucket: string, credentials = server.users.owner): ObjectStore {
    const store = createS3Store({
      bucket,
      prefix: 'team',
      region: server.region,
      endpoint: proxy.endpoint,
      pathStyle: true,
      retainDays: 1,
      ...credentials,
    });
    stores.push(store);
    return store;
  }

  it('is there byte for byte, under Object Lock', async () => {
    const store = open(await server.makeBucket({ objectLock: true }));
    const log = signedLog(20);
    // Enough for a full tile, without a blob for each.
    log.append(
      ...Array.from({ length: 250 }, () => ({ k: 'auth.failed' as const, auth: { method: 'oidc', code: 'x' } })),
    );
    log.sign();
    expect(await bring(copyOf(log.path, store))).toEqual({ kind: 'even' });
    expect(await missingIn(store, log.path, log.id, log.size())).toEqual([]);
    expect(await store.read(`${log.id}/tile/0/000`)).toHaveLength(8192);
  }, 120_000);

  it('goes on from one of two machines', async () => {
    await oneGoesOn(signedLog(30), open(await server.makeBucket({ objectLock: true })));
  }, 120_000);

  it('is whole after answers and requests that got lost, conflicts, and a server that fails', async () => {
    const store = open(await server.makeBucket({ objectLock: true }));
    const log = writeLog(join(directory, 'log'));
    const faults: readonly Fault[] = [
      { kind: 'drop-request' },
      { kind: 'drop-answer' },
      { kind: 'cut-request', after: 20 },
      { kind: 'answer', status: 409, code: 'ConditionalRequestConflict' },
      { kind: 'answer', status: 500, code: 'InternalError' },
      { kind: 'answer', status: 503, code: 'SlowDown' },
    ];
    const random = seeded(7);
    for (let life = 0; life < 6; life++) {
      log.add(20);
      log.sign();
      proxy.plan(() => (random() < 0.15 ? faults[Math.floor(random() * faults.length)] : undefined));
      await bring(copyOf(log.path, store)).catch(() => undefined);
    }
    proxy.plan(() => undefined);
    expect(await bring(copyOf(log.path, store))).toEqual({ kind: 'even' });
    expect(await missingIn(store, log.path, log.id, log.size())).toEqual([]);
  }, 120_000);

  it('is not copied with wrong credentials, which is said, and is copied with the right ones', async () => {
    const bucket = await server.makeBucket({ objectLock: true });
    const log = signedLog(10);
    const wrong = open(bucket, { ...server.users.owner, secretAccessKey: 'wrong' });
    await expect(bring(copyOf(log.path, wrong))).rejects.toMatchObject({ code: 'store-refused' });
    expect(await bring(copyOf(log.path, open(bucket)))).toEqual({ kind: 'even' });
  });
});
