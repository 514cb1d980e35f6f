/**
 * Pictures of all parts in all states and themes, under dist/gallery/. `npm run gallery`; a page's name as argument
 * makes only that one.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Page } from 'playwright-core';
import { accountShots } from './gallery-account.ts';
import { openGallery } from './gallery-page.ts';
import { policyShots } from './gallery-policy.ts';
import { type Shot } from './gallery-shot.ts';

const out = fileURLToPath(new URL('../dist/gallery', import.meta.url));
const themes = ['light', 'dark', 'high-contrast'];

const shots: Readonly<Record<string, Shot>> = {
  parts: { page: 'parts' },
  states: { page: 'states' },
  cut: { page: 'cut', act: (page) => press(page, 'Control+a', 'Control+c') },
  rows: { page: 'rows', act: select },
  cells: { page: 'cells', act: hoverMasked },
  inspector: { page: 'inspector', act: select },
  'inspector-json': {
    page: 'inspector-cells',
    act: (page) => press(page, 'Control+Home', ...keys('ArrowDown', 19), 'ArrowRight'),
  },
  'inspector-big': {
    page: 'inspector-cells',
    act: (page) => press(page, 'Control+Home', ...keys('ArrowDown', 8), 'ArrowRight'),
  },
  'inspector-row': { page: 'inspector', act: (page) => openTab(page, 'Row') },
  'inspector-decision': { page: 'inspector', act: (page) => openTab(page, 'Decision') },
  messages: { page: 'notices', act: (page) => page.getByRole('tab', { name: /Messages/ }).click() },
  menu: { page: 'rows', act: menu },
  million: { page: 'million', act: (page) => press(page, 'Control+End') },
  'ten-million': { page: 'ten-million', act: (page) => press(page, 'Control+End', 'ArrowUp', 'ArrowUp') },
  wide: { page: 'wide', act: (page) => press(page, 'End', 'ArrowLeft') },
  activity: { page: 'activity', small: true, act: events },
  'activity-brush': { page: 'activity', act: brush },
  'activity-table': { page: 'activity', act: chartTable },
  'activity-event': { page: 'activity-event', small: true, act: proof },
  'activity-refused': { page: 'activity-refused', act: proof },
  'activity-leaf': { page: 'activity-event', act: leaf },
  'activity-filtered': { page: 'activity-filtered', small: true, act: events },
  'activity-field': { page: 'activity', act: field },
  'activity-times': { page: 'activity', act: times },
  'activity-export': { page: 'activity', act: exporting },
  'activity-all': { page: 'activity-all', act: events },
  'activity-empty': { page: 'activity-empty', act: heading('Nothing') },
  'activity-nothing': { page: 'activity-nothing', act: heading('No event') },
  'activity-loading': { page: 'activity-loading', act: counting },
  'activity-failing': { page: 'activity-failing', act: heading('cannot be read') },
  'activity-indexing': { page: 'activity-indexing', act: events },
  'activity-own': { page: 'activity-own', act: events },
  ...accountShots,
  ...policyShots,
  'verify-good': { page: 'verify-good', small: true, act: heading('What was checked') },
  'verify-alone': { page: 'verify-alone', act: heading('What was checked') },
  'verify-damaged': { page: 'verify-damaged', act: heading('What was checked') },
  'verify-verifying': { page: 'verify-verifying', act: heading('Recomputing') },
  'verify-held': { page: 'verify-held', act: heading('What was checked') },
  'status-stopped': { page: 'status-stopped', act: heading('What was checked') },
  'status-broken': { page: 'status-broken', act: heading('What was checked') },
};

async function events(page: Page): Promise<void> {
  await page.getByRole('row').nth(5).waitFor();
  await page.locator('.u-over').first().waitFor();
}

function heading(words: string): (page: Page) => Promise<void> {
  return (page) => page.getByText(words).first().waitFor();
}

async function proof(page: Page): Promise<void> {
  await events(page);
  await page.getByText('Leaf hash').waitFor();
}

async function leaf(page: Page): Promise<void> {
  await proof(page);
  await page.getByText('Leaf, as it was hashed').click();
  await page.getByText('Copy leaf').scrollIntoViewIfNeeded();
}

async function brush(page: Page): Promise<void> {
  await events(page);
  const box = await page.locator('.u-over').first().boundingBox();
  if (box === null) throw new Error('The chart is not on the page.');
  await page.mouse.move(box.x + box.width * 0.4, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 30, { steps: 5 });
}

async function chartTable(page: Page): Promise<void> {
  await events(page);
  await page.getByRole('button', { name: 'Show as a table' }).click();
  await page.getByRole('region', { name: 'Events over time, as a table' }).waitFor();
}

async function field(page: Page): Promise<void> {
  await events(page);
  await page.getByRole('group', { name: 'Person' }).getByRole('button').click();
  await page.getByRole('option').nth(2).waitFor();
}

async function times(page: Page): Promise<void> {
  await events(page);
  await page.getByRole('button', { name: /^Times/ }).click();
  await page.getByRole('button', { name: 'Show these times' }).waitFor();
}

async function exporting(page: Page): Promise<void> {
  await events(page);
  await page.getByRole('button', { name: 'Export what is shown' }).click();
  await page.getByRole('dialog').waitFor();
}

/** The bar of progress appears after 150 ms, for which the picture waits on its own animation. */
async function counting(page: Page): Promise<void> {
  await page.getByRole('progressbar', { name: 'Reading events' }).waitFor();
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.ready)));
}

