import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { edit, ENDLESS, startWorkplace, until, type Workplace } from '../main/doors/testing/workplace.ts';
import { chromiumPath, inChromium } from './support/chromium.ts';
import { photographFailure, signIn, startWorkbench, type Window, type Workbench } from './support/workbench.ts';

const cell = (page: Page, row: number, column: number) =>
  page.locator(`[role=row][aria-rowindex="${String(row + 1)}"] [role=gridcell][aria-colindex="${String(column)}"]`);

describe.skipIf(chromiumPath === undefined)(inChromium('the window under bad input'), () => {
  let workplace: Workplace;
  let home: string;
  let workbench: Workbench;
  let window: Window;
  let page: Page;

  beforeAll(async () => {
    workplace = await startWorkplace();
    home = workplace.profileBeside();
    edit(home, 'organisation.yaml', 'revalidateMinutes: 15', 'revalidateMinutes: 0.01');
    workbench = await startWorkbench(home, { local: true });
    window = await workbench.open();
    ({ page } = window);
    await signIn(window, 'ana');
    await page
      .getByRole('toolbar', { name: 'Statement' })
      .getByRole('button', { name: /^Connection/ })
      .click();
    await page
      .getByRole('menuitem', { name: /Shop staging/ })
      .or(page.getByRole('menuitemradio', { name: /Shop staging/ }))
      .click();
  });
  afterEach(({ task }) => photographFailure(page, task));
  afterAll(async () => {
    await workbench.stop();
    await workplace.stop();
  });

  async function run(text: string): Promise<void> {
    await page.locator('.monaco-editor').first().click();
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Delete');
    await page.keyboard.insertText(text);
    await page.keyboard.press('Control+Enter');
  }

  const problem = () => page.getByRole('alert').first();

  it('shows 1,600 columns, the first and the last', async () => {
    const columns = Array.from({ length: 1_600 }, (_, i) => `i+${String(i)} c${String(i)}`);
    await run(`SELECT ${columns.join(', ')} FROM generate_series(1, 1000) i`);
    await cell(page, 1, 1).filter({ hasText: '1' }).waitFor();
    await page.getByRole('grid').focus();
    await page.keyboard.press('Control+End');
    await cell(page, 1_000, 1_600).filter({ hasText: '2599' }).waitFor();
    await page.getByRole('columnheader', { name: /c1599/ }).waitFor();
  });

  it("gives the server's own limit on 2,000 columns as the error", async () => {
    await run(`SELECT ${Array.from({ length: 2_000 }, (_, i) => `${String(i)} c${String(i)}`).join(', ')}`);
    await page.getByText('target lists can have at most 1664 entries').first().waitFor();
  });

  it('shows a cell of 10 MB cut in the grid and its size in the inspector', async () => {
    await run(`SELECT repeat('abcdefghi ', 1048576) AS big`);
    await cell(page, 1, 1).filter({ hasText: 'abcdefghi' }).waitFor();
    await page.getByRole('grid').focus();
    await page.keyboard.press('Enter');
    await page
      .getByText(/10\.5 MB/)
      .first()
      .waitFor();
  });

  it.each([
    ['two statements at once', 'SELECT 1 AS one; SELECT 2 AS two', undefined],
    ['what PostgreSQL cannot read', 'SELECT * FRO customers', /PostgreSQL cannot read this/],
    ['a table that is not there', 'SELECT * FROM no_such_table', /no_such_table/],
  ])('answers %s with its place or its rows', async (_, text, words) => {
    await run(text);
    if (words === undefined)
      await page
        .getByRole('columnheader', { name: /one|two/ })
        .first()
        .waitFor();
    else await page.getByRole('region', { name: 'Refused' }).getByText(words).first().waitFor();
  });

  it('says that the connection was lost when the server crashes, keeps the text, and runs again', async () => {
    await run(ENDLESS);
    await until('the statement runs', async () => (await workplace.running()).length === 1);
    const [pid = 0] = await workplace.running();
    process.kill(pid, 'SIGKILL');
    await problem()
      .getByText(/The connection to the database was lost/)
      .waitFor();
    await page.locator('.view-line').filter({ hasText: 'events' }).first().waitFor();
    await until('the server is back', async () => (await workplace.observe('SELECT 1').catch(() => [])).length === 1);
    await run('SELECT 42 AS answer');
    await cell(page, 1, 1).filter({ hasText: '42' }).waitFor();
  });

  it('shows that a changed policy is wrong while it is, and goes on under the last good one', async () => {
    const path = join(home, 'policy.yaml');
    const good = readFileSync(path, 'utf8');
    writeFileSync(path, good.replace('rules:', 'rulez:'));
    const status = page.getByRole('contentinfo', { name: 'Status' });
    await status.getByText(/policy\.yaml is not right/).waitFor();
    await run('SELECT 43 AS answer');
    await cell(page, 1, 1).filter({ hasText: '43' }).waitFor();
    writeFileSync(path, good);
    await status.getByText(/policy\.yaml is not right/).waitFor({ state: 'detached' });
  });

  it('shows the sign-in with the reason when the account was disabled, and the text is there afterwards', async () => {
    await run('SELECT 44 AS kept');
    await cell(page, 1, 1).filter({ hasText: '44' }).waitFor();
    const enable = workplace.disable('ana');
    try {
      await page
        .getByText(/Your sign-in was ended/)
        .first()
        .waitFor();
    } finally {
      enable();
    }
    await until('its connections are closed', async () => {
      const there = await workplace.observe(
        "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE 'countersign ana%'",
      );
      return there.length === 0;
    });
    await signIn(window, 'ana');
    await page.locator('.view-line').filter({ hasText: '44' }).first().waitFor();
  });

  it('wrote no error to its console on the way', () => {
    expect(window.faults).toEqual([]);
  });
});
