/** `npm run screenshot`: the pictures of the README, taken from the running product as Ana and Sam see it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { changePlaces, runStatement, signIn, startWorkbench } from '../e2e/support/workbench.ts';

const directory = join(import.meta.dirname, '..', 'docs', 'images');
mkdirSync(directory, { recursive: true });

const workbench = await startWorkbench();
try {
  for (const colorScheme of ['light', 'dark'] as const) {
    const window = await workbench.open({ colorScheme });
    const { page } = window;
    if (colorScheme === 'light') await signIn(window, 'ana');
    const tree = page.getByRole('tree', { name: 'Connections' });
    for (const name of [/Shop production/, /^public/, /^customers/]) {
      await tree.getByRole('treeitem', { name }).first().click();
      await page.keyboard.press('ArrowRight');
    }
    await tree.getByRole('treeitem', { name: /national_id/ }).waitFor();
    // The first statement of the tab that the demonstration opens with.
    const editor = page.locator('.monaco-editor').first();
    await editor.getByText('SELECT id, name').first().click();
    await page.keyboard.press('Control+Enter');
    const email = page.getByRole('gridcell').filter({ hasText: '***@***' }).first();
    await email.waitFor();
    // The cells of the accessibility tree lie under the canvas, where they are drawn.
    const box = await email.boundingBox();
    if (box !== null) await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
    await page.getByRole('tab', { name: 'Decision' }).click();
    await page.screenshot({ path: join(directory, `workbench-${colorScheme}.png`) });
    await window.close();
  }
  await photographActivity();
  await photographPolicy();
  await photographAgents();
  console.log(`Pictures in ${directory}`);
} finally {
  await workbench.stop();
}

/** What Ana and Eli did, as Sam from security sees it, with one refusal opened. */
async function photographActivity(): Promise<void> {
  const window = await workbench.open({ colorScheme: 'light' });
  const { page } = window;
  // Each with the words of its end in the status line, which differ from those of the one before.
  const asked: readonly (readonly ['ana' | 'eli', readonly (readonly [text: string, ends: RegExp])[]])[] = [
    [
      'ana',
      [
        ['SELECT status, count(*), sum(total) FROM orders GROUP BY status ORDER BY 2 DESC', /^5 rows/],
        ["SELECT name, email FROM customers WHERE email LIKE 'ada%'", /refused/],
        ['SELECT id, name, phone FROM customers ORDER BY id LIMIT 200', /^200 rows/],
        ['DELETE FROM orders WHERE id = 17', /refused/],
      ],
    ],
    [
      'eli',
      [
        ['SELECT id, total FROM orders ORDER BY total DESC LIMIT 25', /^25 rows/],
        ['SELECT total / (id - id) FROM orders', /failed/],
      ],
    ],
  ];
  for (const [who, statements] of asked) {
    await changePlaces(window, who);
    for (const [text, ends] of statements) {
      await runStatement(page, text);
      await page.getByRole('contentinfo', { name: 'Status' }).getByRole('status').filter({ hasText: ends }).waitFor();
    }
  }
  await changePlaces(window, 'sam');
  await page.getByRole('button', { name: 'Activity', exact: true }).click();
  // The witness is asked once a minute: the picture is of an event that has its signature.
  const status = page.getByRole('contentinfo', { name: 'Status' });
  await status.getByText(/witnessed \d\d/).waitFor({ timeout: 90_000 });
  await page.locator('.event-line').filter({ hasText: 'email LIKE $1' }).first().click();
  await page.getByText(/^In the log: this leaf/).waitFor();
  await page
    .getByRole('listitem')
    .filter({ hasText: /^Refused [1-9]/ })
    .waitFor();
  await page.screenshot({ path: join(directory, 'activity-light.png') });
  await window.close();
}

/** What Sam sees of a policy in which a change is on its way: who would have more by it, and who less. */
async function photographPolicy(): Promise<void> {
  const window = await workbench.open({ colorScheme: 'light' });
  const { page } = window;
  await page.getByRole('button', { name: 'Policy', exact: true }).click();
  const text = page.locator('.policy-text .monaco-editor');
  await text.click();
  // Behind the last rule that allows.
  await page.keyboard.press('Control+F');
  await page.keyboard.insertText('id: engineers-write-production');
  for (const key of ['Enter', 'Escape', 'End', 'Enter']) await page.keyboard.press(key);
  await page.keyboard.insertText(
    '- { id: analysts-mend-staging, allow: update, to: group:analysts, in: { env: staging } }',
  );
  await page.keyboard.press('Home');
  await page.getByRole('tab', { name: 'Changes' }).click();
  await page
    .getByText(/right(s)? wider/)
    .first()
    .waitFor();
  await page.screenshot({ path: join(directory, 'policy-light.png') });
  await window.close();
}

/** Ana, whose agent has a token. */
async function photographAgents(): Promise<void> {
  const window = await workbench.open({ colorScheme: 'light' });
  const { page } = window;
  await changePlaces(window, 'ana');
  await page.keyboard.press('Control+,');
  await page.getByRole('tab', { name: 'Agents', exact: true }).click();
  await page.getByRole('button', { name: 'Issue a token' }).click();
  await page.getByRole('button', { name: 'Issue', exact: true }).click();
  await page.getByRole('button', { name: 'Done' }).click();
  await page.getByRole('button', { name: /^End token/ }).waitFor();
  await page.screenshot({ path: join(directory, 'agents-light.png') });
}
