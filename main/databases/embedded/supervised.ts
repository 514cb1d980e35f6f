import { spawn, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { type SupervisorOrders } from './supervisor.ts';

/** A server that takes connections, and the process that stops it when its standard input ends. */
export interface Supervised {
  readonly supervisor: ChildProcess;
  /** Process id of the server itself. */
  readonly pid: number;
}

const said = z.union([z.strictObject({ ready: z.int() }), z.strictObject({ failed: z.string() })]);

/** Starts a server that ends with this process, however that ends. `failed` holds the last lines of the server's log. */
export async function startSupervised(orders: SupervisorOrders): Promise<Supervised | { readonly failed: string }> {
  // The supervisor stands beside this file under the same extension: .ts as source, .js when built.
  const script = fileURLToPath(
    new URL(`./supervisor${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url),
  );
  const supervisor = spawn(process.execPath, [script, JSON.stringify(orders)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
    windowsHide: true,
    // Under Electron the executable is not Node unless told so.
    env: { ...process.env, ...(process.versions['electron'] === undefined ? {} : { ELECTRON_RUN_AS_NODE: '1' }) },
  });
  supervisor.stdin.on('error', () => undefined);
  const line = await new Promise<string>((done) => {
    createInterface({ input: supervisor.stdout })
      .once('line', done)
      .once('close', () => done('{"failed":"the supervisor ended"}'));
    supervisor.once('error', (error) => done(JSON.stringify({ failed: error.message })));
  });
  const answer = said.parse(JSON.parse(line));
  return 'failed' in answer ? answer : { supervisor, pid: answer.ready };
}

/** A loopback port that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done, failed) => probe.once('error', failed).listen(0, '127.0.0.1', done));
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
