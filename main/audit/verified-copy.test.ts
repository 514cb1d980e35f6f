/** A copy of a log in a store, judged by the independent verifier: good as it is, and not good after any change. */
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verify, verifyDirectory, type Report, type VerifyOptions } from '../../verify/index.ts';
import { checkpointSizes, copyLog, filesOf, noteOf, testWitness, writeLog } from './testing/finished-log.ts';
import { nodeIo } from './journal/io.ts';
import { BLOB_KEY, LOG, simulatedOptions } from './testing/lives.ts';
import { Writer } from './writer.ts';
import { seeded } from './testing/simulated-disk.ts';

/** Every byte takes a while: `EVERY_BYTE=1` tries them all, otherwise one in so many. */
const STRIDE = process.env['EVERY_BYTE'] === '1' ? 1 : 23;

const witness = testWitness('witness.example/w1');
const options: VerifyOptions = { witnesses: [witness.vkey] };
let root: string;
/** A log of 13 events, for every byte; and one of 305, with full tiles. */
let small: { readonly log: string; readonly store: string };
let large: { readonly log: string; readonly store: string };

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'countersign-copy-'));
  const made = (name: string, statements: number, chunk: number): typeof small => {
    const log = writeLog(join(root, name, 'written'), statements, { segmentBytes: 16 * 1024 });
    for (const size of checkpointSizes(log)) witness.cosigns(log, size);
    const store = join(root, name, 'store');
    copyLog(log, store, chunk);
    return { log, store };
  };
  small = made('small', 4, 5);
  large = made('large', 150, 40);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const codes = (report: Report): readonly string[] => report.findings.map(({ code }) => code);
const inStore = (store: string, path: string): string => join(store, LOG, path);

/** Verifies with one file changed or removed, and puts it back. */
async function changed(file: string, after: Uint8Array | null, check: () => Promise<Report> | Report): Promise<Report> {
  const before = readFileSync(file);
  try {
    if (after === null) rmSync(file);
    else writeFileSync(file, after);
    return await check();
  } finally {
    writeFileSync(file, before);
  }
}

/** A copy of the large store that a test may spoil. */
async function spoiled(spoil: (store: string) => void): Promise<Report> {
  const store = join(mkdtempSync(join(root, 'spoiled-')), 'store');
  cpSync(large.store, store, { recursive: true });
  spoil(store);
  return verify(store, options);
}

const flipped = (bytes: Buffer, at: number, bit: number): Buffer => {
  const after = Buffer.from(bytes);
  after.writeUInt8(after.readUInt8(at) ^ (1 << bit), at);
  return after;
};

