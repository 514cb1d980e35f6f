import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureRenderer } from '../scripts/build.ts';
import { ensureElectronApp } from '../scripts/electron-app.ts';
import { findElectron } from '../scripts/electron-binary.ts';

const root = join(import.meta.dirname, '..');
const binary = findElectron(root, process.env);
const demanded = process.env.REQUIRE_ELECTRON === '1';
const title = 'the Electron shell in Electron';

describe.skipIf(binary === undefined && !demanded)(
  binary === undefined ? `${title} (skipped: no Electron binary on this machine)` : title,
  () => {
    let home = '';
    let electron: ElectronApplication | undefined;

    beforeAll(async () => {
      if (binary === undefined)
        throw new Error('REQUIRE_ELECTRON=1, but there is no Electron binary: run "npx install-electron".');
      home = mkdtempSync(join(tmpdir(), 'countersign-electron-'));
      await ensureRenderer();
      const script = await ensureElectronApp(root, () => undefined);
      const flags = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
      electron = await _electron.launch({ executablePath: binary, args: [...flags, script, '--home', home] });
    });
    afterAll(async () => {
      await electron?.close();
      if (home !== '') rmSync(home, { recursive: true, force: true });
    });

    /** The window that the application opened. */
    function firstWindow(): Promise<Page> {
      if (electron === undefined) throw new Error('Electron did not start.');
      return electron.firstWindow();
    }

    it('shows the workbench under its own scheme, without Node and with two functions of ours', async () => {
      const page = await firstWindow();
      await page.waitForSelector('#root > *');
      expect(page.url()).toBe('app://countersign/');
      expect(await page.evaluate(() => ['require', 'process', 'module'].filter((name) => name in globalThis))).toEqual(
        [],
      );
      expect(
        await page.evaluate(() => Object.keys((globalThis as { countersign?: object }).countersign ?? {})),
      ).toEqual(['requestLink', 'openExternal']);
    });

    it('stays where it is when the page tries to leave or to open a window', async () => {
      const page = await firstWindow();
      await page.evaluate(() => {
        window.open('https://example.com/');
        location.href = 'https://example.com/';
      });
      expect(await page.evaluate(() => location.href)).toBe('app://countersign/');
      expect(electron?.windows()).toHaveLength(1);
    });
  },
);
