import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Download, type Locator, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, inChromium } from './support/chromium.ts';
import {
  changePlaces,
  photographFailure,
  runStatement,
  signIn,
  startWorkbench,
  type Window,
  type Workbench,
} from './support/workbench.ts';

/** One after the other at one window: Sam from security, then Ana the analyst, then Sam again, who looks at what Ana did. */
describe.skipIf(chromiumPath === undefined)(inChromium('the record, as people look at it'), () => {
  let workbench: Workbench;
  let window: Window;
  let page: Page;

  beforeAll(async () => {
    workbench = await startWorkbench();
    window = await workbench.open();
    ({ page } = window);
    await signIn(window, 'sam');
  });
  afterEach(({ task }) => photographFailure(page, task));
  afterAll(() => workbench.stop());

  const place = (name: string | RegExp): Promise<void> =>
    page.getByRole('navigation', { name: 'Places' }).getByRole('button', { name }).click();
  const lines = (): Locator => page.locator('.event-line');
  const detail = (): Locator => page.locator('.activity-detail');
  const field = (name: string): Locator => page.getByRole('group', { name, exact: true });
  const messages = (): Locator => page.locator('.verify-body').getByRole('alert');
  /** As long as a busy machine needs; what never comes is told by the test's own end. */
  const eventually = <T>(look: () => Promise<T> | T) => expect.poll(look, { timeout: 60_000 });

  async function run(text: string): Promise<void> {
    await place('Editor');
    await runStatement(page, text);
  }

  async function verify(where: 'This machine' | 'The store'): Promise<void> {
    await place('Verify the record');
    await page.getByText('Verify again').waitFor();
    await page.getByText(where, { exact: true }).click();
    await page.getByRole('button', { name: 'Verify again' }).click();
    await page.getByText('Verify again').waitFor();
  }

  it('shows a statement in Activity within the moment it ran, and counts it in the chart', async () => {
    await place('Activity');
    await lines().filter({ hasText: 'Record looked at' }).first().waitFor();
    await run('SELECT id, name, phone FROM customers ORDER BY id LIMIT 7');
    await page.getByRole('gridcell').first().waitFor();
    await place('Activity');
    const line = lines().filter({ hasText: 'name, phone FROM customers' });
    await line.getByText('Done').waitFor();
    expect(await line.locator('.event-who').textContent()).toBe('Sam Okafor');
    expect(await line.locator('.event-where').textContent()).toContain('Shop production');
    await eventually(() => page.getByRole('listitem').filter({ hasText: 'Allowed' }).textContent()).toBe('Allowed 1');
  });

  it('begins the next person in the editor, with nothing of what the one before looked at', async () => {
    await page.getByRole('searchbox').fill('phone');
    await lines().filter({ hasText: 'phone' }).first().click();
    await detail().waitFor();
    await changePlaces(window, 'ana');
    await page.getByRole('toolbar', { name: 'Statement' }).waitFor();
    await place('Activity');
    await page.getByText('You see what you did yourself. Everything is seen by: security.').waitFor();
    expect(await detail().count()).toBe(0);
    expect(await page.getByRole('searchbox').inputValue()).toBe('');
  });

  it('shows Ana what she did, with its verdict and its masked cells', async () => {
    await run('SELECT id, name, email FROM customers ORDER BY id LIMIT 50');
    await page.getByRole('gridcell').filter({ hasText: '***@***' }).first().waitFor();
    await run("SELECT name FROM customers WHERE email LIKE 'a%'");
    await page.getByRole('region', { name: 'Refused' }).waitFor();
    await place('Activity');
    await lines().filter({ hasText: 'email LIKE $1' }).getByText('Refused').waitFor();
    const done = lines().filter({ hasText: 'id, name, email FROM customers' });
    await done.getByText('Done').waitFor();
    await eventually(() => done.locator('.event-masked').textContent()).toBe('50');
    expect(await done.locator('.event-rows').textContent()).toBe('50');
  });

  it('shows Ana nothing of what others did, whatever she looks for', async () => {
    await page.getByRole('searchbox').fill('phone');
    await page.getByText('No event has all of this.').waitFor();
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await lines().nth(2).waitFor();
    expect(new Set(await page.locator('.event-line .event-who').allTextContents())).toEqual(new Set(['Ana Ruiz']));
  });

  it('shows Sam what Ana asked, word for word, and has that look in the record', async () => {
    await changePlaces(window, 'sam');
    await place('Activity');
    await page.getByRole('button', { name: 'Clear all' }).click();
    const asked = lines().filter({ hasText: 'email LIKE $1' });
    await asked.waitFor();
    await asked.click();
    await detail().getByText("LIKE 'a%'").waitFor();
    await detail()
      .getByText(/it is used in WHERE|would tell its value/)
      .first()
      .waitFor();
    const number = (await detail().getByRole('heading').first().textContent())?.replace(/\D/g, '') ?? '';
    await page.getByRole('button', { name: /^\d+ new$/ }).click();
    const look = lines().filter({ hasText: `read the text of event ${number} of` });
    await look.waitFor();
    expect(await look.locator('.event-who').textContent()).toBe('Sam Okafor');
  });

  it('proves an event by a checkpoint over it, and gives the proof as a file for anybody', async () => {
    const look = detail().getByRole('button', { name: 'Look again' });
    await eventually(async () => {
      if (await look.isVisible()) await look.click();
      return detail()
        .getByText(/^In the log: this leaf and \d+ hash/)
        .isVisible();
    }).toBe(true);
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      detail().getByRole('button', { name: 'Save proof' }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/^[0-9a-f-]{36}-\d+\.tlog-proof$/);
    const text = await textOf(file);
    expect(text).toMatch(/^c2sp\.org\/tlog-proof@v1\n/);
    expect(text).toContain('\u2014 countersign.local/');
  });

  it('leaves the event with Escape, and the keyboard is in the list again', async () => {
    await detail().getByRole('region', { name: 'All of the event' }).focus();
    await page.keyboard.press('Escape');
    await detail().waitFor({ state: 'detached' });
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await detail().getByText('Leaf hash').waitFor();
    await page.keyboard.press('Escape');
  });

  it('asks from a column of the tree who touched it', async () => {
    await place('Editor');
    const tree = page.getByRole('tree', { name: 'Connections' });
    for (const name of [/Shop production/, /^public/, /^customers/]) {
      await tree.getByRole('treeitem', { name }).first().click();
      await page.keyboard.press('ArrowRight');
    }
    await tree.getByRole('treeitem', { name: /^email/ }).click({ button: 'right' });
    await page.getByRole('menuitem', { name: 'Who touched this column' }).click();
    await field('Column').getByText('public.customers.email').waitFor();
    await page.getByText(/^2 events$/).waitFor();
    expect((await lines().locator('.event-what').allTextContents()).every((text) => text.includes('email'))).toBe(true);
    expect(await lines().filter({ hasText: 'phone' }).count()).toBe(0);
  });

  it('gives what is shown as CSV without the values of statements, and records that it was taken', async () => {
    await page.getByRole('button', { name: 'Export what is shown' }).click();
    const dialog = page.getByRole('dialog', { name: 'Export events' });
    await dialog.getByText(/goes into the record/).waitFor();
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Export' }).click(),
    ]);
    expect(file.suggestedFilename()).toMatch(/\.csv$/);
    const text = await textOf(file);
    expect(text.trimEnd().split('\n')).toHaveLength(3);
    expect(text).toContain('email LIKE $1');
    expect(text).not.toContain("'a%'");
    await dialog.getByText(/^Saved as activity-/).waitFor();
    await dialog.getByRole('button', { name: 'Close' }).first().click();
    await page.getByRole('button', { name: 'Clear all' }).click();
    await lines()
      .filter({ hasText: /exported csv: .*public\.customers\.email/ })
      .waitFor();
  });

  it.each([
    ['This machine', 'audit'],
    ['The store', 'record-store'],
  ] as const)('verifies %s, and says who proves what and what nobody looked at', async (where, source) => {
    await verify(where);
    await messages()
      .getByText(/Nothing that was checked is wrong/)
      .waitFor();
    await messages().getByText(source).waitFor();
    const checked = page.getByRole('table', { name: 'What was checked' });
    await checked
      .getByRole('row', { name: /events under a signed Merkle root/ })
      .getByText('RFC 6962')
      .waitFor();
    await checked
      .getByRole('row', { name: /logins/ })
      .getByText(/identity provider/)
      .waitFor();
    await page.getByRole('table', { name: 'What was not checked' }).getByText('compare them with').waitFor();
  });

  it('counts copies and signatures the same in the status line and above the findings', async () => {
    const status = page.getByRole('contentinfo', { name: 'Status' });
    await eventually(async () => {
      const counted = /witnessed ([\d,]+)/.exec((await status.textContent()) ?? '')?.[1];
      return page
        .locator('.verify-body')
        .getByText(`have signed over ${counted ?? 'nothing'} of`)
        .isVisible();
    }).toBe(true);
  });

  it('finds one byte that was changed in the store, and none here', async () => {
    flipByte(join(workbench.home, 'demonstration', 'record-store'));
    await verify('The store');
    await messages()
      .getByText(/the record is not what was written/)
      .waitFor();
    expect(await page.getByRole('table', { name: 'Findings' }).getByRole('row').count()).toBeGreaterThan(0);
    await verify('This machine');
    await messages()
      .getByText(/Nothing that was checked is wrong/)
      .waitFor();
    expect(await page.getByRole('table', { name: 'Findings' }).count()).toBe(0);
  });

  it('wrote no error to its console on the way, and broke none of its content security policy', () => {
    expect(window.faults).toEqual([]);
  });
});

/** Changes one byte in the first chunk of events of the only log in a store. */
function flipByte(store: string): void {
  const log = readdirSync(store).find((name) => !name.startsWith('.')) ?? '';
  const chunks = join(store, log, 'chunk');
  const [first = ''] = readdirSync(chunks).toSorted();
  const bytes = readFileSync(join(chunks, first));
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(join(chunks, first), bytes);
}

async function textOf(file: Download): Promise<string> {
  return readFile(await file.path(), 'utf8');
}
