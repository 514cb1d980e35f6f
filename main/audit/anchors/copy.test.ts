import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seeded } from '../testing/simulated-disk.ts';
import { createMemoryStore, unreachable, type MemoryStore } from './testing/memory-store.ts';
import { missingIn, writeLog, type WrittenLog } from './testing/written-log.ts';
import { LogCopy, type Step } from './copy.ts';
import { packEntries } from '../journal/frame.ts';
import { keysOf } from './keys.ts';
import { newestSigned, openLocalLog, type LocalLog, type Signed } from './local-log.ts';

const SEEDS = Number(process.env.SEEDS ?? 16);
const { signal } = new AbortController();

let directory: string;
let store: MemoryStore;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-copy-'));
  store = createMemoryStore();
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const opened = (path: string): LocalLog => {
  const log = openLocalLog(path);
  if (log === null) throw new Error(`no log in ${path}`);
  return log;
};
const newestOf = (log: LocalLog): Signed => {
  const newest = newestSigned(log);
  if (newest === null) throw new Error('nothing signed');
  return newest;
};
const copyOf = (path: string, to: MemoryStore = store, retainDays = 0): LogCopy =>
  new LogCopy({
    log: opened(path),
    store: to,
    retainDays,
    clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
  });

/** Steps until there is nothing more to do; gives the last one. */
async function bring(copy: LogCopy): Promise<Step> {
  for (;;) {
    const step = await copy.step(newestOf(copy.log), signal);
    if (step.kind !== 'more') return step;
  }
}

/** A log with events, signed, and its directory. */
function signedLog(events: number, options: Parameters<typeof writeLog>[1] = {}): WrittenLog {
  const log = writeLog(join(directory, 'log'), options);
  log.add(events);
  log.sign();
  return log;
}

const twin = (log: WrittenLog, name: string): string => {
  const path = join(directory, name, log.id);
  cpSync(log.path, path, { recursive: true });
  return path;
};

/** Is everything that a key needs before it there when it comes: blobs, chunk, tiles, checkpoint. */
function orderViolations(keys: readonly string[]): readonly string[] {
  const rank = (key: string): number =>
    ['/blob/', '/chunk/', '/tile/', '/checkpoint/'].findIndex((part) => key.includes(part));
  const found: string[] = [];
  let checkpoint = 0;
  let highest = 0;
  for (const key of keys) {
    if (rank(key) === 3) {
      const size = Number(key.slice(-20));
      if (size <= checkpoint) found.push(key);
      checkpoint = size;
      highest = 0;
    } else if (rank(key) === 1) {
      if (Number(key.slice(-20)) < checkpoint) found.push(key);
      highest = 1;
    } else if (rank(key) === 2 && highest < 1) highest = 2;
  }
  return found;
}

