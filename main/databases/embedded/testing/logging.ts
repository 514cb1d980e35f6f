import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { canReach, serverAccount } from '../account.ts';
import { prepareBinaries } from '../binaries.ts';
import { environment, seenData, throughWorkingDirectory, type Place } from '../cluster.ts';
import { freePort } from '../supervised.ts';
import { startEmbedded } from '../server.ts';

/** A server that writes every statement to files, as an administrator sets one up who wants to compare. */
export interface LoggingServer {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly password: string;
  /** The log as lines of JSON, and as CSV. */
  readonly logs: { readonly json: string; readonly csv: string };
  /** A connection past the gate. */
  connect(user: string, password: string): Promise<Client>;
  /** Stops the server; its logs stay until `remove`. */
  stop(): Promise<void>;
  remove(): void;
}

const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  dynamic_shared_memory_type: 'mmap',
  log_timezone: 'UTC',
  logging_collector: 'on',
  log_destination: 'jsonlog,csvlog',
  log_directory: 'log',
  log_filename: 'server',
  log_statement: 'all',
};

export async function startLogging(): Promise<LoggingServer> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'countersign-logging-')));
  const password = 'only for tests';
  // Makes the cluster; what is started is told by its own words, and these go to the files here.
  const made = await startEmbedded({ directory, superuserPassword: password, onProgress: () => undefined });
  await made.stop();
  const data = join(directory, 'data');
  const account = serverAccount(data);
  const seen = canReach(account, directory) ? directory : throughWorkingDirectory(directory);
  const binaries = prepareBinaries(directory, seen, account);
  const place: Place = { directory, data, seen, account, binaries };
  const port = await freePort();
  const settings = Object.entries({ ...SETTINGS, port: String(port) }).flatMap(([name, value]) => [
    '-c',
    `${name}=${value}`,
  ]);
  const server = spawn(binaries.postgres, ['-D', seenData(place), ...settings], {
    cwd: data,
    env: environment(place),
    stdio: 'ignore',
    ...(account ?? {}),
  });
  const ended = once(server, 'exit');
  const connect = async (user: string, secret: string): Promise<Client> => {
    const client = new Client({ host: '127.0.0.1', port, user, password: secret, database: 'postgres' });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  for (const deadline = Date.now() + 20_000; ;) {
    const client = await connect('postgres', password).catch(() => undefined);
    await client?.end();
    if (client !== undefined) break;
    if (Date.now() > deadline || server.exitCode !== null) throw new Error('the server did not start');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const log = join(data, 'log', 'server');
  return {
    host: '127.0.0.1',
    port,
    password,
    logs: { json: `${log}.json`, csv: `${log}.csv` },
    connect,
    async stop() {
      server.kill('SIGINT');
      await ended;
    },
    remove: () => {
      if (binaries.temporary !== undefined) rmSync(binaries.temporary, { recursive: true, force: true });
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
