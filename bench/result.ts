/**
 * One million rows of ten columns, as Ana sees them: Run in the real window, over the browser shell and the gate, from
 * the demonstration's PostgreSQL. Everything on the way is the product's own: the verdict, the record, the grid.
 * The table is not classified, so no column of it is masked; what masks cost is measured in rows.ts.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { type CDPSession, type Page } from 'playwright-core';
import { signIn, startWorkbench, type Workbench } from '../e2e/support/workbench.ts';
import { loadProfile } from '../main/profile/load.ts';
import { type Bench, median, type Measurement } from './bench.ts';
import { MILLION, MILLION_TABLE } from './million.ts';

const RUNS = 5;
const JUMPS = 5;
const CONNECTION = 'production';

/** One Run, milliseconds. */
interface Loaded {
  readonly firstRows: number;
  readonly whole: number;
  readonly longestFrame: number;
}

/** The table is the superuser's work: nobody who signs in may create one in production. */
async function createTable(home: string): Promise<void> {
  const { connections } = await loadProfile(home);
  const connection = connections.find(({ name }) => name === CONNECTION);
  if (connection === undefined) throw new Error(`There is no connection ${CONNECTION}.`);
  const { host, port, database, user } = connection;
  const password = readFileSync(join(home, 'secrets', 'demonstration-superuser'), 'utf8');
  const client = new Client({ host, port, database, user: 'postgres', password, ssl: false });
  await client.connect();
  await client.query(`${MILLION_TABLE}; GRANT SELECT ON million TO ${user}; ANALYZE million; CHECKPOINT`);
  await client.end();
}

async function chooseConnection(page: Page): Promise<void> {
  const toolbar = page.getByRole('toolbar', { name: 'Statement' });
  await toolbar.getByRole('button', { name: /^Connection/ }).click();
  const item = /Shop production/;
  await page
    .getByRole('menuitem', { name: item })
    .or(page.getByRole('menuitemradio', { name: item }))
    .click();
}

/** Writes a statement whose first row has the id `first`, runs it, and watches every frame until all rows are there. */
async function load(page: Page, first: number): Promise<Loaded | undefined> {
  await page.locator('.monaco-editor').first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(`SELECT * FROM million WHERE id >= ${String(first)}`);
  const rows = (MILLION - first + 1).toLocaleString('en-US');
  // The verdict on a statement that is being typed is not part of running it.
  await page.waitForTimeout(1500);
  await page.evaluate(watch, { first: String(first), done: `${rows} rows · ` });
  await page.keyboard.press('Control+Enter');
  return page.evaluate(() => (globalThis as typeof globalThis & Watching).loaded);
}

interface Watching {
  loaded?: Promise<Loaded>;
}

/** In the page: watches from the next Ctrl+Enter until the first row is `first`, and until `done` can be read. */
function watch({ first, done }: { readonly first: string; readonly done: string }): void {
  const frame = (): Promise<number> => new Promise((resolve) => requestAnimationFrame(resolve));
  const shown = (): boolean =>
    document.querySelector('[aria-rowindex="2"] [role=gridcell]:not([aria-busy])')?.textContent === first;
  const pressed = new Promise<number>((resolve) => {
    const onKey = ({ key, ctrlKey, timeStamp }: KeyboardEvent): void => {
      if (key !== 'Enter' || !ctrlKey) return;
      removeEventListener('keydown', onKey, true);
      resolve(timeStamp);
    };
    addEventListener('keydown', onKey, true);
  });
  const follow = async (): Promise<Loaded> => {
    const begun = await pressed;
    let firstRows = Number.NaN;
    let longestFrame = 0;
    for (let last = await frame(); ;) {
      const isShown = Number.isNaN(firstRows) && shown();
      const now = await frame();
      longestFrame = Math.max(longestFrame, now - last);
      last = now;
      // What was in the document at the frame before is on the screen at this one.
      if (isShown) firstRows = now - begun;
      if (document.body.textContent.includes(done)) return { firstRows, whole: now - begun, longestFrame };
    }
  };
  (globalThis as typeof globalThis & Watching).loaded = follow();
}

