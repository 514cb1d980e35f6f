import { type BrowserWindow, type IpcMainEvent } from 'electron';
import { APP_ORIGIN } from '../../../shared/electron-shell.ts';

/** Whether a message comes from the top frame of this very window, while it shows our own page. */
export function isOwnTopFrame(event: IpcMainEvent, window: BrowserWindow): boolean {
  const { sender, senderFrame } = event;
  if (window.isDestroyed() || sender !== window.webContents || senderFrame === null) return false;
  return senderFrame.parent === null && senderFrame.origin === APP_ORIGIN;
}
