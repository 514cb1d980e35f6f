import { spawn, spawnSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyDirectory } from '../../verify/index.ts';
import { openJournalReader } from './journal/reader.ts';
import { leafHash } from './merkle.ts';
import { rootAt } from './proofs.ts';
import { statement } from './testing/statement.ts';
import { openAuditLog, type AuditLog, type AuditLogOptions } from './log.ts';

const blobKey = Buffer.alloc(32, 7);
const pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const actor = statement('s', '').actor;
/** `KILLS=200` for a long run before a release. */
const KILLS = Number(process.env.KILLS ?? 5);
const HAMMER = join(import.meta.dirname, 'testing', 'hammer.ts');

let directory: string;
let keyFile: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-log-'));
  keyFile = join(directory, 'key.pem');
  writeFileSync(keyFile, pem, { mode: 0o600 });
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const options = (): AuditLogOptions => ({
  directory: join(directory, 'log'),
  key: createPrivateKey(pem),
  blobKey,
  origin: 'test.example/audit',
  app: { app: 'test', version: '0' },
});
const findings = (): readonly string[] =>
  verifyDirectory(join(directory, 'log'), { blobKey }).findings.map(({ code, sentence }) => `${code}: ${sentence}`);
const logs = (): readonly string[] => readdirSync(join(directory, 'log')).sort();

async function withLog<T>(work: (log: AuditLog) => Promise<T>): Promise<T> {
  const log = await openAuditLog(options());
  try {
    return await work(log);
  } finally {
    await log.close();
  }
}

