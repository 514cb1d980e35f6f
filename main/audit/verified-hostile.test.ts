/** Files that somebody prepared for the verifier: whatever they hold, it judges them in bounded time and memory, in words. */
import { execFileSync } from 'node:child_process';
import { createHash, generateKeyPairSync } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CannotVerify, reportText, verify, verifyDirectory, type Report } from '../../verify/index.ts';
import { packEntries } from './journal/frame.ts';
import { checkpointText, signer } from './note.ts';
import { EMPTY_ROOT, Tree, leafHash } from './merkle.ts';
import { filesOf, testWitness, writeLog } from './testing/finished-log.ts';
import { LOG } from './testing/lives.ts';

/** Every byte takes a minute: `EVERY_BYTE=1` tries them all, otherwise one in so many. */
const STRIDE = process.env['EVERY_BYTE'] === '1' ? 1 : 149;

let root: string;
let log: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'countersign-hostile-'));
  log = writeLog(join(root, 'good'), 3, { segmentBytes: 8 * 1024 });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const codes = (report: Report): readonly string[] => report.findings.map(({ code }) => code);

/** A copy of the log that a test may spoil. */
function spoiled(spoil: (log: string) => void): Report {
  const below = mkdtempSync(join(root, 'spoiled-'));
  cpSync(log, join(below, LOG), { recursive: true });
  spoil(join(below, LOG));
  return verifyDirectory(below);
}

/** A store that somebody with a key of their own filled with these leaves: all signed, all hashes right. */
async function signedStore(leaves: readonly Buffer[]): Promise<Report> {
  const store = mkdtempSync(join(root, 'signed-'));
  const own = signer(`test.example/${LOG}`, generateKeyPairSync('ed25519').privateKey);
  const identity = { id: LOG, origin: own.name, key: own.vkey };
  const at = { t: 1, m: 1, b: 'boot' };
  const first = { v: 1, id: '01a1fe84-7d22-709d-b559-0c8a4d77023d', k: 'log.open', ...at, log: identity, dev: {} };
  const entries = [Buffer.from(JSON.stringify(first)), ...leaves];
  const tree = new Tree();
  for (const entry of entries) tree.append(leafHash(entry));
  const digits = (n: number): string => String(n).padStart(20, '0');
  for (const folder of ['chunk', 'checkpoint']) mkdirSync(join(store, LOG, folder), { recursive: true });
  writeFileSync(join(store, LOG, 'log.json'), `${JSON.stringify(identity, null, 2)}\n`);
  writeFileSync(join(store, LOG, 'chunk', digits(0)), packEntries(entries));
  const note = own.signNote(checkpointText(own.name, tree.size, tree.root()));
  writeFileSync(join(store, LOG, 'checkpoint', digits(tree.size)), note);
  return verify(store);
}

const leaf = (more: string): Buffer =>
  Buffer.from(`{"v":1,"id":"01a1fe84-7d22-709d-b559-0c8a4d77023d","t":1,"m":1,"b":"boot",${more}}`);

describe('a log with one changed byte', () => {
  it('is never good, whichever file it is in, and neither is one that is cut', { timeout: 300_000 }, () => {
    testWitness('w').cosigns(log, 11);
    const asked = { witnesses: [], atRest: true };
    for (const path of filesOf(log).filter((name) => name !== 'LOCK' && name !== 'journal/spare')) {
      // Nobody named the witness: its signature is not looked at (see verified-copy.test.ts, where it is).
      if (path.startsWith('cosig/')) continue;
      const file = join(log, path);
      const before = readFileSync(file);
      try {
        for (let at = 0; at < before.length; at += STRIDE) {
          const bytes = Buffer.from(before);
          bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at % 8)), at);
          writeFileSync(file, bytes);
          expect({ path, at, good: verifyDirectory(log, asked).good }).toEqual({ path, at, good: false });
          writeFileSync(file, before.subarray(0, at));
          expect({ path, cut: at, good: verifyDirectory(log, asked).good }).toEqual({ path, cut: at, good: false });
        }
      } finally {
        writeFileSync(file, before);
      }
    }
  });
});

describe('hostile leaves', () => {
  it.each<readonly [string, Buffer]>([
    ['a deep nest of lists', Buffer.from('['.repeat(60_000))],
    ['a deep nest in an event', leaf(`"k":"config.change","change":${'['.repeat(30_000)}${']'.repeat(30_000)}`)],
    [
      'a deep nest in its successor',
      leaf(`"k":"log.open","log":{"after":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`),
    ],
    ['an object that refuses to be text', leaf('"k":"session.start","s":"x","n":{"toString":1}')],
    ['a prototype', leaf('"k":"session.start","s":"__proto__","n":0,"__proto__":{"k":"x"}')],
    [
      'an index beyond what numbers hold',
      leaf('"k":"stmt.closed","s":"x","n":0,"ref":{"i":9007199254740993,"h":"00"}'),
    ],
    ['a number beyond what numbers hold', leaf('"k":"session.start","s":"x","n":1e999')],
    ['a negative index', leaf('"k":"stmt.closed","s":"x","n":0,"ref":{"i":-1,"h":"00"}')],
    ['times of no day', leaf('"k":"heartbeat","beat":{"every":-1e308}')],
    ['a kind that is none', leaf('"k":["stmt.intent"]')],
    ['a list', Buffer.from('[]')],
    ['nothing', Buffer.alloc(0)],
    ['bytes that are not text', Buffer.alloc(2000, 0xff)],
    [
      'many thousand commitments',
      leaf(`"k":"x","c":[${Array.from({ length: 900 }, () => '{"h":"0","len":0,"ref":""}').join()}]`),
    ],
    ['a late outcome of nowhere', leaf('"k":"late.outcome","of":{"log":{"toString":1},"i":{"a":1},"h":[]},"out":{}')],
    ['an erasure of everything', leaf('"k":"blob.erased","blob":{"a":1},"of":[]')],
  ])('with %s are judged', async (_what, bytes) => {
    const report = await signedStore([bytes]);
    expect(report.logs).toMatchObject([{ size: 2, signed: 2 }]);
    expect(reportText(report)).toContain('Checked');
  });

  it('with terminal escapes are shown as what they are', async () => {
    const name = JSON.stringify('\u001b[2J\u202e');
    const report = await signedStore([leaf(`"k":"conn.close","s":${name},"n":7`)]);
    expect(report.good).toBe(false);
    // eslint-disable-next-line no-control-regex -- control characters are what is looked for
    expect(reportText(report)).not.toMatch(/[\u001b\u202e]/);
  });
});

