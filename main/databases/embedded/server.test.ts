import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { asSuperuser, type EmbeddedServer, startEmbedded } from './index.ts';

const base = mkdtempSync(join(tmpdir(), 'countersign-embedded-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

const password = "it's a 'password' \\ with quotes";
const start = (name: string, onProgress: (message: string) => void = () => undefined): Promise<EmbeddedServer> =>
  startEmbedded({ directory: join(base, name), superuserPassword: password, onProgress });

async function listens(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  const answer = await Promise.race([
    once(socket, 'connect').then(() => true),
    once(socket, 'error').then(() => false),
  ]).catch(() => false);
  socket.destroy();
  return answer;
}

describe('the embedded server', () => {
  it('creates a cluster, serves it, stops without a trace of a process, and finds its data again', async () => {
    const told: string[] = [];
    const first = await start('again', (message) => told.push(message));
    expect(first.initialised).toBe(true);
    expect(told).toEqual(['Creating a PostgreSQL database', 'Starting PostgreSQL']);
    await asSuperuser(first, 'postgres', async (query) => {
      await query('CREATE TABLE kept (a int)');
    });
    await first.stop();
    await first.stop();
    expect(await listens(first.port)).toBe(false);

    const second = await start('again');
    expect(second.initialised).toBe(false);
    await asSuperuser(second, 'postgres', (query) => query('SELECT a FROM kept'));
    await second.stop();
  });

  it('lets nobody in without the password, not even from this machine', async () => {
    const server = await start('password');
    const login = (given: string): Promise<unknown> => {
      const client = new Client({
        host: server.host,
        port: server.port,
        database: 'postgres',
        user: 'postgres',
        password: given,
      });
      client.on('error', () => undefined);
      return client.connect().then(() => client.end());
    };
    await expect(login('wrong')).rejects.toMatchObject({ code: '28P01' });
    await expect(login(password)).resolves.toBeUndefined();
    await server.stop();
  });

  it('keeps its files private, and does not run as root', async () => {
    const server = await start('private');
    const data = statSync(join(base, 'private', 'data'));
    expect(data.mode & 0o777).toBe(0o700);
    if (process.getuid?.() === 0) expect(data.uid).not.toBe(0);
    expect(readdirSync(join(base, 'private'))).not.toContain('password');
    expect(readdirSync(join(base, 'private', 'data')).filter((name) => name.startsWith('.s.PGSQL'))).toEqual([]);
    await server.stop();
  });

  it('refuses a second start on the same directory and allows one on another', async () => {
    const [one, other] = await Promise.all([start('one'), start('other')]);
    expect(one.port).not.toBe(other.port);
    await expect(start('one')).rejects.toMatchObject({ code: 'embedded-in-use' });
    await Promise.all([one.stop(), other.stop()]);
  });

  it('starts over a lock file left by a crash, whoever has the process id now', async () => {
    await (await start('stale')).stop();
    writeFileSync(
      join(base, 'stale', 'data', 'postmaster.pid'),
      `${String(process.pid)}\n${join(base, 'stale', 'data')}\n`,
    );
    const server = await start('stale');
    await server.stop();
  });

  it('starts over a cluster whose creation was cut short', async () => {
    await (await start('whole')).stop();
    const cut = join(base, 'whole', 'unfinished');
    rmSync(join(base, 'whole', 'data'), { recursive: true });
    writeFileSync(cut, 'half a cluster');
    const server = await start('whole');
    expect(server.initialised).toBe(true);
    expect(existsSync(cut)).toBe(false);
    await server.stop();
  });

  it('does not outlive an owner that was killed', async () => {
    const directory = join(base, 'orphan');
    const program = `
      import { startEmbedded } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
      const server = await startEmbedded({ directory: ${JSON.stringify(directory)}, superuserPassword: 'x', onProgress() {} });
      console.log(server.port);
      setInterval(() => {}, 1 << 30);`;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [port] = (await once(createInterface({ input: owner.stdout }), 'line')) as [string];
    expect(await listens(Number(port))).toBe(true);
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    // A start waits for the old server to be gone.
    const next = await start('orphan');
    expect(await listens(Number(port))).toBe(Number(port) === next.port);
    await next.stop();
  });

  it.runIf(process.platform === 'linux')('does not outlive its supervisor either', async () => {
    const server = await start('unwatched');
    const read = (path: string): string => readFileSync(path, 'utf8');
    const postmaster = read(join(base, 'unwatched', 'data', 'postmaster.pid')).split('\n')[0] ?? '';
    const supervisor = Number(/^PPid:\s+(\d+)/m.exec(read(`/proc/${postmaster}/status`))?.[1]);
    process.kill(supervisor, 'SIGKILL');
    await server.stop();
    const next = await start('unwatched');
    expect(await listens(server.port)).toBe(server.port === next.port);
    await next.stop();
  });

  it.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
    'serves, under root, a profile in a directory that only root may enter',
    async () => {
      const closed = mkdtempSync(join(homedir(), '.countersign-test-'));
      const server = await startEmbedded({
        directory: join(closed, 'server'),
        superuserPassword: password,
        onProgress: () => undefined,
      });
      await asSuperuser(server, 'postgres', (query) => query('CREATE TABLE t (a int); CHECKPOINT'));
      await server.stop();
      rmSync(closed, { recursive: true });
    },
  );
});