/** Every leaf of every log as the published bundles have them. */
function published(): string {
  return logs()
    .flatMap((id) => {
      const entries = join(directory, 'log', id, 'tile/entries');
      return readdirSync(entries, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'));
    })
    .join('');
}

describe('the audit log', () => {
  it('gives receipts with dense indexes, and its state follows', async () => {
    await withLog(async (log) => {
      const seen: number[] = [];
      const stop = log.onState(({ recorded }) => seen.push(recorded));
      const receipts = await Promise.all([
        log.append({ k: 'session.start', s: 's', actor }),
        ...Array.from({ length: 20 }, () =>
          log.append({
            k: 'stmt.denied',
            ...statement('s', 'drop table x'),
            pol: { hash: '00', decision: 'refuse', rules: [] },
          }),
        ),
      ]);
      expect(receipts.map(({ index }) => index)).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
      expect(log.state()).toEqual({ log: log.id, recorded: 22, trouble: null, dead: null });
      expect(seen.at(-1)).toBe(22);
      stop();
    });
    expect(findings()).toEqual([]);
  });

  it('ends each intent once, and closes as unknown what is still open', async () => {
    await withLog(async (log) => {
      await log.append({ k: 'session.start', s: 's', actor });
      const ended = await log.recordIntent(statement('s', 'select 1'));
      const open = await log.recordIntent(statement('s', 'select 2'));
      await ended.end({ status: 'failed', sqlstate: '42P01' });
      await expect(ended.end({ status: 'done' })).rejects.toMatchObject({ code: 'audit-intent-ended' });
      await log.close();
      await expect(open.end({ status: 'done' })).rejects.toMatchObject({ code: 'audit-closed' });
    });
    expect(published()).toContain('"status":"unknown"');
    expect(findings()).toEqual([]);
  });

  it('goes on in the same log after it was closed', async () => {
    const first = await withLog(async (log) => log.id);
    const second = await withLog(async (log) => [log.id, log.state().recorded]);
    expect(second).toEqual([first, 3]);
    expect(logs()).toEqual([first]);
    expect(findings()).toEqual([]);
  });

  it('is a log of its own for each of several writers at once', async () => {
    await withLog(async (one) => {
      await withLog(async (two) => {
        expect(two.id).not.toBe(one.id);
        await Promise.all([one, two].map((log) => log.append({ k: 'session.start', s: 's', actor })));
        expect(findings()).toEqual([]);
      });
    });
    await withLog(async (again) => expect(again.id).toBe(logs()[0]));
    expect(logs()).toHaveLength(2);
    expect(findings()).toEqual([]);
  });

  it('goes on with its log under the name it has when the machine got another one', async () => {
    const first = await withLog(async (log) => log.id);
    const log = await openAuditLog({ ...options(), origin: 'test.example/renamed' });
    expect(log.id).toBe(first);
    await log.close();
    expect(findings()).toEqual([]);
  });

  it('does not go on with a log of another key', async () => {
    const first = await withLog(async (log) => log.id);
    const log = await openAuditLog({ ...options(), key: generateKeyPairSync('ed25519').privateKey });
    await log.close();
    expect(log.id).not.toBe(first);
    expect(findings()).toEqual([]);
  });

  it('keeps a damaged log as it is and names it in the first leaf of a new one', async () => {
    const dead = await withLog(async (log) => log.id);
    const segment = join(directory, 'log', dead, 'journal/00000000.seg');
    const bytes = readFileSync(segment);
    bytes.write('X', bytes.indexOf('log.open'));
    writeFileSync(segment, bytes);
    const log = await openAuditLog(options());
    expect(log.id).not.toBe(dead);
    expect(log.state().dead).toMatchObject({ log: dead, size: 2 });
    await log.close();
    expect(readFileSync(segment).equals(bytes)).toBe(true);
    expect(findings().filter((finding) => finding.startsWith('successor'))).toEqual([]);
    expect(findings().filter((finding) => finding.startsWith('log-dead'))).toHaveLength(1);
    await withLog(async (again) => expect(again.state()).toMatchObject({ log: log.id, dead: null }));
  });

  it('refuses a wrong key or origin before it touches the disk', async () => {
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    for (const wrong of [{ key: rsa }, { blobKey: Buffer.alloc(16) }, { origin: 'two words' }])
      await expect(openAuditLog({ ...options(), ...wrong })).rejects.toMatchObject({ code: 'audit-options' });
    expect(existsSync(join(directory, 'log'))).toBe(false);
  });

  it('cannot be opened where its directory cannot be made, and says so', async () => {
    await expect(openAuditLog({ ...options(), directory: join(keyFile, 'log') })).rejects.toMatchObject({
      code: 'audit-failed',
    });
  });
});

/** Starts the hammer and kills it after so many acknowledgements; gives what it acknowledged. */
async function killedAfter(acknowledgements: number, giveUpEvery = 0): Promise<readonly string[]> {
  const child = spawn(process.execPath, [HAMMER, join(directory, 'log'), keyFile, '1000000', String(giveUpEvery)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const lines: string[] = [];
  const ended = new Promise((resolve) => child.once('exit', resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === acknowledgements) child.kill('SIGKILL');
  }
  await ended;
  return lines;
}

/** The leaf hashes of a log as its tiles have them. */
function leafHashes(id: string): readonly string[] {
  const level0 = join(directory, 'log', id, 'tile/0');
  const size = Number(readFileSync(join(directory, 'log', id, 'checkpoint'), 'utf8').split('\n')[1]);
  return Array.from({ length: Math.ceil(size / 256) }, (_, tile) => {
    const name = String(tile).padStart(3, '0');
    const width = Math.min(256, size - tile * 256);
    const bytes = readFileSync(join(level0, width === 256 ? name : `${name}.p/${width}`));
    return Array.from({ length: width }, (_, i) => bytes.toString('hex', i * 32, i * 32 + 32));
  }).flat();
}

describe('processes that write logs', { timeout: 60_000 }, () => {
  it('lose nothing they acknowledged when they are killed, again and again', async () => {
    const acknowledged: string[] = [];
    for (const after of [1, 2, 57, 300, 700]) acknowledged.push(...(await killedAfter(after)));
    await withLog(async () => undefined);
    expect(acknowledged.length).toBeGreaterThan(1000);
    expect(logs()).toHaveLength(1);
    const [id = ''] = logs();
    const leaves = leafHashes(id);
    for (const line of acknowledged) {
      const [, index, hash] = line.split(' ');
      expect(leaves[Number(index)]).toBe(hash);
    }
    expect(findings()).toEqual([]);
  });

  it(
    'lose nothing, and no signature, when they are killed while they give logs up',
    { timeout: KILLS * 8000 },
    async () => {
      const lines: string[] = [];
      for (let kill = 0; kill < KILLS; kill++) lines.push(...(await killedAfter(20 + ((kill * 37) % 90), 7)));
      await withLog(async () => undefined);
      const hashes = new Map(
        logs().map((id) => {
          const reader = openJournalReader(join(directory, 'log', id), 0);
          const leaves: string[] = [];
          for (let run = reader.next({ bytes: 1 << 20 }); run !== null; run = reader.next({ bytes: 1 << 20 }))
            leaves.push(...run.entries.map((entry) => leafHash(entry).toString('hex')));
          return [id, leaves] as const;
        }),
      );
      for (const line of lines) {
        const [log = '', index, hash] = line.split(' ');
        if (log !== 'signed') expect(hashes.get(log)?.[Number(index)]).toBe(hash);
        else {
          const [, id = '', size, root] = line.split(' ');
          expect(rootAt(join(directory, 'log', id), Number(size)).toString('hex')).toBe(root);
        }
      }
      expect(lines.filter((line) => line.startsWith('signed')).length).toBeGreaterThan(KILLS);
      expect(findings().filter((finding) => !finding.startsWith('log-dead'))).toEqual([]);
    },
  );

  it('each write a log of their own when they run at once', async () => {
    const run = (): Promise<number | null> =>
      new Promise((resolve) =>
        spawn(process.execPath, [HAMMER, join(directory, 'log'), keyFile, '40'], { stdio: 'ignore' }).once(
          'exit',
          resolve,
        ),
      );
    expect(await Promise.all([run(), run(), run()])).toEqual([0, 0, 0]);
    expect(findings()).toEqual([]);
    const report = verifyDirectory(join(directory, 'log'));
    expect(report.checked.find(({ what }) => what.startsWith('intents'))?.count).toBe(120);
  });

  it('are verified without a false finding while they write', async () => {
    const child = spawn(process.execPath, [HAMMER, join(directory, 'log'), keyFile, '600'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    let verified = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      if (!/ \d*[05]0 /.test(line)) continue;
      expect(findings()).toEqual([]);
      verified++;
    }
    await ended;
    expect(verified).toBe(24);
    expect(findings()).toEqual([]);
  });

  it('leave no statement text anywhere on the disk in clear', () => {
    expect(spawnSync(process.execPath, [HAMMER, join(directory, 'log'), keyFile, '5']).status).toBe(0);
    const files = readdirSync(join(directory, 'log'), { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    for (const file of files) expect(readFileSync(join(file.parentPath, file.name)).includes('canary')).toBe(false);
  });

  const strace = process.platform === 'linux' && spawnSync('strace', ['-V']).status === 0;
  it.skipIf(!strace)('acknowledge only after fdatasync of what they wrote (needs strace)', () => {
    const trace = join(directory, 'trace');
    const traced = [
      '-f',
      '-y',
      '-e',
      'trace=pwrite64,fdatasync,write',
      '-s',
      '128',
      '-o',
      trace,
      process.execPath,
      HAMMER,
    ];
    expect(spawnSync('strace', [...traced, join(directory, 'log'), keyFile, '20']).status).toBe(0);
    let state = 'nothing written';
    let acknowledgements = 0;
    for (const line of readFileSync(trace, 'utf8').split('\n')) {
      if (/pwrite64\(\d+<[^>]*\.seg>|pwrite64\(\d+<[^>]*spare>, "CSFR/.test(line)) state = 'written';
      else if (
        /fdatasync\(\d+<[^>]*(\.seg|spare)>\)\s+= 0|fdatasync resumed>\)\s+= 0/.test(line) &&
        state === 'written'
      )
        state = 'synced';
      else if (/write\(1<[^>]*>, "[0-9a-f-]{36} \d+ [0-9a-f]{64}/.test(line)) {
        acknowledgements++;
        expect(state).toBe('synced');
        state = 'nothing written';
      }
    }
    expect(acknowledgements).toBe(41);
  });
});
