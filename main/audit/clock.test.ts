/** What a log says of time: silence that is proven, and clocks that people move. */
import { describe, expect, it } from 'vitest';
import { type RecordedEvent } from './events.ts';
import { timeOf } from './leaf.ts';
import { journalReader } from './journal/reader.ts';
import { LOG, simulatedOptions, statement, verifySimulated } from './testing/lives.ts';
import { logsDirectory } from './testing/directory.ts';
import { type Leaf } from './testing/judge.ts';
import { SimulatedDisk } from './testing/simulated-disk.ts';
import { Writer } from './writer.ts';

const NOW = Date.UTC(2026, 10, 21);
const YEAR = 365 * 86_400_000;
const change: RecordedEvent = { k: 'config.change', change: { what: 'x' } };

interface Machine {
  readonly disk: SimulatedDisk;
  /** ms since 1970, as people set it. */
  wall: number;
  /** ms since the machine started. */
  uptime: number;
  /** Lets time pass, by both clocks. */
  pass(ms: number): void;
  open(): Writer;
  leaves(): readonly Leaf[];
}

function machine(): Machine {
  const disk = new SimulatedDisk(1);
  const it: Machine = {
    disk,
    wall: NOW,
    uptime: 5000,
    pass(ms) {
      it.wall += ms;
      it.uptime += ms;
    },
    open: () =>
      new Writer(
        simulatedOptions(disk.io(), {
          clock: { wall: () => it.wall, monotonic: () => BigInt(Math.round(it.uptime * 1e6)) },
          heartbeat: 900,
        }),
      ),
    leaves() {
      const reader = journalReader(disk.io(), LOG, 0);
      const leaves: Leaf[] = [];
      for (let run = reader.next({ bytes: 1 << 20 }); run !== null; run = reader.next({ bytes: 1 << 20 }))
        for (const entry of run.entries) leaves.push(JSON.parse(entry.toString()) as Leaf);
      return leaves;
    },
  };
  return it;
}
const kinds = (of: Machine): readonly string[] => of.leaves().map(({ k }) => k);

describe('a heartbeat', () => {
  it('is recorded when nothing else was for so long, and only then', () => {
    const it = machine();
    const writer = it.open();
    it.pass(899_000);
    expect(writer.beat()).toBe(1000);
    expect(kinds(it)).toEqual(['log.open']);
    it.pass(1000);
    expect(writer.beat()).toBe(900_000);
    it.pass(600_000);
    writer.append([change]);
    it.pass(300_000);
    expect(writer.beat()).toBe(600_000);
    it.pass(600_000);
    writer.beat();
    writer.close();
    expect(kinds(it)).toEqual(['log.open', 'heartbeat', 'config.change', 'heartbeat', 'log.close']);
    expect(it.leaves()[0]?.beat).toEqual({ every: 900 });
    expect(it.leaves()[1]?.beat).toEqual({ every: 900 });
    expect(verifySimulated(it.disk).findings).toEqual([]);
  });

  it('does not claim silence over a suspended machine: there it is a jump', () => {
    const it = machine();
    const writer = it.open();
    it.pass(900_000);
    it.wall += 3_600_000;
    writer.beat();
    expect(kinds(it)).toEqual(['log.open', 'clock.jump']);
    expect(it.leaves()[1]?.clock).toEqual({ by: 3_600_000 });
    writer.close();
    expect(verifySimulated(it.disk).findings).toEqual([]);
  });

  it('takes no room that ends need while the disk is full', () => {
    const it = machine();
    const writer = it.open();
    it.disk.capacity = 0;
    writer.maintain();
    it.pass(2_000_000);
    expect(writer.beat()).toBe(900_000);
    expect(kinds(it)).toEqual(['log.open']);
    expect(writer.trouble).toContain('full');
  });

  it('comes from the real thing by itself, and keeps no process alive', { timeout: 60_000 }, async () => {
    const here = logsDirectory();
    try {
      await here.withLog(
        async (log) => {
          await new Promise<void>((resolve) => {
            const stop = log.onState(({ recorded }) => {
              if (recorded < 4) return;
              stop();
              resolve();
            });
          });
          expect(
            here
              .leaves(log.id)
              .slice(1, 4)
              .map(({ k }) => k),
          ).toEqual(Array(3).fill('heartbeat'));
        },
        { heartbeatMinutes: 0.05 / 60 },
      );
    } finally {
      here.remove();
    }
  });
});

describe('a clock that is moved', () => {
  it.each([
    ['back a year', -YEAR],
    ['forward a year', YEAR],
    ['back three seconds', -3000],
  ])('while a log is open, %s, is recorded before the event that noticed it', (_how, by) => {
    const it = machine();
    const writer = it.open();
    it.pass(60_000);
    writer.append([change]);
    it.wall += by;
    it.pass(10_000);
    writer.append([change, change]);
    writer.close();
    expect(kinds(it)).toEqual([
      'log.open',
      'config.change',
      'clock.jump',
      'config.change',
      'config.change',
      'log.close',
    ]);
    expect(it.leaves()[2]?.clock).toEqual({ by });
    expect(verifySimulated(it.disk).findings).toEqual([]);
  });

  it('by less than two seconds is not spoken of, however often', () => {
    const it = machine();
    const writer = it.open();
    for (let i = 0; i < 20; i++) {
      it.pass(1000);
      it.wall += 1900;
      writer.append([change]);
    }
    expect(kinds(it)).not.toContain('clock.jump');
  });

  it('back while the log was closed, or after a crash, is the first thing said after the opening', () => {
    const it = machine();
    it.open().close();
    it.wall -= YEAR;
    it.uptime = 10;
    const writer = it.open();
    writer.append([{ k: 'session.start', s: 's', actor: statement('s', '').actor }]);
    it.wall -= YEAR;
    it.open().close();
    expect(kinds(it)).toEqual([
      ...['log.open', 'log.close', 'log.open', 'clock.jump', 'session.start'],
      ...['session.end', 'log.recovered', 'log.open', 'clock.jump', 'log.close'],
    ]);
    expect(it.leaves()[3]?.clock).toEqual({ by: -YEAR });
    expect(it.leaves()[8]?.clock).toEqual({ by: -YEAR });
    expect(verifySimulated(it.disk).findings).toEqual([]);
  });

  it('never lets ids go back, within an opening or from one to the next, nor before 1970', () => {
    const it = machine();
    const writer = it.open();
    for (const by of [1000, -YEAR, YEAR / 2, -100 * YEAR]) {
      it.wall += by;
      writer.append([change]);
    }
    writer.close();
    it.open().close();
    const times = it.leaves().map(({ id }) => timeOf(id));
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(new Set(it.leaves().map(({ id }) => id)).size).toBe(times.length);
    expect(verifySimulated(it.disk).findings).toEqual([]);
  });
});
