/**
 * The only code of ours with Electron's reach inside the window's process; bundled to one CommonJS file, because a
 * sandboxed preload script can load nothing else. It gives the page two functions and passes on what comes for it.
 */
import { contextBridge, ipcRenderer } from 'electron';
import {
  APP_ORIGIN,
  LINK_PORT,
  OPEN_EXTERNAL,
  PROGRESS,
  REQUEST_LINK,
  type ShellBridge,
  type ShellMessage,
} from '../../../shared/electron-shell.ts';

/** The part of the page's window that is used here; main/ is not compiled with the DOM's types. */
declare const window: {
  postMessage(message: ShellMessage, targetOrigin: string, transfer?: readonly object[]): void;
};

const bridge: ShellBridge = {
  requestLink: (nonce) => ipcRenderer.send(REQUEST_LINK, String(nonce)),
  openExternal: (url) => ipcRenderer.send(OPEN_EXTERNAL, String(url)),
};
contextBridge.exposeInMainWorld('countersign', Object.freeze(bridge));

ipcRenderer.on(LINK_PORT, (event, nonce: string) => {
  window.postMessage({ type: LINK_PORT, nonce }, APP_ORIGIN, event.ports);
});
ipcRenderer.on(PROGRESS, (_event, text: string, failed: boolean) => {
  window.postMessage({ type: PROGRESS, text, failed }, APP_ORIGIN);
});
