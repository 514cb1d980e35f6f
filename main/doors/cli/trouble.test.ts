import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createVisitor } from '../../demonstration/idp/visitor.ts';
import { start } from '../testing/program.ts';
import { mountDisk, whyNoDisk } from '../../audit/testing/small-disk.ts';
import { edit, ENDLESS, startWorkplace, until, type Workplace } from '../testing/workplace.ts';
import { runCli } from './main.ts';
import { ioOf, type Ran, run, signIn } from './testing/terminal.ts';

let workplace: Workplace;
let home: string;

beforeAll(async () => {
  workplace = await startWorkplace();
  ({ home } = workplace);
  await signIn(home, 'ana');
}, 60_000);
afterAll(() => workplace.stop());

const query = (sql: string, ...more: string[]): Promise<Ran> => queryIn(home, sql, ...more);
const queryIn = (profile: string, sql: string, ...more: string[]): Promise<Ran> =>
  run(['query', 'staging', '--home', profile, '--sql', sql, ...more]);

/** Said on standard error alone, in lines of words, with nothing of the program's inside. */
function expectSentences({ code, stdout, stderr }: Ran, expected: number, words: RegExp): void {
  expect([code, stdout]).toEqual([expected, '']);
  expect(stderr).toMatch(words);
  expect(stderr).not.toMatch(/\bat .*:\d+:\d+|Error:|something went wrong|undefined|\[object/);
}

/** A port of this machine that nothing listens on. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

describe('who asks', () => {
  it('says how to sign in where nobody is signed in', async () => {
    const profile = workplace.profileBeside();
    rmSync(join(profile, 'identity'), { recursive: true });
    for (const name of readdirSync(join(profile, 'secrets')))
      if (name.includes('session')) rmSync(join(profile, 'secrets', name));
    expectSentences(await queryIn(profile, 'SELECT 1'), 2, /Nobody is signed in .*\n.*countersign login/);
  });

  it('names the person that --as asked for and who is not signed in', async () => {
    expectSentences(await query('SELECT 1', '--as', 'eli@shop.example'), 2, /eli@shop\.example is not signed in/);
  });

  it('lets a person try again after a wrong password at the provider, in the same sign-in', async () => {
    const stdout = new PassThrough();
    const login = runCli(
      ['login', '--print-url', '--home', workplace.profileBeside()],
      ioOf(stdout, new PassThrough()),
    );
    const [url] = await Promise.all([firstLine(stdout)]);
    const visitor = createVisitor();
    const refused = await visitor.submit(await visitor.open(url), { login: 'ana@shop.example', password: 'wrong' });
    expect(refused.html).toMatch(/password/i);
    expect(refused.left).toBeUndefined();
    const accepted = await visitor.submit(refused, { login: 'ana@shop.example', password: 'ana-demo' });
    await fetch(accepted.left ?? '');
    expect(await login).toBe(0);
  });

  it('says that the identity provider cannot be reached, and which', async () => {
    const profile = workplace.profileBeside();
    const port = await closedPort();
    edit(profile, 'organisation.yaml', /127\.0\.0\.1:\d+/, `127.0.0.1:${String(port)}`);
    expectSentences(
      await run(['login', '--print-url', '--home', profile]),
      2,
      new RegExp(
        `The identity provider http://127\\.0\\.0\\.1:${String(port)} could not be reached.*\n.*organisation\\.yaml`,
      ),
    );
  });

  it('ends the wait for a sign-in with Ctrl+C', async () => {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const interrupt = new AbortController();
    const login = runCli(['login', '--print-url', '--home', home], ioOf(stdout, stderr, { signal: interrupt.signal }));
    await firstLine(stdout);
    interrupt.abort();
    expect(await login).toBe(2);
    stderr.end();
    expect(await text(stderr)).toMatch(/cancelled/);
  });

  it('says that a sign-in has expired, and why', async () => {
    const profile = workplace.profileBeside();
    edit(profile, 'organisation.yaml', 'idleMinutes: 60', 'idleMinutes: 0.000001');
    expectSentences(
      await queryIn(profile, 'SELECT 1'),
      2,
      /Your sign-in has expired: it was not used for .*\nSign in again/,
    );
  });

  it('refuses a person whose account was disabled at the provider, and their login is gone', async () => {
    const profile = workplace.profileBeside();
    await signIn(profile, 'sam');
    edit(profile, 'organisation.yaml', 'revalidateMinutes: 15', 'revalidateMinutes: 0.000001');
    expect((await queryIn(profile, 'SELECT 1')).code).toBe(0);
    const enable = workplace.disable('sam');
    try {
      expectSentences(await queryIn(profile, 'SELECT 1'), 2, /Your sign-in was ended: .*\n.*whether your account/);
    } finally {
      enable();
    }
    expectSentences(await queryIn(profile, 'SELECT 1', '--as', 'sam@shop.example'), 2, /is not signed in/);
  });
});

describe('which database', () => {
  it('says that the database did not accept the login, and keeps the password to itself', async () => {
    const profile = workplace.profileBeside();
    writeFileSync(join(profile, 'secrets', 'demonstration-staging'), 'wrong-password-51b0c');
    const ran = await queryIn(profile, 'SELECT 1');
    expectSentences(ran, 2, /did not accept the login of workbench_staging.*\nCheck user and password/);
    expect(ran.stderr).not.toContain('51b0c');
  });

  it('says where nothing listens', async () => {
    const profile = workplace.profileBeside();
    const port = String(await closedPort());
    edit(profile, 'connections.yaml', /port: \d+/, `port: ${port}`);
    expectSentences(await queryIn(profile, 'SELECT 1'), 2, new RegExp(`Nothing listens at 127\\.0\\.0\\.1:${port}`));
  });

  it('gives a server that cannot be reached as the answer to each line, and goes on', async () => {
    const profile = workplace.profileBeside();
    edit(profile, 'connections.yaml', /port: \d+/, `port: ${String(await closedPort())}`);
    const stdin = '{"id":1,"sql":"SELECT 1"}\n{"id":2,"sql":"SELEC"}\n';
    const { code, stdout } = await run(['query', 'staging', '--jsonl', '--home', profile], { stdin });
    expect(code).toBe(0);
    expect(answers(stdout)).toMatchObject([
      { id: 1, verdict: 'refuse', code: 'connection-refused', rows: [] },
      { id: 2, verdict: 'refuse', code: 'syntax-error' },
    ]);
  });

  it.each([['query'], ['explain']])(
    'knows that a connection is unknown before it reads a line (%s)',
    async (command) => {
      const stdin = '{"id":1,"sql":"SELECT 1"}\n';
      const words = /There is no connection named stagin\.\n.*staging, production/;
      expectSentences(await run([command, 'stagin', '--home', home, '--sql', 'SELECT 1']), 2, words);
      expectSentences(await run([command, 'stagin', '--home', home, '--jsonl'], { stdin }), 2, words);
    },
  );

  it('says that the connection was lost when the server ends it in the middle, and the next statement runs', async () => {
    const lost = query(ENDLESS);
    await until('the statement runs', async () => (await workplace.running()).length === 1);
    const [pid] = await workplace.running();
    await workplace.observe('SELECT pg_terminate_backend($1::int)', String(pid));
    expectSentences(await lost, 1, /The connection to the database was lost: .*administrator ended/);
    expect((await query('SELECT 1')).code).toBe(0);
  });

  it('cancels on the server what Ctrl+C ends here', async () => {
    const interrupt = new AbortController();
    const cancelled = run(['query', 'staging', '--home', home, '--sql', ENDLESS], { signal: interrupt.signal });
    await until('the statement runs', async () => (await workplace.running()).length === 1);
    interrupt.abort();
    expectSentences(await cancelled, 1, /^The statement was cancelled\. \[cancelled\]\n$/);
    expect(await workplace.running()).toEqual([]);
  });
});

describe.skipIf(process.platform === 'win32')('the command as a process of its own', () => {
  it('cancels on the server what SIGINT ends here', async () => {
    const command = start('bin/countersign.mjs', ['query', 'staging', '--home', home, '--sql', ENDLESS]);
    await until('the statement runs', async () => (await workplace.running()).length === 1);
    command.child.kill('SIGINT');
    expect([await command.ended, command.said()]).toEqual([1, 'The statement was cancelled. [cancelled]\n']);
    expect(await workplace.running()).toEqual([]);
  });

  it('ends quietly when its reader goes away, as with | head -1', async () => {
    const sql = "SELECT i, repeat('x', 100) FROM generate_series(1, 300000) AS i";
    const command = start('bin/countersign.mjs', ['query', 'staging', '--format', 'csv', '--home', home, '--sql', sql]);
    await command.says(/^i,repeat/);
    command.child.stdout?.destroy();
    expect(await command.ended).toBe(0);
    expect(command.said().slice(-1_000)).not.toMatch(/countersign:|Warning|leak|Masked/);
  });
});

describe('an input that does not end', () => {
  it.each([
    ['the statement', ['-'], /Cancelled before the statement was read/],
    ['the next line', ['--jsonl'], /^$/],
  ])('is left by Ctrl+C while %s is waited for', async (_, how, words) => {
    const interrupt = new AbortController();
    const stdin = new PassThrough();
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const io = { ...ioOf(stdout, stderr, { signal: interrupt.signal }), stdin };
    const ran = runCli(['query', 'staging', '--home', home, ...how], io);
    stdin.write('{"id":1,"sql":"SELECT 1"}\n');
    if (how[0] === '--jsonl') await firstLine(stdout);
    interrupt.abort();
    expect(await ran).toBe(2);
    stderr.end();
    expect(await text(stderr)).toMatch(words);
  });
});

describe('which text', () => {
  it.each([
    [
      'what PostgreSQL cannot read',
      'SELECT * FRO customers',
      /^PostgreSQL cannot read this: syntax error .*\n.*line 1.*\n.*\^\^\^\n$/,
    ],
    ['two statements', 'SELECT 1; DELETE FROM orders', /^The text holds 2 statements; .*\nRun them one by one\.\n$/],
    ['no statement', ' -- nothing\n', /^There is no statement .*\nWrite one SQL statement\.\n$/],
    [
      'a NUL character',
      "SELECT 'a\0; DROP TABLE orders'",
      /^The text holds a NUL character: .*\n.*line 1.*\n.*\^\nRemove the character\.\n$/,
    ],
    ['half a character', "SELECT '\ud800'", /^The text holds half of a character .*/],
    [
      'more text than is judged at once',
      `SELECT '${'x'.repeat(2 ** 20)}'`,
      /^The statement is longer than 1024 KiB, .*\n.*line 1.*\n.*\^\nSplit it/,
    ],
  ])('refuses %s with what is wrong and nothing else', async (_, sql, words) => {
    const ran = await query(sql);
    expectSentences(ran, 1, words);
    expect(ran.stderr).not.toMatch(/UNKNOWN|not run here/);
    expect([...ran.stderr].filter((c) => c !== '\n' && /\p{Cc}/u.test(c))).toEqual([]);
  });

  it('carries NUL and half characters through --jsonl as refusals, never to the server', async () => {
    const stdin = ["SELECT 'a\0b'", "SELECT '\udfff'", 'SELECT 1']
      .map((sql, id) => JSON.stringify({ id, sql }))
      .join('\n');
    const { code, stdout } = await run(['query', 'staging', '--jsonl', '--home', home], { stdin });
    expect(code).toBe(0);
    expect(answers(stdout)).toMatchObject([
      { id: 0, verdict: 'refuse', code: 'nul-byte', position: 9 },
      { id: 1, verdict: 'refuse', code: 'lone-surrogate', position: 8 },
      { id: 2, verdict: 'allow', rows: [['1']] },
    ]);
  });

  it.each([
    ['is not JSON', 'SELECT 2'],
    ['is another kind of JSON', '[1]'],
    ['has no statement', '{"id":2}'],
    ['says more than is known', '{"id":2,"sql":"SELECT 1","as":"eli"}'],
  ])('ends at a line of --jsonl that %s, after answering those before it', async (_, line) => {
    const stdin = `{"id":1,"sql":"SELECT 1"}\n${line}\n{"id":3,"sql":"SELECT 3"}\n`;
    const { code, stdout, stderr } = await run(['query', 'staging', '--jsonl', '--home', home], { stdin });
    expect(code).toBe(2);
    expect(answers(stdout)).toMatchObject([{ id: 1, verdict: 'allow' }]);
    expect(stderr).toMatch(/^countersign: Line 2 of standard input is not .*\n.*have been answered\.\n$/);
  });

  it('refuses a file and a standard input that are not UTF-8', async () => {
    const stdin = Buffer.from([0x53, 0xff]);
    expectSentences(await run(['query', 'staging', '-', '--home', home], { stdin }), 2, /not valid UTF-8/);
  });
});

