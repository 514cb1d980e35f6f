import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface RedirectFile {
  readonly path: string;
  remove(): void;
}

/**
 * A page that leads on to `address`, readable by its owner only. It is what a browser is started with: every user of the
 * machine can read the command lines in the process list, and the address holds a ticket.
 */
export function writeRedirectFile(runDirectory: string, address: string): RedirectFile {
  mkdirSync(runDirectory, { recursive: true, mode: 0o700 });
  const path = join(runDirectory, `open-${randomBytes(8).toString('hex')}.html`);
  // The address is made of letters, digits and -_.:/#= only: nothing in it needs escaping.
  const page = `<!doctype html><meta charset="utf-8"><title>Countersign</title><meta http-equiv="refresh" content="0;url=${address}">\n`;
  writeFileSync(path, page, { mode: 0o600, flag: 'wx' });
  return { path, remove: () => rmSync(path, { force: true }) };
}
