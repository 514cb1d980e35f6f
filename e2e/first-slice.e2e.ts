import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { chromiumPath, inChromium } from './support/chromium.ts';
import { photographFailure, signIn, startWorkbench, type Window, type Workbench } from './support/workbench.ts';

/** Puts text into the editor of the active tab in place of what is there. */
async function write(page: Page, text: string): Promise<void> {
  await page.locator('.monaco-editor').first().click();
  await page.keyboard.press('Control+A');
  await page.keyboard.press('Delete');
  await page.keyboard.insertText(text);
}

async function chooseConnection(page: Page, title: string): Promise<void> {
  await page
    .getByRole('toolbar', { name: 'Statement' })
    .getByRole('button', { name: /^Connection/ })
    .click();
  await page
    .getByRole('menuitem', { name: new RegExp(title) })
    .or(page.getByRole('menuitemradio', { name: new RegExp(title) }))
    .click();
}

async function run(page: Page, text: string): Promise<void> {
  await write(page, text);
  await page.keyboard.press('Control+Enter');
}

/** The workspaces of this profile as they are on disk. */
function savedTexts(home: string): readonly string[] {
  const people = join(home, 'people');
  return readdirSync(people).map((person) => readFileSync(join(people, person, 'workspace.json'), 'utf8'));
}

const cell = (page: Page, row: number, column: number) =>
  page.locator(`[role=row][aria-rowindex="${String(row + 1)}"] [role=gridcell][aria-colindex="${String(column)}"]`);

describe.skipIf(chromiumPath === undefined)(inChromium('the first slice, as a person walks it'), () => {
  let workbench: Workbench;
  let window: Window;
  let page: Page;

  beforeAll(async () => {
    workbench = await startWorkbench();
    window = await workbench.open();
    ({ page } = window);
  });
  afterEach(({ task }) => photographFailure(page, task));
  afterAll(async () => {
    await workbench.stop();
  });

  it('refuses a wrong password at the provider and lets the person try again', async () => {
    await signIn(window, 'ana', 'wrong');
    const provider = window.context.pages().at(-1);
    await provider
      ?.getByText(/password/i)
      .first()
      .waitFor();
    await provider?.close();
    await page.getByRole('button', { name: 'Cancel' }).click();
  });

  it('signs Ana in through the provider', async () => {
    await signIn(window, 'ana');
    await page.getByRole('button', { name: 'Ana Ruiz, menu' }).waitFor();
  });

  it('browses from production down to the columns of a table, and marks what is masked', async () => {
    const tree = page.getByRole('tree', { name: 'Connections' });
    for (const name of [/Shop production/, /^public/, /^customers/]) {
      await tree.getByRole('treeitem', { name }).first().click();
      await page.keyboard.press('ArrowRight');
    }
    await tree.getByRole('treeitem', { name: /email.*masked/i }).waitFor();
    await tree.getByRole('treeitem', { name: /national_id/ }).waitFor();
  });

  it('shows customers with personal data masked, and says which rule masks it', async () => {
    await chooseConnection(page, 'Shop production');
    await run(page, 'SELECT id, name, email FROM customers ORDER BY id LIMIT 50');
    await cell(page, 1, 3).filter({ hasText: '***@***' }).waitFor();
    expect(await cell(page, 1, 3).textContent()).not.toMatch(/example/);
    await page.getByRole('grid').getByRole('columnheader', { name: /email/ }).waitFor();
    await cell(page, 1, 1).filter({ hasText: '1' }).waitFor();
    await page
      .getByRole('contentinfo', { name: 'Status' })
      .getByText(/recorded/)
      .waitFor();
  });

  it('refuses a DELETE on production, names the rule and shows the place', async () => {
    await run(page, 'DELETE FROM orders WHERE id = 1');
    const refusal = page.getByRole('region', { name: 'Refused' });
    await refusal.waitFor();
    await refusal
      .getByText(/delete from public\.orders/i)
      .first()
      .waitFor();
  });

  it('refuses to filter by a masked column with a sentence that says what would be allowed', async () => {
    await run(page, "SELECT name FROM customers WHERE email LIKE 'a%'");
    await page
      .getByRole('region', { name: 'Refused' })
      .getByText(/would tell its value/)
      .waitFor();
  });

  it('cancels a long query on the server', async () => {
    await run(page, 'SELECT count(*) FROM events a, events b, events c');
    await page
      .getByRole('button', { name: /cancel/i })
      .first()
      .click();
    await page
      .getByText(/cancelled/i)
      .first()
      .waitFor();
  });

  it('shows a million rows, first and last', async () => {
    await run(page, 'SELECT i, i * 2 AS twice FROM generate_series(1, 1000000) AS i');
    await page
      .getByText(/1,000,000 rows/)
      .first()
      .waitFor();
    await page.getByRole('grid').focus();
    await page.keyboard.press('Control+End');
    await cell(page, 1_000_000, 2).filter({ hasText: '2000000' }).waitFor();
  });

  it('finds the unsaved text again after a restart and after a crash', async () => {
    for (const end of ['restart', 'kill'] as const) {
      const text = `SELECT 1 -- kept through a ${end}`;
      await write(page, text);
      await vi.waitUntil(() => savedTexts(workbench.home).some((saved) => saved.includes(text)), { timeout: 10_000 });
      await workbench[end]();
      await window.close();
      window = await workbench.open();
      ({ page } = window);
      await page.getByText(`kept through a ${end}`).first().waitFor();
    }
  });

  it('verifies the record in the window and on the command line', async () => {
    await page.getByRole('button', { name: 'Verify' }).first().click();
    await page
      .getByText(/nothing that was checked is wrong|good/i)
      .first()
      .waitFor();
    const root = join(import.meta.dirname, '..');
    const { status, stdout } = spawnSync(
      process.execPath,
      ['bin/countersign.mjs', 'verify', '--home', workbench.home],
      { cwd: root, encoding: 'utf8' },
    );
    expect(stdout).toMatch(/events under a signed Merkle root/);
    expect(status).toBe(0);
  });

  it('gives the desk to the next person, with none of the text of the one before', async () => {
    await page.getByRole('button', { name: 'Editor' }).first().click();
    await page.getByRole('button', { name: 'Ana Ruiz, menu' }).click();
    await page.getByRole('menuitem', { name: /sign out/i }).click();
    await signIn(window, 'eli');
    await page.getByText('The first five minutes').first().waitFor();
    expect(await page.getByText('kept through a').count()).toBe(0);
    await chooseConnection(page, 'Shop staging');
    await run(page, "UPDATE orders SET note = 'seen' WHERE id = 1");
    await page.getByText('UPDATE 1').first().waitFor();
  });

  it('wrote no error to its console on the way', () => {
    expect(window.faults).toEqual([]);
  });
});
