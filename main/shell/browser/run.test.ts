import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type OpenDesktop } from '../gate-service.ts';
import { runBrowserShell } from './run.ts';

let directory: string;
let events: string[];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'countersign-run-'));
  events = [];
});
afterEach(() => rmSync(directory, { recursive: true }));

const open: OpenDesktop = ({ home, demonstration, onProgress }) => {
  onProgress('Starting the demonstration');
  events.push(`opened ${home === directory ? 'the profile' : home}, demonstration ${String(demonstration)}`);
  return Promise.resolve({
    serveLink: () => undefined,
    close: () => Promise.resolve(void events.push('closed')),
  });
};

const run = (with_: OpenDesktop = open) =>
  runBrowserShell({
    profile: { home: directory, demonstration: true },
    rendererDirectory: join(directory, 'renderer'),
    openWith: 'print',
    open: with_,
    print: (line) => events.push(line.replace(/http:\S+/, 'ADDRESS')),
  });

function buildRenderer(): void {
  mkdirSync(join(directory, 'renderer'));
  writeFileSync(join(directory, 'renderer/index.html'), '<!doctype html>');
}

describe('running in the browser', () => {
  it('opens the profile, prints how that goes and the address, and closes once', async () => {
    buildRenderer();
    const running = await run();
    await Promise.all([running.stop(), running.stop()]);
    expect(events).toEqual([
      'Starting the demonstration',
      'opened the profile, demonstration true',
      expect.stringMatching(/ADDRESS$/),
      'closed',
    ]);
  });

  it('leaves nothing open when the window is not there', async () => {
    await expect(run()).rejects.toMatchObject({ code: 'renderer_missing' });
    expect(events.at(-1)).toBe('closed');
  });

  it('does not start when the profile cannot be opened', async () => {
    buildRenderer();
    await expect(run(() => Promise.reject(new Error('locked')))).rejects.toThrow('locked');
    expect(events).toEqual([]);
  });
});
