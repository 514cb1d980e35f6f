import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { asSuperuser, startTemporary, type TemporaryServer } from '../main/databases/embedded/index.ts';
import { chromiumPath, inChromium } from './support/chromium.ts';
import { photographFailure, startWorkbench, type Window, type Workbench } from './support/workbench.ts';

const root = join(import.meta.dirname, '..');
const PASSWORD = 'canary-of-a-database-password';

describe.skipIf(chromiumPath === undefined)(inChromium('a person without an organisation'), () => {
  let server: TemporaryServer;
  let home: string;
  let workbench: Workbench;
  let window: Window;
  let page: Page;

  beforeAll(async () => {
    server = await startTemporary();
    await asSuperuser(server, 'postgres', async (query) => {
      await query(`CREATE ROLE me LOGIN PASSWORD '${PASSWORD}'`);
      await query('CREATE TABLE people (id int PRIMARY KEY, contact text, shoe_size int)');
      await query(
        "INSERT INTO people SELECT i, 'person' || i || '@mail.example', 36 + i % 10 FROM generate_series(1, 500) i",
      );
      await query('GRANT SELECT, DELETE ON people TO me');
    });
    home = mkdtempSync(join(tmpdir(), 'countersign-local-'));
    rmSync(home, { recursive: true });
    // This machine may have no key store; a person says so once.
    const made = spawnSync(process.execPath, ['bin/countersign.mjs', 'init', '--home', home, '--secrets', 'file'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect(made.status, made.stderr).toBe(0);
    workbench = await startWorkbench(home, { local: true });
    window = await workbench.open();
    ({ page } = window);
  });
  afterEach(({ task }) => photographFailure(page, task));
  afterAll(async () => {
    await workbench.stop();
    await server.stop();
  });

  it('is at work without signing in, plainly labelled as not verified', async () => {
    await page.getByText('identity not verified').first().waitFor();
  });

  it('adds a PostgreSQL by its address and sees its tables', async () => {
    await page.getByRole('button', { name: 'Add a connection' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog
      .getByLabel('URL')
      .fill(`postgresql://me:${PASSWORD}@127.0.0.1:${String(server.port)}/postgres?sslmode=disable`);
    await dialog.getByLabel('Name').fill('mine');
    await dialog.getByRole('button', { name: 'Add' }).click();
    await page.getByRole('tree', { name: 'Connections' }).getByRole('treeitem', { name: /mine/ }).waitFor();
  });

  it('reads at once, with a column that nobody classified masked because of what is in it', async () => {
    await page.locator('.monaco-editor').first().click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText('SELECT id, contact, shoe_size FROM people ORDER BY id');
    await page.keyboard.press('Control+Enter');
    const contact = page.locator('[role=row][aria-rowindex="2"] [role=gridcell][aria-colindex="2"]');
    await contact.filter({ hasText: '***@***' }).waitFor();
    expect(await contact.textContent()).not.toContain('mail.example');
  });

  it('cannot write under the shipped policy', async () => {
    await page.locator('.monaco-editor').first().click();
    await page.keyboard.press('Control+A');
    await page.keyboard.insertText('DELETE FROM people');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('region', { name: 'Refused' }).waitFor();
  });

  it('has its password in one private file and nowhere else', () => {
    const holding: string[] = [];
    for (const name of readdirSync(home, { recursive: true, encoding: 'utf8' })) {
      const path = join(home, name);
      if (statSync(path).isFile() && readFileSync(path).includes(PASSWORD)) holding.push(name);
    }
    expect(holding).toHaveLength(1);
    expect(statSync(join(home, holding[0] ?? '')).mode & 0o077).toBe(0);
  });
});
