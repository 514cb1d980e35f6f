/** Disks that are full, read-only, gone, broken, or no disks of this machine at all. */
import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import type * as Fs from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { verifyDirectory } from '../../verify/index.ts';
import { mountDisk, whyNoDisk, type SmallDisk } from './testing/small-disk.ts';
import { type RecordedIntent } from './log.ts';
import { Damage } from './journal/recover.ts';
import { synchroniserOf } from './storage.ts';
import { logsDirectory, type LogsDirectory } from './testing/directory.ts';
import { simulatedOptions, statement } from './testing/lives.ts';
import { SimulatedDisk } from './testing/simulated-disk.ts';
import { Writer } from './writer.ts';

const { actor } = statement('s', '');
let here: LogsDirectory;
beforeEach(() => {
  here = logsDirectory();
});
afterEach(() => here.remove());

describe.skipIf(whyNoDisk !== undefined)(`a small disk${whyNoDisk === undefined ? '' : ` (${whyNoDisk})`}`, () => {
  let disk: SmallDisk;
  let there: LogsDirectory;
  beforeEach(() => {
    disk = mountDisk(64);
    there = logsDirectory(disk.directory);
  });
  afterEach(() => disk.remove());

  it('that fills up stops new statements, keeps room for the ends of those that run, and goes on when there is room', async () => {
    await there.withLog(async (log) => {
      await log.append({ k: 'session.start', s: 's', actor });
      const running: RecordedIntent[] = [];
      for (let i = 0; i < 20; i++) running.push(await log.recordIntent(statement('s', 'select 1')));
      // A spare segment is there: full only when that is used up as well.
      disk.fill();
      const text = 'x'.repeat(1024 * 1024);
      let refused: unknown;
      for (let i = 0; i < 60 && refused === undefined; i++)
        await log.recordIntent(statement('s', text)).then(
          (intent) => running.push(intent),
          (error: unknown) => (refused = error),
        );
      expect(refused).toMatchObject({ code: 'audit-disk-full', next: expect.stringContaining('Free at least') });
      expect(log.state().trouble).toContain('disk is full');
      for (const intent of running) await intent.end({ status: 'done' });
      disk.free();
      // Room is looked for once a second.
      await vi.waitFor(() => log.recordIntent(statement('s', 'select 2')), { timeout: 20_000, interval: 100 });
      expect(log.state().trouble).toBeNull();
    });
    expect(verifyDirectory(there.directory).findings).toEqual([]);
  }, 60_000);

  it('that is full when a log is opened says so, and nothing is lost', async () => {
    await there.withLog((log) => log.append({ k: 'session.start', s: 's', actor }));
    const [id = ''] = there.logs();
    const before = there.leaves(id);
    rmSync(join(there.directory, id, 'journal/spare'));
    disk.fill();
    // The open segment has room: the log opens, and refuses what is not an end.
    const log = await there.open();
    await expect
      .poll(() =>
        log.append({ k: 'session.start', s: 't', actor }).then(
          () => '',
          (error: { code: string }) => error.code,
        ),
      )
      .toBe('audit-disk-full');
    await log.close();
    disk.free();
    expect(there.leaves(id).slice(0, before.length)).toEqual(before);
    await there.withLog(async (again) => expect(again.id).toBe(id));
    expect(verifyDirectory(there.directory).findings).toEqual([]);
  }, 60_000);

  it('that is read-only refuses to begin or continue a log, in a sentence', async () => {
    await there.withLog(async () => undefined);
    const logs = there.logs();
    disk.makeReadOnly();
    await expect(there.open()).rejects.toMatchObject({
      code: 'audit-failed',
      next: expect.stringContaining('profile'),
    });
    expect(there.logs()).toEqual(logs);
  });
});

