import { execFile, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  openSync,
  closeSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { logList } from './log-list.ts';
import { createWitnessState, openWitnessState, type WitnessState } from './state.ts';
import { fakeLog, listed, temporaryDirectory, type FakeLog } from './testing.ts';
import { generateSignerKey, SIGNATURE_TYPE } from './verifier-key.ts';
import { addCheckpoint } from './witness.ts';

const key = generateSignerKey('witness.example/w1', SIGNATURE_TYPE.cosignature);
const undo: (() => void)[] = [];
afterEach(() => {
  for (const step of undo.splice(0).reverse()) step();
});

function place(): string {
  const directory = temporaryDirectory();
  undo.push(() => directory.remove());
  const path = join(directory.path, 'state.db');
  createWitnessState(path, key.verifier);
  return path;
}

function opened<T>(path: string, use: (state: WitnessState) => T): T {
  const state = openWitnessState(path, key.verifier);
  try {
    return use(state);
  } finally {
    state.close();
  }
}

const statusOf = (state: WitnessState, logs: readonly FakeLog[], body: string): number =>
  addCheckpoint(
    {
      key,
      state,
      logs: () => logList(listed(logs.map((log) => ({ key: log.key.verifier.text })))),
      report: () => undefined,
    },
    Buffer.from(body),
  ).status;

const ask = (path: string, log: FakeLog, body: string): number => opened(path, (state) => statusOf(state, [log], body));
const sizes = (path: string): number[] =>
  opened(path, (state) => state.logs().map(({ checkpoint }) => checkpoint.size));

/** Runs a program of this runtime with the state module at hand; gives what it printed, also when it was killed. */
async function program(text: string, input: unknown, under: readonly string[] = []): Promise<string> {
  const url = (name: string): string => JSON.stringify(new URL(name, import.meta.url).href);
  const source = `
    import { openWitnessState } from ${url('./state.ts')};
    import { parseSignerKey } from ${url('./verifier-key.ts')};
    import { logList, logListSchema } from ${url('./log-list.ts')};
    import { addCheckpoint } from ${url('./witness.ts')};
    const input = JSON.parse(process.env.INPUT);
    const key = parseSignerKey(input.key, 4);
    const state = openWitnessState(input.path, key.verifier);
    const logs = logList(logListSchema.parse(input.logs));
    const ask = (body) => addCheckpoint({ key, state, logs: () => logs, report: () => {} }, Buffer.from(body)).status;
    ${text}`;
  const [command = '', ...args] = [...under, process.execPath, '--no-warnings', '--input-type=module', '-e', source];
  const run = promisify(execFile)(command, args, {
    env: { ...process.env, INPUT: JSON.stringify(input) },
  });
  return run.then(
    ({ stdout }) => stdout,
    (error: { readonly stdout?: string; readonly signal?: string }) =>
      `${error.stdout ?? ''}${error.signal ?? 'failed'}`,
  );
}

describe('the memory of a witness', () => {
  it('is what it was after it was closed', () => {
    const path = place();
    const log = fakeLog();
    expect(ask(path, log, log.request(0, 5))).toBe(200);
    expect(sizes(path)).toEqual([5]);
    expect(ask(path, log, log.forked(1, 'other').request(5, 5))).toBe(422);
    expect(ask(path, log, log.request(0, 5))).toBe(409);
    expect(ask(path, log, log.request(5, 9))).toBe(200);
  });

  it('holds what was decided when the process is killed before it answers', async () => {
    const path = place();
    const log = fakeLog();
    const input = { path, key: key.text, logs: [{ key: log.key.verifier.text }], body: log.request(0, 5) };
    expect(await program(`ask(input.body); process.kill(process.pid, 'SIGKILL')`, input)).toBe('SIGKILL');
    expect(sizes(path)).toEqual([5]);
    // Another history at that size is too late, and the log itself finds out and goes on.
    expect(ask(path, log, log.forked(0, 'other').request(0, 5))).toBe(409);
    expect(ask(path, log, log.forked(0, 'other').request(5, 5))).toBe(422);
    expect(ask(path, log, log.request(5, 5))).toBe(200);
  });

  it('is what it was when the process is killed in the middle of a decision', async () => {
    const path = place();
    const log = fakeLog();
    ask(path, log, log.request(0, 3));
    const input = { path, key: key.text, logs: [], origin: log.origin };
    const killed = `state.decide(input.origin, () => { process.kill(process.pid, 'SIGKILL'); for (;;); })`;
    expect(await program(killed, input)).toBe('SIGKILL');
    expect(sizes(path)).toEqual([3]);
    expect(ask(path, log, log.request(3, 5))).toBe(200);
  });

  const strace = process.platform === 'linux' && spawnSync('strace', ['-V']).status === 0;
  it.skipIf(!strace)(
    `is on stable storage, file and directory, before an answer leaves${strace ? '' : ' (skipped: needs strace)'}`,
    async () => {
      const path = place();
      const log = fakeLog();
      const bodies = [log.request(0, 1), log.request(1, 2), log.request(2, 2)];
      const input = { path, key: key.text, logs: [{ key: log.key.verifier.text }], bodies };
      const calls = 'trace=pwrite64,fsync,fdatasync,unlink,write';
      const file = `${path}.trace`;
      await program(
        `const { writeSync } = await import('node:fs');
         for (const body of input.bodies) writeSync(1, 'answer ' + ask(body))`,
        input,
        ['strace', '-f', '-y', '-e', calls, '-o', file],
      );
      let since: string[] = [];
      let answers = 0;
      for (const line of readFileSync(file, 'utf8').split('\n')) {
        if (/ pwrite64\(\d+<[^>]*state\.db>/.test(line)) since.push('write');
        else if (/ f(?:data)?sync\(\d+<[^>]*state\.db>\) += 0/.test(line)) since.push('sync');
        else if (/ unlink\("[^"]*state\.db-journal"\) += 0/.test(line)) since.push('commit');
        else if (line.includes(`<${dirname(path)}>`) && / f(?:data)?sync\(.* += 0/.test(line))
          since.push('sync directory');
        else if (/ write\(1<.*"answer 200"/.test(line)) {
          answers++;
          const firstWrite = since.indexOf('write');
          expect(since.slice(firstWrite).filter((step) => step !== 'write')).toEqual([
            'sync',
            'commit',
            'sync directory',
          ]);
          since = [];
        }
      }
      expect(answers).toBe(bodies.length);
    },
  );

  it('lets one of several processes win each race for a size', async () => {
    const path = place();
    const logs = Array.from({ length: 12 }, (_, i) => fakeLog(`log.example/${i}`));
    const [one, two, three] = await Promise.all(
      ['one', 'two', 'three'].map(async (story) => {
        const bodies = logs.map((log) => log.forked(0, story).request(0, 3));
        const input = { path, key: key.text, logs: logs.map((log) => ({ key: log.key.verifier.text })), bodies };
        const printed = await program(`console.log(JSON.stringify(input.bodies.map(ask)))`, input);
        return JSON.parse(printed) as number[];
      }),
    );
    for (const i of logs.keys()) expect([one?.[i], two?.[i], three?.[i]].sort()).toEqual([200, 409, 409]);
  });

  it('is never made anew: a missing, an empty or a foreign file stops the witness', () => {
    const path = place();
    const log = fakeLog();
    ask(path, log, log.request(0, 5));
    const open = (): unknown => opened(path, () => 'opened');

    truncateSync(path, 0);
    expect(open).toThrow(expect.objectContaining({ code: 'witness-state-damaged' }));
    rmSync(path);
    expect(open).toThrow(expect.objectContaining({ code: 'witness-state-missing' }));
    writeFileSync(path, 'not a database at all, but long enough to be looked at'.repeat(100));
    expect(open).toThrow(expect.objectContaining({ code: 'witness-state-damaged' }));
    rmSync(path);
    new DatabaseSync(path).exec('CREATE TABLE log (origin TEXT PRIMARY KEY)');
    expect(open).toThrow(expect.objectContaining({ code: 'witness-state-damaged' }));
  });

  it('of one key is of no use to another', () => {
    const path = place();
    const other = generateSignerKey('witness.example/w1', SIGNATURE_TYPE.cosignature);
    expect(() => openWitnessState(path, other.verifier)).toThrow(
      expect.objectContaining({ code: 'witness-state-damaged' }),
    );
    expect(() => createWitnessState(path, other.verifier)).toThrow(expect.objectContaining({ code: 'witness-exists' }));
  });

  it('that is torn anywhere never lets a second history through', () => {
    const path = place();
    const log = fakeLog();
    ask(path, log, log.request(0, 5));
    const whole = `${path}.whole`;
    copyFileSync(path, whole);
    const length = statSync(whole).size;
    const attack = log.forked(0, 'other');
    const torn: ((file: string) => void)[] = [];
    for (let cut = 512; cut < length; cut += 512) torn.push((file) => truncateSync(file, cut));
    for (let sector = 0; sector < length; sector += 512)
      for (const byte of [0x00, 0xa5]) torn.push((file) => fill(file, sector, byte));
    for (const tear of torn) {
      copyFileSync(whole, path);
      tear(path);
      for (const body of [attack.request(0, 5), attack.request(0, 9), attack.request(5, 5), attack.request(5, 9)]) {
        let answered: number | string;
        try {
          answered = ask(path, log, body);
        } catch (error) {
          answered = String((error as { readonly code?: unknown }).code);
        }
        expect(answered).toBeOneOf([409, 422, 'witness-state-damaged']);
      }
      rmSync(`${path}-journal`, { force: true });
    }
  });

  it('of which a disk kept some new pages and lost others is found out, or has kept them all', () => {
    const path = place();
    const log = fakeLog();
    ask(path, log, log.request(0, 5));
    const before = readFileSync(path);
    ask(path, log, log.request(5, 9));
    const after = readFileSync(path);
    const page = 4096;
    const pages = Array.from({ length: after.length / page }, (_, i) => i * page).filter(
      (at) => at > 0 && !after.subarray(at, at + page).equals(before.subarray(at, at + page)),
    );
    expect(pages.length).toBeGreaterThan(1);
    const attack = log.forked(5, 'other').request(5, 9);
    // The first page only counts changes. All others lost is an older copy: that no file can tell of itself.
    for (let kept = 1; kept < 2 ** pages.length; kept++) {
      const mixed = Buffer.from(before);
      for (const [i, at] of pages.entries()) if (kept & (1 << i)) after.copy(mixed, at, at, at + page);
      writeFileSync(path, mixed);
      let answered: number | string;
      try {
        answered = ask(path, log, attack);
      } catch (error) {
        answered = String((error as { readonly code?: unknown }).code);
      }
      expect([kept, answered]).toEqual([kept, expect.toBeOneOf([409, 'witness-state-damaged'])]);
    }
  });

  it('whose row was edited by hand cosigns nothing for that log', () => {
    const path = place();
    const log = fakeLog();
    const older = fakeLog(log.origin, log.key);
    ask(path, log, log.request(0, 5));
    const database = new DatabaseSync(path);
    database.prepare('UPDATE log SET note = replace(note, ?, ?)').run('\n5\n', '\n4\n');
    database.close();
    expect(() => ask(path, log, older.request(4, 5))).toThrow(
      expect.objectContaining({ code: 'witness-state-damaged' }),
    );
    expect(readFileSync(path).length).toBeGreaterThan(0);
  });

  it('that cannot be written answers nothing, and nothing more until it is opened again', () => {
    const path = place();
    const log = fakeLog();
    opened(path, (state) => {
      expect(statusOf(state, [log], log.request(0, 3))).toBe(200);
      const other = new DatabaseSync(path);
      other.exec(`CREATE TRIGGER full BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'disk is full'); END`);
      expect(() => statusOf(state, [log], log.request(3, 5))).toThrow(
        expect.objectContaining({ code: 'witness-state-unwritten' }),
      );
      other.exec('DROP TRIGGER full');
      other.close();
      expect(() => statusOf(state, [log], log.request(3, 5))).toThrow(
        expect.objectContaining({ code: 'witness-state-unwritten' }),
      );
    });
    expect(sizes(path)).toEqual([3]);
    expect(ask(path, log, log.request(3, 5))).toBe(200);
  });
});

function fill(path: string, at: number, byte: number): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(512, byte), 0, 512, at);
  closeSync(file);
}
