import { type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, inChromium } from './support/chromium.ts';
import { photographFailure, signIn, startWorkbench, type Window, type Workbench } from './support/workbench.ts';

const STATEMENT = "SELECT name FROM customers WHERE email LIKE 'a%'";

describe.skipIf(chromiumPath === undefined)(inChromium('what a person is told of verdicts and connections'), () => {
  let workbench: Workbench;
  let window: Window;
  let page: Page;

  beforeAll(async () => {
    workbench = await startWorkbench();
    window = await workbench.open();
    ({ page } = window);
    await signIn(window, 'ana');
  });
  afterEach(({ task }) => photographFailure(page, task));
  afterAll(async () => {
    await workbench.stop();
    expect(window.faults).toEqual([]);
  });

  const decision = () => page.getByRole('region', { name: 'Decision' });

  it('explains a refusal from its panel: the same reason, with the part selected in the editor', async () => {
    await page.keyboard.press('Alt+N');
    await page.locator('.monaco-editor').first().click();
    await page.keyboard.insertText(STATEMENT);
    await page.keyboard.press('Control+Enter');
    const panel = page.getByRole('region', { name: 'Refused' });
    const reason = await panel.locator('.reason > p').first().textContent();
    await panel.getByRole('button', { name: 'Explain verdict' }).click();
    await decision()
      .getByText(reason ?? 'no reason')
      .waitFor();
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Decision');
    await decision().getByText('public.customers.email in a condition').waitFor();
    await decision().getByText('Second lineage').waitFor();
  });

  it('goes by keyboard from a line of the explanation to its place in the editor', async () => {
    const line = decision().getByRole('button', { name: 'public.customers.email in a condition' });
    await line.focus();
    await page.locator('.explained-part').filter({ hasText: 'email' }).waitFor();
    await page.keyboard.press('Enter');
    await page.keyboard.insertText('country');
    await page.getByText("WHERE country LIKE 'a%'").waitFor();
    await page.locator('.explained-part').waitFor({ state: 'detached' });
  });

  it('explains from the command palette', async () => {
    await page.keyboard.press('Control+I');
    await decision().waitFor({ state: 'detached' });
    await page.keyboard.press('Control+Shift+P');
    await page.keyboard.insertText('Explain the verdict');
    await page.keyboard.press('Enter');
    await decision().getByText('public.customers.country in a condition').waitFor();
  });

  it('shows how strong a connection is and what weakens it, by keyboard', async () => {
    const tree = page.getByRole('tree', { name: 'Connections' });
    await tree.getByRole('treeitem', { name: /Shop production.*no weakness/ }).waitFor();
    await tree.getByRole('treeitem', { name: /Shop staging.*not yet looked at/ }).click();
    await tree.getByRole('treeitem', { name: /Shop staging.*2 weaknesses/ }).waitFor();
    await page.keyboard.press('Alt+Enter');
    const details = page.getByRole('dialog', { name: /Shop staging: advisory/ });
    await details.getByText(/owns 11 tables and views/).waitFor();
    await details.getByText('REVOKE CREATE ON SCHEMA "public" FROM "workbench_staging";').waitFor();
    await details.getByRole('button', { name: 'Look again' }).press('Enter');
    await details.getByText(/Second lineage: On/).waitFor();
    await page.keyboard.press('Escape');
    await details.waitFor({ state: 'detached' });
    await page.waitForFunction(() => document.activeElement?.getAttribute('role') === 'tree');
  });
});
