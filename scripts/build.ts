/**
 * Builds what runs. `--renderer`: only the window, and only when its sources changed (npm's prepare, npm start).
 * Without flags: everything that is packaged, under dist/: app/ (main, shared, verify as JavaScript), renderer/, and the
 * verifier once more as one file, verify.mjs.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { bundlePreload } from './electron-app.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
/** Where the built window lies. */
export const rendererDirectory = join(dist, 'renderer');
const HASH_FILE = '.hash';

/** What the window is made of; the lock file stands for everything in node_modules. */
const RENDERER_SOURCES = ['renderer', 'shared', 'vite.config.ts', 'package-lock.json'];
const APP_ROOMS = ['shared', 'main', 'verify'];

const isTest = (path: string): boolean => /\.test\.tsx?$/.test(path);

async function filesBelow(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** One hash over names and contents, so that a renamed file counts as a change. */
async function sourceHash(): Promise<string> {
  const paths = await Promise.all(
    RENDERER_SOURCES.map(async (name) => (/\.\w+$/.test(name) ? [join(root, name)] : filesBelow(join(root, name)))),
  );
  const hash = createHash('sha256');
  for (const path of paths
    .flat()
    .filter((name) => !isTest(name))
    .sort()) {
    const content = await readFile(path);
    hash.update(`${relative(root, path).split(sep).join('/')}\0${String(content.length)}\0`).update(content);
  }
  return hash.digest('hex');
}

/**
 * Makes sure that dist/renderer is the window of these sources; builds it when it is not. Safe to run twice at once: each
 * builds aside and puts its result in place as a whole.
 * @param onProgress told one line about what takes time.
 * @returns the directory to serve.
 */
export async function ensureRenderer(onProgress: (line: string) => void = () => undefined): Promise<string> {
  const hash = await sourceHash();
  const built = await readFile(join(rendererDirectory, HASH_FILE), 'utf8').catch(() => null);
  if (built === hash) return rendererDirectory;
  onProgress('Building the window (once after a change; a few seconds)');
  const aside = join(dist, `.renderer-${String(process.pid)}`);
  try {
    await bundleInto(aside);
    await writeFile(join(aside, HASH_FILE), hash);
    await putInPlace(aside);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return rendererDirectory;
}

/** Vite and React take the caller's NODE_ENV for the kind of build: under a test runner that would be another window. */
async function bundleInto(outDir: string): Promise<void> {
  const before = process.env['NODE_ENV'];
  process.env['NODE_ENV'] = 'production';
  try {
    const { build } = await import('vite');
    await build({
      configFile: join(root, 'vite.config.ts'),
      mode: 'production',
      logLevel: 'error',
      build: { outDir, emptyOutDir: true },
    });
  } finally {
    if (before === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = before;
  }
}

/** Directories cannot be exchanged in one step everywhere: the old one steps aside first. */
async function putInPlace(aside: string): Promise<void> {
  const old = `${aside}-old`;
  await rename(rendererDirectory, old).catch(() => undefined);
  try {
    await rename(aside, rendererDirectory);
  } catch (error) {
    // Another build of the same sources was faster; anything else is an error.
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY' && (error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw error;
  } finally {
    await rm(old, { recursive: true, force: true });
  }
}

/** Compiles main, shared and verify, checks the window's types, and brings along what is not code and the preload script. */
async function buildApp(): Promise<void> {
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  await promisify(execFile)(process.execPath, [compiler, '-b', ...APP_ROOMS, 'renderer'], { cwd: root }).catch(
    (error: { readonly stdout?: string }) => {
      throw new Error(`The sources do not compile:\n${error.stdout ?? ''}`);
    },
  );
  for (const room of APP_ROOMS) {
    const files = await filesBelow(join(root, room));
    for (const path of files.filter((name) => !/\.tsx?$|tsconfig\.json$|[\\/]corpus[\\/]/.test(name))) {
      await cp(path, join(dist, 'app', relative(root, path)));
    }
  }
  await bundlePreload(root);
}

/** The verifier as one file without dependencies: dist/verify.mjs runs under any Node since 20.12, beside a log anywhere. */
export async function buildVerifier(): Promise<string> {
  const { build } = await import('vite');
  const aside = join(dist, `.verifier-${String(process.pid)}`);
  const file = join(dist, 'verify.mjs');
  try {
    await build({
      configFile: false,
      root,
      logLevel: 'error',
      build: {
        ssr: join(root, 'verify/cli.ts'),
        outDir: aside,
        copyPublicDir: false,
        minify: false,
        target: 'node20.12',
        rolldownOptions: { output: { entryFileNames: 'verify.mjs', codeSplitting: false } },
      },
    });
    await rename(join(aside, 'verify.mjs'), file);
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
  return file;
}

async function main(flags: readonly string[]): Promise<void> {
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  await mkdir(dist, { recursive: true });
  if (!flags.includes('--renderer')) {
    say('Compiling');
    await buildApp();
    await buildVerifier();
  }
  await ensureRenderer(say);
  say('Built.');
}

if (import.meta.main) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
