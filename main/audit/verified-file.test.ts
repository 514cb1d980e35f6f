/** The verifier as it is handed to strangers: one file, nothing beside it, run by whatever Node is there. */
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { builtinModules } from 'node:module';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildVerifier } from '../../scripts/build.ts';
import { verify, verifyDirectory } from '../../verify/index.ts';
import { signer } from './note.ts';
import { copyLog, testWitness, writeLog, noteOf } from './testing/finished-log.ts';
import { BLOB_KEY, LOG } from './testing/lives.ts';

/** Versions of Node on this machine besides the one that runs the tests. */
const others = ['/usr/bin/node', '/usr/local/bin/node'].filter((path) => {
  const version = /^v(\d+)\.(\d+)/.exec(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout ?? '');
  return version !== null && (Number(version[1]) > 20 || (Number(version[1]) === 20 && Number(version[2]) >= 12));
});

describe('the verifier as one file', () => {
  let root: string;
  let file: string;
  let log: string;

  beforeAll(async () => {
    root = mkdtempSync(join(tmpdir(), 'countersign-file-'));
    file = join(root, 'verify.mjs');
    copyFileSync(await buildVerifier(), file);
    // Segments enough to be read ahead in a second thread, which begins with the same file.
    log = writeLog(join(root, 'written'), 150, { segmentBytes: 32 * 1024 });
    copyLog(log, join(root, 'store'), 40);
  }, 120_000);
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const run = (node: string, ...args: readonly string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(node, [file, ...args], { encoding: 'utf8', cwd: root });

  it('imports nothing but what Node brings along', () => {
    const imported = [...readFileSync(file, 'utf8').matchAll(/^import .* from "([^"]+)";$/gm)].map(
      ([, name = '']) => name,
    );
    expect(imported.length).toBeGreaterThan(0);
    expect(imported.filter((name) => !name.startsWith('node:') || !builtinModules.includes(name.slice(5)))).toEqual([]);
    expect(imported).not.toContain('node:sqlite');
  });

  it.each([process.execPath, ...others])('says under %s what it says as a part of the program', async (node) => {
    const here = run(node, 'written', '--json', '--with', 'store');
    expect(here.stderr).toBe('');
    expect(here.status).toBe(0);
    expect(JSON.parse(here.stdout)).toEqual(await verify(join(root, 'written'), { copy: join(root, 'store') }));
    expect(JSON.parse(here.stdout)).toMatchObject({
      version: 1,
      good: true,
      logs: [{ id: LOG, size: 305 }, { size: 305 }],
    });
  });

  it('takes keys, witnesses and policies from its options', () => {
    const witness = testWitness('w.example');
    const below = join(root, 'witnessed');
    const other = writeLog(below, 3);
    witness.cosigns(other, 11);
    const key = verifyDirectory(below).logs[0]?.key ?? '';
    writeFileSync(join(root, 'blob.key'), BLOB_KEY.toString('base64'));
    writeFileSync(join(root, 'policy'), `log ${key}\nwitness w ${witness.vkey}\nquorum w\n`);
    expect(noteOf(other, 11).toString()).toContain('\n11\n');
    const keys = ['--key', key, '--witness', witness.vkey, '--quorum', '1', '--blob-key-file', 'blob.key'];
    expect(run(process.execPath, 'witnessed', ...keys)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/witness w\.example: the first 11 events[^]*3 blobs decrypted/),
    });
    expect(run(process.execPath, 'witnessed', '--policy', 'policy').status).toBe(0);
    const stranger = testWitness('w.example').vkey;
    expect(run(process.execPath, 'witnessed', '--witness', stranger)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('unwitnessed: '),
    });
    const { vkey: another } = signer('test.example/other', generateKeyPairSync('ed25519').privateKey);
    expect(run(process.execPath, 'witnessed', '--key', another)).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('key: It is signed by a key that you did not name as trusted.'),
    });
  });

  it.each<readonly [string, readonly string[], RegExp]>([
    ['without anything to check', [], /^Usage: verify DIR\|s3:/],
    ['with two things to check', ['written', 'store'], /^Usage/],
    ['with an option it does not know', ['written', '--fast'], /--fast[^]*Usage/],
    ['with a directory that is not there', ['absent'], /cannot be read/],
    ['with a directory without logs', ['.'], /no audit log/],
    ['with a key that is none', ['written', '--key', 'nonsense'], /not an Ed25519 verifier key/],
    ['with a quorum that cannot be reached', ['written', '--quorum', '1'], /quorum of 1/],
    ['with a quorum that is no number', ['written', '--quorum', 'two'], /takes a number/],
    ['with a policy that is not there', ['written', '--policy', 'absent'], /absent cannot be read: there is none/],
    ['with a policy that is none', ['written', '--policy', 'verify.mjs'], /trust policy/],
    ['with a blob key that is none', ['written', '--blob-key-file', 'verify.mjs'], /no 32 bytes/],
    ['with certificates that are none', ['written', '--tsa-ca', 'verify.mjs'], /no certificate/],
    ['with an address that is none', ['s3://A'], /is not s3:\/\/BUCKET/],
    ['with an endpoint in clear elsewhere', ['s3://bucket', '--endpoint', 'http://192.0.2.1'], /endpoint/],
    [
      'with nobody at the endpoint',
      ['s3://bucket', '--endpoint', 'http://127.0.0.1:1', '--anonymous'],
      /cannot be reached \(ECONNREFUSED\)/,
    ],
  ])('%s cannot check, says why and gives 2', (_case, args, said) => {
    const { status, stdout, stderr } = run(process.execPath, ...args);
    expect({ status, stdout, stderr }).toEqual({ status: 2, stdout: '', stderr: expect.stringMatching(said) });
  });
});
