import { type ChildProcess } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { CountersignError } from '../../errors.ts';
import { type Lock, tryLock } from '../../lock.ts';
import { canReach, serverAccount } from './account.ts';
import { prepareBinaries } from './binaries.ts';
import { createCluster, environment, type Place, seenData, SUPERUSER, throughWorkingDirectory } from './cluster.ts';
import { freePort, type Supervised, startSupervised } from './supervised.ts';

/** A PostgreSQL server of our own on a loopback port, gone when `stop` resolves or this process dies. */
export interface EmbeddedServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** True when this start created the database cluster. */
  readonly initialised: boolean;
  /** Fast shutdown: open transactions are rolled back. Safe to call twice. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Private directory of the server, made if absent; holds the cluster and nothing of anybody else. */
  readonly directory: string;
  /** Password of the superuser `postgres`; fixed when the cluster is created. */
  readonly superuserPassword: string;
  /** Told, in a few words, what is being done. */
  readonly onProgress: (message: string) => void;
}

/** A small server on one machine; durable as PostgreSQL is by default, apart from the last moments of commits. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '50',
  shared_buffers: '64MB',
  synchronous_commit: 'off',
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '256MB',
  min_wal_size: '32MB',
  io_method: 'sync',
  jit: 'off',
  // Files in the data directory: nothing stays in /dev/shm, which is 64 MB in a container besides.
  ...(process.platform === 'win32' ? {} : { dynamic_shared_memory_type: 'mmap' }),
  lc_messages: 'C',
  timezone: 'UTC',
  log_timezone: 'UTC',
  logging_collector: 'off',
  log_destination: 'stderr',
};

const PORT_ATTEMPTS = 5;
/** Milliseconds that a server whose owner died may take to stop before we give up on its directory. */
const ORPHAN_PATIENCE = 20_000;
const passwords = new WeakMap<EmbeddedServer, string>();

/**
 * Starts the server, creating its cluster first where there is none: UTF8, the built-in C.UTF-8 locale, SCRAM for
 * everybody. Under root the server runs as an unprivileged account that the directory is given to.
 * @throws CountersignError embedded-missing, embedded-in-use, embedded-unreachable, embedded-failed
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  mkdirSync(options.directory, { recursive: true, mode: 0o700 });
  const directory = realpathSync(options.directory);
  const data = join(directory, 'data');
  const lock = tryLock(join(directory, 'lock'));
  if (lock === null) {
    throw new CountersignError('embedded-in-use', `The built-in PostgreSQL in ${directory} is already running.`, {
      next: 'Close the other Countersign that uses this profile, or start this one with another --home.',
    });
  }
  let temporary: string | undefined;
  try {
    const account = serverAccount(data);
    if (account !== undefined) chownSync(directory, account.uid, account.gid);
    const seen = canReach(account, directory) ? directory : throughWorkingDirectory(directory);
    const binaries = prepareBinaries(directory, seen, account);
    temporary = binaries.temporary;
    const place: Place = { directory, data, seen, account, binaries };
    await settleLeftovers(data);
    const initialised = !existsSync(join(data, 'PG_VERSION'));
    if (initialised) {
      options.onProgress('Creating a PostgreSQL database');
      await createCluster(place, options.superuserPassword);
    }
    options.onProgress('Starting PostgreSQL');
    const { port, supervisor, pid } = await startOnFreePort(place);
    const server = running(port, supervisor, pid, data, initialised, lock);
    passwords.set(server, options.superuserPassword);
    return server;
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    lock.release();
    if (error instanceof CountersignError) throw error;
    throw new CountersignError('embedded-failed', `The built-in PostgreSQL could not use ${directory}.`, {
      next: 'Check that this account may write there, and that root, where it is used, may change owners.',
      cause: error,
    });
  }
}

/** The superuser's password of a running server, for `asSuperuser` only: it is not on the object that travels. */
export function superuserOf(server: EmbeddedServer): { readonly user: string; readonly password: string } {
  return { user: SUPERUSER, password: passwords.get(server) ?? '' };
}

/**
 * After a crash: a server whose supervisor is still stopping it is waited for; a lock file that names a process which is
 * not this cluster's server is removed. We hold the directory's lock, so no third party starts a server meanwhile.
 */
async function settleLeftovers(data: string): Promise<void> {
  const file = join(data, 'postmaster.pid');
  const deadline = Date.now() + ORPHAN_PATIENCE;
  for (let asked = false; existsSync(file); asked = true) {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
    if (!serves(pid, data)) return rmSync(file, { force: true });
    if (!asked) process.kill(pid, 'SIGINT');
    if (Date.now() > deadline) {
      throw new CountersignError(
        'embedded-in-use',
        `A PostgreSQL server (process ${String(pid)}) still runs in ${data}.`,
        {
          next: 'End that process and start again.',
        },
      );
    }
    await pause(50);
  }
}

function serves(pid: number, data: string): boolean {
  if (!Number.isInteger(pid) || pid <= 1) return false;
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${String(pid)}/cwd`) === data;
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function startOnFreePort(place: Place): Promise<Supervised & { readonly port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const started = await startOn(place, port);
    if ('pid' in started) return { port, ...started };
    if (attempt < PORT_ATTEMPTS && /could not (bind|create any TCP)/.test(started.failed)) continue;
    throw new CountersignError('embedded-failed', `The built-in PostgreSQL in ${place.directory} did not start.`, {
      next: 'The reason is in the details; a profile that cannot be repaired can be made anew with another --home.',
      cause: new Error(started.failed),
    });
  }
}

async function startOn(place: Place, port: number): Promise<Supervised | { readonly failed: string }> {
  const { binaries, data, account } = place;
  const settings = Object.entries({ ...SETTINGS, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  return startSupervised({
    command: binaries.postgres,
    args: ['-D', seenData(place), ...settings],
    cwd: data,
    env: environment(place),
    ...(account === undefined ? {} : { account }),
    ...(process.platform === 'win32'
      ? { windowsStop: { command: binaries.pgCtl, args: ['stop', '-D', data, '-m', 'fast'] } }
      : {}),
    ...(binaries.temporary === undefined ? {} : { temporary: binaries.temporary }),
  });
}

function running(
  port: number,
  supervisor: ChildProcess,
  pid: number,
  data: string,
  initialised: boolean,
  lock: Lock,
): EmbeddedServer {
  const ended = new Promise<void>((done) => {
    supervisor.once('exit', () => {
      // A supervisor that was killed leaves the server to us.
      if (existsSync(join(data, 'postmaster.pid')) && serves(pid, data)) process.kill(pid, 'SIGINT');
      lock.release();
      done();
    });
  });
  // The server must not keep this process alive: when we end, the pipe closes and the server stops.
  supervisor.unref();
  for (const stream of [supervisor.stdin, supervisor.stdout])
    if (stream !== null && 'unref' in stream) (stream as { unref(): void }).unref();
  return {
    host: '127.0.0.1',
    port,
    initialised,
    async stop() {
      supervisor.ref();
      supervisor.stdin?.end();
      await ended;
    },
  };
}
