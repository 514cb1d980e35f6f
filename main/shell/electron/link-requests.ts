import { ipcMain, MessageChannelMain, type BrowserWindow } from 'electron';
import { LINK_PORT, PROGRESS, REQUEST_LINK } from '../../../shared/electron-shell.ts';
import { type Gate } from './gate.ts';
import { isOwnTopFrame } from './sender.ts';

const MAX_NONCE = 100;

/**
 * Gives the window's own page a port to the gate process when it asks, as soon as that process is ready. A page that
 * has asked again since (a reload) is answered once.
 */
export function answerLinkRequests(window: BrowserWindow, gate: Gate): void {
  let asked = 0;
  ipcMain.on(REQUEST_LINK, (event, nonce: unknown) => {
    if (!isOwnTopFrame(event, window) || typeof nonce !== 'string' || nonce.length > MAX_NONCE) return;
    const request = ++asked;
    gate.whenReady(() => {
      // The page may have changed while the process started.
      if (request !== asked || !isOwnTopFrame(event, window)) return;
      const { port1, port2 } = new MessageChannelMain();
      gate.serve(port1);
      window.webContents.postMessage(LINK_PORT, nonce, [port2]);
    });
  });
}

/** Tells the window's page how the start of the gate process goes; the last word again to a page that loads later. */
export function tellProgress(window: BrowserWindow): (text: string, failed: boolean) => void {
  let last: { readonly text: string; readonly failed: boolean } | null = null;
  const tell = (): void => {
    if (last !== null && !window.isDestroyed()) window.webContents.send(PROGRESS, last.text, last.failed);
  };
  window.webContents.on('did-finish-load', tell);
  return (text, failed) => {
    last = { text, failed };
    tell();
  };
}