const keys = (key: string, times: number): string[] => Array.from({ length: times }, () => key);

async function ready(page: Page): Promise<void> {
  await page.getByRole('gridcell').first().waitFor({ state: 'attached' });
}

async function press(page: Page, ...strokes: readonly string[]): Promise<void> {
  await ready(page);
  await page.getByRole('grid').focus();
  for (const stroke of strokes) await page.keyboard.press(stroke);
  await page.waitForFunction(() => document.querySelector('[role=gridcell][aria-busy]') === null);
}

/** A block of cells over masked and numeric columns, dragged with the mouse. */
async function select(page: Page): Promise<void> {
  await ready(page);
  const from = await page.locator('[role=row][aria-rowindex="4"] [aria-colindex="6"]').boundingBox();
  const to = await page.locator('[role=row][aria-rowindex="12"] [aria-colindex="7"]').boundingBox();
  if (from === null || to === null) throw new Error('The cells are not on the page.');
  await page.mouse.move(from.x + 10, from.y + 10);
  await page.mouse.down();
  await page.mouse.move(to.x + 20, to.y + 10, { steps: 5 });
  await page.mouse.up();
  await page.getByText('Sum').waitFor();
}

async function hoverMasked(page: Page): Promise<void> {
  await ready(page);
  const cell = page.locator('[role=gridcell][data-state=masked]').nth(3);
  const box = await cell.boundingBox();
  if (box === null) throw new Error('No masked cell is on the page.');
  await page.mouse.move(box.x + 30, box.y + 10);
  await page.locator('.grid-tip:popover-open').waitFor();
}

async function menu(page: Page): Promise<void> {
  await select(page);
  await page.mouse.click(760, 200, { button: 'right' });
  await page.getByRole('menu').waitFor();
}

async function openTab(page: Page, name: string): Promise<void> {
  await press(page, 'ArrowDown', 'ArrowRight', 'ArrowRight');
  await page.getByRole('tab', { name, exact: true }).click();
  await page.getByRole('tabpanel').getByRole('region').waitFor();
}

const sizes = { '': { width: 1440, height: 900 }, '.small': { width: 1024, height: 700 } } as const;
const only = process.argv.slice(2);
const gallery = await openGallery(sizes['']);
await mkdir(out, { recursive: true });
try {
  const page = await gallery.context.newPage();
  page.on('pageerror', (error) => console.error(`page error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') console.error(`console: ${message.text()}`);
  });
  for (const [name, shot] of Object.entries(shots)) {
    if (only.length > 0 && !only.includes(name)) continue;
    for (const theme of themes) {
      for (const [suffix, size] of Object.entries(sizes)) {
        if (suffix !== '' && shot.small !== true) continue;
        await page.setViewportSize(size);
        await page.goto(gallery.url(shot.page, theme));
        await page.locator('#root > *').waitFor();
        if (shot.act !== undefined) await shot.act(page);
        else await page.waitForLoadState('networkidle');
        await page.screenshot({ path: join(out, `${name}.${theme}${suffix}.png`) });
      }
    }
    console.log(`dist/gallery/${name}.*.png`);
  }
} finally {
  await gallery.close();
}
