import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Report } from '../../../verify/index.ts';
import { logsBelow, openJournalReader } from '../../audit/journal/reader.ts';
import { auditDirectory } from '../../recording.ts';
import { edit, startWorkplace, type Workplace } from '../testing/workplace.ts';
import { type Ran, run, signIn } from './testing/terminal.ts';

/** Stands in a statement as a literal: sealed in the record, and gone once it is erased. */
const CANARY = 'canary-of-the-record';

let workplace: Workplace;
let home: string;
let store: string;

beforeAll(async () => {
  workplace = await startWorkplace();
  ({ home } = workplace);
  store = join(home, 'demonstration', 'record-store');
  for (const who of ['sam', 'eli', 'ana'] as const) await signIn(home, who);
}, 60_000);
afterAll(() => workplace.stop());

const query = (who: string, sql: string, profile = home): Promise<Ran> =>
  run(['query', 'staging', '--home', profile, '--as', `${who}@shop.example`, '--sql', sql]);

interface Status {
  readonly log: string;
  readonly recorded: number;
  readonly uploaded: number | null;
  readonly witnessed: number | null;
  readonly trouble: string | null;
  readonly weaknesses: readonly { readonly code: string }[];
}

async function upload(profile = home): Promise<Ran & { readonly status: Status }> {
  const ran = await run(['record', 'upload', '--json', '--home', profile]);
  return { ...ran, status: JSON.parse(ran.stdout) as Status };
}

/** Log and index of the newest intent whose text has the canary. */
async function intentOf(): Promise<readonly [string, string]> {
  await query('ana', `SELECT '${CANARY}' AS word`);
  for (const { id, path } of logsBelow(auditDirectory(home)).toReversed()) {
    const reader = openJournalReader(path, 0);
    let found: number | undefined;
    for (let part = reader.next({ bytes: 1 << 20 }); part !== null; part = reader.next({ bytes: 1 << 20 })) {
      for (const [i, entry] of part.entries.entries()) {
        const leaf = JSON.parse(entry.toString()) as { readonly k: string; readonly op?: { readonly title: string } };
        if (leaf.k === 'stmt.intent' && leaf.op?.title === 'SELECT') found = part.first + i;
      }
    }
    if (found !== undefined) return [id, String(found)];
  }
  throw new Error('the statement is not in the record');
}

