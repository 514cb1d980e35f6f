/**
 * The process that keeps one Ceph for all tests of a run, started by the first of them (radosgw.ts). Tests hold a connection
 * to its socket while they need it and name the process of their run. It stops Ceph and itself when nobody is connected
 * and either every run that was named is over or nobody came back for a while; the kernel stops Ceph should this process die.
 *
 * It prints one line when its socket is there. On a connection it reads `{ "run": pid }` and writes one line: `{ "ready":
 * { endpoint, users } }` or `{ "failed": text }`.
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { startCeph } from './ceph.ts';

const LOOK_EVERY = 500;
const LONGEST_IDLE = 60_000;

const greeting = z.strictObject({ run: z.int().positive() });

function keep(socketPath: string): void {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-ceph-'));
  const started = startCeph(directory);
  const answer = started.then(
    ({ endpoint, users }) => ({ ready: { endpoint, users } }),
    (error: unknown) => ({ failed: error instanceof Error ? error.message : String(error) }),
  );
  const connections = new Set<Socket>();
  const runs = new Set<number>();
  let idleSince = Date.now();

  rmSync(socketPath, { force: true });
  const server = createServer((socket) => {
    connections.add(socket);
    socket
      .once('close', () => {
        connections.delete(socket);
        idleSince = Date.now();
      })
      .on('error', () => undefined);
    createInterface({ input: socket }).once('line', (line) => {
      const said = greeting.safeParse(JSON.parse(line));
      if (!said.success) return void socket.destroy();
      runs.add(said.data.run);
      void answer.then((words) => socket.writable && socket.write(`${JSON.stringify(words)}\n`));
    });
  });

  let stopping = false;
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    clearInterval(look);
    server.close();
    for (const socket of connections) socket.destroy();
    await started.then(
      (ceph) => ceph.stop(),
      () => undefined,
    );
    rmSync(directory, { recursive: true, force: true });
  };
  const look = setInterval(() => {
    if (connections.size > 0) return;
    const over = runs.size > 0 && [...runs].every((run) => !isAlive(run));
    if (over || Date.now() - idleSince > LONGEST_IDLE) void stop();
  }, LOOK_EVERY);

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop());
  server.listen(socketPath, () => {
    chmodSync(socketPath, 0o600);
    process.stdout.on('error', () => undefined);
    process.stdout.write('listening\n');
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Not ours to signal is alive all the same.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

const [, script, socketPath] = process.argv;
if (script === fileURLToPath(import.meta.url) && socketPath !== undefined) keep(socketPath);
