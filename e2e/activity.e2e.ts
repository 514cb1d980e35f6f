import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Download, type Locator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GalleryPage, openGallery } from '../scripts/gallery-page.ts';
import { contentSecurityPolicy } from '../shared/csp.ts';

/** The Activity view over 50,000 made-up events in a real browser: keys, focus, what moves and what must not, files. */
describe.skipIf(!existsSync('/usr/bin/chromium'))('the Activity view', () => {
  let gallery: GalleryPage;
  let page: Page;
  const faults: string[] = [];

  beforeAll(async () => {
    gallery = await openGallery({ width: 1280, height: 800 });
    page = await gallery.context.newPage();
    page.on('pageerror', (error) => faults.push(error.message));
    page.on('console', (message) => message.type() === 'error' && faults.push(message.text()));
  });
  afterAll(() => gallery.close());

  const list = (): Locator => page.getByRole('grid', { name: 'Events, newest first' });
  const current = (): Locator => page.locator('.event-line[data-current]');
  const detail = (): Locator => page.locator('.activity-detail');
  const field = (name: string): Locator => page.getByRole('group', { name, exact: true });
  const events = (): Promise<string | null> => page.locator('.activity-count span').first().textContent();
  /** As long as a busy machine needs; what never comes is told by the test's own end. */
  const eventually = <T>(look: () => Promise<T> | T) => expect.poll(look, { timeout: 30_000 });
  const press = async (...keys: string[]): Promise<void> => {
    for (const key of keys) await page.keyboard.press(key);
  };

  async function open(scene: string, theme = 'light'): Promise<void> {
    await page.goto(gallery.url(scene, theme));
    await page.getByRole('row').nth(5).waitFor();
    await page.locator('.activity-count span').nth(1).waitFor();
  }

  it('is gone through with the keyboard alone: to an event, into it and back', async () => {
    await open('activity');
    await list().focus();
    await press('ArrowDown', 'ArrowDown', 'ArrowDown');
    const id = await current().getAttribute('id');
    expect(await list().getAttribute('aria-activedescendant')).toBe(id);
    await press('Enter');
    await detail().getByText('Leaf hash').waitFor();
    await press('Escape');
    await detail().waitFor({ state: 'detached' });
    expect(await list().evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await current().getAttribute('id')).toBe(id);
  });

  it('closes the event from inside of it with Escape, and the focus is in the list again', async () => {
    await open('activity');
    await page.getByRole('row').nth(3).click();
    await detail().getByRole('region', { name: 'All of the event' }).focus();
    await press('Escape');
    await detail().waitFor({ state: 'detached' });
    expect(await list().evaluate((element) => element === document.activeElement)).toBe(true);
  });

  it('reads older events as it scrolls, down to the last and back up', async () => {
    await open('activity');
    const whole = Number((await events())?.replace(/\D/g, ''));
    await list().focus();
    for (;;) {
      await press('End');
      const rows = await list().getAttribute('aria-rowcount');
      if (rows !== '-1') {
        expect(Number(rows)).toBe(whole + 1);
        break;
      }
    }
    await press('End');
    await page.getByText('These are all.').waitFor();
    await press('Home');
    await eventually(() => current().getAttribute('aria-rowindex')).toBe('2');
  });

  it('finds words from the slash key on, and forgets them', async () => {
    await open('activity');
    await list().focus();
    await press('/');
    const before = await events();
    await page.keyboard.type('payments card');
    await eventually(events).not.toBe(before);
    expect(await page.locator('.event-what').nth(1).textContent()).toContain('card');
    await page.getByRole('button', { name: 'Clear all' }).click();
    expect(await page.getByRole('searchbox').inputValue()).toBe('');
  });

  it('narrows to a person by typing a name, says so on a chip, and lets go with Delete', async () => {
    await open('activity');
    await field('Person').getByRole('button').click();
    await page.keyboard.type('dev');
    await eventually(() => page.getByRole('option').count()).toBe(2);
    await press('Enter');
    await field('Person').getByText('Dev Patel').waitFor();
    await eventually(
      async () => new Set(await page.locator('.event-line .event-who').allTextContents()).size,
    ).toBeLessThan(3);
    await field('Person')
      .getByRole('button', { name: /^Person: Dev Patel/ })
      .focus();
    await press('Delete');
    await eventually(() => field('Person').getAttribute('class')).toBe('field');
  });

  it('shows names from the record as text, with what hides or reorders in them made visible', async () => {
    await open('activity');
    await field('Person').getByRole('button').click();
    await page.getByRole('option', { name: '<b>Ro' }).waitFor();
    expect(await page.getByRole('option', { name: '<b>Ro' }).textContent()).toContain('<b>Ro\\u202Eot\\u200B</b>');
    expect(await page.locator('.activity-view b').evaluateAll((all) => all.some((b) => b.textContent === 'Ro'))).toBe(
      false,
    );
    expect(await page.locator('.activity-view').textContent()).not.toContain('\u202E');
  });

  it('narrows the times by brushing over the chart, and by its keys', async () => {
    await open('activity');
    const whole = await events();
    const box = await page.locator('.u-over').first().boundingBox();
    if (box === null) throw new Error('The chart is not on the screen.');
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.7, box.y + 20, { steps: 4 });
    await page.mouse.up();
    await eventually(events).not.toBe(whole);
    const brushed = await events();
    await page.getByRole('group', { name: /Arrow keys read bars/ }).focus();
    await press('End', 'Shift+ArrowLeft', 'Shift+ArrowLeft');
    await eventually(() => page.locator('.chart-drawing [role=status]').textContent()).toMatch(/\d\d:00/);
    await press('Enter');
    await eventually(events).not.toBe(brushed);
  });

  it('has the chart as a table too', async () => {
    await open('activity');
    await page.getByRole('button', { name: 'Show as a table' }).click();
    const table = page.getByRole('region', { name: 'Events over time, as a table' });
    expect(await table.getByRole('columnheader').allTextContents()).toEqual([
      'Time',
      'Refused',
      'Failed',
      'Allowed',
      'Other events',
      'Masked cells',
    ]);
  });

  it('merges new events in while nobody reads, and holds them back while somebody does', async () => {
    await open('activity-live');
    await page.mouse.move(5, 400);
    const first = (): Promise<string | null> => page.locator('.event-line').first().textContent();
    const before = await first();
    await eventually(first).not.toBe(before);
    await list().focus();
    await press('ArrowDown', 'ArrowDown');
    const read = await current().textContent();
    const place = await current().boundingBox();
    await page.getByRole('button', { name: /^\d+ new$/ }).waitFor();
    expect(await current().textContent()).toBe(read);
    expect(await current().boundingBox()).toEqual(place);
    await page.getByRole('button', { name: /^\d+ new$/ }).click();
    await eventually(() => list().evaluate((element) => element.scrollTop)).toBe(0);
  });

  it('shows nothing new while it is paused', async () => {
    await open('activity-live');
    await page.getByRole('button', { name: 'Pause: show no new events' }).click();
    const shown = await page.locator('.event-line').first().getAttribute('id');
    const rows = await page.locator('.event-line .event-time time').allTextContents();
    await page.getByText('paused').waitFor();
    expect(await page.locator('.event-line').first().getAttribute('id')).toBe(shown);
    expect(await page.locator('.event-line .event-time time').allTextContents()).toEqual(rows);
  });

  it('asks who touched a column from the column itself', async () => {
    await page.goto(gallery.url('editor', 'light'));
    const tree = page.getByRole('tree', { name: 'Connections' });
    await tree.getByRole('treeitem', { name: /shop/ }).last().click();
    await tree.getByRole('treeitem', { name: /^public/ }).click();
    await tree.getByRole('treeitem', { name: /^customers/ }).click();
    await press('ArrowRight');
    await tree.getByRole('treeitem', { name: /^email/ }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Who touched this column' }).click();
    await field('Column').getByText('public.customers.email').waitFor();
    await page.getByRole('row').nth(2).waitFor();
    expect(await page.locator('.event-what').nth(1).textContent()).toMatch(/customers/);
  });

  it('keeps what narrows while another place is looked at', async () => {
    await open('activity-filtered');
    await page.getByRole('button', { name: 'Verify the record' }).click();
    await page.getByRole('button', { name: 'Activity', exact: true }).click();
    await field('Environment').getByText('PRODUCTION').waitFor();
  });

  it('gives the selection as a file of its lines, and says how many', async () => {
    await open('activity');
    await page.getByRole('button', { name: 'Export what is shown' }).click();
    const dialog = page.getByRole('dialog', { name: 'Export events' });
    const count = Number((await dialog.getByText('all that are shown').textContent())?.replace(/\D/g, ''));
    await dialog.getByText('JSONL').click();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Export' }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/^activity-\d{4}-\d\d-\d\dT\d\d-\d\d\.jsonl$/);
    expect((await textOf(file)).trimEnd().split('\n')).toHaveLength(count);
    await dialog.getByText(/^Saved as activity-/).waitFor();
  });

  it('saves the proof of an event as a file', async () => {
    await open('activity-event');
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save proof' }).click(),
    ]);
    expect(await textOf(file)).toMatch(/^c2sp\.org\/tlog-proof@v1\n/);
  });

  it('goes through its areas with F6 and always comes around', async () => {
    await open('activity-event');
    await page.getByRole('searchbox').focus();
    const seen: string[] = [];
    for (let n = 0; n < 8; n++) {
      await press('F6');
      seen.push(
        await page.evaluate(
          () =>
            document.activeElement?.closest(
              '.activity-filters, .activity-chart, .activity-list, .activity-detail, .status-line, .top-bar, .activity-bar',
            )?.className ?? 'nowhere',
        ),
      );
    }
    expect(seen.slice(0, 7)).toEqual([
      'activity-chart',
      'activity-list',
      'activity-detail',
      'status-line',
      'top-bar',
      'activity-bar',
      'activity-filters',
    ]);
  });

  it.each([
    ['activity-failing', 'The search index cannot be read', 'Try again'],
    ['activity-nothing', 'No event has all of this.', 'Clear the filters'],
    ['activity-empty', 'Nothing happened in these times.', 'Look at all time'],
  ])('in the state %s says why and the one next step', async (scene, words, step) => {
    await page.goto(gallery.url(scene, 'light'));
    await page.getByText(words).waitFor();
    expect(await page.getByRole('button', { name: step }).isVisible()).toBe(true);
  });

  it('says whose events are seen, and who may see all', async () => {
    await open('activity-own');
    await page.getByText('You see what you did yourself. Everything is seen by: security, data-protection.').waitFor();
  });

  it('draws under the content security policy of the window', async () => {
    await page.route('**/*', async (route) => {
      const response = await route.fetch();
      await route.fulfill({
        response,
        headers: { ...response.headers(), 'content-security-policy': contentSecurityPolicy() },
      });
    });
    await open('activity-event', 'dark');
    await page.locator('.u-over').first().waitFor();
    await page.unroute('**/*');
  });

  it('made no error that nobody caught, in all of this', () => {
    expect(faults).toEqual([]);
  });
});

async function textOf(file: Download): Promise<string> {
  return readFile(await file.path(), 'utf8');
}