describe('a copy of a log in a store', () => {
  it('is good, and says where it was read and by whom its end is witnessed', async () => {
    const report = await verify(large.store, { ...options, blobKey: BLOB_KEY });
    expect(report.findings).toEqual([]);
    expect(report.logs).toMatchObject([{ id: LOG, source: large.store, size: 305, signed: 305, witnessed: 305 }]);
    expect(report.checked.find(({ what }) => what === 'blobs decrypted')?.count).toBe(150);
    expect(report.checked.find(({ what }) => what.startsWith('chunks'))?.count).toBe(8);
    expect(report.vouching).toMatchObject([
      { kind: 'witness', name: 'witness.example/w1', trusted: true, size: 305, at: '2026-09-21T14:15:00.000Z' },
      { kind: 'log', size: 305, at: null },
    ]);
    expect(report.notChecked.join(' ')).toContain('keeps no versions');
  });

  it.each(['checkpoint', 'cosig', 'stamp'])('is not good where a %s is longer than one can be', async (folder) => {
    const report = await spoiled((store) => {
      const size = (checkpointSizes(large.log).at(-1) ?? 0).toString().padStart(20, '0');
      const [name = ''] = folder === 'cosig' ? readdirSync(inStore(store, `cosig/${size}`)) : [];
      const file = inStore(store, join(folder, size, name));
      mkdirSync(dirname(file), { recursive: true });
      rmSync(file, { force: true });
      writeFileSync(file, '');
      truncateSync(file, 2 ** 32);
    });
    expect(codes(report)).toContain('unreadable');
  });

  it('can be named by its own folder', async () => {
    expect(codes(await verify(join(large.store, LOG), options))).toEqual([]);
  });

  it('and its log are alike, and which of them is longer is said', async () => {
    expect(await verify(large.log, { ...options, copy: large.store })).toMatchObject({ good: true });
    const behind = join(root, 'behind');
    cpSync(large.store, behind, { recursive: true });
    rmSync(inStore(behind, `chunk/${'280'.padStart(20, '0')}`));
    for (const size of checkpointSizes(large.log).filter((each) => each > 280)) {
      rmSync(inStore(behind, `checkpoint/${String(size).padStart(20, '0')}`));
      rmSync(inStore(behind, `cosig/${String(size).padStart(20, '0')}`), { recursive: true });
    }
    const report = await verify(large.log, { ...options, copy: behind });
    expect(codes(report)).toEqual([]);
    expect(report.notChecked.join(' ')).toContain('The newest 25 events');
    // Seen from the copy it is the log that goes on.
    expect(codes(await verify(behind, { ...options, copy: large.log }))).toContain('shorter');
  });

  it('that is of another life of the same log is a fork', async () => {
    const other = join(root, 'other');
    const log = writeLog(join(root, 'other-written'), 150, { segmentBytes: 16 * 1024 });
    copyLog(log, other, 40);
    const report = await verify(large.log, { copy: other });
    expect(codes(report)).toEqual(['fork']);
    expect(report.findings[0]?.where).toBe(`${LOG} event 0`);
  });

  it('is not good after one changed byte, wherever it lies', { timeout: 600_000 }, async () => {
    const random = seeded(5);
    for (const path of filesOf(join(small.store, LOG))) {
      const file = inStore(small.store, path);
      const bytes = readFileSync(file);
      for (let at = path.startsWith('blob/') ? 0 : Math.floor(random() * STRIDE); at < bytes.length; at += STRIDE) {
        const report = await changed(file, flipped(bytes, at, Math.floor(random() * 8)), () =>
          verify(small.store, options),
        );
        expect({ path, at, good: report.good }).toEqual({ path, at, good: false });
      }
    }
  });

  it(
    'is not good when a file is cut at any byte, but where a chunk ends with an entry that nothing signs',
    { timeout: 600_000 },
    async () => {
      for (const path of filesOf(join(small.store, LOG))) {
        const file = inStore(small.store, path);
        const bytes = readFileSync(file);
        for (let length = 0; length < bytes.length; length += STRIDE) {
          const report = await changed(file, bytes.subarray(0, length), () => verify(small.store, options));
          expect({ path, length, good: report.good }).toEqual({ path, length, good: false });
        }
        const longer = await changed(file, Buffer.concat([bytes, Buffer.alloc(1)]), () => verify(small.store, options));
        expect({ path, good: longer.good }).toEqual({ path, good: false });
      }
    },
  );

  it('may still have blobs that were erased in the log: that is said, and is no finding', async () => {
    const below = mkdtempSync(join(root, 'erased-'));
    const log = writeLog(join(below, 'written'), 3, { segmentBytes: 16 * 1024 });
    copyLog(log, join(below, 'store'), 5);
    const blobs = join(below, 'store', LOG, 'blob');
    const [blob = ''] = readdirSync(blobs);
    const kept = readFileSync(join(blobs, blob));
    const writer = new Writer(simulatedOptions(nodeIo(log), { segmentBytes: 16 * 1024 }));
    writer.erase({
      blob,
      actor: { user: { iss: 'https://idp.example', sub: 'ana', verified: false } },
      why: { reason: 'asked' },
    });
    writer.close();
    rmSync(join(below, 'store'), { recursive: true });
    copyLog(log, join(below, 'store'), 5);
    expect(readdirSync(blobs)).not.toContain(blob);
    expect((await verify(join(below, 'store'))).findings).toEqual([]);
    writeFileSync(join(blobs, blob), kept);
    for (const report of [await verify(join(below, 'store')), await verify(log, { copy: join(below, 'store') })]) {
      expect(report.findings).toEqual([]);
      expect(report.notChecked.join(' ')).toMatch(/1 blobs of .* erased are still in .*store/);
    }
  });

  it('is not good without one of its objects', async () => {
    const newest = String(305).padStart(20, '0');
    for (const path of filesOf(join(large.store, LOG)).filter((name) => !name.startsWith('blob/') || name < 'blob/1')) {
      const report = await changed(inStore(large.store, path), null, () => verify(large.store, options));
      // A cosignature, or an older checkpoint, is a signature less: what is left says the same of all events.
      const spare = path.startsWith('cosig/') || (path.startsWith('checkpoint/') && !path.endsWith(newest));
      expect({ path, good: spare ? codes(report).every((code) => code === 'anchor') : report.good }).toEqual({
        path,
        good: spare,
      });
    }
  });

  it.each<readonly [string, string, (store: string) => void]>([
    [
      'when a bundle and the chunks disagree',
      'tile',
      (store) => {
        const file = inStore(store, 'tile/entries/000');
        const bytes = readFileSync(file);
        writeFileSync(file, bytes.subarray(0, bytes.length - 1));
      },
    ],
    [
      'when two chunks are exchanged',
      'root',
      (store) => {
        const [a, b] = ['40', '80'].map((first) => inStore(store, `chunk/${first.padStart(20, '0')}`));
        renameSync(a ?? '', `${a ?? ''}x`);
        renameSync(b ?? '', a ?? '');
        renameSync(`${a ?? ''}x`, b ?? '');
      },
    ],
    [
      'when a checkpoint stands under the size of another',
      'checkpoint',
      (store) =>
        cpSync(
          inStore(store, `checkpoint/${'305'.padStart(20, '0')}`),
          inStore(store, `checkpoint/${'304'.padStart(20, '0')}`),
        ),
    ],
    [
      'when the events of a checkpoint are not all there',
      'cut',
      (store) => rmSync(inStore(store, `chunk/${'280'.padStart(20, '0')}`)),
    ],
    [
      'when something else lies there',
      'unknown-file',
      (store) => writeFileSync(inStore(store, 'chunk/notes.txt'), 'x'),
    ],
    [
      'when an object is a link',
      'unknown-file',
      (store) => {
        const file = inStore(store, `checkpoint/${'305'.padStart(20, '0')}`);
        renameSync(file, join(store, 'elsewhere'));
        symlinkSync(join(store, 'elsewhere'), file);
      },
    ],
    [
      'when a cosignature is by a witness under the name of another',
      'cosignature',
      (store) => {
        const folder = inStore(store, `cosig/${'305'.padStart(20, '0')}`);
        writeFileSync(
          join(folder, witness.id),
          testWitness('witness.example/w1').line(noteOf(large.log, 305), 1_790_000_100),
        );
      },
    ],
    [
      'when a cosignature is over another checkpoint',
      'cosignature',
      (store) => {
        const [older = 0] = checkpointSizes(large.log);
        const folder = inStore(store, `cosig/${'305'.padStart(20, '0')}`);
        writeFileSync(join(folder, witness.id), witness.line(noteOf(large.log, older), 1_790_000_100));
      },
    ],
    [
      'when a witness saw it a day before its newest event',
      'time',
      (store) => {
        const folder = inStore(store, `cosig/${'305'.padStart(20, '0')}`);
        writeFileSync(join(folder, witness.id), witness.line(noteOf(large.log, 305), 1_790_000_000 - 86_400));
      },
    ],
    ['when no cosignature is left', 'unwitnessed', (store) => rmSync(inStore(store, 'cosig'), { recursive: true })],
  ])('is not good %s', async (_case, code, spoil) => {
    expect(codes(await spoiled(spoil))).toContain(code);
  });

  it('with an older set of checkpoints is good, and says how much no signature covers', async () => {
    const report = await spoiled((store) => {
      for (const folder of ['checkpoint', 'cosig'])
        for (const name of readdirSync(inStore(store, folder)))
          if (Number(name) > 280) rmSync(inStore(store, `${folder}/${name}`), { recursive: true });
    });
    expect(codes(report)).toEqual([]);
    expect(report.logs[0]?.signed).toBeLessThan(281);
    expect(report.notChecked.join(' ')).toContain('A signature over the newest');
  });

  it('does not count a cosignature of a witness that was not named, and says so', async () => {
    const report = await spoiled((store) => {
      const stranger = testWitness('stranger.example');
      const folder = inStore(store, `cosig/${'305'.padStart(20, '0')}`);
      writeFileSync(join(folder, stranger.id), stranger.line(noteOf(large.log, 305), 1_790_000_100));
    });
    expect(codes(report)).toEqual([]);
    expect(report.notChecked.join(' ')).toContain('1 cosignatures');
  });

  it('reaches the quorum of a trust policy or says that it does not', async () => {
    const other = testWitness('witness.example/w2');
    const key = verifyDirectory(large.log).logs[0]?.key ?? '';
    const policy = (k: string): string =>
      `# who is trusted\nlog ${key}\nwitness a ${witness.vkey}\nwitness b ${other.vkey}\ngroup both ${k} a b\nquorum both\n`;
    expect((await verify(large.store, { policy: policy('any') })).logs[0]?.witnessed).toBe(305);
    expect(codes(await verify(large.store, { policy: policy('all') }))).toEqual(['unwitnessed']);
  });

  it('needs a blob for each event that names one, unless an event says it was erased', async () => {
    const [blob = ''] = filesOf(join(large.store, LOG)).filter((name) => name.startsWith('blob/'));
    expect(codes(await spoiled((store) => rmSync(inStore(store, blob))))).toEqual(['blob-missing']);
    expect(codes(await spoiled((store) => writeFileSync(inStore(store, blob), 'x')))).toEqual(['blob-changed']);
    const left = await spoiled((store) => writeFileSync(inStore(store, `blob/${'ab'.repeat(32)}`), 'x'));
    expect(codes(left)).toEqual([]);
    expect(left.notChecked.join(' ')).toContain('What 1 blobs');
  });

  it('is read although 20,000 other things lie beside it', async () => {
    const report = await spoiled((store) => {
      const folder = join(store, 'somebody-else');
      mkdirSync(folder);
      for (let i = 0; i < 20_000; i++) writeFileSync(join(folder, String(i)), '');
    });
    expect(codes(report)).toEqual([]);
  });
});
