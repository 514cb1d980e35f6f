import { ipcMain, shell, type BrowserWindow } from 'electron';
import { OPEN_EXTERNAL } from '../../../shared/electron-shell.ts';
import { isOwnTopFrame } from './sender.ts';

const MAX_URL = 8192;
/** The demonstration's identity provider listens here; an organisation's speaks https. */
const LOOPBACK = new Set(['127.0.0.1', '[::1]', 'localhost']);

/**
 * Whether an address may be given to the operating system: it starts the program registered for the scheme, so only
 * what a browser opens, and no address that carries a password.
 */
export function mayOpenExternally(address: unknown): address is string {
  if (typeof address !== 'string' || address.length > MAX_URL || !URL.canParse(address)) return false;
  const { protocol, hostname, username, password } = new URL(address);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}

/** Opens addresses that the window asks for in the person's own browser. */
export function answerOpenExternal(window: BrowserWindow): void {
  ipcMain.on(OPEN_EXTERNAL, (event, address: unknown) => {
    if (!isOwnTopFrame(event, window) || !mayOpenExternally(address)) return;
    // As the parser reads it, not as it was written: what was judged is what is opened.
    void shell.openExternal(new URL(address).href);
  });
}