describe('which result', () => {
  const MIB = 1024 * 1024;

  it.each(['table', 'csv', 'json'])('prints a cell of 10 MB whole (%s)', async (format) => {
    const { code, stdout } = await query(`SELECT repeat('x', ${String(10 * MIB)}) AS big`, '--format', format);
    expect(code).toBe(0);
    expect(/x+/.exec(stdout)?.[0]).toHaveLength(10 * MIB);
  });

  it('does not widen every row of a table by one long cell', async () => {
    const { code, stdout } = await query(
      `SELECT CASE i WHEN 7 THEN repeat('x', ${String(10 * MIB)}) ELSE 'y' END AS cell, i FROM generate_series(1, 900) AS i`,
    );
    expect(code).toBe(0);
    expect(stdout.length).toBeLessThan(11 * MIB);
  });

  const columns = (n: number): string =>
    `SELECT ${Array.from({ length: n }, (_, i) => `${String(i)} AS c${String(i)}`).join(', ')}`;

  it.each(['table', 'csv', 'json'])('prints 1,600 columns (%s)', async (format) => {
    const { code, stdout } = await query(columns(1_600), '--format', format);
    expect(code).toBe(0);
    expect(stdout).toMatch(/c1599/);
    expect(stdout).toMatch(/1599\b/);
  });

  it("gives the server's own limit on 2,000 columns as the error", async () => {
    expectSentences(await query(columns(2_000)), 1, /^target lists can have at most 1664 entries \[server-54011\]\n$/);
  });

  it('ends quietly when its reader goes away, and cancels the rest', async () => {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const sql = "SELECT i, repeat('x', 100) FROM generate_series(1, 300000) AS i";
    const ran = runCli(['query', 'staging', '--format', 'csv', '--home', home, '--sql', sql], ioOf(stdout, stderr));
    await firstLine(stdout);
    stdout.destroy();
    expect(await ran).toBe(0);
    stderr.end();
    expect(await text(stderr)).toBe('');
  });
});

