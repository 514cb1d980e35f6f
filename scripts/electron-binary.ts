import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Electron's npm package holds no binary: it is fetched when somebody asks for it. The path is worked out from the
 * package's files, because importing `electron` outside Electron would start that download.
 */
type Environment = Readonly<Record<string, string | undefined>>;

const CONNECT_MS = 3_000;
const DEFAULT_MIRROR = 'https://github.com/electron/electron/releases/download/';

const packageOf = (root: string): string => join(root, 'node_modules/electron');
const missNoteOf = (root: string): string => join(root, 'node_modules/.cache/countersign/electron-not-had');

/** The Electron executable, or undefined when its binary is not on this machine. */
export function findElectron(root: string, environment: Environment): string | undefined {
  const note = join(packageOf(root), 'path.txt');
  const override = environment.ELECTRON_OVERRIDE_DIST_PATH;
  const name = existsSync(note) ? readFileSync(note, 'utf8').trim() : undefined;
  if (override) {
    const path = join(override, name ?? (process.platform === 'win32' ? 'electron.exe' : 'electron'));
    return existsSync(path) ? path : undefined;
  }
  if (name === undefined) return undefined;
  const path = join(packageOf(root), 'dist', name);
  return existsSync(path) ? path : undefined;
}

/**
 * Tries to fetch the binary, once for each version of the package: a failure is remembered, unless `again`. Shows the
 * installer's progress. Answers with the executable, or undefined.
 */
export async function fetchElectron(
  root: string,
  environment: Environment,
  options: { readonly again: boolean; print(line: string): void },
): Promise<string | undefined> {
  const manifest = JSON.parse(readFileSync(join(packageOf(root), 'package.json'), 'utf8')) as {
    readonly version: string;
  };
  const note = missNoteOf(root);
  if (!options.again && existsSync(note) && readFileSync(note, 'utf8') === manifest.version) return undefined;
  const mirror = environment.ELECTRON_MIRROR ?? environment.npm_config_electron_mirror ?? DEFAULT_MIRROR;
  // Through a proxy only the installer knows the way.
  const proxied = Boolean(environment.HTTPS_PROXY ?? environment.https_proxy);
  if (proxied || (await answers(mirror))) {
    options.print(`Fetching Electron ${manifest.version} (once, about 120 MB)`);
    await install(root);
  }
  const found = findElectron(root, environment);
  if (found === undefined) {
    mkdirSync(dirname(note), { recursive: true });
    writeFileSync(note, manifest.version);
  }
  return found;
}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(url, { method: 'HEAD', redirect: 'manual', signal: AbortSignal.timeout(CONNECT_MS) });
    return true;
  } catch {
    return false;
  }
}

/** Runs what `npx install-electron` runs; whether it worked is seen by its result. */
function install(root: string): Promise<void> {
  const child = spawn(process.execPath, [join(packageOf(root), 'install.js')], { cwd: root, stdio: 'inherit' });
  return new Promise((resolve) => {
    child.on('error', () => resolve());
    child.on('exit', () => resolve());
  });
}
