import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fetchElectron, findElectron } from './electron-binary.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'countersign-binary-'));
  mkdirSync(join(root, 'node_modules/electron/dist'), { recursive: true });
  writeFileSync(join(root, 'node_modules/electron/package.json'), '{"version":"45.0.0"}');
});
afterEach(() => rmSync(root, { recursive: true }));

const install = (directory: string, name = 'electron'): void => writeFileSync(join(directory, name), '');
const note = (name: string): void => writeFileSync(join(root, 'node_modules/electron/path.txt'), name);

describe('the Electron binary', () => {
  it('is where the package says it is', () => {
    note('electron');
    install(join(root, 'node_modules/electron/dist'));
    expect(findElectron(root, {})).toBe(join(root, 'node_modules/electron/dist/electron'));
  });

  it('is absent before it was fetched, and when it was taken away', () => {
    expect(findElectron(root, {})).toBeUndefined();
    note('electron');
    expect(findElectron(root, {})).toBeUndefined();
  });

  it('is the one of another directory where the environment says so', () => {
    note('electron');
    install(join(root, 'node_modules/electron/dist'));
    install(root);
    expect(findElectron(root, { ELECTRON_OVERRIDE_DIST_PATH: root })).toBe(join(root, 'electron'));
    expect(findElectron(root, { ELECTRON_OVERRIDE_DIST_PATH: join(root, 'nowhere') })).toBeUndefined();
  });

  it('is asked for once where it cannot be had, and again when somebody insists', async () => {
    let asked = 0;
    const nobody = createServer((socket) => {
      asked++;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    await once(nobody, 'listening');
    const address = nobody.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const environment = { ELECTRON_MIRROR: `http://127.0.0.1:${String(port)}/` };
    const printed: string[] = [];
    const attempt = (again: boolean) =>
      fetchElectron(root, environment, { again, print: (line) => printed.push(line) });
    try {
      for (const [again, times] of [
        [false, 1],
        [false, 1],
        [true, 2],
      ] as const) {
        expect(await attempt(again)).toBeUndefined();
        expect(asked).toBeGreaterThanOrEqual(times);
      }
      const before = asked;
      await attempt(false);
      expect(asked).toBe(before);
      expect(printed).toEqual([]);
    } finally {
      nobody.close();
    }
  });
});
