/**
 * The process between us and the embedded server. It starts `postgres` as its child and stops it when its standard input
 * ends, which happens when we ask for it and also when we are killed: the operating system closes the pipe. It runs in a
 * process group of its own, so that Ctrl+C in a terminal reaches the product first and the server last.
 *
 * It says one JSON line on its standard output: `{ "ready": pid }`, or `{ "failed": last lines of the server's log }`.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const orders = z.strictObject({
  command: z.string(),
  args: z.array(z.string()),
  cwd: z.string(),
  env: z.record(z.string(), z.string()),
  account: z.strictObject({ uid: z.int(), gid: z.int() }).optional(),
  /** Windows has no SIGINT to send: the server is asked through pg_ctl. */
  windowsStop: z.strictObject({ command: z.string(), args: z.array(z.string()) }).optional(),
  /** Directory of program copies to remove at the end. */
  temporary: z.string().optional(),
});
export type SupervisorOrders = z.infer<typeof orders>;

/** What the server prints, in English because the supervisor's orders set LC_MESSAGES, when it takes connections. */
const READY = 'database system is ready to accept connections';
const KEPT_LINES = 20;
/** Milliseconds from fast to immediate shutdown, and from there to the kernel's. */
const PATIENCE = 8000;

function supervise(argument: string): void {
  const { command, args, cwd, env, account, windowsStop, temporary } = orders.parse(JSON.parse(argument));
  const server = spawn(command, args, { cwd, env, ...account, stdio: ['ignore', 'ignore', 'pipe'], windowsHide: true });
  const say = (line: unknown): void => void process.stdout.write(`${JSON.stringify(line)}\n`);
  const log: string[] = [];
  let ready = false;

  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    log.push(...text.split('\n').filter((line) => line !== ''));
    log.splice(0, log.length - KEPT_LINES);
    if (ready || !text.includes(READY)) return;
    ready = true;
    say({ ready: server.pid });
  });

  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    if (windowsStop === undefined) server.kill('SIGINT');
    else spawn(windowsStop.command, windowsStop.args, { env, stdio: 'ignore', windowsHide: true });
    setTimeout(() => server.kill('SIGQUIT'), PATIENCE).unref();
    setTimeout(() => server.kill('SIGKILL'), 2 * PATIENCE).unref();
  };
  const finish = (): void => {
    // Before readiness the copy belongs to whoever started us: another port may be tried.
    if (ready && temporary !== undefined) rmSync(temporary, { recursive: true, force: true });
    if (!ready) say({ failed: log.join('\n') });
    process.stdin.destroy();
  };
  server.once('error', (error) => {
    log.push(error.message);
    finish();
  });
  server.once('close', finish);

  process.stdin.on('end', stop).on('error', stop).resume();
  process.stdout.on('error', stop);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
}

const [, script, argument] = process.argv;
if (script === fileURLToPath(import.meta.url) && argument !== undefined) supervise(argument);
