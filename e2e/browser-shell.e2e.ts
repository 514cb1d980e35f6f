import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeRedirectFile } from '../main/shell/browser/redirect-file.ts';
import { startBrowserShell, type BrowserShell } from '../main/shell/browser/shell.ts';
import { serve } from '../shared/rpc/index.ts';
import { chromiumFlags, chromiumPath, inChromium } from './support/chromium.ts';
import { echoContract } from './support/echo-contract.ts';

describe.skipIf(chromiumPath === undefined)(inChromium('the browser shell in Chromium'), () => {
  let directory: string;
  let shell: BrowserShell;
  let foreign: Server;
  let browser: Browser;
  let context: BrowserContext;
  let served = 0;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'countersign-browser-'));
    const renderer = join(directory, 'renderer');
    await build({
      configFile: false,
      logLevel: 'error',
      build: {
        outDir: renderer,
        lib: { entry: join(import.meta.dirname, 'support/echo-page.ts'), formats: ['es'], fileName: () => 'page.js' },
      },
    });
    writeFileSync(
      join(renderer, 'index.html'),
      '<!doctype html><title>starting</title><link rel="icon" href="data:," /><script type="module" src="/page.js"></script>',
    );
    shell = await startBrowserShell({
      serveLink(link) {
        served++;
        serve(link, echoContract, { echo: (bytes) => bytes });
      },
      rendererDirectory: renderer,
      profileDirectory: join(directory, 'profile'),
      openWith: 'none',
      onLastTabGone: () => undefined,
      print: () => undefined,
    });
    foreign = createServer((_request, response) =>
      response.setHeader('content-type', 'text/html').end('<!doctype html><title>foreign</title>'),
    );
    foreign.listen(0, '127.0.0.1');
    await once(foreign, 'listening');
    browser = await chromium.launch({ executablePath: chromiumPath ?? '', args: [...chromiumFlags] });
  });
  afterAll(async () => {
    await browser.close();
    foreign.close();
    await shell.close();
    rmSync(directory, { recursive: true });
  });
  beforeEach(async () => {
    context = await browser.newContext();
  });
  afterEach(() => context.close());

  const titled = (page: Page, title: string): Promise<unknown> =>
    page.waitForFunction((wanted) => document.title === wanted, title);

  async function openPage(address = shell.address()): Promise<Page> {
    const page = await context.newPage();
    await page.goto(address);
    return page;
  }

  async function openForeignPage(): Promise<Page> {
    return openPage(`http://127.0.0.1:${String((foreign.address() as AddressInfo).port)}/`);
  }

  it('reaches the process over its WebSocket under the strict policy, without a complaint', async () => {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    await page.goto(shell.address());
    await titled(page, 'answered hello');
    expect(complaints).toEqual([]);
    expect(await page.evaluate(() => [isSecureContext, crossOriginIsolated, document.cookie])).toEqual([
      true,
      true,
      '',
    ]);
  });

  it('takes the ticket out of the address', async () => {
    const page = await openPage();
    await titled(page, 'answered hello');
    expect(page.url()).toBe(`${shell.origin}/`);
    expect(await page.evaluate(() => history.length)).toBeLessThanOrEqual(2);
  });

  it('opens through a redirect file, as it is started', async () => {
    const file = writeRedirectFile(join(directory, 'run'), shell.address());
    const page = await openPage(pathToFileURL(file.path).href);
    await titled(page, 'answered hello');
    file.remove();
    expect(readdirSync(join(directory, 'run'))).toEqual([]);
  });

  it('survives a reload', async () => {
    const page = await openPage();
    await titled(page, 'answered hello');
    await page.reload();
    await titled(page, 'answered hello');
  });

  it('does not open again at the same address in another tab, and says why', async () => {
    const address = shell.address();
    await titled(await openPage(address), 'answered hello');
    await titled(await openPage(address), 'This address was used before, or is too old');
    await titled(await openPage(`${shell.origin}/`), 'This tab has no way in');
  });

  it('cannot be read by a foreign page', async () => {
    const page = await openForeignPage();
    const outcome = await page.evaluate(async (origin) => {
      const tried = async (init: RequestInit, path = '/'): Promise<string> => {
        try {
          const response = await fetch(origin + path, init);
          return response.type === 'opaque' ? 'opaque' : `read ${String(response.status)}`;
        } catch {
          return 'refused';
        }
      };
      const element = (tag: 'script' | 'img' | 'iframe', path: string): Promise<string> =>
        new Promise((resolve) => {
          const node = document.createElement(tag);
          node.src = origin + path;
          node.onerror = () => resolve('refused');
          node.onload = () => resolve('loaded');
          document.body.append(node);
        });
      return {
        fetch: await tried({}),
        fetchWithoutCors: await tried({ mode: 'no-cors' }),
        ticket: await tried(
          { method: 'POST', body: '{"ticket":"x"}', headers: { 'content-type': 'application/json' } },
          '/ticket',
        ),
        script: await element('script', '/page.js'),
      };
    }, shell.origin);
    expect(outcome).toEqual({ fetch: 'refused', fetchWithoutCors: 'refused', ticket: 'refused', script: 'refused' });
  });

  it('cannot be framed, opened or connected to by a foreign page', async () => {
    const page = await openForeignPage();
    const before = served;
    const socket = await page.evaluate(
      (origin) =>
        new Promise((resolve) => {
          const opened = new WebSocket(`${origin.replace('http', 'ws')}/link`, ['countersign.v1', 'key.guess']);
          opened.onopen = () => resolve('open');
          opened.onclose = () => resolve('refused');
        }),
      shell.origin,
    );
    expect(socket).toBe('refused');
    await page.evaluate((origin) => {
      const frame = document.createElement('iframe');
      frame.src = `${origin}/`;
      const loaded = new Promise((resolve) => frame.addEventListener('load', resolve));
      document.body.append(frame);
      return loaded;
    }, shell.origin);
    const framed = page.frames().find((frame) => frame !== page.mainFrame());
    expect(await framed?.title()).not.toMatch(/answered|no way in|starting/);
    const [popup] = await Promise.all([
      context.waitForEvent('page'),
      page.evaluate((origin) => {
        Object.assign(globalThis, { opened: window.open(`${origin}/`) });
      }, shell.origin),
    ]);
    await titled(popup, 'This tab has no way in');
    expect(await page.evaluate(() => (globalThis as { opened?: Window | null }).opened?.closed)).toBe(true);
    expect(served).toBe(before);
  });

  it('is not reached under a name that somebody points at this machine', async () => {
    const { port } = new URL(shell.origin);
    const rebound = await chromium.launch({
      executablePath: chromiumPath ?? '',
      args: [...chromiumFlags, '--host-resolver-rules=MAP evil.test 127.0.0.1'],
    });
    try {
      const page = await rebound.newPage();
      const response = await page.goto(`http://evil.test:${port}/`);
      expect(response?.status()).toBe(421);
    } finally {
      await rebound.close();
    }
  });
});