/** Milliseconds from the key to the last row on the screen. */
async function jump(page: Page): Promise<number> {
  const grid = page.getByRole('grid');
  await grid.focus();
  await page.keyboard.press('Control+Home');
  await page.locator('[aria-rowindex="2"] [role=gridcell]:not([aria-busy])').first().waitFor({ state: 'attached' });
  return grid.evaluate(
    async (element, last) => {
      const begun = performance.now();
      element.dispatchEvent(
        new KeyboardEvent('keydown', { key: 'End', ctrlKey: true, bubbles: true, cancelable: true }),
      );
      const shown = (): boolean =>
        document.querySelector(`[aria-rowindex="${last}"] [role=gridcell]:not([aria-busy])`) !== null;
      while (!shown()) await new Promise((resolve) => requestAnimationFrame(resolve));
      await new Promise((resolve) => requestAnimationFrame(resolve));
      return performance.now() - begun;
    },
    await grid.getAttribute('aria-rowcount'),
  );
}

/** Page heap in use after a collection, bytes. */
async function heap(session: CDPSession): Promise<number> {
  await session.send('HeapProfiler.collectGarbage');
  return (await session.send('Runtime.getHeapUsage')).usedSize;
}

/** A field of /proc/PID/status in MiB; NaN where there is no such file. */
function memory({ pid }: Workbench, field: 'VmRSS' | 'VmHWM'): number {
  if (process.platform !== 'linux') return Number.NaN;
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024;
}

export const resultBench: Bench = {
  name: 'result',
  async run() {
    const workbench = await startWorkbench();
    try {
      await createTable(workbench.home);
      // Making the demonstration takes memory that the program never needs again.
      await workbench.restart();
      const window = await workbench.open();
      const { page, context } = window;
      await signIn(window, 'ana');
      await chooseConnection(page);
      const session = await context.newCDPSession(page);
      const heapBefore = await heap(session);
      const rssBefore = memory(workbench, 'VmRSS');

      const runs: Loaded[] = [];
      for (let first = 1; first <= RUNS; first++) {
        const loaded = await load(page, first);
        if (loaded !== undefined) runs.push(loaded);
      }
      const rss = memory(workbench, 'VmRSS');
      const jumps: number[] = [];
      for (let i = 0; i < JUMPS; i++) jumps.push(await jump(page));
      const middle = (of: (loaded: Loaded) => number): number => median(runs.map(of));

      return [
        { metric: 'Run to first rows painted', value: middle(({ firstRows }) => firstRows), unit: 'ms', goal: 300 },
        { metric: 'Run to first rows painted, first Run of the session', value: runs[0]?.firstRows ?? NaN, unit: 'ms' },
        { metric: 'Run to whole result held', value: middle(({ whole }) => whole), unit: 'ms', goal: 12_000 },
        { metric: 'longest frame while loading', value: middle((run) => run.longestFrame), unit: 'ms', goal: 100 },
        { metric: 'Ctrl+End to the last row painted', value: median(jumps), unit: 'ms', goal: 200 },
        { metric: 'gate process with one result held', value: rss, unit: 'MiB', goal: 350 },
        { metric: 'gate process before the first Run', value: rssBefore, unit: 'MiB' },
        { metric: 'gate process, the most it ever held', value: memory(workbench, 'VmHWM'), unit: 'MiB' },
        { metric: 'page heap with the result', value: (await heap(session)) / 2 ** 20, unit: 'MiB', goal: 60 },
        { metric: 'page heap before the first Run', value: heapBefore / 2 ** 20, unit: 'MiB' },
      ] satisfies readonly Measurement[];
    } finally {
      await workbench.stop();
    }
  },
};
