import react from '@vitejs/plugin-react';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BrowserContext, chromium } from 'playwright-core';
import { build } from 'vite';

/** The gallery in a real browser: built aside, served on loopback, shown in Debian's Chromium with a fresh profile. */
export interface GalleryPage {
  /** Address of a page in a theme. */
  url(page: string, theme: string): string;
  readonly context: BrowserContext;
  close(): Promise<void>;
}

const renderer = fileURLToPath(new URL('../renderer', import.meta.url));
const executablePath = process.env['COUNTERSIGN_CHROMIUM'] ?? '/usr/bin/chromium';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--enable-precise-memory-info',
];

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.ttf': 'font/ttf',
};

async function buildGallery(outDir: string): Promise<void> {
  await build({
    configFile: false,
    root: join(renderer, 'gallery'),
    base: './',
    logLevel: 'error',
    plugins: [react()],
    build: { outDir, emptyOutDir: true, target: 'chrome140', chunkSizeWarningLimit: 4000 },
  });
}

/** Serves the files of one directory and nothing else. */
async function serveFiles(directory: string): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const path = normalize(join(directory, decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/')));
    const file = path.endsWith(sep) ? join(path, 'index.html') : path;
    if (!file.startsWith(directory + sep)) {
      response.writeHead(404).end();
      return;
    }
    readFile(file).then(
      (content) =>
        response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** @param scale device pixels per CSS pixel. */
export async function openGallery(
  size: { readonly width: number; readonly height: number },
  scale = 1,
): Promise<GalleryPage> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-gallery-'));
  const files = join(directory, 'files');
  await buildGallery(files);
  const server = await serveFiles(files);
  const context = await chromium.launchPersistentContext(join(directory, 'profile'), {
    executablePath,
    args: flags,
    viewport: size,
    deviceScaleFactor: scale,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  return {
    url: (page, theme) => `http://127.0.0.1:${String(server.port)}/?page=${page}&theme=${theme}`,
    context,
    close: async () => {
      await context.close();
      await server.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
