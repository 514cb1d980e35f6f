import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { serverAccount } from '../account.ts';
import { prepareBinaries } from '../binaries.ts';
import { freePort, startSupervised } from '../supervised.ts';
import { startTemporary, type TemporaryServer } from '../temporary.ts';
import { isFetched, pinnedDirectory, pinnedServers } from './pinned.ts';

/** A major version of PostgreSQL that tests are run on where the machine has it. */
export interface ServerAtHand {
  readonly major: number;
  /** For the title of a group of tests; says why they are skipped where they are. */
  readonly name: string;
  readonly missing: boolean;
  start(): Promise<TemporaryServer>;
}

/** The one that comes with us. */
const OURS = 18;

/**
 * The versions that are supported, oldest first. Debian's packages are preferred: they are what people run. Use as
 * `for (const server of serversAtHand) describe.skipIf(server.missing)(server.name, ...)`.
 */
export const serversAtHand: readonly ServerAtHand[] = [13, 14, 15, 16, 17].map(atHand).concat({
  major: OURS,
  name: `PostgreSQL ${String(OURS)}`,
  missing: false,
  start: startTemporary,
});

function atHand(major: number): ServerAtHand {
  const name = `PostgreSQL ${String(major)}`;
  const debian = installedPrograms(major);
  if (debian !== undefined) return { major, name, missing: false, start: () => startInstalled(debian) };
  const pinned = pinnedServers.find((server) => server.major === major);
  if (pinned !== undefined && isFetched(pinned)) {
    const programs = join(pinnedDirectory(pinned), 'native', 'bin');
    return { major, name, missing: false, start: () => startInstalled(programs) };
  }
  const reason = pinned === undefined ? 'there is no package for this platform' : 'npm test could not fetch it';
  return {
    major,
    name: `${name} (skipped: ${reason})`,
    missing: true,
    start: () => Promise.reject(new Error(`${name} is not at hand: ${reason}`)),
  };
}

/** Where Debian and Ubuntu put the programs of a major version; undefined where it is not installed. */
export function installedPrograms(major: number): string | undefined {
  const directory = `/usr/lib/postgresql/${String(major)}/bin`;
  return existsSync(join(directory, 'postgres')) ? directory : undefined;
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '32MB',
  max_connections: '50',
  dynamic_shared_memory_type: 'mmap',
  fsync: 'off',
  jit: 'off',
  lc_messages: 'C',
  timezone: 'UTC',
} as const;

/** A server of another major version than ours, for one test file: nobody needs a password, and it is gone with `stop`. */
export async function startInstalled(programs: string): Promise<TemporaryServer> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-installed-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  try {
    const data = join(directory, 'data');
    const account = serverAccount(data);
    if (account !== undefined) chownSync(directory, account.uid, account.gid);
    const { initdb, postgres, libraryPath } = prepareBinaries(directory, directory, account, dirname(programs));
    const libraries = libraryPath === undefined ? {} : { LD_LIBRARY_PATH: libraryPath };
    const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC', ...libraries };
    await promisify(execFile)(
      initdb,
      ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
      { cwd: directory, env, ...account },
    );
    const port = await freePort();
    const flags = Object.entries({ ...SETTINGS, port }).flatMap(([name, value]) => ['-c', `${name}=${String(value)}`]);
    const started = await startSupervised({
      command: postgres,
      args: ['-D', data, ...flags],
      cwd: directory,
      env,
      ...(account === undefined ? {} : { account }),
    });
    if ('failed' in started) throw new Error(`the server did not start: ${started.failed}`);
    const { supervisor } = started;
    const ended = new Promise<void>((resolve) => supervisor.once('exit', () => resolve()));
    return {
      host: '127.0.0.1',
      port,
      initialised: true,
      user: 'postgres',
      password: '',
      async stop() {
        supervisor.stdin?.end();
        await ended;
        remove();
      },
    };
  } catch (error) {
    remove();
    throw error;
  }
}
