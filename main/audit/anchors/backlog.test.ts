import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type RecordedEvent } from '../events.ts';
import { type ObjectStore } from '../store/store.ts';
import { LogCopy } from './copy.ts';
import { newestSigned, openLocalLog } from './local-log.ts';
import { writeLog } from './testing/written-log.ts';

const EVENTS = 100_000;
const MIB = 1024 * 1024;

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-backlog-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of buffers that somebody still holds: what one collection finds free is counted as free by the next. */
function held(): number {
  collect();
  collect();
  return process.memoryUsage().arrayBuffers;
}

/** Keeps what makes an upload go on, and of everything else only how much it was. */
function countingStore(): ObjectStore & { readonly entries: number; readonly largest: number; readonly most: number } {
  const kept = new Map<string, Buffer | null>();
  const before = held();
  const count = { entries: 0, largest: 0, most: 0 };
  return {
    name: 'counting',
    get entries() {
      return count.entries;
    },
    get largest() {
      return count.largest;
    },
    get most() {
      return count.most;
    },
    create(key, bytes) {
      if (kept.has(key)) return Promise.resolve('exists');
      kept.set(key, /log\.json$|\/checkpoint\//.test(key) ? Buffer.from(bytes) : null);
      count.largest = Math.max(count.largest, bytes.length);
      if (key.includes('/chunk/')) {
        count.most = Math.max(count.most, held() - before);
        const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
        for (let at = 0; at < chunk.length; count.entries++) at += 2 + chunk.readUInt16BE(at);
      }
      return Promise.resolve('created');
    },
    read: (key) => Promise.resolve(kept.get(key) ?? null),
    async *list(prefix, { after = '' } = {}) {
      for (const key of [...kept.keys()].sort()) if (key.startsWith(prefix) && key > after) yield key;
    },
    erase: () => Promise.resolve(),
    examine: () => Promise.resolve([]),
    close: () => undefined,
  };
}

describe('a backlog', () => {
  it(`of ${String(EVENTS)} events streams in chunks of a few MiB without being held in memory, and can be stopped`, async () => {
    const log = writeLog(directory, { segmentBytes: 16 * MIB, checkpointEvery: 4096 });
    const event: RecordedEvent = {
      k: 'auth.failed',
      auth: { method: 'oidc', iss: `https://idp.example/${'x'.repeat(400)}`, code: 'denied' },
    };
    const batch = Array.from({ length: 500 }, () => event);
    for (let done = 0; done < EVENTS; done += batch.length) log.append(...batch);
    log.sign();

    const store = countingStore();
    const local = openLocalLog(log.path) ?? expect.fail();
    const newest = newestSigned(local) ?? expect.fail();
    const { signal } = new AbortController();
    const start = (): LogCopy =>
      new LogCopy({
        log: local,
        store,
        retainDays: 0,
        clock: { now: () => Date.now(), sleep: () => Promise.resolve() },
      });
    let steps = 0;
    for (let copy = start(), step = 'more'; step === 'more'; steps++) {
      // Every so often another process takes it up.
      if (steps % 7 === 6) copy = start();
      ({ kind: step } = await copy.step(newest, signal));
    }
    expect(steps).toBeGreaterThan(20);
    expect(store.entries).toBe(log.size());
    expect(store.largest).toBeLessThanOrEqual(4 * MIB);
    expect(store.most).toBeLessThan(24 * MIB);
  }, 180_000);
});