describe('the record of the demonstration', () => {
  it('is copied and witnessed whole, and says what its store is not worth', async () => {
    expect((await query('ana', 'SELECT 1')).code).toBe(0);
    const { code, status } = await upload();
    expect(status).toMatchObject({ uploaded: status.recorded, witnessed: status.recorded, trouble: null });
    expect(code).toBe(0);
    expect(status.weaknesses.map((weakness) => weakness.code)).toContain('same-disk');
    const doctor = await run(['record', 'doctor', '--home', home]);
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toMatch(/same disk as the profile/);
  });

  it('is found good where it is and where its copies are, one against the other', async () => {
    await upload();
    for (const asked of [[], [store], [auditDirectory(home), '--with', store]])
      expect(await run(['verify', '--home', home, ...asked])).toMatchObject({ code: 0, stderr: '' });
  });

  it('is opened for the check by whoever holds the profile and asks for it, where its own record is checked', async () => {
    await query('ana', 'SELECT 1');
    await upload();
    const counted = async (...asked: readonly string[]): Promise<Readonly<Record<string, number | undefined>>> => {
      const { code, stdout } = await run(['verify', '--json', '--home', home, ...asked]);
      const { findings, checked } = JSON.parse(stdout) as Report;
      expect({ asked, code, findings }).toEqual({ asked, code: 0, findings: [] });
      return Object.fromEntries(checked.map(({ what, count }) => [what, count]));
    };
    for (const where of [[], [auditDirectory(home)], [store]]) {
      expect(await counted(...where)).toMatchObject({ logins: 0, 'decisions made again': 0 });
      const opened = await counted(...where, '--content');
      for (const what of ['logins', 'decisions made again', 'blobs decrypted'])
        expect({ where, what, some: (opened[what] ?? 0) > 0 }).toEqual({ where, what, some: true });
    }
  });

  it('is not opened where the record is of somebody else, and no key is made for it', async () => {
    const profile = workplace.profileBeside();
    const elsewhere = await run(['verify', '--content', '--home', profile, auditDirectory(home)]);
    expect(elsewhere).toMatchObject({ code: 2, stdout: '' });
    expect(elsewhere.stderr).toMatch(/is not the record of the profile[^]*--blob-key-file/);
    const key = join(profile, 'secrets', 'audit-blob-key');
    rmSync(key);
    const without = await run(['verify', '--content', '--home', profile]);
    expect(without).toMatchObject({ code: 2, stdout: '' });
    expect(without.stderr).toMatch(/has no key of what is sealed/);
    expect(existsSync(key)).toBe(false);
  });

  it('stays sealed where another profile keeps its record in the same store', async () => {
    const profile = workplace.profileBeside();
    rmSync(join(profile, 'secrets', 'audit-blob-key'));
    expect((await query('ana', 'SELECT 1', profile)).code).toBe(0);
    expect((await upload(profile)).code).toBe(0);
    const { code, stdout } = await run(['verify', store, '--content', '--home', profile, '--json']);
    const { findings, notChecked, logs } = JSON.parse(stdout) as Report;
    expect({ code, findings }).toEqual({ code: 0, findings: [] });
    expect(logs.length).toBeGreaterThan(1);
    expect(notChecked.join(' ')).toContain('no blob key was given');
  });

  it('says what to do where its store cannot be had, and keeps what is recorded', async () => {
    const profile = workplace.profileBeside();
    edit(profile, 'organisation.yaml', /path: "[^"]*"/, `path: ${JSON.stringify(`${profile}-store`)}`);
    const { code, status } = await upload(profile);
    expect(code).toBe(1);
    expect(status).toMatchObject({ uploaded: 0, trouble: expect.stringMatching(/make the directory/) as string });
  });
});

describe('the status of a record', () => {
  it('names the logs that were given up, and why', async () => {
    const profile = workplace.profileBeside();
    const { status } = await upload(profile);
    const audit = auditDirectory(profile);
    cpSync(audit, `${audit}-copy`, { recursive: true });
    rmSync(audit, { recursive: true });
    renameSync(`${audit}-copy`, audit);
    const { stdout } = await run(['record', 'status', '--home', profile]);
    expect(stdout).toMatch(new RegExp(`${status.log} .*given up: its directory is not the one it was begun in`));
    const { logs } = JSON.parse((await run(['record', 'status', '--json', '--home', profile])).stdout) as {
      readonly logs: readonly { readonly givenUp: string | null }[];
    };
    expect(logs.map(({ givenUp }) => givenUp !== null)).toEqual([true, false]);
  });
});

describe('a statement whose record must be elsewhere before it is sent', () => {
  it('runs once it is, and not where nothing could take it', async () => {
    const profile = workplace.profileBeside();
    edit(profile, 'policy.yaml', 'rules:\n', 'rules:\n  - { id: sealed, require: { record: witnessed }, on: write }\n');
    const change = "UPDATE products SET name = name WHERE name = 'nothing'";
    expect(await query('eli', change, profile)).toMatchObject({ code: 0 });
    edit(profile, 'organisation.yaml', /^ {2}witnesses:.*\n/m, '');
    const refused = await query('eli', change, profile);
    expect(refused.code).toBe(1);
    expect(refused.stderr + refused.stdout).toMatch(/witnessed before the statement runs \(rule sealed\)/);
    expect(await query('eli', 'SELECT 1', profile)).toMatchObject({ code: 0 });
  });

  it('is told why where its store does not answer', async () => {
    const profile = workplace.profileBeside();
    edit(profile, 'policy.yaml', 'rules:\n', 'rules:\n  - { id: kept, require: { record: uploaded }, on: write }\n');
    edit(profile, 'organisation.yaml', /path: "[^"]*"/, 'path: /nowhere/audit');
    edit(profile, 'organisation.yaml', 'reviewers:', 'reachSeconds: 1\n  reviewers:');
    const { code, stderr } = await query('eli', "UPDATE products SET name = name WHERE name = 'nothing'", profile);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/nowhere\/audit/);
  });
});

