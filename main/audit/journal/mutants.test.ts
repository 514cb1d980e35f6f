/** Known bugs of journals, laid into the real code: each must be caught, or the crash tests prove nothing. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type * as Checkpoints from '../checkpoints.ts';
import { type Writer as WriterType, type WriterOptions } from '../writer.ts';
import { findBlob, zeroBlob } from './erase.ts';
import type * as Frames from './frame.ts';
import { type Io } from './io.ts';
import { livesThrough, simulatedOptions, statement } from '../testing/lives.ts';
import { SimulatedDisk } from '../testing/simulated-disk.ts';

const ATTEMPTS = 250;
const { actor } = statement('s', '');

/** The writer as it is with the modules that are mocked at this moment. */
async function writerClass(): Promise<typeof WriterType> {
  vi.resetModules();
  return (await import('../writer.ts')).Writer;
}

function firstCaught(
  Writer: typeof WriterType,
  wrap: (io: Io) => Io = (io) => io,
  change: (writer: WriterType, options: WriterOptions) => void = () => undefined,
): string | null {
  const open = (options: WriterOptions): WriterType => {
    const writer = new Writer(options);
    change(writer, options);
    return writer;
  };
  for (let seed = 1; seed <= ATTEMPTS; seed++) {
    const caught = livesThrough(seed, { open, wrap, verified: seed % 10 === 0 });
    if (caught !== null) return caught;
  }
  return null;
}

const changedSync = (io: Io, sync: (path: string, real: () => void) => void): Io => ({
  ...io,
  open(path, how) {
    const file = io.open(path, how);
    return { ...file, sync: () => sync(path, () => file.sync()) };
  },
});

afterEach(() => {
  for (const path of ['./digest.ts', './frame.ts', './settle.ts', '../checkpoints.ts']) vi.doUnmock(path);
  vi.restoreAllMocks();
  vi.resetModules();
});

describe('the simulated disk catches a journal that', { timeout: 120_000 }, () => {
  const laid: readonly (readonly [string, (io: Io) => Io])[] = [
    ['never syncs', (io) => changedSync(io, () => undefined)],
    ['never syncs a directory', (io) => ({ ...io, syncDirectory: () => undefined })],
    [
      'does not sync whole files before it renames them',
      (io) => changedSync(io, (path, real) => (path === 'tmp' ? undefined : real())),
    ],
    [
      'does not sync the header of a segment before its name',
      (io) => ({
        ...io,
        open(path, how) {
          const file = io.open(path, how);
          let skipped = path !== 'journal/spare' || how !== 'write';
          return {
            ...file,
            sync() {
              if (skipped) file.sync();
              skipped = true;
            },
          };
        },
      }),
    ],
    [
      'tries a failed sync again',
      (io) =>
        changedSync(io, (_path, real) => {
          try {
            real();
          } catch {
            real();
          }
        }),
    ],
  ];
  it.each(laid)('%s', async (_name, wrap) => {
    expect(firstCaught(await writerClass(), wrap)).not.toBeNull();
  });

  const changed: readonly (readonly [string, (writer: WriterType, options: WriterOptions) => void])[] = [
    ['never says that nothing happened', (writer) => void (writer.beat = () => 1e9)],
    [
      'says that nothing happened when something did',
      (writer) =>
        void (writer.beat = () => {
          writer.append([{ k: 'heartbeat', beat: { every: 900 } }]);
          return 900_000;
        }),
    ],
    [
      'erases before it says so',
      (writer, { io, id }) =>
        void (writer.erase = (erasure) => {
          const place = erasure.of === undefined ? findBlob(io, id, erasure.blob) : null;
          if (place !== null) zeroBlob(io, place);
          return writer.append([{ k: 'blob.erased', ...erasure }])[0] ?? { problem: { code: '', message: '' } };
        }),
    ],
    [
      'erases in the open segment',
      (writer, { io, id }) =>
        void (writer.erase = (erasure) => {
          const [reply] = writer.append([{ k: 'blob.erased', ...erasure }]);
          const place = erasure.of === undefined ? findBlob(io, id, erasure.blob) : null;
          if (place !== null) zeroBlob(io, place);
          return reply ?? { problem: { code: '', message: '' } };
        }),
    ],
  ];
  it.each(changed)('%s', async (_name, change) => {
    expect(firstCaught(await writerClass(), undefined, change)).not.toBeNull();
  });

  it('forgets to end what a crash left open', async () => {
    const Writer = await writerClass();
    const { Ledger } = await import('../ledger.ts');
    vi.spyOn(Ledger.prototype, 'intents', 'get').mockReturnValue([]);
    expect(firstCaught(Writer)).toMatch(/open/);
  });

  it('does not look at the clock', async () => {
    const Writer = await writerClass();
    const { LogClock } = await import('../clock.ts');
    vi.spyOn(LogClock.prototype, 'jump').mockReturnValue(undefined);
    expect(firstCaught(Writer)).toMatch(/the clock moved/);
  });

  it('takes a torn frame for a whole one', async () => {
    vi.doMock('./digest.ts', () => ({ hasDigest: () => true }));
    expect(firstCaught(await writerClass())).not.toBeNull();
  });

  it('trusts what it reads after a failed sync to be on the disk', async () => {
    vi.doMock('./settle.ts', () => ({ settle: () => undefined }));
    expect(firstCaught(await writerClass())).not.toBeNull();
  });
});