describe('which profile', () => {
  let elsewhere = '';
  beforeAll(() => {
    elsewhere = mkdtempSync(join(tmpdir(), 'countersign-elsewhere-'));
  });
  afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

  it('says that a directory is not there, or is no directory, and makes nothing', async () => {
    const nowhere = join(elsewhere, 'nowhere');
    for (const command of [['connections'], ['query', 'staging', '--sql', 'SELECT 1'], ['login']])
      expectSentences(await run([...command, '--home', nowhere]), 2, /There is no organisation\.yaml in .*nowhere/);
    expect(existsSync(nowhere)).toBe(false);
    const file = join(elsewhere, 'file');
    writeFileSync(file, '');
    expectSentences(await run(['connections', '--home', file]), 2, /There is no organisation\.yaml in .*file/);
    expectSentences(await run(['demo', '--home', file]), 2, /file (could not be written|is not a directory)/);
    expectSentences(await run(['init', '--home', file]), 2, /file/);
  });

  it('says that a profile cannot be written, before anything runs', async () => {
    const disk = whyNoDisk === undefined ? mountDisk(8) : undefined;
    const profile = workplace.profileBeside(disk && join(disk.directory, 'home'));
    try {
      if (disk === undefined) chmodSync(profile, 0o500);
      else disk.makeReadOnly();
      const ran = await queryIn(profile, 'SELECT 1');
      expectSentences(ran, 2, /^countersign: .*\/home\/\S+.* cannot be made or taken\.\n.*may write/);
    } finally {
      if (disk === undefined) chmodSync(profile, 0o700);
      else disk.remove();
    }
  });

  it.each(['policy.yaml', 'classification.yaml', 'connections.yaml', 'organisation.yaml'])(
    'runs nothing without a whole %s',
    async (name) => {
      const profile = workplace.profileBeside();
      const malformed = 'version: 1\nrules: {\n';
      writeFileSync(join(profile, name), malformed);
      expectSentences(await queryIn(profile, 'SELECT 1'), 2, new RegExp(`${name} is not right:\n${name}:\\d+:\\d+`));
      rmSync(join(profile, name));
      expectSentences(await queryIn(profile, 'SELECT 1'), 2, new RegExp(`There is no ${name} in `));
      expect(existsSync(join(profile, 'audit'))).toBe(false);
    },
  );

  it('does not run the demonstration over a profile that it did not write', async () => {
    const mine = mkdtempSync(join(elsewhere, 'mine-'));
    await run(['init', '--secrets', 'file', '--home', mine]);
    const before = readFileSync(join(mine, 'organisation.yaml'), 'utf8');
    const there = readdirSync(mine);
    expectSentences(
      await run(['demo', '--home', mine]),
      2,
      /is not the demonstration's \(organisation\.yaml\).*\n.*--local/,
    );
    expect(readFileSync(join(mine, 'organisation.yaml'), 'utf8')).toBe(before);
    expect(readdirSync(mine)).toEqual(there);
  });

  it('does not take a copy of the demonstration with another provider for its own', async () => {
    const copy = workplace.profileBeside();
    edit(copy, 'organisation.yaml', /http:\/\/127\.0\.0\.1:\d+/, 'https://login.example.com');
    expectSentences(await run(['demo', '--home', copy]), 2, /not the demonstration's/);
    expect(readFileSync(join(copy, 'organisation.yaml'), 'utf8')).toContain('login.example.com');
  });

  it('says that the demonstration already runs there', async () => {
    expectSentences(await run(['demo', '--home', home]), 2, /already running/);
  });
});

const answers = (stdout: string): unknown[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);

async function firstLine(stream: PassThrough): Promise<string> {
  return new Promise((resolve) => stream.once('data', (chunk: Buffer) => resolve(String(chunk).trim())));
}
