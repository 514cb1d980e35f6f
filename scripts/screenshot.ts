/** `npm run screenshot`: the pictures of the README, taken from the running product as Ana sees it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { signIn, startWorkbench } from '../e2e/support/workbench.ts';

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
  console.log(`Pictures in ${directory}`);
} finally {
  await workbench.stop();
}