describe('a log whose files are taken away', () => {
  it('acknowledges nothing more when its journal is removed while it runs', async () => {
    const log = await here.open();
    await log.append({ k: 'session.start', s: 's', actor });
    rmSync(join(log.path, 'journal'), { recursive: true });
    await expect(log.recordIntent(statement('s', 'select 1'))).rejects.toMatchObject({ code: 'audit-failed' });
    await expect(log.recordIntent(statement('s', 'select 1'))).rejects.toMatchObject({ code: 'audit-failed' });
    expect(log.state().trouble).toContain('ENOENT');
    await log.close();
  });

  it('goes on writing to the same files when the profile is moved while it runs', async () => {
    const log = await here.open();
    const { index } = await log.append({ k: 'session.start', s: 's', actor });
    const moved = logsDirectory(join(here.home, 'moved'));
    mkdirSync(moved.home);
    renameSync(here.directory, moved.directory);
    await log.append({ k: 'config.change', change: { what: 'x' } }).catch(() => undefined);
    await log.close();
    expect(moved.leaves(log.id).length).toBeGreaterThan(index);
    await moved.withLog(async (again) => expect(again.id).toBe(log.id));
    expect(verifyDirectory(moved.directory).findings).toEqual([]);
  });

  it('is not given up because the disk cannot be read this time', () => {
    const disk = new SimulatedDisk(1);
    new Writer(simulatedOptions(disk.io())).close();
    const io = disk.io();
    const broken = {
      ...io,
      read: (path: string, ...where: readonly number[]) => {
        if (path.endsWith('.seg') && where.length === 0) throw Object.assign(new Error('EIO'), { code: 'EIO' });
        return io.read(path, ...where);
      },
    };
    const open = (): unknown => {
      try {
        return new Writer(simulatedOptions(broken));
      } catch (error) {
        return error;
      }
    };
    expect(open()).toMatchObject({ code: 'EIO' });
    expect(open()).not.toBeInstanceOf(Damage);
    expect(new Writer(simulatedOptions(io)).size).toBe(3);
  });

  it('is not begun beside a directory of logs that cannot be read', async () => {
    await here.withLog(async () => undefined);
    rmSync(here.directory, { recursive: true });
    writeFileSync(here.directory, 'no directory');
    await expect(here.open()).rejects.toMatchObject({ code: 'audit-failed' });
  });
});

describe('a directory that is not on a disk of this machine', () => {
  afterEach(() => {
    vi.doUnmock('node:fs');
    vi.resetModules();
  });

  it.each(['Dropbox', 'Dropbox (Acme)', 'OneDrive - Acme', 'Mobile Documents', 'Google Drive', 'Nextcloud'])(
    'is refused when it lies below %s',
    async (name) => {
      const there = logsDirectory(join(here.home, name, 'profile'));
      await expect(there.open()).rejects.toMatchObject({
        code: 'audit-shared-storage',
        message: expect.stringContaining('synchronised'),
        next: expect.stringContaining('local disk'),
      });
      expect(readdirSync(here.home)).toEqual([]);
    },
  );

  it('is refused below what a program marks as synchronised', async () => {
    mkdirSync(join(here.home, '.stfolder'));
    await expect(here.open()).rejects.toMatchObject({ code: 'audit-shared-storage' });
    expect(synchroniserOf('/home/box/onedrive-notes/dropbox.d')).toBeUndefined();
  });

  it.runIf(process.platform === 'linux').each([
    ['NFS', 0x6969],
    ['CIFS', 0xff534d42],
    ['FUSE', 0x65735546],
  ])('is refused on %s', async (name, type) => {
    vi.resetModules();
    vi.doMock('node:fs', async (original) => ({
      ...(await original<typeof Fs>()),
      statfsSync: () => ({ type }),
    }));
    const { refuseSharedStorage } = await import('./storage.ts');
    expect(() => refuseSharedStorage(here.home)).toThrow(
      expect.objectContaining({ message: expect.stringContaining(name) }),
    );
  });

  it('is used where somebody accepts it', async () => {
    const there = logsDirectory(join(here.home, 'Dropbox'));
    await there.withLog((log) => log.append({ k: 'session.start', s: 's', actor }), { sharedStorage: true });
    expect(there.logs()).toHaveLength(1);
  });
});
