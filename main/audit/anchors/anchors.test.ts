import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ObjectStore } from '../store/store.ts';
import { keysOf } from './keys.ts';
import { newestSigned, openLocalLog } from './local-log.ts';
import { createMemoryStore, unreachable } from './testing/memory-store.ts';
import { missingIn, writeLog } from './testing/written-log.ts';
import {
  anchor,
  clock,
  events,
  failing,
  logs,
  never,
  openLog,
  record,
  refused,
  store,
  until,
  uploadStates,
  whileTimePasses,
} from './testing/anchored.ts';

describe('the record in a store', () => {
  it('is uploaded when somebody waits for it, at once', async () => {
    const log = await openLog();
    const anchors = anchor(log, { store });
    const receipt = await record(log, 40);
    await anchors.reach(receipt, 'uploaded', never);
    const { uploaded = 0 } = anchors.state();
    expect(uploaded).toBeGreaterThan(receipt.index);
    expect(await missingIn(store, log.path, log.id, uploaded ?? 0)).toEqual([]);
    expect(anchors.state()).toMatchObject({ store: 'memory', witnessed: null, pressure: 'none', trouble: null });
  });

  it('is uploaded by itself a second after it was recorded, in one piece', async () => {
    const log = await openLog();
    const anchors = anchor(log, { store });
    await until(anchors, ({ uploaded }) => uploaded === 1);
    const { index } = await record(log, 10);
    await whileTimePasses(
      until(anchors, ({ uploaded }) => (uploaded ?? 0) > index),
      100,
    );
    expect(store.created.filter((key) => key.includes('/chunk/'))).toHaveLength(2);
    expect(anchors.state().waitingSince).toBeNull();
  });

  it('does not grow by being copied: an upload records nothing', async () => {
    const log = await openLog();
    const anchors = anchor(log, { store });
    await anchors.reach(await record(log), 'uploaded', never);
    await anchors.close(10_000);
    expect(uploadStates(log.path)).toEqual([]);
  });

  it('reaches this machine by being recorded, and no level that is not set up', async () => {
    const log = await openLog();
    const anchors = anchor(log);
    const receipt = await record(log);
    await anchors.reach(receipt, 'local', never);
    await expect(anchors.reach(receipt, 'uploaded', never)).rejects.toMatchObject({
      code: 'record-level-unreached',
      next: expect.stringContaining('record.store'),
    });
    await expect(anchors.reach(receipt, 'witnessed', never)).rejects.toMatchObject({ code: 'record-level-unreached' });
    expect(anchors.state()).toMatchObject({ store: null, uploaded: null, witnessed: null });
  });

  it('is waited for as long as the organisation says, and then the words say what is the matter', async () => {
    const log = await openLog();
    store.fail(failing(unreachable));
    const anchors = anchor(log, { store }, { reachSeconds: 7 });
    const started = clock.now();
    await expect(whileTimePasses(anchors.reach(await record(log), 'uploaded', never))).rejects.toMatchObject({
      code: 'record-level-unreached',
      message: expect.stringContaining('The store does not answer. Check the network.'),
    });
    expect(clock.now() - started).toBeGreaterThanOrEqual(7000);
  });

  it('is not waited for by who gave up', async () => {
    const log = await openLog();
    store.fail(failing(unreachable));
    const anchors = anchor(log, { store });
    const controller = new AbortController();
    const waiting = anchors.reach(await record(log), 'uploaded', controller.signal);
    controller.abort(new Error('cancelled'));
    await expect(waiting).rejects.toThrow('cancelled');
  });

  it('is tried again for ever while the store does not answer, which the record says once', async () => {
    const log = await openLog();
    store.fail(failing(unreachable));
    const anchors = anchor(log, { store });
    await record(log, 5);
    await whileTimePasses(until(anchors, ({ trouble }) => trouble !== null));
    const tries = store.tried.length;
    for (let minute = 0; minute < 30; minute++) {
      clock.advance(61_000);
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(store.tried.length).toBe(tries);
    store.fail(null);
    const all = log.state().recorded;
    await whileTimePasses(until(anchors, ({ uploaded, trouble }) => (uploaded ?? 0) >= all && trouble === null));
    await log.close();
    expect(uploadStates(log.path)).toEqual(['lost store-unreachable', 'resumed']);
  });

  it('tells at once who waits for it that people must act first, and goes on when they have', async () => {
    const log = await openLog();
    store.fail(failing(refused));
    const anchors = anchor(log, { store });
    await until(anchors, ({ trouble }) => trouble?.includes('credentials') === true);
    const receipt = await record(log);
    const before = clock.now();
    await expect(whileTimePasses(anchors.reach(receipt, 'uploaded', never), 100)).rejects.toMatchObject({
      message: expect.stringContaining('does not take these credentials. Renew them.'),
    });
    expect(clock.now() - before).toBeLessThan(10_000);
    store.fail(null);
    anchors.retry();
    await whileTimePasses(
      until(anchors, ({ uploaded }) => (uploaded ?? 0) > receipt.index),
      100,
    );
    expect(anchors.state().trouble).toBeNull();
  });

  it('is uploaded when the program ends, the last event of the log included', async () => {
    const log = await openLog();
    const anchors = anchor(log, { store });
    await record(log, 30);
    await log.close();
    await anchors.close(10_000);
    const size = newestSigned(openLocalLog(log.path) ?? expect.fail())?.size ?? 0;
    expect(events(log.path).at(-1)?.k).toBe('log.close');
    expect(await missingIn(store, log.path, log.id, size)).toEqual([]);
  });

  it('does not keep the program from ending when the store hangs', async () => {
    const log = await openLog();
    const hanging = {
      ...store,
      create: () => new Promise<never>(() => undefined),
      examine: (signal?: AbortSignal) =>
        new Promise<never>((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error))),
    };
    const anchors = anchor(log, { store: hanging });
    const waiting = expect(anchors.reach(await record(log), 'uploaded', never)).rejects.toMatchObject({
      code: 'record-level-unreached',
    });
    const before = clock.now();
    await whileTimePasses(anchors.close(60_000), 100);
    await waiting;
    expect(clock.now() - before).toBeLessThan(10_000);
  });

  it('is brought to a slow store when the program ends, as long as that answers', async () => {
    const log = await openLog();
    const slow: ObjectStore = {
      ...store,
      async create(key, bytes, options) {
        await clock.sleep(700, never);
        return store.create(key, bytes, options);
      },
    };
    await record(log, 100);
    await log.close();
    const anchors = anchor(log, { store: slow });
    const before = clock.now();
    await whileTimePasses(anchors.close(60_000), 100);
    expect(clock.now() - before).toBeGreaterThan(2000);
    const size = newestSigned(openLocalLog(log.path) ?? expect.fail())?.size ?? 0;
    expect(await missingIn(store, log.path, log.id, size)).toEqual([]);
  });

  it('says what the store does not promise, once, and never writes to one that replaces', async () => {
    const log = await openLog();
    store.weaken({ code: 'no-versioning', sentence: 'No versions.', mend: 'Turn them on.' });
    const anchors = anchor(log, { store });
    await anchors.reach(await record(log), 'uploaded', never);
    expect(anchors.state().weaknesses).toEqual([
      { code: 'no-versioning', sentence: 'No versions.', mend: 'Turn them on.' },
    ]);
    await anchors.close(1000);
    const again = anchor(log, { store });
    await again.reach(await record(log), 'uploaded', never);
    expect(uploadStates(log.path)).toEqual(['weak no-versioning']);
    await again.close(1000);

    const replacing = createMemoryStore('replacing');
    replacing.weaken({ code: 'may-overwrite', sentence: 'It replaces.', mend: 'Take another.' });
    const third = anchor(log, { store: replacing });
    await until(third, ({ trouble }) => trouble === 'It replaces. Take another.');
    expect(replacing.tried).toEqual([]);
  });

  it('includes the other logs of the profile that nobody writes any more', async () => {
    const closed = writeLog(logs());
    closed.add(300);
    closed.sign();
    const log = await openLog();
    const anchors = anchor(log, { store });
    await anchors.close(10_000);
    expect(await missingIn(store, closed.path, closed.id, closed.size())).toEqual([]);
  });

  it('includes them without asking for each again at every start, but once a day', async () => {
    const closed = writeLog(logs());
    closed.sign();
    const log = await openLog();
    const asked = async (): Promise<readonly string[]> => {
      const keys: string[] = [];
      store.fail((_, key) => {
        keys.push(key);
        return null;
      });
      const anchors = anchor(log, { store });
      await anchors.close(10_000);
      return keys.filter((key) => key.startsWith(closed.id));
    };
    expect(await asked()).not.toEqual([]);
    expect(await asked()).toEqual([]);
    clock.advance(24 * 3_600_000);
    expect(await asked()).not.toEqual([]);
    closed.add(5);
    closed.sign();
    expect(await asked()).toContain(keysOf(closed.id).checkpoint(closed.size()));
  });

  it('includes a damaged log as far as it verifies, and not an event more', async () => {
    const damaged = writeLog(logs());
    const sizes = [10, 20, 30, 40, 50].map((events) => {
      damaged.add(events, 1);
      damaged.sign();
      return damaged.size();
    });
    const segment = join(damaged.path, 'journal/00000000.seg');
    const bytes = readFileSync(segment);
    // A letter of an event between the third checkpoint and the fourth.
    const at = bytes.indexOf('stmt.denied', bytes.indexOf('CSFR', Math.floor((bytes.lastIndexOf('CSFR') * 80) / 150)));
    writeFileSync(segment, bytes.fill('X', at, at + 1));
    const log = await openLog();
    const anchors = anchor(log, { store });
    await anchors.close(10_000);
    expect(store.created.filter((key) => key.startsWith(keysOf(damaged.id).checkpoints))).toHaveLength(1);
    expect(store.objects.has(keysOf(damaged.id).checkpoint(sizes[2] ?? 0))).toBe(true);
    expect(await missingIn(store, damaged.path, damaged.id, sizes[2] ?? 0)).toEqual([]);
    expect(anchors.state().trouble).toContain('countersign verify');
  });
});
