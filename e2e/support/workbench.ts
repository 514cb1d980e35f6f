import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { type RunnerTestCase } from 'vitest';
import { chromiumFlags, chromiumPath } from './chromium.ts';

/** The product as a person starts it: `npm start` in a profile of its own, and a window of a real browser on it. */
export interface Workbench {
  readonly home: string;
  /** The process that holds the gate. */
  readonly pid: number | undefined;
  /** Opens a window with a fresh browser profile. */
  open(options?: { readonly colorScheme?: 'light' | 'dark' }): Promise<Window>;
  /** Ends the program as Ctrl+C does and starts it again on the same profile. */
  restart(): Promise<void>;
  /** Ends the program as a crash does. */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

export interface Window {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page wrote to its console as errors, and exceptions nobody caught. */
  readonly faults: readonly string[];
  close(): Promise<void>;
}

const root = join(import.meta.dirname, '..', '..');

/** On the demonstration; or, with `local`, on the profile that is in `home`. */
export async function startWorkbench(
  home = mkdtempSync(join(tmpdir(), 'countersign-e2e-')),
  options: { readonly local?: boolean } = {},
): Promise<Workbench> {
  const flags = options.local === true ? ['--local'] : [];
  let running = await launch(home, flags);
  const windows = new Set<Window>();

  async function end(signal: 'SIGINT' | 'SIGKILL'): Promise<void> {
    const { process: child } = running;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  return {
    home,
    get pid() {
      return running.process.pid;
    },
    async open({ colorScheme = 'light' } = {}) {
      const directory = mkdtempSync(join(tmpdir(), 'countersign-browser-'));
      const context = await chromium.launchPersistentContext(directory, {
        executablePath: chromiumPath ?? 'no Chromium on this machine',
        headless: true,
        viewport: { width: 1440, height: 900 },
        colorScheme,
        args: [...chromiumFlags],
      });
      const page = context.pages()[0] ?? (await context.newPage());
      const faults: string[] = [];
      page.on('pageerror', (error) => faults.push(error.message));
      page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
      await page.goto(await running.address());
      const window: Window = {
        page,
        context,
        faults,
        async close() {
          windows.delete(window);
          await context.close();
          rmSync(directory, { recursive: true, force: true });
        },
      };
      windows.add(window);
      return window;
    },
    async restart() {
      await end('SIGINT');
      running = await launch(home, flags);
    },
    async kill() {
      await end('SIGKILL');
      running = await launch(home, flags);
    },
    async stop() {
      for (const window of [...windows]) await window.close();
      await end('SIGINT');
      rmSync(home, { recursive: true, force: true });
    },
  };
}

interface Launched {
  readonly process: ChildProcess;
  /** A fresh address: each works once. */
  address(): Promise<string>;
}

/** Starts the program and waits until it is ready. */
export async function launch(home: string, flags: readonly string[]): Promise<Launched> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'scripts/start.ts', '--no-open', '--home', home, ...flags],
    { cwd: root, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const said: string[] = [];
  child.stderr.on('data', (bytes: Buffer) => said.push(bytes.toString()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  async function nextAddress(): Promise<string> {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`The workbench ended:\n${said.join('')}`);
      said.push(`${value}\n`);
      const address = /http:\/\/\S+#ticket=\S+/.exec(value)?.[0];
      if (address !== undefined) return address;
    }
  }
  let first: string | undefined = await nextAddress();
  return {
    process: child,
    async address() {
      const unused = first;
      first = undefined;
      if (unused !== undefined) return unused;
      child.stdin.write('\n');
      return nextAddress();
    },
  };
}

/** Signs in through the provider's page in a tab of the same browser, as one of the demonstration's people. */
export async function signIn(
  { page, context }: Window,
  who: 'ana' | 'eli' | 'sam',
  password = `${who}-demo`,
): Promise<void> {
  const [provider] = await Promise.all([
    context.waitForEvent('page'),
    page.getByRole('button', { name: 'Sign in with your organisation' }).click(),
  ]);
  await provider.getByLabel('E-mail').fill(`${who}@shop.example`);
  await provider.getByLabel('Password').fill(password);
  await provider.getByRole('button', { name: 'Sign in' }).click();
  if (password !== `${who}-demo`) return;
  await provider.getByText('You are signed in').waitFor();
  await provider.close();
  await page.getByRole('tree', { name: 'Connections' }).waitFor();
}

/** Signs out whoever is at the window, and somebody else in. */
export async function changePlaces(window: Window, to: 'ana' | 'eli' | 'sam'): Promise<void> {
  await window.page.getByRole('button', { name: /, menu$/ }).click();
  await window.page.getByRole('menuitem', { name: /sign out/i }).click();
  await signIn(window, to);
}

/** Puts text into the editor of the active tab in place of what is there, and runs it. */
export async function runStatement(page: Page, text: string): Promise<void> {
  await page.locator('.monaco-editor').first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
  await page.keyboard.press('Control+Enter');
}

/** For afterEach: keeps a picture of the window of a failed test in dist/e2e. */
export async function photographFailure(page: Page, task: Readonly<RunnerTestCase>): Promise<void> {
  if (task.result?.state !== 'fail') return;
  const path = join(root, 'dist', 'e2e', `${task.name.replaceAll(/\W+/g, '-')}.png`);
  await page.screenshot({ path });
  console.error(`The window as it was: ${path}`);
}
