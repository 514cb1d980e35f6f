import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CountersignError } from '../../errors.ts';
import { keysOf } from './keys.ts';
import { unreachable } from './testing/memory-store.ts';
import { writeLog } from './testing/written-log.ts';
import {
  anchor,
  clock,
  failing,
  logs,
  never,
  openLog,
  record,
  store,
  until,
  uploadStates,
  whileTimePasses,
} from './testing/anchored.ts';

describe('what waits for the store', () => {
  const limits = { warn: { events: 20 }, refuseRisky: { events: 30 }, refuseAll: { events: 40, hours: 48 } };

  it('warns, refuses what is risky, refuses everything, and each change is recorded once', async () => {
    const log = await openLog();
    store.fail(failing(unreachable));
    const anchors = anchor(log, { store }, { pressure: limits });
    const seen: string[] = [];
    anchors.onState(({ pressure }) => seen.at(-1) !== pressure && seen.push(pressure));
    for (let i = 0; i < 50; i++) await record(log);
    expect(anchors.state()).toMatchObject({ pressure: 'refuse-all', waitingSince: expect.any(String) });
    store.fail(null);
    anchors.retry();
    await whileTimePasses(until(anchors, ({ pressure }) => pressure === 'none'));
    expect(seen.filter((level) => level !== 'none')).toEqual(['warn', 'refuse-risky', 'refuse-all']);
    await anchors.close(0);
    await log.close();
    expect(uploadStates(log.path).filter((state) => state.startsWith('pressure'))).toEqual([
      'pressure warn',
      'pressure refuse-risky',
      'pressure refuse-all',
      'pressure none',
    ]);
  });

  it.each(['its own', 'another'])(
    'counts by its age too, also when that began before this start, in %s log of the profile',
    async (whose) => {
      const first = await openLog();
      const anchors = anchor(first, { store });
      await anchors.reach(await record(first), 'uploaded', never);
      await anchors.close(1000);
      if (whose === 'its own') await record(first);
      else writeLog(logs()).sign();
      await first.close();
      clock.advance(49 * 3_600_000);
      store.fail(failing(unreachable));
      const log = whose === 'its own' ? await openLog() : first;
      const later = anchor(log, { store }, { pressure: { warn: { hours: 1 }, refuseAll: { hours: 48 } } });
      await until(later, ({ pressure }) => pressure === 'refuse-all');
      expect(Date.parse(later.state().waitingSince ?? '')).toBeLessThan(clock.now() - 48 * 3_600_000);
    },
  );

  it('is not kept from anything by a clock that is set back a year, nor for ever by one set forward', async () => {
    const log = await openLog();
    const anchors = anchor(log, { store }, { pressure: { warn: { hours: 1 }, refuseAll: { hours: 48 } } });
    await anchors.reach(await record(log), 'uploaded', never);
    for (const years of [1, -2]) {
      store.fail(failing(unreachable));
      await record(log);
      clock.advance(years * 365 * 24 * 3_600_000);
      await record(log);
      store.fail(null);
      await whileTimePasses(anchors.reach(await record(log), 'uploaded', never), 100);
      await whileTimePasses(
        until(anchors, ({ pressure }) => pressure === 'none'),
        100,
      );
    }
  });
});

describe('the time stamp of the day', () => {
  it('is one, kept here and in the store, and the next day another', async () => {
    const log = await openLog();
    const stamped: string[] = [];
    const stamp = (note: string): Promise<Uint8Array> => {
      stamped.push(note);
      return Promise.resolve(Buffer.from(`stamp ${String(stamped.length)}`));
    };
    const anchors = anchor(log, { store, stamp });
    for (let i = 0; i < 3; i++) await anchors.reach(await record(log), 'uploaded', never);
    expect(stamped).toHaveLength(1);
    clock.advance(24 * 3_600_000);
    await anchors.reach(await record(log), 'uploaded', never);
    await anchors.close(10_000);
    expect(stamped).toHaveLength(2);
    const kept = readdirSync(join(log.path, 'stamp'));
    expect(kept).toHaveLength(2);
    for (const size of kept.map(Number)) {
      expect(store.objects.has(keysOf(log.id).stamp(size))).toBe(true);
      expect(store.objects.has(keysOf(log.id).checkpoint(size))).toBe(true);
    }
  });

  it('holds nothing up when it cannot be had, which is said', async () => {
    const log = await openLog();
    const stamp = (): Promise<never> => Promise.reject(new CountersignError('stamp-unreachable', 'No stamps today.'));
    const anchors = anchor(log, { store, stamp });
    await anchors.reach(await record(log), 'uploaded', never);
    await until(anchors, ({ trouble }) => trouble === 'No stamps today.');
    await anchors.reach(await record(log), 'uploaded', never);
  });
});
