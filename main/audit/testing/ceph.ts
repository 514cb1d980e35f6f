/**
 * A real S3 server of one machine: Ceph's monitor, one object store in memory and the gateway, on loopback, with everything
 * they write in one directory. A cluster of its own (its own identifier, configuration and ports), so that no other Ceph
 * of the machine is spoken to.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

/** `owner` makes buckets; `writer` and `stranger` may do what a bucket's policy gives them; `full` has no room for a second object. */
export const USERS = ['owner', 'writer', 'stranger', 'full'] as const;
export type User = (typeof USERS)[number];
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface Ceph {
  /** `http://127.0.0.1:PORT` */
  readonly endpoint: string;
  readonly users: Readonly<Record<User, Credentials>>;
  stop(): Promise<void>;
}

const PROGRAMS = ['ceph-authtool', 'monmaptool', 'ceph-mon', 'ceph-osd', 'ceph', 'radosgw', 'radosgw-admin', 'setpriv'];

/** The first program that is not installed; undefined where all are. */
export const missingProgram = (): string | undefined => PROGRAMS.find((program) => !isInstalled(program));

function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** What the daemons say last, and how long one command or the gateway's first answer may take on a busy machine, ms. */
const KEPT = 2000;
const PATIENCE = 60_000;

/** @throws Error with what the programs said last */
export async function startCeph(directory: string): Promise<Ceph> {
  const [monitorPort, gatewayPort] = [await freePort(), await freePort()];
  const at = (name: string): string => join(directory, name);
  const monitor = `[v2:127.0.0.1:${String(monitorPort)}/0]`;
  const [cluster, osd] = [randomUUID(), randomUUID()];
  for (const name of ['mon', 'osd', 'rgw']) mkdirSync(at(name));
  writeFileSync(at('ceph.conf'), configuration(directory, cluster, monitor));

  // Nothing of another cluster that this machine's environment names.
  const { CEPH_CONF: _conf, CEPH_ARGS: _args, CEPH_KEYRING: _keyring, ...env } = process.env;
  const run = async (program: string, ...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)(program, args, { cwd: directory, env, timeout: PATIENCE })).stdout;
  const withConfiguration = ['-c', at('ceph.conf')];

  const daemons: ChildProcess[] = [];
  const start = (program: string, ...args: readonly string[]): void => {
    const output = openSync(at(`${program}.out`), 'a');
    // The kernel ends the daemon when whoever started it is gone, however that went.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...withConfiguration, '-f', ...args], {
      cwd: directory,
      env,
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    child.once('error', () => undefined);
    daemons.push(child);
  };
  const stop = async (): Promise<void> => {
    // What they hold is thrown away: there is nothing to end in order.
    for (const child of daemons.filter(isRunning)) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  };

  try {
    await run('ceph-authtool', '--create-keyring', at('keyring'), '--gen-key', '-n', 'mon.', '--cap', 'mon', 'allow *');
    const everything = ['mon', 'osd', 'mgr'].flatMap((daemon) => ['--cap', daemon, 'allow *']);
    await run('ceph-authtool', at('keyring'), '--gen-key', '-n', 'client.admin', ...everything);
    await run('monmaptool', '--create', '--fsid', cluster, '--addv', 'a', monitor, at('monmap'));
    await run(
      'ceph-mon',
      ...withConfiguration,
      '--mkfs',
      '-i',
      'a',
      '--monmap',
      at('monmap'),
      '--keyring',
      at('keyring'),
    );
    start('ceph-mon', '-i', 'a');
    await run('ceph', ...withConfiguration, '--connect-timeout', '30', 'osd', 'new', osd);
    await run('ceph-osd', ...withConfiguration, '-i', '0', '--mkfs', '--osd-uuid', osd);
    start('ceph-osd', '-i', '0');
    start(
      'radosgw',
      '-n',
      'client.admin',
      '--rgw_frontends',
      `beast endpoint=127.0.0.1:${String(gatewayPort)} tcp_nodelay=1`,
    );
    const endpoint = `http://127.0.0.1:${String(gatewayPort)}`;
    await answers(endpoint, daemons);

    const admin = async (...args: readonly string[]): Promise<string> =>
      run('radosgw-admin', ...withConfiguration, ...args);
    const users = await Promise.all(
      USERS.map(async (user): Promise<[User, Credentials]> => {
        const accessKeyId = user.toUpperCase();
        const secretAccessKey = randomBytes(20).toString('hex');
        await admin(
          'user',
          'create',
          '--uid',
          user,
          '--display-name',
          user,
          '--access-key',
          accessKeyId,
          '--secret',
          secretAccessKey,
        );
        return [user, { accessKeyId, secretAccessKey }];
      }),
    );
    await admin('quota', 'set', '--quota-scope=bucket', '--uid=full', '--max-objects=1');
    await admin('quota', 'enable', '--quota-scope=bucket', '--uid=full');
    return { endpoint, users: Object.fromEntries(users) as Record<User, Credentials>, stop };
  } catch (error) {
    await stop();
    throw new Error(`Ceph did not start: ${String(error).slice(0, KEPT)}\n${lastWords(directory)}`, { cause: error });
  }
}

/**
 * The messenger modes are `crc`: with authentication off there are no keys to encrypt with, and the default (`crc secure`
 * preferring secure for the monitor) never connects. One copy of everything, in memory, one placement group for each pool.
 */
const configuration = (directory: string, cluster: string, monitor: string): string => `[global]
fsid = ${cluster}
mon_initial_members = a
mon_host = ${monitor}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_msgr1 = false
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
${['cluster', 'service', 'client'].flatMap((mode) => [`ms_${mode}_mode = crc`, `ms_mon_${mode}_mode = crc`]).join('\n')}
keyring = ${directory}/keyring
run_dir = ${directory}
mon_data = ${directory}/mon
osd_data = ${directory}/osd
rgw_data = ${directory}/rgw
log_file = /dev/null
mon_cluster_log_file = /dev/null
admin_socket =
crash_dir = ${directory}
paxos_propose_interval = 0.1
mon_data_avail_crit = 1
mon_data_avail_warn = 1
osd_objectstore = memstore
memstore_device_bytes = 4294967296
osd_class_load_list = *
osd_class_default_list = *
osd_crush_chooseleaf_type = 0
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
osd_pool_default_pg_num = 1
osd_pool_default_pgp_num = 1
osd_pool_default_pg_autoscale_mode = off
mon_max_pg_per_osd = 1000
rgw_thread_pool_size = 64
rgw_enable_usage_log = false
rgw_bucket_quota_ttl = 0
`;

const isRunning = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;

/** Resolves when the gateway answers. */
async function answers(endpoint: string, daemons: readonly ChildProcess[]): Promise<void> {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; await delay(100)) {
    if (!daemons.every(isRunning)) throw new Error('a daemon ended');
    const response = await fetch(endpoint, { signal: AbortSignal.timeout(5000) }).catch(() => undefined);
    await response?.body?.cancel();
    if (response?.ok === true) return;
  }
  throw new Error('the gateway does not answer');
}

function lastWords(directory: string): string {
  return ['ceph-mon', 'ceph-osd', 'radosgw']
    .map((program) => {
      try {
        return `${program}: ${readFileSync(join(directory, `${program}.out`), 'utf8').slice(-KEPT)}`;
      } catch {
        return `${program}: not started`;
      }
    })
    .join('\n');
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