describe('a copy of a log in a store', () => {
  it('has every entry, blob, full tile and the checkpoint, byte for byte', async () => {
    const log = signedLog(700);
    const copy = copyOf(log.path);
    expect(await bring(copy)).toEqual({ kind: 'even' });
    expect(copy.uploaded).toBe(log.size());
    expect(await missingIn(store, log.path, log.id, log.size())).toEqual([]);
    for (const tile of ['tile/0/000', 'tile/0/001', 'tile/entries/000', 'tile/entries/001'])
      expect(store.objects.get(`${log.id}/${tile}`)).toEqual(readFileSync(join(log.path, tile)));
    expect(store.objects.get(`${log.id}/log.json`)).toEqual(readFileSync(join(log.path, 'log.json')));
    expect(store.created.at(-1)).toBe(keysOf(log.id).checkpoint(log.size()));
  });

  it('is brought on by a process that lives shortly, too, by a piece that gets larger', async () => {
    const log = signedLog(3000);
    const copy = copyOf(log.path);
    const newest = newestOf(copy.log);
    const sizes: number[] = [];
    while ((await copy.step(newest, signal)).kind === 'more')
      if ((copy.uploaded ?? 0) > 0) sizes.push(copy.uploaded ?? 0);
    const [first = 0, second = 0] = sizes;
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(256);
    expect(second - first).toBeGreaterThan(first);
    expect(await missingIn(store, log.path, log.id, log.size())).toEqual([]);
  });

  it('grows by what is new, wherever bundles and segments begin', async () => {
    const log = writeLog(join(directory, 'log'), { segmentBytes: 16 * 1024 });
    for (const events of [1, 250, 4, 1, 256, 3, 511, 90]) {
      log.add(events);
      log.sign();
      // A process that has just started knows nothing of the one before.
      expect(await bring(copyOf(log.path))).toEqual({ kind: 'even' });
    }
    expect(await missingIn(store, log.path, log.id, log.size())).toEqual([]);
    const tiles = (
      readdirSync(join(log.path, 'tile'), { recursive: true, withFileTypes: true }) as {
        isFile(): boolean;
        parentPath: string;
        name: string;
      }[]
    )
      .filter((entry) => entry.isFile() && !entry.parentPath.endsWith('.p'))
      .map((entry) => join(entry.parentPath, entry.name));
    expect(tiles.length).toBeGreaterThan(6);
    for (const tile of tiles)
      expect(store.objects.get(`${log.id}${tile.slice(log.path.length)}`), tile).toEqual(readFileSync(tile));
    expect(new Set(store.created).size).toBe(store.created.length);
    expect(store.tried).toEqual(store.created);
  });

  it('asks for retention of everything but blobs, which may have to be erased', async () => {
    const log = signedLog(300);
    await bring(copyOf(log.path, store, 30));
    for (const key of store.created) {
      const until = store.retention(key)?.getTime() ?? 0;
      if (key.includes('/blob/')) expect(until).toBe(0);
      else expect(Math.abs(until - Date.now() - 30 * 86_400_000)).toBeLessThan(60_000);
    }
  });

  it('is found again without the hint, and with one that is wrong, too large or torn', async () => {
    const log = signedLog(300);
    await bring(copyOf(log.path));
    for (const hint of [
      null,
      '{"store":"memory","size":9007199254740991,"late":0,"erase":[]}',
      '{"store":"memory","size":5,"late":0,"erase":[]}',
      '{"store":"else","size":5,"late":0,"erase":[]}',
      '{"store":"memory","size":-1',
    ]) {
      if (hint === null) rmSync(join(log.path, 'upload.json'));
      else writeFileSync(join(log.path, 'upload.json'), hint);
      log.add(10);
      log.sign();
      expect(await bring(copyOf(log.path)), String(hint)).toEqual({ kind: 'even' });
      expect(await missingIn(store, log.path, log.id, log.size())).toEqual([]);
    }
  });

  it('is made again in a store that lost everything, and in another store', async () => {
    const log = signedLog(100);
    await bring(copyOf(log.path));
    for (const key of [...store.objects.keys()]) store.remove(key);
    expect(await bring(copyOf(log.path))).toEqual({ kind: 'even' });
    const other = createMemoryStore('other');
    expect(await bring(copyOf(log.path, other))).toEqual({ kind: 'even' });
    expect(await missingIn(store, log.path, log.id, log.size())).toEqual([]);
    expect(await missingIn(other, log.path, log.id, log.size())).toEqual([]);
  });

  it(`is whole after uploads that died anywhere, before or after the effect (${String(SEEDS)} seeds)`, async () => {
    const logs = new Map<number, WrittenLog>();
    for (let seed = 1; seed <= SEEDS; seed++) {
      const random = seeded(seed);
      const remote = createMemoryStore();
      const log = logs.get(seed >> 2) ?? writeLog(join(directory, String(seed)), { segmentBytes: 32 * 1024 });
      logs.set(seed >> 2, log);
      rmSync(join(log.path, 'upload.json'), { force: true });
      log.add(1 + Math.floor(random() * 150));
      log.sign();
      for (let life = 0; life < 8; life++) {
        let calls = Math.floor(random() * 60);
        const when = random() < 0.5 ? 'before' : 'after';
        // Once it has failed, this process is dead: nothing of it gets through any more.
        remote.fail(() => (calls-- > 0 ? null : { when: calls === -1 ? when : 'before', error: unreachable() }));
        await bring(copyOf(log.path, remote)).catch(() => undefined);
        if (random() < 0.3) {
          log.add(1 + Math.floor(random() * 40));
          log.sign();
        }
        if (random() < 0.2) rmSync(join(log.path, 'upload.json'), { force: true });
      }
      remote.fail(null);
      expect(await bring(copyOf(log.path, remote)), `seed ${String(seed)}`).toEqual({ kind: 'even' });
      expect(await missingIn(remote, log.path, log.id, log.size()), `seed ${String(seed)}`).toEqual([]);
      expect(new Set(remote.created).size).toBe(remote.created.length);
      expect(orderViolations(remote.created), `seed ${String(seed)}`).toEqual([]);
    }
  });

  it('survives that several processes of the profile copy the same log at once', async () => {
    const log = signedLog(900);
    const copies = Array.from({ length: 4 }, () => copyOf(log.path));
    const steps = copies.map(async (copy, i) => {
      for (let turn = 0; turn < i; turn++) await new Promise((resolve) => setImmediate(resolve));
      return bring(copy);
    });
    log.add(200);
    log.sign();
    expect(await Promise.all(steps)).toEqual(Array.from(copies, () => ({ kind: 'even' })));
    expect(await bring(copyOf(log.path))).toEqual({ kind: 'even' });
    expect(await missingIn(store, log.path, log.id, log.size())).toEqual([]);
  });

  it('does not copy blobs that are erased, and takes out of the store what is erased later', async () => {
    const log = signedLog(20);
    await bring(copyOf(log.path));
    const address = store.created.find((key) => key.includes('/blob/'))?.slice(-64) ?? '';
    log.append({ k: 'blob.erased', blob: address, why: { reason: 'asked for' } });
    log.sign();
    const copy = copyOf(log.path);
    await bring(copy);
    expect(copy.toErase).toEqual([address]);
    // Whatever ends this process, the next one knows.
    const next = copyOf(log.path);
    await next.erase([log.id], signal);
    expect(store.objects.has(keysOf(log.id).blob(address))).toBe(false);
    expect(next.toErase).toEqual([]);
    expect(copyOf(log.path).toErase).toEqual([]);
  });
});

