import { type CDPSession, type Page } from 'playwright-core';
import { openGallery } from '../scripts/gallery-page.ts';

/**
 * The results grid in Chromium with software rendering, on the gallery's million rows by ten columns, against an empty
 * canvas of the same size that is scrolled the same way in the same run.
 */
export interface Measurement {
  readonly metric: string;
  readonly value: number;
  readonly unit: string;
}

const FRAMES = 240;
const STEP = 180;
const SIZE = { width: 1300, height: 700 };

interface Scrolled {
  /** Main-thread CPU milliseconds per frame. */
  readonly busy: number;
  readonly longest: number;
  readonly framesPerSecond: number;
}

async function metric(session: CDPSession, name: string): Promise<number> {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find((entry) => entry.name === name)?.value ?? 0;
}

/** Scrolls as a wheel does, one step in every frame. */
async function scroll(page: Page, session: CDPSession, selector: string): Promise<Scrolled> {
  const before = await metric(session, 'TaskDuration');
  const times = await page.evaluate(
    async ({ selector, frames, step }) => {
      const element = document.querySelector(selector);
      if (element === null) throw new Error(`There is no ${selector}.`);
      const stamps: number[] = [];
      await new Promise<void>((resolve) => {
        const next = (now: number): void => {
          stamps.push(now);
          if (stamps.length > frames) return resolve();
          element.scrollTop += step;
          requestAnimationFrame(next);
        };
        requestAnimationFrame(next);
      });
      return stamps;
    },
    { selector, frames: FRAMES, step: STEP },
  );
  const busy = (((await metric(session, 'TaskDuration')) - before) * 1000) / FRAMES;
  const gaps = times.slice(1).map((time, i) => time - (times[i] ?? time));
  const total = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return { busy, longest: Math.max(...gaps), framesPerSecond: (FRAMES * 1000) / total };
}

/** Milliseconds from the key to the last row on the screen, the median of several. */
async function jumps(page: Page): Promise<number> {
  const took: number[] = [];
  for (let i = 0; i < 9; i++) {
    await page.keyboard.press('Control+Home');
    await page.locator('[aria-rowindex="2"] [role=gridcell]:not([aria-busy])').first().waitFor({ state: 'attached' });
    took.push(
      await page.evaluate(async () => {
        const grid = document.querySelector('[role=grid]');
        const begin = performance.now();
        grid?.dispatchEvent(
          new KeyboardEvent('keydown', { key: 'End', ctrlKey: true, bubbles: true, cancelable: true }),
        );
        const shown = (): boolean => {
          const id = grid?.getAttribute('aria-activedescendant');
          const cell = id === null || id === undefined ? null : document.getElementById(id);
          return (
            cell !== null && cell.parentElement?.getAttribute('aria-rowindex') === '1000001' && cell.textContent !== ''
          );
        };
        while (!shown()) await new Promise((resolve) => requestAnimationFrame(resolve));
        return performance.now() - begin;
      }),
    );
  }
  return took.sort((a, b) => a - b)[4] ?? 0;
}

/** The longest frame while a million rows arrive, from the opening of the page's first row to the last. */
async function loading(page: Page, url: string): Promise<number> {
  await page.addInitScript(() => {
    const stamps: number[] = [];
    Object.assign(globalThis, { frameStamps: stamps });
    const next = (now: number): void => {
      stamps.push(now);
      requestAnimationFrame(next);
    };
    requestAnimationFrame(next);
  });
  await page.goto(url);
  await page.getByRole('gridcell').first().waitFor({ state: 'attached' });
  const first = await page.evaluate(() => performance.now());
  await page.getByText('1,000,000 rows · 41 ms').waitFor();
  return page.evaluate((from) => {
    const { frameStamps } = globalThis as unknown as { frameStamps: number[] };
    const stamps = frameStamps.filter((stamp) => stamp >= from);
    return Math.max(...stamps.slice(1).map((stamp, i) => stamp - (stamps[i] ?? stamp)));
  }, first);
}

export const gridBench = {
  name: 'results grid, 1,000,000 rows x 10 columns in Chromium',
  async run(): Promise<readonly Measurement[]> {
    const gallery = await openGallery(SIZE);
    try {
      const page = await gallery.context.newPage();
      const session = await gallery.context.newCDPSession(page);
      // CPU time of the page's main thread: what else runs on the machine does not count.
      await session.send('Performance.enable', { timeDomain: 'threadTicks' });

      await page.goto(gallery.url('empty-canvas', 'light'));
      await page.locator('.gallery-floor').waitFor();
      await scroll(page, session, '.gallery-floor');
      const floor = await scroll(page, session, '.gallery-floor');

      const longestLoading = await loading(page, gallery.url('million', 'light'));
      await page.getByRole('grid').focus();
      await scroll(page, session, '[role=grid]');
      const grid = await scroll(page, session, '[role=grid]');
      const jump = await jumps(page);
      await session.send('HeapProfiler.collectGarbage');
      const heap = await metric(session, 'JSHeapUsedSize');

      return [
        { metric: 'main-thread CPU per scrolled frame', value: grid.busy, unit: 'ms' },
        { metric: 'main-thread CPU per scrolled frame, empty canvas', value: floor.busy, unit: 'ms' },
        { metric: 'grid to empty canvas', value: grid.busy / floor.busy, unit: 'x' },
        { metric: 'longest frame while scrolling', value: grid.longest, unit: 'ms' },
        { metric: 'longest frame while scrolling, empty canvas', value: floor.longest, unit: 'ms' },
        { metric: 'frames per second while scrolling', value: grid.framesPerSecond, unit: '1/s' },
        { metric: 'longest frame while the rows arrive', value: longestLoading, unit: 'ms' },
        { metric: 'Ctrl+End to the last row shown', value: jump, unit: 'ms' },
        { metric: 'page heap', value: heap / 1e6, unit: 'MB' },
      ];
    } finally {
      await gallery.close();
    }
  },
};
