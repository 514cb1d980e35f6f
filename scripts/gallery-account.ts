import { type Page } from 'playwright-core';
import { type Shot } from './gallery-shot.ts';

/** Pictures of Settings and of what obligations look like where people work. */

const text =
  (words: string | RegExp): ((page: Page) => Promise<void>) =>
  (page) =>
    page.getByText(words).first().waitFor();

async function issue(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Issue a token' }).first().click();
  await page.locator('.check').filter({ hasText: 'Staging' }).click();
}

async function issued(page: Page): Promise<void> {
  await issue(page);
  await page.getByRole('button', { name: 'Issue', exact: true }).click();
  await page.getByText('It is shown once.').waitFor();
}

async function take(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Take break-glass' }).click();
  await page.getByRole('textbox', { name: 'Reason' }).fill('Orders are stuck since 09:12');
}

async function endOther(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^End break-glass/ }).click();
}

async function examine(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Examine shop \(shop-production\)/ }).click();
  await page.getByText('can do nothing that it does not need').nth(0).waitFor();
}

async function personMenu(page: Page): Promise<void> {
  await page.getByText('write-production').first().waitFor();
  await page.getByRole('button', { name: /menu$/ }).click();
  await page.getByRole('menu').waitFor();
}

async function run(page: Page): Promise<void> {
  await page.locator('.sql-editor .view-line').first().waitFor();
  await page.locator('.sql-editor .view-line').first().click();
  await page.keyboard.press('Control+Enter');
}

async function ask(page: Page): Promise<void> {
  await run(page);
  await page.getByRole('region', { name: 'Before it runs' }).waitFor();
}

async function stays(page: Page): Promise<void> {
  await ask(page);
  await page.keyboard.type('Refund of order 4711');
  await page.keyboard.press('Enter');
  await page.getByRole('gridcell').first().waitFor({ state: 'attached' });
  await page.getByRole('grid').focus();
  for (const key of ['ArrowDown', 'Shift+ArrowDown', 'Shift+ArrowRight', 'Control+c']) await page.keyboard.press(key);
  await page.getByText(/^Not copied/).waitFor();
}

async function confirm(page: Page): Promise<void> {
  await ask(page);
  await page.keyboard.type('Ticket 4711');
  await page.keyboard.press('Enter');
  await page.getByText('Confirm in your browser').waitFor();
  await page.locator('.browser-wait-link').waitFor();
}

/** The focus on a masked cell, with the inspector beside it. */
async function masked(page: Page): Promise<void> {
  await run(page);
  await page.getByRole('gridcell').first().waitFor({ state: 'attached' });
  await page.getByRole('grid').focus();
  for (const key of ['ArrowDown', 'ArrowRight', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
  await page.getByRole('button', { name: /^See clear/ }).waitFor();
}

async function selected(page: Page): Promise<void> {
  await masked(page);
  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+a');
}

async function takeHere(page: Page): Promise<void> {
  await masked(page);
  await page.getByRole('button', { name: /^See clear/ }).click();
  await page.getByRole('textbox', { name: 'Reason' }).fill('A customer cannot be reached, T-4711');
}

async function held(page: Page): Promise<void> {
  await takeHere(page);
  await page.keyboard.press('Enter');
  await page.getByText('These rows are from before it').waitFor();
}

async function stale(page: Page): Promise<void> {
  await held(page);
  await page.getByRole('button', { name: 'Run again' }).click();
  await page.getByText('@example.org').first().waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'Settings', exact: true }).click();
  await page.getByRole('tab', { name: 'Grants' }).click();
  await page.getByRole('button', { name: /^End see-clear/ }).click();
  await page.getByRole('button', { name: 'Editor', exact: true }).click();
  await page.getByText('is over').waitFor();
}

async function tip(page: Page): Promise<void> {
  await masked(page);
  await page.getByRole('treeitem', { name: /shop/ }).first().waitFor();
  const box = await page.locator('[role=gridcell][data-state=masked]').nth(8).boundingBox();
  if (box === null) throw new Error('No masked cell is on the page.');
  await page.mouse.move(box.x + 30, box.y + 10);
  await page.locator('.grid-tip:popover-open').waitFor();
}

export const accountShots: Readonly<Record<string, Shot>> = {
  'settings-appearance': { page: 'settings-appearance', act: text('Theme') },
  'settings-account': { page: 'settings-account', small: true, act: text('this window') },
  'settings-agents': { page: 'settings-agents', small: true, act: text('It has no token') },
  'settings-issue': { page: 'settings-agents', act: issue },
  'settings-issued': { page: 'settings-agents', small: true, act: issued },
  'settings-agents-empty': { page: 'settings-agents-empty', act: text('No agent may act') },
  'settings-grants': { page: 'settings-grants', small: true, act: text('break-glass') },
  'settings-take': { page: 'settings-grants', act: take },
  'settings-grants-all': { page: 'settings-grants-all', act: endOther },
  'settings-grants-empty': { page: 'settings-grants-empty', act: text('offers you no grant') },
  'settings-failing': { page: 'settings-failing', act: text('cannot be read') },
  'settings-loading': { page: 'settings-loading', act: text('Account') },
  'settings-connections': { page: 'settings-connections', small: true, act: examine },
  'settings-organisation': { page: 'settings-organisation', act: text('Services') },
  'settings-weak': { page: 'settings-weak', act: text('no key store answers') },
  'settings-about': { page: 'settings-about', act: text('Licence') },
  'settings-local': { page: 'settings-local', act: text('Known from') },
  'person-menu': { page: 'settings-about', small: true, act: personMenu },
  reason: { page: 'reason', small: true, act: ask },
  stays: { page: 'reason', act: stays },
  'reason-and-step-up': { page: 'reason-and-step-up', act: ask },
  'step-up': { page: 'reason-and-step-up', small: true, act: confirm },
  masked: { page: 'masked', small: true, act: masked },
  'masked-tip': { page: 'masked', act: tip },
  'masked-selected': { page: 'masked', act: selected },
  'masked-take': { page: 'masked', small: true, act: takeHere },
  'masked-held': { page: 'masked', act: held },
  stale: { page: 'masked', act: stale },
};
