/**
 * `npm start`: opens the workbench. In Electron where its binary is here or can be had, else in a browser.
 *
 *   npm start -- [--browser | --electron | --no-open] [--home DIR] [--local]
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDesktop } from '../main/doors/desktop/open.ts';
import { CountersignError } from '../main/errors.ts';
import { runBrowserShell } from '../main/shell/browser/run.ts';
import { type OpenDesktop } from '../main/shell/gate-service.ts';
import { chooseProfile, type ProfileChoice } from '../main/shell/start-options.ts';
import { ensureRenderer, rendererDirectory } from './build.ts';
import { fetchElectron, findElectron } from './electron-binary.ts';

const HELP = `npm start -- [options]

  --browser    open in a browser window, even where Electron is installed
  --electron   open in Electron, and fail where it cannot be had
  --no-open    open nothing: print the address
  --home DIR   keep everything in DIR (default: COUNTERSIGN_HOME, or the platform's place for application data)
  --local      open the profile as it is, without the demonstration
`;

/** A stop that takes longer than this has hung, milliseconds. */
const STOP_MS = 30_000;
const root = join(import.meta.dirname, '..');
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Resolves with the exit code when somebody wants the program to end: a signal, or the parent's death. */
const stopRequested = new Promise<number>((resolve) => {
  process.on('SIGINT', () => resolve(130));
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(0));
  // npm and the launcher may be killed outright: the channel to the launcher closes then.
  process.on('disconnect', () => resolve(0));
});

/** Why no Electron window can open here, whatever is installed; null when one can. */
function electronHindrance(): string | null {
  const { DISPLAY, WAYLAND_DISPLAY } = process.env;
  if (process.platform === 'linux' && !DISPLAY && !WAYLAND_DISPLAY) return 'there is no display here';
  if (process.getuid?.() === 0) return 'it does not run as root with its sandbox';
  return null;
}

/** The Electron executable to use; undefined, with one line why, when the browser is used instead. */
async function chooseElectron(insist: boolean): Promise<string | undefined> {
  const hindrance = electronHindrance();
  const binary =
    hindrance === null || insist
      ? (findElectron(root, process.env) ?? (await fetchElectron(root, process.env, { again: insist, print })))
      : undefined;
  if (binary !== undefined) return binary;
  const why = hindrance ?? 'its binary is not installed and cannot be fetched ("npx install-electron" fetches it)';
  if (insist) {
    throw new CountersignError('electron_missing', `Electron cannot be used: ${why}.`, {
      next: 'Start without --electron to use a browser.',
    });
  }
  print(`Electron is not used: ${why}. Opening in a browser.`);
  return undefined;
}

async function runElectron(binary: string, profile: ProfileChoice): Promise<number> {
  await ensureRenderer(print);
  const { ensureElectronApp } = await import('./electron-app.ts');
  const script = await ensureElectronApp(root, print);
  const flags = ['--home', profile.home, ...(profile.demonstration ? [] : ['--local'])];
  const child = spawn(binary, [script, ...flags], { stdio: 'inherit' });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code) => resolve(code ?? 1));
  });
  const asked = await Promise.race([ended, stopRequested]);
  child.kill('SIGTERM');
  await ended;
  return asked;
}

/** Opens the profile while the window is looked at, and built where its sources have changed. */
const openWithRenderer: OpenDesktop = async (options) => {
  const opening = openDesktop(options);
  const [opened, built] = await Promise.allSettled([opening, ensureRenderer(print)]);
  if (opened.status === 'fulfilled' && built.status === 'rejected') await opened.value.close();
  if (built.status === 'rejected') throw built.reason;
  return opening;
};

async function runBrowser(profile: ProfileChoice, open: boolean): Promise<number> {
  const starting = runBrowserShell({
    profile,
    rendererDirectory,
    openWith: open ? 'app' : 'print',
    open: openWithRenderer,
    print,
  });
  // A Ctrl+C while the profile opens: what has been started by then is stopped too.
  const early = await Promise.race([starting.then(() => null), stopRequested]);
  const running = await starting;
  if (early === null && running.shell.opened !== 'app') {
    if (process.stdin.isTTY) print('Press Enter for another address, Ctrl+C to stop.');
    process.stdin.on('data', () => running.shell.printAddress());
  }
  const code = early ?? (await Promise.race([stopRequested, running.windowClosed.then(() => 0)]));
  await running.stop();
  return code;
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      browser: { type: 'boolean', default: false },
      electron: { type: 'boolean', default: false },
      'no-open': { type: 'boolean', default: false },
      home: { type: 'string' },
      local: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    print(HELP);
    return 0;
  }
  const profile = chooseProfile(values, process.env, process.platform);
  const inBrowser = values.browser || values['no-open'];
  const electron = inBrowser ? undefined : await chooseElectron(values.electron);
  return electron === undefined ? runBrowser(profile, !values['no-open']) : runElectron(electron, profile);
}

function explain(error: unknown): string {
  if (error instanceof CountersignError)
    return error.next === undefined ? error.message : `${error.message} ${error.next}`;
  if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS')) {
    return `${error.message}\n\n${HELP}`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

void stopRequested.then(() => {
  setTimeout(() => {
    process.stderr.write('Countersign did not stop in time and was ended.\n');
    process.exit(1);
  }, STOP_MS).unref();
});
main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(2);
  },
);
