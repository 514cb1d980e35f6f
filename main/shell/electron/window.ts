import { app, BrowserWindow } from 'electron';

/** A window whose page has no power: every way to Node, to other origins and to other pages is closed. */
export function createSecureWindow(preload: string): BrowserWindow {
  const window = new BrowserWindow({
    title: 'Countersign',
    width: 1440,
    height: 900,
    minWidth: 800,
    minHeight: 500,
    show: false,
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      // A middle click opens a window past every link handler.
      disableBlinkFeatures: 'Auxclick',
      // Dictionaries would be fetched from the network, and words of the text looked up.
      spellcheck: false,
      devTools: !app.isPackaged,
    },
  });
  window.once('ready-to-show', () => window.show());
  return window;
}
