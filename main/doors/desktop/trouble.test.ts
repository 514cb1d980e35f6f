import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { CELL_TRUNCATED, ResultWindow } from '../../../shared/result-window.ts';
import { type AuditStateView } from '../../../shared/views.ts';
import { run as runCommand } from '../cli/testing/terminal.ts';
import { mountDisk, type SmallDisk, whyNoDisk } from '../../audit/testing/small-disk.ts';
import { edit, ENDLESS, startWorkplace, until, type Workplace } from '../testing/workplace.ts';
import { type Desktop, openDesktop } from './open.ts';
import { type Desk, only, openDesk } from './testing/desk.ts';

const MIB = 1024 * 1024;

let workplace: Workplace;
let desktop: Desktop;
let desk: Desk;

beforeAll(async () => {
  workplace = await startWorkplace();
  desktop = await openDesktop({ home: workplace.home, demonstration: false, onProgress: () => undefined });
  desk = openDesk(desktop);
  await desk.signIn('ana');
}, 60_000);
afterAll(async () => {
  await desktop.close();
  await workplace.stop();
});

const opened: Desktop[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** Another window on a profile of its own, with Ana's login. */
async function deskBeside(home = workplace.profileBeside()): Promise<{ home: string; desk: Desk; desktop: Desktop }> {
  const another = await openDesktop({ home, demonstration: false, onProgress: () => undefined });
  opened.push(another);
  const seat = openDesk(another);
  await seat.client['session.current']();
  return { home, desk: seat, desktop: another };
}

/** The next state of the record that is as wanted. */
async function stateWhere({ client }: Desk, wanted: (state: AuditStateView) => boolean): Promise<AuditStateView> {
  for await (const state of client['audit.state']()) if (wanted(state)) return state;
  throw new Error('the states ended');
}

const recordOf = (home: string): string =>
  readdirSync(join(home, 'audit'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('journal') && name.endsWith('.seg'))
    .map((name) => readFileSync(join(home, 'audit', name), 'latin1'))
    .join('');

describe('large results in the window', () => {
  it('packs a cell of 10 MB cut and says its size; the whole comes by itself', async () => {
    const { client } = desk;
    const { result } = only(await desk.run(`SELECT repeat('ü', ${String(5 * MIB)}) AS big, 1 AS one`), 'columns');
    const area = { firstRow: 0, rows: 1, firstColumn: 0, columns: 2 };
    const packed = await client['result.window']({ result, ...area });
    expect(packed.length).toBeLessThan(10_000);
    const view = new ResultWindow(packed);
    expect([view.flags(0, 0), view.size(0, 0)]).toEqual([CELL_TRUNCATED, 10 * MIB]);
    const whole = await client['result.cell']({ result, row: 0, column: 0 });
    expect([whole.text?.length, whole.bytes]).toEqual([5 * MIB, 10 * MIB]);
    const copied = await client['result.copy']({ result, ...area, format: 'tsv', headers: false });
    expect([copied.text.length, copied.cut]).toEqual([5 * MIB + 3, false]);
  });

  it('says that a cell is larger than a window shows at once, also where only its line breaks make it so', async () => {
    const { client } = desk;
    const sql = `SELECT repeat('x', ${String(17 * MIB)}) AS large, repeat(chr(10), ${String(10 * MIB)}) AS lines`;
    const { result } = only(await desk.run(sql), 'columns');
    for (const column of [0, 1]) {
      await expect(client['result.cell']({ result, row: 0, column })).rejects.toMatchObject({
        code: 'cell-too-large',
        message: expect.stringMatching(/holds 1[07] MB/) as string,
      });
      const copy = { result, firstRow: 0, rows: 1, firstColumn: column, columns: 1, headers: false };
      await expect(client['result.copy']({ ...copy, format: 'csv' })).rejects.toMatchObject({ code: 'copy-too-large' });
    }
  });

  it('shows 1,600 columns, and gives the limit of the server as the error on 2,000', async () => {
    const columns = (n: number): string =>
      `SELECT ${Array.from({ length: n }, (_, i) => `i + ${String(i)} AS c${String(i)}`).join(', ')} FROM generate_series(1, 100) AS i`;
    const events = await desk.run(columns(1_600));
    const told = only(events, 'columns');
    expect([told.columns.length, told.columns[1_599]?.name]).toEqual([1_600, 'c1599']);
    const area = { firstRow: 90, rows: 10, firstColumn: 1_590, columns: 10 };
    const window = new ResultWindow(await desk.client['result.window']({ result: told.result, ...area }));
    expect(window.text(99, 1_599)).toBe('1699');
    expect(only(await desk.run(columns(2_000)), 'failed').error).toMatchObject({
      code: 'server-54011',
      message: 'target lists can have at most 1664 entries',
    });
  });
});

describe('texts the server must not see', () => {
  it.each([
    ['several-statements', 'SELECT 1; SELECT 2'],
    ['syntax-error', 'SELECT FROM WHERE'],
    ['nul-byte', "SELECT 'a\0b'"],
    ['lone-surrogate', "SELECT '\ud800'"],
    ['lone-surrogate', "SELECT '\udc00\ud800'"],
  ])('refuses %s with exactly one reason', async (code, text) => {
    const { verdict } = only(await desk.run(text), 'verdict');
    expect([verdict.verdict, verdict.reasons.map((reason) => reason.code)]).toEqual(['refuse', [code]]);
  });
});

describe('files of the profile that are wrong while the window is open', () => {
  it.each(['malformed', 'missing'])(
    'keeps the last good policy when the file is %s; window and record say so',
    async (how) => {
      const { home, desk: seat } = await deskBeside();
      const path = join(home, 'policy.yaml');
      const good = readFileSync(path, 'utf8');
      if (how === 'missing') rmSync(path);
      else writeFileSync(path, good.replace('rules:', 'rulez:'));
      const { trouble } = await stateWhere(seat, (state) => state.trouble !== null);
      expect(trouble).toMatch(
        how === 'missing' ? /^There is no policy\.yaml/ : /^policy\.yaml is not right:\npolicy\.yaml:\d+:\d+/,
      );
      expect(trouble).toMatch(/The last good profile stays in force until this is corrected\.$/);
      expect(only(await seat.run('SELECT 1'), 'done').rows).toBe(1);
      expect(only(await seat.run('DELETE FROM orders'), 'verdict').verdict.verdict).toBe('refuse');
      expect((await seat.client['app.info']()).notices).toEqual([trouble]);
      expect(recordOf(home)).toContain('refused, the last good files stay in force');

      writeFileSync(path, good);
      await stateWhere(seat, (state) => state.trouble === null);
      expect((await seat.client['app.info']()).notices).toEqual([]);
      expect(recordOf(home).match(/"k":"policy\.load"/g)).toHaveLength(2);
    },
  );
});

describe('a second instance', () => {
  it('says that the window is open already, while the command line works on the same profile', async () => {
    await expect(
      openDesktop({ home: workplace.home, demonstration: false, onProgress: () => undefined }),
    ).rejects.toMatchObject({ code: 'profile-in-use', message: expect.stringContaining(workplace.home) as string });
    const command = (sql: string) => runCommand(['query', 'staging', '--home', workplace.home, '--sql', sql]);
    const [one, two, here] = await Promise.all([command('SELECT 1'), command('SELECT 2'), desk.run('SELECT 3')]);
    expect([one.code, two.code, only(here, 'done').rows]).toEqual([0, 0, 1]);
    expect((await runCommand(['verify', '--home', workplace.home])).code).toBe(0);
  });
});

describe('a login that ends', () => {
  afterEach(() => vi.useRealTimers());

  it('reaches a window where nobody does anything: its statement is cancelled and its connections are closed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const home = workplace.profileBeside();
    edit(home, 'organisation.yaml', 'revalidateMinutes: 15', 'revalidateMinutes: 0.000001');
    const { desk: seat } = await deskBeside(home);
    await seat.signIn('sam');
    const running = seat.run(ENDLESS);
    const told = Array.fromAsync(seat.client['audit.state']()).catch((error: unknown) => error);
    await until('the statement runs', async () => (await workplace.running()).length === 1);
    const restore = workplace.disable('sam');
    try {
      await until('the login is looked at', async () => {
        await vi.advanceTimersByTimeAsync(15_000);
        return (await workplace.running()).length === 0;
      });
    } finally {
      restore();
    }
    expect((await running).at(-1)).toMatchObject({
      kind: 'failed',
      error: { code: expect.stringMatching(/^session-/) as string },
    });
    expect(await told).toMatchObject({ code: expect.stringMatching(/^session-(revoked|ended)$/) as string });
    await until('its connections are closed', async () => {
      const there = await workplace.observe(
        "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'countersign sam%'",
      );
      return there.length === 0;
    });
    const after = seat.client['connections.list']();
    await expect(after).rejects.toMatchObject({ code: expect.stringMatching(/^session-/) as string });
  });
});

describe('a server or a program that ends in the middle', () => {
  it('says that the connection was lost when the server crashes, and works again when it is back', async () => {
    const running = desk.run(ENDLESS);
    await until('the statement runs', async () => (await workplace.running()).length === 1);
    const [pid = 0] = await workplace.running();
    process.kill(pid, 'SIGKILL');
    const { error } = only(await running, 'failed');
    expect(error.code).toBe('connection-lost');
    expect(error.message).toMatch(/^The connection to the database was lost/);
    await until('the server is back', async () => (await desk.run('SELECT 1')).at(-1)?.kind === 'done');
  });

  it('cancels on the server what runs when the window is closed', async () => {
    const { desk: seat } = await deskBeside();
    const gone = seat.run(ENDLESS).catch(() => undefined);
    await until('the statement runs', async () => (await workplace.running()).length === 1);
    seat.close();
    await gone;
    await until('it has ended', async () => (await workplace.running()).length === 0);
  });

  it('cancels on the server what runs when the program ends, and ends it in the record', async () => {
    const { home, desk: seat, desktop: program } = await deskBeside();
    const gone = seat.run(ENDLESS).catch(() => undefined);
    await until('the statement runs', async () => (await workplace.running()).length === 1);
    await program.close();
    expect(await workplace.running()).toEqual([]);
    seat.close();
    await gone;
    opened.splice(0);
    expect(recordOf(home)).toMatch(/"status":"cancelled"/);
    expect((await runCommand(['verify', '--home', home])).code).toBe(0);
  });
});

describe.skipIf(whyNoDisk !== undefined)(
  `a full disk${whyNoDisk === undefined ? '' : ` (skipped: ${whyNoDisk})`}`,
  () => {
    const disks: SmallDisk[] = [];
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
      for (const disk of disks.splice(0)) disk.remove();
    });

    it('refuses new statements with one sentence, loses no text, and goes on when there is room again', async () => {
      const disk = mountDisk(56);
      disks.push(disk);
      const { home, desk: seat } = await deskBeside(workplace.profileBeside(join(disk.directory, 'home')));
      const workspace = (text: string) => ({
        tabs: [{ id: 't', title: 't', connection: null, text, cursor: 0 }],
        active: 't',
        layout: {},
        theme: 'system' as const,
      });
      await seat.client['workspace.save'](workspace('SELECT 1 -- kept'));
      expect(only(await seat.run('SELECT 1'), 'done').rows).toBe(1);

      disk.fill();
      // Room that is already allocated takes some statements more; text as long as this uses it up, and is short enough to
      // have its second lineage.
      const text = (i: number): string => `SELECT ${String(i)} /* ${'x'.repeat(250_000)} */`;
      let ended = await seat.run(text(0));
      for (let i = 1; i < 240 && ended.at(-1)?.kind === 'done'; i++) ended = await seat.run(text(i));
      expect(only(ended, 'failed').error).toMatchObject({
        code: 'audit-disk-full',
        message: 'The disk is full: nothing new can be recorded, so nothing new can run.',
      });
      expect((await stateWhere(seat, () => true)).trouble).toMatch(/^The disk is full/);
      for (let i = 0; i < 6; i++) expect(only(await seat.run('SELECT 1'), 'failed').error.code).toBe('audit-disk-full');
      await expect(seat.client['workspace.save'](workspace('y'.repeat(200_000)))).rejects.toMatchObject({
        code: 'workspace-not-saved',
        message: 'The disk is full: the text of your tabs is not saved.',
      });
      expect((await seat.client['workspace.load']()).tabs[0]?.text).toBe('SELECT 1 -- kept');

      disk.free();
      await until('statements run again', async () => (await seat.run('SELECT 2')).at(-1)?.kind === 'done');
      await seat.client['workspace.save'](workspace('SELECT 2 -- kept'));
      expect((await seat.client['workspace.load']()).tabs[0]?.text).toBe('SELECT 2 -- kept');
      expect((await seat.client['audit.verify']({ where: 'here' })).findings).toEqual([]);
      expect((await runCommand(['verify', '--home', home])).code).toBe(0);
    });

    it('cuts a result that finds no room, and says so', async () => {
      const home = workplace.profileBeside();
      const disk = mountDisk(1, join(home, 'results'));
      disks.push(disk);
      const { desk: seat } = await deskBeside(home);
      const done = only(await seat.run(`SELECT repeat('x', ${String(MIB)}) FROM generate_series(1, 120)`), 'done');
      expect(done.cut).toBe('cut because there is no room left for it on this machine');
      // What fits into the memory of a result (64 MiB), less the row that went to the disk.
      expect(done.rows).toBeGreaterThanOrEqual(63);
    });

    it('says why nothing can run when the disk is full from the start', async () => {
      const disk = mountDisk(4);
      disks.push(disk);
      const home = workplace.profileBeside(join(disk.directory, 'home'));
      await expect(openDesktop({ home, demonstration: false, onProgress: () => undefined })).rejects.toMatchObject({
        code: 'audit-disk-full',
        message: expect.stringMatching(/^The disk is full/) as string,
      });
      disk.fill();
      const { code, stderr } = await runCommand(['query', 'staging', '--home', home, '--sql', 'SELECT 1']);
      expect(code).toBe(2);
      expect(stderr).toMatch(/^countersign: .*\n.*\n$/);
      expect(stderr).toMatch(/disk/);
      expect(stderr).not.toMatch(/something went wrong/);
    });
  },
);
