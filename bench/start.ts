/**
 * From `npm start` to a window somebody can sign in to, and what the command line costs beside an empty Node. Chromium
 * runs already, with an empty cache for each start: how fast a browser starts is the browser's own affair.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { chromiumFlags, chromiumPath } from '../e2e/support/chromium.ts';
import { launch, signIn, startWorkbench } from '../e2e/support/workbench.ts';
import { ensureRenderer } from '../scripts/build.ts';
import { type Bench, median, wallClock } from './bench.ts';

const STARTS = 7;
const STARTS_FROM_NOTHING = 3;
const COMMANDS = 9;
const root = join(import.meta.dirname, '..');

/** Milliseconds. */
interface Start {
  readonly toAddress: number;
  readonly toWindow: number;
}

/** Opens the address and waits until the button to sign in has been painted and takes a click. Wall clock, ms. */
async function usableAt(browser: Browser, address: string): Promise<number> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(address, { waitUntil: 'commit' });
  const at = await page.evaluate(async () => {
    const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
    const usable = (button: HTMLButtonElement): boolean =>
      button.textContent.includes('Sign in with your organisation') && !button.disabled && button.offsetWidth > 0;
    while (![...document.querySelectorAll('button')].some(usable)) await frame();
    // What was in the document at the frame before is on the screen at this one.
    return performance.timeOrigin + (await frame());
  });
  await context.close();
  return at;
}

async function start(browser: Browser, home: string): Promise<Start> {
  const begun = wallClock();
  const running = await launch(home, []);
  const addressed = wallClock();
  const usable = await usableAt(browser, await running.address());
  const ended = once(running.process, 'exit');
  running.process.kill('SIGINT');
  await ended;
  return { toAddress: addressed - begun, toWindow: usable - addressed };
}

async function several(count: number, one: () => Promise<Start>): Promise<readonly Start[]> {
  const starts: Start[] = [];
  for (let i = 0; i < count; i++) starts.push(await one());
  return starts;
}

const total = ({ toAddress, toWindow }: Start): number => toAddress + toWindow;

/** Milliseconds from spawn to exit of a command that has to succeed. */
async function command(args: readonly string[]): Promise<number> {
  const begun = performance.now();
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${String(code)}`);
  return performance.now() - begun;
}

/** Both in turn, so that they meet the same neighbours. */
async function commands(home: string): Promise<{ readonly query: number; readonly bare: number }> {
  const query: number[] = [];
  const bare: number[] = [];
  for (let i = 0; i < COMMANDS; i++) {
    bare.push(await command(['-e', '0']));
    query.push(await command(['bin/countersign.mjs', 'query', 'production', '--sql', 'SELECT 1', '--home', home]));
  }
  return { query: median(query), bare: median(bare) };
}

/** Somebody signed in, and the program running as it does while a script uses the command line beside it. */
async function commandLine(): Promise<{ readonly query: number; readonly bare: number }> {
  const workbench = await startWorkbench();
  try {
    await signIn(await workbench.open(), 'ana');
    return await commands(workbench.home);
  } finally {
    await workbench.stop();
  }
}

export const startBench: Bench = {
  name: 'start',
  async run() {
    await ensureRenderer();
    const homes = Array.from({ length: STARTS_FROM_NOTHING }, () => mkdtempSync(join(tmpdir(), 'countersign-bench-')));
    const browser = await chromium.launch({
      ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
      args: [...chromiumFlags],
    });
    try {
      const [home = ''] = homes;
      const unused = [...homes];
      const fromNothing = await several(homes.length, () => start(browser, unused.pop() ?? ''));
      const initialised = await several(STARTS, () => start(browser, home));
      const { query, bare } = await commandLine();
      return [
        {
          metric: 'initialised: start to usable window',
          value: median(initialised.map(total)),
          unit: 'ms',
          goal: 2000,
        },
        {
          metric: 'initialised: program to address',
          value: median(initialised.map(({ toAddress }) => toAddress)),
          unit: 'ms',
        },
        {
          metric: 'initialised: address to usable page',
          value: median(initialised.map(({ toWindow }) => toWindow)),
          unit: 'ms',
        },
        {
          metric: 'from nothing: start to usable window',
          value: median(fromNothing.map(total)),
          unit: 'ms',
          goal: 15_000,
        },
        {
          metric: 'from nothing: program to address',
          value: median(fromNothing.map(({ toAddress }) => toAddress)),
          unit: 'ms',
        },
        { metric: 'countersign query, SELECT 1', value: query, unit: 'ms' },
        { metric: 'node -e 0', value: bare, unit: 'ms' },
        { metric: 'countersign query against node -e 0', value: query / bare, unit: 'x' },
      ];
    } finally {
      await browser.close();
      for (const home of homes) rmSync(home, { recursive: true, force: true });
    }
  },
};
