/** A log of the product under tools that know nothing of it: the packages of Go's checksum database. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyDirectory } from '../../verify/index.ts';
import { checkpointSizes, writeLog } from './testing/finished-log.ts';

/** Where Debian's golang-golang-x-mod-dev puts its sources. */
const GOPATH = '/usr/share/gocode';
const missing =
  spawnSync('go', ['version']).status !== 0
    ? 'Go is not installed; see scripts/provision.ts'
    : existsSync(join(GOPATH, 'src/golang.org/x/mod/sumdb/tlog'))
      ? undefined
      : 'golang-golang-x-mod-dev is not installed; see scripts/provision.ts';

const name = `a log of the product under Go's note and tlog packages${missing === undefined ? '' : ` (skipped: ${missing})`}`;

describe.skipIf(missing !== undefined)(name, () => {
  let root: string;
  let log: string;
  let key: string;
  let older: string;

  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'countersign-go-'));
    const built = spawnSync('go', ['build', '-o', join(root, 'goverify'), 'main.go'], {
      cwd: join(import.meta.dirname, '../../verify/testing/goverify'),
      env: { ...process.env, GOPATH, GO111MODULE: 'off', GOFLAGS: '', GOCACHE: join(root, 'cache') },
      encoding: 'utf8',
    });
    if (built.status !== 0) throw new Error(built.stderr);
    log = writeLog(root, 400);
    key = verifyDirectory(log).logs[0]?.key ?? '';
    older = join(log, 'checkpoints', String(checkpointSizes(log)[2]).padStart(20, '0'));
  }, 180_000);
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const goverify = (directory: string, ...args: readonly string[]): { status: number | null; said: string } => {
    const { status, stdout, stderr } = spawnSync(join(root, 'goverify'), [directory, ...args], { encoding: 'utf8' });
    return { status, said: stdout + stderr };
  };

  /** What Go says of a copy of the log in which one file was changed. */
  function changed(path: string, change: (bytes: Buffer) => void): { status: number | null; said: string } {
    const copy = mkdtempSync(join(root, 'copy-'));
    cpSync(log, copy, { recursive: true });
    const bytes = readFileSync(join(copy, path));
    change(bytes);
    writeFileSync(join(copy, path), bytes);
    return goverify(copy, key, older);
  }

  const flip = (at: number) => (bytes: Buffer) => void bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);

  it('is good: signature, root, every tile, inclusion, and grown out of an older checkpoint', () => {
    const { status, said } = goverify(log, key, older);
    expect({ status, said }).toMatchObject({ status: 0 });
    expect(said).toContain('805 events under the signed root');
    expect(said).toContain(`grown from ${Number(older.slice(-20))} events`);
  });

  it.each([
    ['entry', 'tile/entries/001', 5000, /the root over the 805 events|ends within an entry|holds/],
    ['tile of leaf hashes', 'tile/0/001', 40, /tile\/0\/001 is not the tile/],
    ['tile of subtree hashes', 'tile/1/000.p/3', 40, /tile\/1\/000\.p\/3 is not the tile/],
    ['checkpoint', 'checkpoint', 30, /checkpoint/],
  ])('is not good after one changed byte in the %s, which is named', (_what, path, at, named) => {
    const { status, said } = changed(path, flip(at));
    expect({ status, said }).toMatchObject({ status: 1 });
    expect(said).toMatch(named);
  });

  it('is not good under another key, nor as grown out of a log it did not grow out of', () => {
    const other = writeLog(join(root, 'other'), 100);
    const otherKey = verifyDirectory(other).logs[0]?.key ?? '';
    expect(otherKey).toBe(key);
    expect(goverify(log, key.replace('test.example', 'evil.example')).status).toBe(1);
    expect(goverify(log, key, join(other, 'checkpoint')).said).toContain('did not grow out of its first 205 events');
  });
});
