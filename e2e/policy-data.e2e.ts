import { type Locator, type Page } from 'playwright-core';
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

/** What the Policy view makes of a real record and of real columns. */
describe.skipIf(chromiumPath === undefined)(inChromium('the policy, over what people did and what tables hold'), () => {
  let workbench: Workbench;
  let window: Window;
  let page: Page;

  beforeAll(async () => {
    workbench = await startWorkbench();
    window = await workbench.open();
    ({ page } = window);
    await signIn(window, 'eli');
  });
  afterEach(({ task }) => photographFailure(page, task));
  afterAll(async () => {
    await workbench.stop();
    expect(window.faults).toEqual([]);
  });

  const status = (): Locator => page.getByRole('contentinfo', { name: 'Status' }).getByRole('status');
  const policyTab = async (name: string): Promise<void> => {
    await page.getByRole('button', { name: 'Policy', exact: true }).click();
    await page.getByRole('tab', { name, exact: true }).click();
  };

  /** Runs a statement in a new tab on the demonstration's staging, and waits until the status line says that it ended so. */
  async function runOnStaging(text: string, ends: RegExp): Promise<void> {
    await page.getByRole('button', { name: 'Editor', exact: true }).click();
    await page.keyboard.press('Alt+N');
    await page.getByRole('button', { name: /^Connection:/ }).click();
    await page
      .getByRole('menuitemradio', { name: /Staging/ })
      .or(page.getByRole('menuitem', { name: /Staging/ }))
      .click();
    await runStatement(page, text);
    await status().filter({ hasText: ends }).waitFor();
  }

  it('proposes a class for what looks like one, and masks it once an administrator has confirmed that', async () => {
    await runOnStaging('CREATE TABLE suppliers (id int PRIMARY KEY, contact text)', /^\d+ ms/);
    await runOnStaging(
      "INSERT INTO suppliers SELECT i, 'buyer' || i || '@supplier.example' FROM generate_series(1, 60) i",
      /^\d+ ms/,
    );
    await changePlaces(window, 'sam');
    await policyTab('Classification');
    await page.getByRole('button', { name: /Shop (production|staging)/ }).click();
    await page
      .getByRole('menuitemradio', { name: /staging/i })
      .or(page.getByRole('menuitem', { name: /staging/i }))
      .click();
    await page.getByRole('button', { name: /^Look for/ }).click();
    await page.getByRole('checkbox', { name: /suppliers\.contact/ }).check();
    await page.getByRole('button', { name: 'Confirm 1' }).click();
    await page.getByText('7 columns', { exact: true }).waitFor();
    await changePlaces(window, 'ana');
    await runOnStaging('SELECT id, contact FROM suppliers ORDER BY id', /^60 rows/);
    await page.getByText('60 masked cells').waitFor();
  });

  it('says which of the statements that were run a change would refuse, and leads to them', async () => {
    await changePlaces(window, 'sam');
    await policyTab('Simulate');
    await page.locator('.policy-text .monaco-editor').click();
    await page.keyboard.press('Control+F');
    await page.keyboard.insertText('# What nobody may');
    for (const key of ['Enter', 'Escape', 'End', 'Enter']) await page.keyboard.press(key);
    await page.keyboard.insertText('- { id: staging-rests, deny: read, to: group:analysts, in: { env: staging } }');
    await page.getByText('17 rules').first().waitFor();
    await page.getByRole('button', { name: 'Simulate', exact: true }).click();
    const refused = page.getByRole('listitem').filter({ hasText: 'Now refused' });
    await refused.filter({ hasText: 'ana@shop.example' }).waitFor();
    expect(await refused.count()).toBe(1);
    await refused.getByRole('button', { name: 'staging-rests', exact: true }).waitFor();
    await page.getByTitle('Open in Activity').first().click();
    const event = page.getByRole('complementary', { name: /^Event/ });
    await event.getByText('SELECT id, contact FROM suppliers').first().waitFor();
  });
});
