import { prepareRuntime } from '../../runtime.ts';

prepareRuntime();
const [{ CANNOT, printError }, { runCli }] = await Promise.all([import('./io.ts'), import('./main.ts')]);

/** The command line as a process: signals, a reader that goes away, a parent that is killed. */
const controller = new AbortController();
let interrupted = 0;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    controller.abort();
    // Ctrl+C reaches a child of npm twice; whoever presses it a third time wants out.
    if (++interrupted > 2) process.exit(CANNOT);
  });
}
if (process.channel !== undefined && process.channel !== null) {
  process.on('disconnect', () => controller.abort());
  process.channel.unref();
}
// Told by each write; unheard it would end the process with a stack.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const { stdin, stdout, stderr, env } = process;
const io = { stdin, stdout, stderr, environment: env, signal: controller.signal };
try {
  process.exitCode = await runCli(process.argv.slice(2), io);
} catch (error) {
  printError(io, error);
  process.exitCode = CANNOT;
}
if (process.connected) process.disconnect();
