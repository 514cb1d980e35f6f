import { mkdirSync, mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listRendererFiles } from './renderer-files.ts';

let root: string;
let built: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'countersign-files-'));
  built = join(root, 'renderer');
  mkdirSync(join(built, 'assets'), { recursive: true });
  writeFileSync(join(root, 'secret.html'), 'secret');
  writeFileSync(join(built, 'index.html'), '<!doctype html>');
  writeFileSync(join(built, 'assets/app.js'), 'export {}');
});
afterEach(() => rmSync(root, { recursive: true }));

describe('the files of the window', () => {
  it('are the page and its assets', async () => {
    const files = listRendererFiles(built);
    expect([...files.keys()].sort()).toEqual(['/', '/assets/app.js']);
    expect((await files.get('/')?.read())?.toString()).toBe('<!doctype html>');
  });

  it('leave out source maps and types a page does not load', () => {
    writeFileSync(join(built, 'assets/app.js.map'), '{}');
    writeFileSync(join(built, '.env'), 'KEY=1');
    expect([...listRendererFiles(built).keys()].sort()).toEqual(['/', '/assets/app.js']);
  });

  it('leave out a symbolic link to elsewhere', () => {
    symlinkSync(join(root, 'secret.html'), join(built, 'assets/link.html'));
    symlinkSync(root, join(built, 'assets/outside'));
    expect([...listRendererFiles(built).keys()].sort()).toEqual(['/', '/assets/app.js']);
  });

  it('do not follow a symbolic link that takes a file’s place later', async () => {
    const files = listRendererFiles(built);
    unlinkSync(join(built, 'assets/app.js'));
    symlinkSync(join(root, 'secret.html'), join(built, 'assets/app.js'));
    await expect(files.get('/assets/app.js')?.read()).rejects.toThrow();
  });

  it('do not follow a symbolic link that takes a directory’s place later', async () => {
    const files = listRendererFiles(built);
    rmSync(join(built, 'assets'), { recursive: true });
    writeFileSync(join(root, 'app.js'), 'elsewhere');
    symlinkSync(root, join(built, 'assets'));
    await expect(files.get('/assets/app.js')?.read()).rejects.toThrow();
  });

  it.each(['/../secret.html', '/assets/../../secret.html', '//secret.html', 'index.html', '/index.html/'])(
    'have none at "%s"',
    (path) => {
      expect(listRendererFiles(built).get(path)).toBeUndefined();
    },
  );

  it('are missing, with what to do, before the window is built', () => {
    expect(() => listRendererFiles(join(root, 'nowhere'))).toThrowError(
      expect.objectContaining({ code: 'renderer_missing' }),
    );
  });
});
