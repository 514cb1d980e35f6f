/** Every command of docs/verify-without-us.md, run as it stands on the page, on a log of the product. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildVerifier } from '../../scripts/build.ts';
import { verifyDirectory } from '../../verify/index.ts';
import { VERIFIER_OPTIONS } from '../../verify/options.ts';
import { checkpointSizes, copyLog, noteOf, testWitness, writeLog } from './testing/finished-log.ts';
import { BLOB_KEY } from './testing/lives.ts';
import { noTimeAuthority, startTimeAuthority } from './testing/time-authority.ts';

const checkout = join(import.meta.dirname, '../..');
const page = readFileSync(join(checkout, 'docs/verify-without-us.md'), 'utf8');
const blocks = [...page.matchAll(/^```sh(?: (\S+))?\n(.*?)^```$/gms)].map((match) => ({
  line: page.slice(0, match.index).split('\n').length,
  needs: match[1] ?? 'nothing',
  script: match[2] ?? '',
}));

const runs = (program: string, ...args: readonly string[]): boolean => spawnSync(program, args).status === 0;
const GOPATH = '/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog';
/** Why a block cannot be run on this machine. */
const missing: Readonly<Record<string, string | undefined>> = {
  go: runs('go', 'version') && existsSync(GOPATH) ? undefined : 'Go or its package x/mod is not installed',
  'time-stamp': noTimeAuthority,
  nothing: runs('openssl', 'version') && runs('date', '-d', '@0') ? undefined : 'openssl or GNU date is not installed',
};

describe('the page for strangers', () => {
  let root: string;
  let log: string;
  let variables: Readonly<Record<string, string>>;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'countersign-strangers-'));
    // A time stamp is younger than what it is over: so is this log's clock.
    log = writeLog(join(root, 'record'), 300, {
      clock: { wall: () => Date.now(), monotonic: () => process.hrtime.bigint() },
    });
    const witness = testWitness('witness.example/w1');
    const newest = checkpointSizes(log).at(-1) ?? 0;
    const size = String(newest).padStart(20, '0');
    witness.cosigns(log, newest, Math.ceil(Date.now() / 1000) + 1);
    if (noTimeAuthority === undefined) {
      const authority = await startTimeAuthority();
      try {
        const imprint = hash('sha256', noteOf(log, newest), 'hex');
        const request = `3039020101303130 0d060960864801650304020105000420${imprint}0101ff`.replace(' ', '');
        mkdirSync(join(log, 'stamp'));
        writeFileSync(join(log, 'stamp', size), await authority.reply(Buffer.from(request, 'hex')));
        writeFileSync(join(root, 'authority-root.pem'), authority.ca);
      } finally {
        await authority.stop();
      }
    }
    copyLog(log, join(root, 'store'), 100);
    const key = verifyDirectory(log).logs[0]?.key ?? '';
    writeFileSync(join(root, 'blob.key'), BLOB_KEY);
    writeFileSync(join(root, 'policy'), `log ${key}\nwitness w ${witness.vkey}\nquorum w\n`);
    writeFileSync(join(root, 'older-checkpoint'), noteOf(log, checkpointSizes(log)[1] ?? 0));
    copyFileSync(await buildVerifier(), join(root, 'verify.mjs'));
    variables = {
      ...{ LOG: log, KEY: key, WITNESS: witness.vkey, SIZE: size, STORE: join(root, 'store') },
      COUNTERSIGN: checkout,
      GOCACHE: join(root, 'go-cache'),
      GOFLAGS: '',
      HOME: root,
      PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    };
  }, 120_000);
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** Runs a block; it fails with its first command that does. */
  const run = (script: string, changed: Readonly<Record<string, string>> = {}) =>
    spawnSync('sh', ['-eu', '-c', script], { cwd: root, env: { ...variables, ...changed }, encoding: 'utf8' });
  const blockWith = (words: string): string => blocks.find(({ script }) => script.includes(words))?.script ?? '';

  for (const { line, needs, script } of blocks)
    it.skipIf(missing[needs] !== undefined)(
      `runs as line ${line} says${missing[needs] === undefined ? '' : ` (skipped: ${missing[needs]})`}`,
      { timeout: 180_000 },
      () => {
        expect(run(script)).toMatchObject({ status: 0 });
      },
    );

  it.skipIf(missing['nothing'] !== undefined)('finds with openssl and sha256sum what was changed', () => {
    const other = join(root, 'changed');
    const changed = (path: string, from: string, to: string): Readonly<Record<string, string>> => {
      cpSync(log, other, { recursive: true });
      const bytes = readFileSync(join(log, path)).toString('latin1').replace(from, to);
      writeFileSync(join(other, path), bytes, 'latin1');
      return { LOG: other };
    };
    const checkpoint = blockWith('"$LOG/checkpoint"');
    expect(run(checkpoint, changed('checkpoint', '\n605\n', '\n604\n')).status).not.toBe(0);
    const event = blockWith('sha256sum');
    expect(run(event, changed('tile/entries/000', '"v":1', '"v":2')).status).not.toBe(0);
    expect(run(event, { KEY: 'somebody.example+00000000+AAAA' }).status).not.toBe(0);
    const cosignature = blockWith('cosignature/v1');
    expect(run(cosignature, { WITNESS: testWitness('witness.example/w1').vkey }).status).not.toBe(0);
  });

  it('names only options that the verifier has, and scripts that npm runs', () => {
    const named = [...page.matchAll(/(?<![\w-])--([a-z][a-z-]*)/g)].map(([, option = '']) => option);
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((option) => !(option in VERIFIER_OPTIONS))).toEqual([]);
    const { scripts } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8')) as { scripts: object };
    expect(scripts).toHaveProperty('build');
  });
});