describe('erasing sealed content', () => {
  const holding = (directory: string, address: string): boolean =>
    readdirSync(directory, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith(address));

  it('is for reviewers', async () => {
    const [log, index] = await intentOf();
    const asked = ['record', 'erase', log, index, '--reason', 'asked for', '--home', home];
    const { code, stderr } = await run([...asked, '--as', 'ana@shop.example']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/Only reviewers may erase .*\n.*security/);
  });

  it('takes text, parameters and inputs of one event away, here and in the store, and leaves every proof', async () => {
    const [log, index] = await intentOf();
    await upload();
    const blobs = readdirSync(join(store, log, 'blob'));
    const asked = ['record', 'erase', log, index, '--reason', 'a request under Article 17', '--home', home];
    const erased = await run([...asked, '--as', 'sam@shop.example', '--json']);
    expect(erased).toMatchObject({ code: 0, stderr: '' });
    const { sealed } = JSON.parse(erased.stdout) as { readonly sealed: number };
    expect(sealed).toBeGreaterThan(0);
    expect((await upload()).code).toBe(0);
    expect(blobs.filter((address) => !holding(store, address))).toHaveLength(sealed);
    for (const where of [[], [store]])
      expect(await run(['verify', '--home', home, ...where])).toMatchObject({ code: 0 });
    const again = await run([...asked, '--as', 'sam@shop.example', '--json']);
    expect(JSON.parse(again.stdout)).toMatchObject({ sealed, erased: 0 });
  });

  it('takes the names of a statement too long for its event out of the search, too', async () => {
    const named = 'forgotten_name';
    const columns = Array.from({ length: 300 }, (_, i) => `email AS ${named}_of_a_column_that_is_long_${String(i)}`);
    expect((await query('ana', `SELECT ${columns.join(', ')} FROM customers LIMIT 1`)).code).toBe(0);
    const search = async (): Promise<
      readonly { readonly log: string; readonly index: number; readonly kind: string }[]
    > => {
      const { stdout } = await run([
        'activity',
        '--home',
        home,
        '--as',
        'sam@shop.example',
        '--json',
        '--text',
        `${named}*`,
      ]);
      const lines = stdout.split('\n').filter((line) => line !== '');
      return lines.map((line) => JSON.parse(line) as { log: string; index: number; kind: string });
    };
    const [found] = (await search()).filter(({ kind }) => kind === 'stmt.intent');
    expect(found).toBeDefined();
    const asked = [
      'record',
      'erase',
      String(found?.log),
      String(found?.index),
      '--reason',
      'asked for',
      '--home',
      home,
    ];
    expect((await run([...asked, '--as', 'sam@shop.example'])).code).toBe(0);
    expect((await search()).filter(({ kind }) => kind === 'stmt.intent')).toEqual([]);
    expect(await run(['activity', 'rebuild', '--home', home])).toMatchObject({ code: 0 });
    expect((await search()).filter(({ kind }) => kind === 'stmt.intent')).toEqual([]);
  });

  it('says that there is no such event', async () => {
    const [log] = await intentOf();
    const asked = ['record', 'erase', log, '999999', '--reason', 'x', '--as', 'sam@shop.example', '--home', home];
    expect(await run(asked)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no event 999999') as string,
    });
  });
});

describe('what the record keeps in clear', () => {
  it('never holds a literal of a statement, neither here nor in the store', async () => {
    await intentOf();
    await upload();
    for (const directory of [auditDirectory(home), store])
      for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true }))
        if (entry.isFile())
          expect(readFileSync(join(entry.parentPath, entry.name)).includes(CANARY), entry.name).toBe(false);
  });
});