describe('hostile files', () => {
  const segment = 'journal/00000000.seg';

  it.each<readonly [string, string, (log: string) => void]>([
    [
      'a segment that is a link',
      'unreadable',
      (of) => {
        renameSync(join(of, segment), join(of, '..', 'elsewhere'));
        symlinkSync(join(of, '..', 'elsewhere'), join(of, segment));
      },
    ],
    [
      'a journal that is a link',
      'segment-missing',
      (of) => {
        renameSync(join(of, 'journal'), join(of, '..', 'elsewhere'));
        symlinkSync(join(of, '..', 'elsewhere'), join(of, 'journal'));
      },
    ],
    [
      'a pipe that nobody writes',
      'unreadable',
      (of) => {
        rmSync(join(of, 'log.json'));
        execFileSync('mkfifo', [join(of, 'log.json')]);
      },
    ],
    ['a segment of a terabyte', 'unreadable', (of) => truncateSync(join(of, segment), 2 ** 40)],
    ['a checkpoint of a gigabyte', 'unreadable', (of) => truncateSync(join(of, 'checkpoint'), 2 ** 30)],
    [
      'a header that says it is longer than the file',
      'segment-header',
      (of) => {
        const bytes = readFileSync(join(of, segment));
        bytes.writeUInt32BE(0xffffffff, 120);
        writeFileSync(join(of, segment), bytes);
      },
    ],
    [
      'a frame that says it holds four thousand million blobs',
      'tail',
      (of) => {
        const bytes = readFileSync(join(of, segment));
        bytes.writeUInt32BE(0xffffffff, bytes.indexOf('CSFR') + 20);
        writeFileSync(join(of, segment), bytes);
      },
    ],
    [
      'a header with a state of its own, well summed',
      'segment-state',
      (of) => {
        const bytes = readFileSync(join(of, segment));
        const end = 160 + bytes.readUInt32BE(120);
        bytes.write('[', 160);
        createHash('sha256').update(bytes.subarray(0, 128)).update(bytes.subarray(160, end)).digest().copy(bytes, 128);
        writeFileSync(join(of, segment), bytes);
      },
    ],
    [
      'a checkpoint of 10^15 events',
      'checkpoint',
      (of) => writeFileSync(join(of, 'checkpoints', '1'.padEnd(20, '0')), 'x'),
    ],
    ['dead.json that is no JSON', 'log-dead', (of) => writeFileSync(join(of, 'dead.json'), '{'.repeat(100_000))],
    ['no segment at all', 'cut', (of) => rmSync(join(of, 'journal'), { recursive: true })],
    ['a stranger', 'unknown-file', (of) => writeFileSync(join(of, 'notes.txt'), '')],
  ])('with %s are judged', (_what, code, spoil) => {
    expect(codes(spoiled(spoil))).toContain(code);
  });

  it('of a copy that was taken in the middle of a write are good, and not when a byte changed before its end', () => {
    const copied = (of: string, change: (bytes: Buffer, frames: readonly number[]) => void): void => {
      // Without its last frame, whose beginning is there: what a copy of a log in use may hold.
      const bytes = readFileSync(join(of, segment));
      const frames: number[] = [];
      for (let at = bytes.indexOf('CSFR'); at >= 0; at = bytes.indexOf('CSFR', at + 1)) frames.push(at);
      change(bytes, frames);
      writeFileSync(join(of, segment), bytes);
      for (const name of ['checkpoint', 'checkpoints', 'tile', 'cosig'])
        rmSync(join(of, name), { recursive: true, force: true });
      const dead = { log: LOG, size: 0, root: EMPTY_ROOT.toString('hex'), reason: 'copied', copied: true };
      writeFileSync(join(of, 'dead.json'), `${JSON.stringify(dead, null, 2)}\n`);
    };
    const cut = (bytes: Buffer, frames: readonly number[]): void => void bytes.fill(0, (frames.at(-1) ?? 0) + 100);
    const report = spoiled((of) => copied(of, cut));
    expect(codes(report)).toEqual(['successor']);
    expect(report.notChecked.join(' ')).toContain('unfinished write');
    const changed = spoiled((of) => copied(of, (bytes, frames) => void bytes.writeUInt8(0, (frames.at(-3) ?? 0) + 70)));
    expect(codes(changed)).toContain('tail');
  });

  it('of two logs that changed places are not good', () => {
    const report = spoiled((of) => {
      const other = writeLog(join(of, '..', 'other'), 3, { segmentBytes: 16 * 1024 });
      cpSync(join(other, segment), join(of, segment));
    });
    expect(report.good).toBe(false);
  });

  it('that cannot be told from a log that is being made are none', () => {
    const below = mkdtempSync(join(root, 'begun-'));
    mkdirSync(join(below, LOG, 'journal'), { recursive: true });
    expect(() => verifyDirectory(below)).toThrow(CannotVerify);
  });
});