describe('before a copy is extended', () => {
  it('a log put back from an older copy is found, with the last state that both have', async () => {
    const log = signedLog(100);
    await bring(copyOf(log.path));
    const old = twin(log, 'old');
    const agreed = newestOf(opened(old));
    log.add(80);
    log.sign();
    await bring(copyOf(log.path));
    const before = store.created.length;
    expect(await bring(copyOf(old))).toEqual({
      kind: 'ahead',
      size: log.size(),
      agreed: { size: agreed.size, root: agreed.root.toString('hex') },
    });
    expect(store.created.length).toBe(before);
  });

  it.each([
    ['longer than the copy in the store', 200],
    ['shorter than it', 10],
  ])('a log that went on elsewhere is found when it is %s', async (_, events) => {
    const log = signedLog(100);
    await bring(copyOf(log.path));
    const path = twin(log, 'clone');
    const agreed = newestOf(opened(path));
    log.add(80);
    log.sign();
    await bring(copyOf(log.path));
    const clone = writeLog(join(directory, 'clone'), { id: log.id, key: log.key });
    clone.add(events);
    clone.sign();
    const before = store.created.length;
    expect(await bring(copyOf(path))).toMatchObject({
      kind: events > 80 ? 'forked' : 'ahead',
      agreed: { size: agreed.size, root: agreed.root.toString('hex') },
    });
    expect(store.created.length).toBe(before);
  });

  it('of two clones that copy at the same moment exactly one goes on', async () => {
    for (let turns = 0; turns < 12; turns++) {
      const remote = createMemoryStore();
      const log = writeLog(join(directory, `race${String(turns)}`));
      log.add(30);
      log.sign();
      await bring(copyOf(log.path, remote));
      const path = twin(log, `clone${String(turns)}`);
      const clone = writeLog(join(directory, `clone${String(turns)}`), { id: log.id, key: log.key });
      log.add(20);
      clone.add(20);
      log.sign();
      clone.sign();
      const first = bring(copyOf(log.path, remote));
      for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
      const ends = await Promise.all([first, bring(copyOf(path, remote))]);
      const survivor = ends.findIndex(({ kind }) => kind === 'even');
      expect(
        ends.filter(({ kind }) => kind === 'even'),
        `${String(turns)} turns`,
      ).toHaveLength(1);
      const [winner, at] = survivor === 0 ? [log, log.path] : [clone, path];
      expect(await missingIn(remote, at, winner.id, winner.size())).toEqual([]);
    }
  });

  it('a chunk that an upload left without its checkpoint is taken as it is where it is our own', async () => {
    const log = signedLog(120);
    store.fail((operation, key) =>
      operation === 'create' && key.includes('/checkpoint/') ? { when: 'before', error: unreachable() } : null,
    );
    await expect(bring(copyOf(log.path))).rejects.toMatchObject({ code: 'store-unreachable' });
    store.fail(null);
    log.add(33);
    log.sign();
    expect(await bring(copyOf(log.path))).toEqual({ kind: 'even' });
    expect(await missingIn(store, log.path, log.id, log.size())).toEqual([]);
    expect(store.created.filter((key) => key.includes('/chunk/'))).toHaveLength(2);
  });

  it.each([
    [
      'other bytes',
      'forked',
      (own: Buffer) => Buffer.from(own.toString('latin1').replace('session.start', 'session.stArt'), 'latin1'),
    ],
    [
      'more than we have',
      'ahead',
      (own: Buffer) => Buffer.concat([own, packEntries([Buffer.from('{"v":1,"k":"x"}')])]),
    ],
  ])('a chunk that holds %s ends the log', async (_, kind, change) => {
    const log = signedLog(40);
    const chunk = keysOf(log.id).chunk(0);
    await bring(copyOf(log.path));
    const own = store.objects.get(chunk) ?? Buffer.alloc(0);
    for (const key of [...store.objects.keys()]) store.remove(key);
    store.plant(chunk, change(own));
    expect(await bring(copyOf(log.path))).toMatchObject({ kind, agreed: { size: 0 } });
  });

  it.each([
    [
      'a checkpoint of another key',
      (log: WrittenLog, other: WrittenLog) => [keysOf(log.id).checkpoint(9999), newestOf(opened(other.path)).note],
    ],
    [
      'a checkpoint under the wrong size',
      (log: WrittenLog) => [keysOf(log.id).checkpoint(9999), newestOf(opened(log.path)).note],
    ],
    ['garbage for a checkpoint', (log: WrittenLog) => [keysOf(log.id).checkpoint(9999), 'hello']],
    ['an empty checkpoint', (log: WrittenLog) => [keysOf(log.id).checkpoint(9999), '']],
    ['a checkpoint without a number', (log: WrittenLog) => [`${keysOf(log.id).checkpoints}newest`, 'hello']],
    ['another log.json', (log: WrittenLog) => [keysOf(log.id).identity, '{}']],
    ['a chunk behind a gap', (log: WrittenLog) => [keysOf(log.id).chunk(9999), 'hello']],
    ['an empty chunk', (log: WrittenLog) => [keysOf(log.id).chunk(log.size()), '']],
    ['a chunk that is no events', (log: WrittenLog) => [keysOf(log.id).chunk(log.size()), 'hello']],
    ['half of an event for a chunk', (log: WrittenLog) => [keysOf(log.id).chunk(log.size()), '\0\u0010{"v":1']],
    ['an event that is no leaf', (log: WrittenLog) => [keysOf(log.id).chunk(log.size()), '\0\u0002{}']],
  ] as const)('%s is somebody else’s: nothing is extended and nothing called good', async (what, plant) => {
    const log = signedLog(40);
    const other = writeLog(join(directory, 'other'));
    other.sign();
    await bring(copyOf(log.path));
    const [key = '', text = ''] = plant(log, other);
    if (what === 'another log.json') store.remove(key);
    store.plant(key, Buffer.from(text));
    log.add(10);
    log.sign();
    const before = store.created.length;
    const copy = copyOf(log.path);
    await expect(bring(copy)).rejects.toMatchObject({ code: 'upload-foreign' });
    expect(copy.uploaded).toBeUndefined();
    expect(store.created.length).toBe(before);
  });

  it.each(['tile/0/000', 'tile/entries/000'])('a false %s laid there in advance is somebody else’s', async (tile) => {
    const log = signedLog(300);
    store.plant(`${log.id}/${tile}`, Buffer.from('hello'));
    await expect(bring(copyOf(log.path))).rejects.toMatchObject({ code: 'upload-foreign' });
    const { checkpoints } = keysOf(log.id);
    const sizes = store.created.filter((key) => key.startsWith(checkpoints)).map((key) => Number(key.slice(-20)));
    expect(sizes.filter((size) => size >= 256)).toEqual([]);
  });

  it('a journal that is not what was signed sends nothing', async () => {
    const log = signedLog(40);
    const segment = join(log.path, 'journal/00000000.seg');
    const bytes = readFileSync(segment);
    writeFileSync(segment, bytes.fill(0, bytes.indexOf('CSFR', 3000), bytes.indexOf('CSFR', 3000) + 8));
    await expect(bring(copyOf(log.path))).rejects.toMatchObject({ code: 'audit-unreadable' });
    expect(store.created).toEqual([]);
  });
});
