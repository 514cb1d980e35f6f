import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** The rule that keeps analysts out of production, as it stands behind the others. */
const CLOSED = `
  - id: production-closed
    deny: read
    to: group:analysts
    in: { env: production }
    text: production is closed while it is moved
`;

describe.skipIf(chromiumPath === undefined)(inChromium('the policy, as an administrator changes it'), () => {
  let workbench: Workbench;
  let window: Window;
  let page: Page;
  let file: string;

  beforeAll(async () => {
    workbench = await startWorkbench();
    file = join(workbench.home, 'policy.yaml');
    window = await workbench.open();
    ({ page } = window);
  });
  afterEach(({ task }) => photographFailure(page, task));
  afterAll(async () => {
    await workbench.stop();
  });

  const problems = (): Locator => page.getByRole('region', { name: 'Problems' });
  const grid = (): Locator => page.getByRole('grid', { name: 'Who can do what' });
  const status = (): Locator => page.getByRole('contentinfo', { name: 'Status' }).getByRole('status');
  const eventually = <T>(look: () => Promise<T> | T) => expect.poll(look, { timeout: 30_000 });

  /** Puts a text in place of the whole policy, as pasting over it does. */
  async function write(text: string): Promise<void> {
    await page.locator('.policy-text .monaco-editor').click();
    await page.keyboard.press('Control+A');
    // Pasted and not typed: typing indents.
    await window.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.evaluate((value) => navigator.clipboard.writeText(value), text);
    await page.keyboard.press('Control+V');
  }

  /** The text with a rule behind its others, and without the tests that expect otherwise. */
  const closed = (text: string): string => `${text.slice(0, text.indexOf('\ntests:'))}${CLOSED}`;

  it('is shown to Sam, who administers it, with its own tests passing', async () => {
    await signIn(window, 'sam');
    await page.getByRole('button', { name: 'Policy', exact: true }).click();
    await page.locator('.policy-text .view-line').filter({ hasText: 'version: 1' }).waitFor();
    await page.getByText(/^All \d+ tests pass$/).waitFor();
    await problems()
      .getByText(/No problems|warning/)
      .first()
      .waitFor();
  });

  it('shows an error in its place, and what could stand there', async () => {
    await write(
      readFileSync(file, 'utf8').replace('allow: read, to: group:analysts', 'allow: reed, to: group:analysts'),
    );
    await problems().getByText('1 error').waitFor();
    await problems()
      .getByText(/Possible: read, write/)
      .waitFor();
    await problems().getByRole('button').first().click();
    await page.locator('.policy-text .squiggly-error').first().waitFor({ state: 'attached' });
    expect(await page.getByRole('button', { name: /^Save/ }).isDisabled()).toBe(true);
  });

  it('shows who may do what once it is mended', async () => {
    await write(closed(readFileSync(file, 'utf8')));
    await page.getByRole('tab', { name: 'Matrix' }).click();
    await page.getByRole('textbox', { name: 'Who' }).fill('group:analysts');
    await page.getByRole('textbox', { name: 'Connection or environment' }).fill('production');
    await grid()
      .getByRole('gridcell', { name: /^select: Denied/ })
      .click();
    await page
      .getByRole('complementary', { name: 'Cell' })
      .getByRole('button', { name: 'production-closed' })
      .waitFor();
  });

  it('is explained as somebody else, by the text in the editor', async () => {
    await page.getByRole('button', { name: 'Explain a statement' }).click();
    await page.locator('.sql-box .view-lines').click();
    await page.keyboard.insertText('SELECT id, status FROM orders');
    await page.keyboard.press('Control+Enter');
    await page.locator('.explained-verdict').filter({ hasText: 'Refused' }).waitFor();
    await page
      .getByRole('row', { name: /deny production-closed/ })
      .first()
      .waitFor();
  });

  it('comes into force when Sam saves it, and the view says so', async () => {
    await page.getByRole('tab', { name: 'Changes' }).click();
    await page
      .getByText(/rights? narrower/)
      .first()
      .waitFor();
    await page.keyboard.press('Control+s');
    await page.getByRole('dialog').getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByText('The same policy as the one in force.').waitFor();
    expect(readFileSync(file, 'utf8')).toContain('production-closed');
  });

  it('keeps the last good policy where the file is broken by hand, and shows the line', async () => {
    const good = readFileSync(file, 'utf8');
    writeFileSync(file, good.replace('deny: read', 'deny: reed'));
    await page.getByText(/the last good policy stays in force/).waitFor();
    await page
      .getByRole('alert')
      .getByRole('button', { name: /^Line \d+$/ })
      .click();
    await eventually(() => page.evaluate(() => document.activeElement?.closest('.policy-text') !== null)).toBe(true);
    writeFileSync(file, good);
    await eventually(() => page.getByText(/the last good policy stays in force/).count()).toBe(0);
  });

  it('binds Ana at once, while she works', async () => {
    await changePlaces(window, 'ana');
    const tree = page.getByRole('tree', { name: 'Connections' });
    await tree.waitFor();
    await runStatement(page, 'SELECT id, status FROM orders ORDER BY id LIMIT 3');
    await status()
      .filter({ hasText: /refused/ })
      .waitFor();
    writeFileSync(file, readFileSync(file, 'utf8').replace(CLOSED, ''));
    await eventually(async () => {
      await page.keyboard.press('Control+Enter');
      await status()
        .filter({ hasText: /refused|^3 rows/ })
        .waitFor();
      return status()
        .filter({ hasText: /^3 rows/ })
        .count();
    }).toBe(1);
  });

  it('is locked for Ana, who can try a proposal all the same', async () => {
    await page.getByRole('button', { name: 'Policy', exact: true }).click();
    await page.getByText(/it changes nothing/).waitFor();
    await write(closed(readFileSync(file, 'utf8')));
    await page.getByText('What you write is a proposal').waitFor();
    await page.getByRole('tab', { name: 'Changes' }).click();
    await page
      .getByText(/rights? narrower/)
      .first()
      .waitFor();
    await page.keyboard.press('Control+s');
    expect(await page.getByRole('dialog').count()).toBe(0);
  });

  it('keeps what was typed and not saved over a start of the window', async () => {
    await eventually(() => page.getByText('not saved').count()).toBe(1);
    await page.getByRole('button', { name: 'Editor', exact: true }).click();
    await window.close();
    window = await workbench.open();
    ({ page } = window);
    await page
      .getByRole('tree', { name: 'Connections' })
      .or(page.getByRole('button', { name: 'Sign in with your organisation' }))
      .first()
      .waitFor();
    if (await page.getByRole('button', { name: 'Sign in with your organisation' }).isVisible())
      await signIn(window, 'ana');
    await page.getByRole('button', { name: 'Policy', exact: true }).click();
    await page.getByText('What you write is a proposal').waitFor();
    await page.locator('.policy-text .view-line').first().waitFor();
    expect(window.faults).toEqual([]);
  });
});
