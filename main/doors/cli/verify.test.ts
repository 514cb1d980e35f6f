import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { copyLog, testWitness, writeLog } from '../../audit/testing/finished-log.ts';
import { verifyDirectory } from '../../../verify/index.ts';
import { run, type Ran } from './testing/terminal.ts';

let root: string;
let log: string;

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'countersign-cli-verify-'));
  log = writeLog(join(root, 'written'), 3);
  copyLog(log, join(root, 'store'), 4);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const verify = (args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ran> =>
  run(['verify', ...args], { environment: { HOME: root, ...environment } });

describe('countersign verify', () => {
  it('judges a log and its copy as the verifier by itself does', async () => {
    const { code, stdout } = await verify([log, '--with', join(root, 'store'), '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ version: 1, good: true, logs: [{ size: 11 }, { size: 11 }] });
  });

  it('takes options that may be repeated, before and behind what it checks', async () => {
    const key = verifyDirectory(log).logs[0]?.key ?? '';
    const witnesses = ['a.example', 'b.example'].map((name) => testWitness(name).vkey);
    const keys = witnesses.flatMap((vkey) => ['--witness', vkey]);
    const { code, stdout } = await verify(['--key', key, ...keys, log, '--quorum', '2']);
    expect(code).toBe(1);
    expect(stdout).toContain('unwitnessed: No checkpoint of it was cosigned by enough of the witnesses.');
  });

  it('reads credentials of a bucket from the environment it is given, and says why it cannot check', async () => {
    const environment = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b', AWS_ENDPOINT_URL: 'http://127.0.0.1:1' };
    const { code, stdout, stderr } = await verify(['s3://bucket/prefix'], environment);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^countersign: s3:\/\/bucket\/prefix cannot be reached \(ECONNREFUSED\)/);
  });

  it('gives 2 for a directory that begins with a dash, without a log, or not there', async () => {
    writeFileSync(join(root, '-x'), '');
    for (const source of [join(root, '-x'), root, join(root, 'absent')])
      expect({ source, code: (await verify([source])).code }).toEqual({ source, code: 2 });
  });

  it('lists its options', async () => {
    const { code, stdout } = await verify(['--help']);
    expect(code).toBe(0);
    for (const option of ['--with', '--witness', '--quorum', '--policy', '--tsa-ca', '--reconcile', '--endpoint'])
      expect(stdout).toContain(option);
  });
});
