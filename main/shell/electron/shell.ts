import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { app, Menu, type BrowserWindow } from 'electron';
import { chooseProfile } from '../start-options.ts';
import { answerOpenExternal } from './external.ts';
import { startGate, type Gate } from './gate.ts';
import { answerLinkRequests, tellProgress } from './link-requests.ts';
import { denyNavigation, denyPermissions, PAGE_URL } from './lockdown.ts';
import { registerAppScheme, serveRenderer } from './scheme.ts';
import { createSecureWindow } from './window.ts';

/** Where the parts of the built application are. */
export interface Parts {
  readonly rendererDirectory: string;
  readonly preload: string;
  readonly gateEntry: string;
}

/** Starts the application. Called while the main script is evaluated: some of this must happen before Electron is ready. */
export function startElectronShell(args: readonly string[], parts: Parts): void {
  const { values } = parseArgs({
    args: [...args],
    // Chromium's own switches are among the arguments.
    strict: false,
    options: { home: { type: 'string' }, local: { type: 'boolean' } },
  });
  const home = typeof values.home === 'string' ? values.home : undefined;
  const profile = chooseProfile({ home, local: values.local === true }, process.env, process.platform);

  app.enableSandbox();
  registerAppScheme();
  denyNavigation();
  // Cookies, caches and the lock of the single instance belong to the profile like everything else.
  app.setPath('userData', join(profile.home, 'electron'));
  if (!app.requestSingleInstanceLock()) {
    console.error(`Countersign is already running on the profile ${profile.home}; its window comes to the front.`);
    app.quit();
    return;
  }

  let gate: Gate | undefined;
  app.on('window-all-closed', () => app.quit());
  app.on('before-quit', (event) => {
    if (gate === undefined) return;
    event.preventDefault();
    const stopping = gate;
    gate = undefined;
    void stopping.stop().then(() => app.exit(0));
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => app.quit());

  void app.whenReady().then(async () => {
    Menu.setApplicationMenu(applicationMenu());
    denyPermissions();
    serveRenderer(parts.rendererDirectory);
    const window = createSecureWindow(parts.preload);
    app.on('second-instance', () => bringToFront(window));
    gate = startGate({ entry: parts.gateEntry, profile, onProgress: tellProgress(window) });
    answerLinkRequests(window, gate);
    answerOpenExternal(window);
    await window.loadURL(PAGE_URL);
  });
}

function bringToFront(window: BrowserWindow): void {
  if (window.isDestroyed()) return;
  if (window.isMinimized()) window.restore();
  window.focus();
}

/** macOS takes the shortcuts of editing from the menu; elsewhere the window has its own. */
function applicationMenu(): Menu | null {
  if (process.platform !== 'darwin') return null;
  return Menu.buildFromTemplate([{ role: 'appMenu' }, { role: 'editMenu' }, { role: 'windowMenu' }]);
}
