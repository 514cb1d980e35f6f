import { type Page } from 'playwright-core';
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

const PERSONAL = 'SELECT id, email FROM customers ORDER BY id LIMIT 20';

describe.skipIf(chromiumPath === undefined)(inChromium('what a person has besides their session'), () => {
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

  const settings = async (section: string): Promise<void> => {
    await page.keyboard.press('Control+,');
    await page.getByRole('tab', { name: section, exact: true }).click();
  };
  const status = () => page.getByRole('contentinfo', { name: 'Status' });

  /** Runs a statement in a new tab on the demonstration's production. */
  async function runOnProduction(text: string): Promise<void> {
    await page.getByRole('button', { name: 'Editor', exact: true }).click();
    await page.keyboard.press('Alt+N');
    await page.getByRole('button', { name: /^Connection:/ }).click();
    await page
      .getByRole('menuitemradio', { name: /PRODUCTION/ })
      .or(page.getByRole('menuitem', { name: /PRODUCTION/ }))
      .click();
    await runStatement(page, text);
  }

  it('shows an agent’s token once, and stops the agent with one press', async () => {
    await settings('Agents');
    await page.getByRole('button', { name: 'Issue a token' }).click();
    await page.getByRole('button', { name: 'Issue', exact: true }).click();
    const token = await page.locator('.token-text').textContent();
    expect(token?.length).toBeGreaterThan(100);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('button', { name: /^End token/ }).waitFor();
    expect(await page.content()).not.toContain(token);
    await page.getByRole('button', { name: 'Stop all agents' }).click();
    await page.getByText('It has no token').waitFor();
  });

  it('names the login of this window by its device key', async () => {
    await settings('Account');
    await page.getByText('this window').waitFor();
    await page.getByText('not in this login').waitFor();
  });

  it('lifts a mask for a while from the cell itself, and marks the rows when that is over', async () => {
    await changePlaces(window, 'sam');
    await runOnProduction(PERSONAL);
    await page.getByRole('gridcell').filter({ hasText: '***' }).first().waitFor({ state: 'attached' });
    await page.getByRole('grid', { name: 'Results' }).focus();
    for (const key of ['ArrowDown', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
    await page.getByRole('button', { name: /^See clear for 15 minutes/ }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('A complaint of a customer, T-4711');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Run again' }).click();
    await page
      .getByRole('gridcell')
      .filter({ hasText: /^[\w.+-]+@\w/ })
      .first()
      .waitFor({ state: 'attached' });
    await status()
      .getByText(/see-personal-data/)
      .waitFor();

    await settings('Grants');
    await page.getByRole('button', { name: /^End see-personal-data/ }).click();
    await page.getByText(/^None: you have the rights/).waitFor();
    await page.getByRole('button', { name: 'Editor', exact: true }).click();
    await page.getByText('The grant see-personal-data is over').waitFor();
    await page.getByRole('button', { name: 'Run again' }).click();
    await page.getByRole('gridcell').filter({ hasText: '***' }).first().waitFor({ state: 'attached' });
  });

  it('asks for a reason in place, and takes a grant that wants the second factor by itself after it', async () => {
    await changePlaces(window, 'eli');
    await settings('Grants');
    await page.getByRole('button', { name: 'Take break-glass' }).click();
    await page.getByRole('textbox', { name: 'Reason' }).fill('Orders are stuck');
    const [provider] = await Promise.all([window.context.waitForEvent('page'), page.keyboard.press('Enter')]);
    await confirmAt(provider);
    await page.getByRole('button', { name: /^End break-glass/ }).waitFor();

    await runOnProduction('UPDATE orders SET status = status WHERE id = 17');
    await page.getByRole('region', { name: 'Before it runs' }).getByText('production-writes-explained').waitFor();
    await page.keyboard.type('Mend the order that is stuck');
    await page.keyboard.press('Enter');
    // The gate has what it asked for: the bar offers only to forget the reason.
    await page.getByRole('button', { name: 'Forget the reason' }).waitFor();
    await page.getByText(/^UPDATE 1/).waitFor();
    await status().getByText('read-write').waitFor();
  });

  it('stops what relies on a grant when that ends, and offers the grant where it would lift the refusal', async () => {
    // Some 10^15 comparisons: it ends when somebody ends it.
    const long = 'SELECT a.id FROM orders a, orders b, orders c WHERE a.total + b.total + c.total < -1';
    await runOnProduction(`UPDATE orders SET status = status WHERE id IN (${long})`);
    await page.getByRole('textbox', { name: 'Reason' }).fill('Mend them all');
    await page.keyboard.press('Enter');
    await page.getByRole('progressbar', { name: 'Running' }).waitFor({ state: 'attached' });
    await settings('Grants');
    await page.getByRole('button', { name: /^End break-glass/ }).click();
    await page.getByRole('button', { name: 'Editor', exact: true }).click();
    await page.getByRole('alert').getByText('The grant break-glass ended').waitFor();
    await status().getByText('read-only').waitFor();

    await runOnProduction('UPDATE orders SET status = status WHERE id = 17');
    await page.getByRole('button', { name: 'Take break-glass' }).click();
    await page.getByRole('textbox', { name: 'Reason', exact: true }).fill('Orders are stuck again');
    await page.keyboard.press('Enter');
    // Who has just proved who they are is not asked anew.
    await page.getByText('The statement was refused before it.').waitFor();
    await page.getByRole('button', { name: 'Run again' }).click();
    await page.getByRole('region', { name: 'Before it runs' }).getByText('production-writes-explained').waitFor();
  });

  /** The provider knows who it is and asks for the code that the demonstration shows beside its question. */
  async function confirmAt(provider: Page): Promise<void> {
    const password = provider.getByLabel('Password');
    const code = provider.getByLabel('One-time code');
    await password.or(code).first().waitFor();
    if ((await password.count()) > 0) {
      await provider.getByLabel('E-mail').fill('eli@shop.example');
      await password.fill('eli-demo');
      await provider.getByRole('button', { name: 'Sign in' }).click();
      await code.waitFor();
    }
    const shown = (await provider.locator('#shown').textContent()) ?? '';
    await code.fill(shown.trim());
    await provider.getByRole('button', { name: /Sign in|Confirm|Continue/ }).click();
    await provider.getByText('You are signed in').waitFor();
    await provider.close();
  }
});