describe('a log that was changed between two openings', () => {
  let disk: SimulatedDisk;
  beforeEach(async () => {
    disk = new SimulatedDisk(1);
    const Writer = await writerClass();
    const writer = new Writer(simulatedOptions(disk.io()));
    writer.append([{ k: 'session.start', s: 's', actor }]);
    for (let i = 0; i < 10; i++) writer.append([{ ...statement('s', `select ${i}`), k: 'stmt.intent' }]);
  });
  const reopened = async (): Promise<number> => {
    const Writer = await writerClass();
    return new Writer(simulatedOptions(disk.io())).size;
  };
  const reason = async (): Promise<string> => {
    try {
      return String(await reopened());
    } catch (error) {
      return String(error);
    }
  };
  const flip = (): void =>
    disk.tamper('journal/00000000.seg', (bytes) => {
      const at = bytes.indexOf('stmt.intent');
      bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    });

  it('is dead when an event with whole ones behind it does not read', async () => {
    flip();
    expect(await reason()).toMatch(/unreadable at byte/);
  });

  it('would be cut there without the look behind the bad place', async () => {
    flip();
    vi.doMock('./frame.ts', async (original) => ({
      ...(await original<typeof Frames>()),
      hasFrameBehind: () => false,
    }));
    expect(await reason()).toMatch(/^\d+$/);
  });

  const rollBack = async (): Promise<void> => {
    const before = disk.files();
    const old = new Map([...before].map(([path, bytes]) => [path, Buffer.from(bytes)]));
    const Writer = await writerClass();
    new Writer(simulatedOptions(disk.io())).close();
    disk.restore(old, (path) => path.startsWith('journal/'));
  };

  it('is dead when its journal is put back to an older state than it signed', async () => {
    await rollBack();
    expect(await reason()).toMatch(/events|entries, but \d+ were signed/);
  });

  it('would go on from the older state without the comparison with its checkpoints', async () => {
    await rollBack();
    vi.doMock('../checkpoints.ts', async (original) => {
      const real = await original<typeof Checkpoints>();
      return {
        signedCheckpoints: (...given: Parameters<typeof real.signedCheckpoints>) => ({
          ...real.signedCheckpoints(...given),
          contradicts: () => false,
          contradictsLength: () => false,
        }),
      };
    });
    expect(await reason()).toMatch(/^\d+$/);
  });

  it('is dead when its journal goes on differently than it signed', async () => {
    const fork = new SimulatedDisk(2);
    fork.restore(disk.files(), () => true);
    const Writer = await writerClass();
    new Writer(simulatedOptions(disk.io())).close();
    new Writer(simulatedOptions(fork.io())).close();
    disk.restore(fork.files(), (path) => path.startsWith('journal/'));
    expect(await reason()).toMatch(/not the one it signed/);
  });

  it('is dead when a segment is missing', async () => {
    const Writer = await writerClass();
    const writer = new Writer(simulatedOptions(disk.io()));
    writer.append([{ k: 'session.start', s: 't', actor }]);
    for (let i = 0; i < 40; i++) writer.append([{ ...statement('t', 'x'.repeat(900)), k: 'stmt.intent' }]);
    disk.restore(new Map(), (path) => path === 'journal/00000001.seg');
    expect(await reason()).toMatch(/segment 1 is missing/);
  });
});
