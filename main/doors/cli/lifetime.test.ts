import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { edit, startWorkplace, until } from '../testing/workplace.ts';
import { family, type Program, runs, start } from '../testing/program.ts';

const here = process.platform !== 'win32';

/** As package.json has it: through the launcher, which may run under an older Node. */
const npmStart = (home: string, environment: NodeJS.ProcessEnv): Program =>
  start('scripts/with-node24.mjs', ['scripts/start.ts', '--no-open', '--home', home], environment);

describe.skipIf(!here)(`programs that are ended${here ? '' : ' (skipped: Windows has no signals)'}`, () => {
  let directory = '';
  let home = '';
  /** What an account has: a program must leave all of it as it was. */
  const account = (): NodeJS.ProcessEnv => {
    const of = (name: string): string => join(directory, name);
    return { HOME: of('account'), TMPDIR: of('tmp'), XDG_DATA_HOME: of('data'), COUNTERSIGN_HOME: '', DISPLAY: '' };
  };

  // Filled once; from then on a start takes a second.
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'countersign-lifetime-'));
    home = join(directory, 'home');
    for (const name of ['account', 'tmp', 'data']) mkdirSync(join(directory, name), { mode: 0o755 });
    const workplace = await startWorkplace(home);
    await workplace.stop();
  }, 60_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  const programs = {
    'countersign demo': () => start('bin/countersign.mjs', ['demo', '--json', '--home', home], account()),
    'npm start': () => npmStart(home, account()),
  } as const;
  const READY = /"issuer"|#ticket=\S+/;

  async function expectGone(members: readonly number[]): Promise<void> {
    await until('nothing of it runs', () => members.every((pid) => !runs(pid)));
    const left = ['account', 'tmp', 'data'].flatMap((name) =>
      readdirSync(join(directory, name), { recursive: true, encoding: 'utf8' }),
    );
    expect(left).toEqual([]);
  }

  describe.each(Object.entries(programs))('%s', (name, begin) => {
    it.each([
      ['SIGINT', name === 'npm start' ? 130 : 0],
      ['SIGTERM', 0],
      ['SIGHUP', 0],
      ['SIGKILL', 'SIGKILL'],
    ] as const)('leaves nothing running and nothing behind on %s', async (signal, code) => {
      const program = begin();
      await program.says(READY);
      const members = family(program.child.pid ?? 0);
      expect(members.length).toBeGreaterThan(2);
      program.child.kill(signal);
      expect(await program.ended).toBe(code);
      await expectGone(members);
    });
  });

  it.skipIf(process.platform !== 'linux')('ends the browser window that it opened', async () => {
    const programsOf = join(directory, 'bin');
    const mark = join(directory, 'window');
    mkdirSync(programsOf);
    // Stands in for the browser: says that it runs, and stays until it is ended.
    writeFileSync(join(programsOf, 'chromium'), `#!/bin/sh\necho $$ > ${mark}\nexec sleep 600\n`, { mode: 0o755 });
    const PATH = `${programsOf}${delimiter}${process.env['PATH'] ?? ''}`;
    const program = start('scripts/with-node24.mjs', ['scripts/start.ts', '--browser', '--home', home], {
      ...account(),
      DISPLAY: ':99',
      PATH,
    });
    await until('the window is open', () => existsSync(mark) && readFileSync(mark, 'utf8').endsWith('\n'));
    const members = family(program.child.pid ?? 0);
    expect(members).toContain(Number(readFileSync(mark, 'utf8')));
    program.child.kill('SIGTERM');
    expect(await program.ended).toBe(0);
    await expectGone(members);
  });

  it('ends a demonstration that is still being made, and makes it anew the next time', async () => {
    const unfinished = join(directory, 'unfinished');
    const begin = (): Program => start('bin/countersign.mjs', ['demo', '--json', '--home', unfinished], account());
    for (const signal of ['SIGKILL', 'SIGINT'] as const) {
      const program = begin();
      await program.says(/Filling the production shop/);
      const members = family(program.child.pid ?? 0);
      program.child.kill(signal);
      await program.ended;
      expect(program.said()).not.toMatch(READY);
      await expectGone(members);
    }
    const again = begin();
    await again.says(READY);
    again.child.kill('SIGTERM');
    expect(await again.ended).toBe(0);
  });

  it('says that the window is open already, and leaves that one alone', async () => {
    const first = programs['npm start']();
    await first.says(READY);
    const second = programs['npm start']();
    expect(await second.ended).toBe(2);
    expect(second.said()).toMatch(
      /^Countersign is already open on the profile .*\. Use the window that is open, or .*\n$/m,
    );
    expect(runs(first.child.pid ?? 0)).toBe(true);
    first.child.kill('SIGTERM');
    expect(await first.ended).toBe(0);
  });

  it('says what is wrong with a policy at the start of the window, with line and column, and ends', async () => {
    edit(home, 'policy.yaml', 'rules:', 'rulez:');
    try {
      const program = programs['npm start']();
      await program.says(/Starting PostgreSQL/);
      const members = family(program.child.pid ?? 0);
      expect(await program.ended).toBe(2);
      expect(program.said()).toMatch(/policy\.yaml is not right:\npolicy\.yaml:\d+:\d+/);
      expect(program.said()).not.toMatch(/\n\s+at |Error:/);
      await expectGone(members);
    } finally {
      edit(home, 'policy.yaml', 'rulez:', 'rules:');
    }
  });

  it('says that a profile directory cannot be made', async () => {
    const program = npmStart(join(home, 'policy.yaml', 'x'), account());
    expect(await program.ended).toBe(2);
    expect(program.said()).toMatch(/The profile directory .* cannot be made\. Check the path/);
    expect(program.said()).not.toMatch(/\n\s+at /);
  });
});
