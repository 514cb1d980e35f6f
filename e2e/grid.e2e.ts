import { existsSync } from 'node:fs';
import { type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GalleryPage, openGallery } from '../scripts/gallery-page.ts';

/** The results grid by itself in a real browser: what cannot be tested without one (scrolling, focus, the clipboard). */
describe.skipIf(!existsSync('/usr/bin/chromium'))('the results grid', () => {
  let gallery: GalleryPage;
  let page: Page;

  beforeAll(async () => {
    gallery = await openGallery({ width: 1000, height: 600 });
    page = await gallery.context.newPage();
  });
  afterAll(() => gallery.close());

  async function open(scene: string): Promise<Locator> {
    await page.goto(gallery.url(scene, 'light'));
    await page.locator('[role=gridcell]:not([aria-busy])').first().waitFor({ state: 'attached' });
    const grid = page.getByRole('grid');
    await grid.focus();
    return grid;
  }

  const row = (index: number): Locator => page.locator(`[role=row][aria-rowindex="${String(index + 2)}"]`);
  const cell = (at: number, column: number): Locator => row(at).locator(`[aria-colindex="${String(column + 1)}"]`);
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const scrollTop = (grid: Locator): Promise<number> => grid.evaluate((element) => element.scrollTop);

  async function clickCell(
    at: number,
    column: number,
    modifiers: readonly ('Shift' | 'ControlOrMeta')[] = [],
  ): Promise<void> {
    const box = await cell(at, column).boundingBox();
    if (box === null) throw new Error('The cell is not on the screen.');
    for (const key of modifiers) await page.keyboard.down(key);
    await page.mouse.click(box.x + 12, box.y + 12);
    for (const key of modifiers) await page.keyboard.up(key);
  }

  it('tells screen readers its size and which cell has the focus', async () => {
    const grid = await open('rows');
    expect(await grid.getAttribute('aria-rowcount')).toBe('100215');
    expect(await grid.getAttribute('aria-colcount')).toBe('10');
    await press('ArrowDown', 'ArrowDown', 'ArrowRight');
    await expect.poll(() => cell(1, 1).getAttribute('aria-selected')).toBe('true');
    expect(await grid.getAttribute('aria-activedescendant')).toBe(await cell(1, 1).getAttribute('id'));
  });

  it('says of masked cells that they are, by which rule and how to ask', async () => {
    await open('rows');
    expect(await cell(0, 2).getAttribute('aria-description')).toMatch(/Masked.*analysts-see-masked-pii.*ask Sam/);
    expect(await cell(0, 2).textContent()).toContain('***@');
  });

  it.each([
    ['million', 1_000_000],
    ['ten-million', 10_000_000],
  ])('reaches the last of the rows of %s and every row near it', async (scene, rows) => {
    await open(scene);
    await page.getByText(`${rows.toLocaleString('en-US')} rows · 41 ms`).waitFor();
    await press('Control+End');
    await cell(rows - 1, 9).waitFor({ state: 'attached' });
    await press('ArrowUp', 'PageUp', 'Control+Home', 'Control+End', 'ArrowUp');
    await expect.poll(() => cell(rows - 2, 9).getAttribute('aria-selected')).toBe('true');
  });

  it('scrolls by the wheel pixel by pixel in the middle of ten million rows, and leaves the thumb in its place', async () => {
    const grid = await open('ten-million');
    const half = await grid.evaluate((element) => {
      element.scrollTop = element.scrollHeight / 2;
      return element.scrollTop;
    });
    const first = page.locator('[role=row]').nth(1);
    const shownRow = async (): Promise<number> => Number(await first.getAttribute('aria-rowindex'));
    await expect.poll(shownRow).toBeGreaterThan(4_900_000);
    const middle = row((await shownRow()) + 8);
    const before = (await middle.boundingBox())?.y ?? 0;
    await page.mouse.move(400, 300);
    await page.mouse.wheel(0, 48);
    await expect.poll(async () => Math.round(before - ((await middle.boundingBox())?.y ?? 0))).toBe(48);
    await expect.poll(async () => Math.abs((await scrollTop(grid)) - half)).toBeLessThan(5);
  });

  it('goes to the ends when the thumb is dragged there', async () => {
    const grid = await open('ten-million');
    await grid.evaluate((element) => (element.scrollTop = element.scrollHeight));
    await row(9_999_999).waitFor({ state: 'attached' });
    await grid.evaluate((element) => (element.scrollTop = 0));
    await row(0).waitFor({ state: 'attached' });
  });

  it('selects with Shift, Ctrl and by dragging past the edge', async () => {
    await open('rows');
    await clickCell(2, 5);
    await clickCell(6, 6, ['Shift']);
    await page.getByText('10 cells').waitFor();
    await clickCell(8, 1, ['ControlOrMeta']);
    await page.getByText('11 cells').waitFor();
    const box = await cell(3, 5).boundingBox();
    if (box === null) throw new Error('The cell is not on the screen.');
    await page.mouse.move(box.x + 5, box.y + 5);
    await page.mouse.down();
    await page.mouse.move(box.x + 5, 640, { steps: 4 });
    await row(60).waitFor({ state: 'attached' });
    await page.mouse.up();
    await expect.poll(() => cell(60, 5).getAttribute('aria-selected')).toBe('true');
  });

  it('adds up a selected column exactly', async () => {
    await open('rows');
    const box = await page.getByRole('columnheader', { name: 'id', exact: true }).boundingBox();
    if (box === null) throw new Error('The header is not on the screen.');
    await page.mouse.click(box.x + 12, box.y + 12);
    // The sum of 9007199254740993 + row over 100,214 rows: no double could say it.
    const sum = 100_214n * 9_007_199_254_740_993n + (100_214n * 100_213n) / 2n;
    await page.getByText(sum.toLocaleString('en-US')).waitFor();
  });

  it('puts the selection on the clipboard as lines of tabs', async () => {
    await open('rows');
    await clickCell(0, 0);
    await press('Shift+ArrowDown', 'Shift+ArrowRight', 'Control+c');
    await page.getByText('Copied 4 cells.').waitFor();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(
      /^9007199254740993\t.+\n9007199254740994\t.+$/,
    );
  });

  it('says when a limit cut what was copied', async () => {
    await open('rows');
    await press('Control+a', 'Control+c');
    await page.getByText('a limit cut the rest').waitFor();
  });

  it('keeps selection and place while another tab is shown', async () => {
    const grid = await open('rows');
    await press('Control+End', 'ArrowUp');
    await cell(100_212, 9).waitFor({ state: 'attached' });
    const place = await scrollTop(grid);
    await page.getByRole('tab', { name: 'Messages' }).click();
    await page.getByRole('tab', { name: 'Results' }).click();
    await expect.poll(() => cell(100_212, 9).getAttribute('aria-selected')).toBe('true');
    expect(Math.abs((await scrollTop(page.getByRole('grid'))) - place)).toBeLessThan(2);
  });

  it('keeps place and focus when Enter opens the inspector beside it', async () => {
    const grid = await open('inspector-closed');
    await press('Control+End', 'ArrowUp', 'Enter');
    await page.getByRole('tab', { name: 'Cell' }).waitFor();
    await page.getByText('row 100,213').waitFor();
    expect(await grid.evaluate((element) => element === document.activeElement)).toBe(true);
    await press('ArrowUp');
    await expect.poll(() => cell(100_211, 9).getAttribute('aria-selected')).toBe('true');
  });

  it('resizes a column by its border and fits it on a double click', async () => {
    await open('rows');
    const header = page.getByRole('columnheader', { name: 'email', exact: true });
    const width = async (): Promise<number> => (await header.boundingBox())?.width ?? 0;
    const start = await header.boundingBox();
    if (start === null) throw new Error('The header is not on the screen.');
    const border = async (): Promise<number> => start.x + (await width()) - 1;
    await page.mouse.move(await border(), start.y + 10);
    await page.mouse.down();
    await page.mouse.move(start.x + 80, start.y + 10, { steps: 3 });
    await page.mouse.up();
    await expect.poll(width).toBeLessThan(90);
    await page.mouse.dblclick(await border(), start.y + 10);
    await expect.poll(width).toBeGreaterThan(120);
  });

  it('shows two thousand columns and finds the last with End', async () => {
    await open('wide');
    await press('End');
    await cell(0, 1999).waitFor({ state: 'attached' });
    expect(await page.locator('[role=gridcell]').count()).toBeLessThan(600);
  });

  it('takes markup in cells and headers for text', async () => {
    await open('cells');
    expect(await cell(9, 1).textContent()).toBe('<img src=x onerror=alert(1)><b>not bold</b>');
    expect(await page.locator('[role=grid] img, [role=grid] b').count()).toBe(0);
  });

  it('reads rows again when they could not be read', async () => {
    await page.goto(gallery.url('unreadable', 'light'));
    await page.getByText('The file that holds these rows is gone.').first().waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Read again' }).click();
    await expect.poll(() => page.locator('[role=gridcell][data-state=error]').count()).toBeGreaterThan(0);
  });

  it('opens a menu with the keyboard that copies in other forms', async () => {
    await open('rows');
    await press('ArrowDown', 'Shift+F10');
    await page.getByRole('menuitem', { name: 'Copy as CSV' }).waitFor();
    await press('Escape');
    await expect
      .poll(() => page.getByRole('grid').evaluate((element) => element === document.activeElement))
      .toBe(true);
  });
});
