import { constants, type Dirent, existsSync, readdirSync, realpathSync } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { CountersignError } from '../errors.ts';

/** Types of what the renderer build makes; anything else is not served. Source maps stay out on purpose. */
const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.ttf': 'font/ttf',
  '.wasm': 'application/wasm',
};

export interface RendererFile {
  readonly contentType: string;
  read(): Promise<Buffer>;
}

/**
 * The files of a built renderer by their path on the page's origin (`/`, `/assets/…`). Only regular files that are
 * there at the start are in it: what is asked for is looked up by name and never joined to a path, so there is nothing to
 * escape from; a file or directory replaced by a symbolic link later is not followed.
 * @throws CountersignError `renderer_missing` when `directory` holds no index.html.
 */
export function listRendererFiles(directory: string): ReadonlyMap<string, RendererFile> {
  const files = new Map<string, RendererFile>();
  const root = existsSync(directory) ? realpathSync(directory) : directory;
  for (const entry of entriesOf(root)) {
    const contentType = contentTypes[extname(entry.name)];
    if (!entry.isFile() || contentType === undefined) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(root, path).split(sep).join('/');
    const file: RendererFile = { contentType, read: () => readRegularFile(path) };
    files.set(name === 'index.html' ? '/' : `/${name}`, file);
  }
  if (!files.has('/')) {
    throw new CountersignError(
      'renderer_missing',
      `The window has not been built: there is no index.html in ${directory}.`,
      {
        next: 'Run "npm run build" and start again.',
      },
    );
  }
  return files;
}

/** Entries below a directory. By hand, because readdir's own recursion goes through symbolic links. */
function entriesOf(directory: string): readonly Dirent[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? entriesOf(join(directory, entry.name)) : [entry],
  );
}

async function readRegularFile(path: string): Promise<Buffer> {
  if ((await realpath(path)) !== path) throw new RangeError('the file has moved');
  // Absent on Windows, where making a symbolic link takes a privilege.
  const noFollow = (constants as Partial<typeof constants>).O_NOFOLLOW ?? 0;
  const handle = await open(path, constants.O_RDONLY | noFollow);
  try {
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}
