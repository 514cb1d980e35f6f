import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packEntries } from '../journal/frame.ts';
import { type AuditLog } from '../log.ts';
import { LogCopy } from './copy.ts';
import { keysOf } from './keys.ts';
import { newestSigned, openLocalLog } from './local-log.ts';
import { unreachable } from './testing/memory-store.ts';
import { missingIn, writeLog } from './testing/written-log.ts';
import {
  anchor,
  backup,
  clock,
  directory,
  events,
  logs,
  never,
  openLog,
  privateKey,
  record,
  store,
  until,
  uploadStates,
  whileTimePasses,
} from './testing/anchored.ts';

describe('a log that goes on elsewhere', () => {
  /** A log whose directory was put back from a copy after more of it had been uploaded. */
  async function rolledBack(): Promise<{ readonly log: AuditLog; readonly old: string }> {
    const first = await openLog();
    const anchors = anchor(first, { store });
    await anchors.reach(await record(first, 5), 'uploaded', never);
    await first.close();
    await anchors.close(10_000);
    const restore = backup(first.path);
    const second = await openLog();
    expect(second.id).toBe(first.id);
    const later = anchor(second, { store });
    await later.reach(await record(second, 30), 'uploaded', never);
    await second.close();
    await later.close(10_000);
    restore();
    const log = await openLog();
    expect(log.id).toBe(first.id);
    return { log, old: first.id };
  }

  it('is given up, its successor names it, and nothing runs before the store has that', async () => {
    const { log, old } = await rolledBack();
    const blocked: string[] = [];
    const anchors = anchor(log, { store });
    anchors.onState(({ pressure }) => blocked.push(pressure));
    const receipt = await record(log);
    await expect(anchors.reach(receipt, 'uploaded', never)).rejects.toMatchObject({
      code: 'record-level-unreached',
      message: expect.stringContaining('put back from a copy'),
    });
    await until(anchors, ({ pressure, uploaded }) => pressure === 'none' && (uploaded ?? 0) > 0);
    expect(blocked[0]).toBe('refuse-all');
    expect(log.id).not.toBe(old);
    const [leaf] = events(log.path);
    expect(leaf?.log?.after).toMatchObject({ log: old, reason: expect.stringContaining('put back from a copy') });
    expect(uploadStates(log.path)[0]).toBe('fork upload-ahead');
    expect(existsSync(join(logs(), old, 'dead.json'))).toBe(true);
    expect(store.objects.has(keysOf(log.id).chunk(0))).toBe(true);
    // The size that it names is one that the store and the log given up have in common.
    const size = leaf?.log?.after?.size ?? 0;
    expect(size).toBeGreaterThan(1);
    expect(store.objects.get(keysOf(old).checkpoint(size))?.toString()).toBe(
      readFileSync(join(logs(), old, 'checkpoints', String(size).padStart(20, '0')), 'utf8'),
    );
    await anchors.reach(await record(log), 'uploaded', never);
  });

  it('stays refused while its successor cannot be uploaded', async () => {
    const { log, old } = await rolledBack();
    store.fail((operation, key) =>
      operation === 'create' && !key.startsWith(old) ? { when: 'before', error: unreachable() } : null,
    );
    const anchors = anchor(log, { store });
    await until(anchors, ({ trouble }) => trouble?.includes('does not answer') === true);
    expect(anchors.state().pressure).toBe('refuse-all');
    await log.close();
    await anchors.close(0);
    // A new process knows it as well, whatever it can reach.
    const again = anchor(await openLog(), { store });
    await whileTimePasses(until(again, ({ pressure }) => pressure === 'refuse-all'));
    store.fail(null);
    again.retry();
    await whileTimePasses(until(again, ({ pressure }) => pressure === 'none'));
  });

  it('is found while both are running: one goes on, the other begins anew, and nothing is lost', async () => {
    const log = await openLog();
    const anchors = anchor(log, { store });
    await anchors.reach(await record(log, 5), 'uploaded', never);
    const old = { id: log.id, path: log.path };
    // The clone runs elsewhere, with the same key, and is faster.
    const path = join(directory, 'elsewhere', log.id);
    mkdirSync(join(directory, 'elsewhere'));
    cpSync(log.path, path, { recursive: true });
    const clone = writeLog(join(directory, 'elsewhere'), { id: log.id, key: privateKey, origin: 'test.example' });
    clone.add(20);
    clone.sign();
    const copy = new LogCopy({ log: openLocalLog(path) ?? expect.fail(), store, retainDays: 0, clock });
    for (let step = 'more'; step === 'more';)
      ({ kind: step } = await copy.step(newestSigned(copy.log) ?? expect.fail(), never));

    const receipt = await record(log, 50);
    await expect(anchors.reach(receipt, 'uploaded', never)).rejects.toMatchObject({ code: 'record-level-unreached' });
    await until(anchors, ({ uploaded, pressure }) => (uploaded ?? 0) > 0 && pressure === 'none');
    expect(log.id).not.toBe(old.id);
    expect(await missingIn(store, path, old.id, clone.size())).toEqual([]);
    // What was recorded here in the meantime is still where it was recorded.
    expect(events(old.path).length).toBeGreaterThan(receipt.index);
    expect(events(log.path)[0]?.log?.after?.log).toBe(old.id);
  });

  it('is not begun anew for ever when somebody lays chunks in its way', async () => {
    const log = await openLog();
    const chunk = packEntries([Buffer.from('{"v":1,"k":"x"}')]);
    store.fail((operation, key) => {
      if (operation === 'list' && key.endsWith('/chunk/')) store.plant(`${key}${'0'.repeat(20)}`, chunk);
      return null;
    });
    const anchors = anchor(log, { store });
    await until(anchors, ({ trouble }) => trouble?.includes('goes on elsewhere') === true);
    expect(anchors.state().pressure).toBe('refuse-all');
    expect(readdirSync(logs()).filter((name) => name.length === 36)).toHaveLength(4);
  });

  it('is not found in what somebody else wrote: nothing is extended, nothing called good', async () => {
    const log = await openLog();
    store.plant(keysOf(log.id).checkpoint(500), Buffer.from('hello'));
    const anchors = anchor(log, { store });
    await until(anchors, ({ trouble }) => trouble?.includes('was not written by this log') === true);
    await expect(whileTimePasses(anchors.reach(await record(log), 'uploaded', never), 100)).rejects.toMatchObject({
      message: expect.stringContaining('Somebody else writes to this place'),
    });
    expect(store.created).toEqual([]);
    expect(anchors.state().uploaded).toBe(0);
  });
});
