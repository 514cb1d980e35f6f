import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { serverAccount } from '../account.ts';
import { type TemporaryServer } from '../temporary.ts';

/** Where Debian and Ubuntu put the programs of a major version; undefined where it is not installed. */
export function installedPrograms(major: number): string | undefined {
  const directory = `/usr/lib/postgresql/${String(major)}/bin`;
  return existsSync(join(directory, 'postgres')) ? directory : undefined;
}

/** A server of another major version than ours, for one test file: nobody needs a password, and it is gone with `stop`. */
export async function startInstalled(programs: string): Promise<TemporaryServer> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-installed-'));
  const data = join(directory, 'data');
  const account = serverAccount(data);
  if (account !== undefined) chownSync(directory, account.uid, account.gid);
  const as = { cwd: directory, env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' }, ...account };
  await promisify(execFile)(
    join(programs, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    as,
  );
  const port = await freePort();
  const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', port: String(port), fsync: 'off' };
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(programs, 'postgres'), ['-D', data, ...flags], {
    ...as,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(server, 'exit');
  for await (const line of createInterface({ input: server.stderr })) {
    if (line.includes('ready to accept connections')) break;
  }
  server.stderr.resume();
  return {
    host: '127.0.0.1',
    port,
    initialised: true,
    user: 'postgres',
    password: '',
    async stop() {
      server.kill('SIGINT');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
