import { app, session } from 'electron';
import { APP_ORIGIN } from '../../../shared/electron-shell.ts';

/** The one address that a window may be at; a reload goes there again. */
export const PAGE_URL = `${APP_ORIGIN}/`;

/** Networks and files that the page has no business with: a second wall behind its Content-Security-Policy. */
const ELSEWHERE = ['http://*/*', 'https://*/*', 'ws://*/*', 'wss://*/*', 'ftp://*/*', 'file://*/*'];

/** Refuses navigation, windows and webviews to every page there will be. Before any window exists. */
export function denyNavigation(): void {
  app.on('web-contents-created', (_event, contents) => {
    contents.on('will-navigate', (event) => {
      if (event.url !== PAGE_URL) event.preventDefault();
    });
    contents.on('will-frame-navigate', (event) => {
      if (!event.isMainFrame || event.url !== PAGE_URL) event.preventDefault();
    });
    contents.on('will-redirect', (event) => event.preventDefault());
    contents.on('will-attach-webview', (event) => event.preventDefault());
    contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  });
}

/** What the page may save, at a place the person chooses: events it was given and proofs of them. */
const SAVED = /^(?:activity-[\w.-]{1,80}\.(?:csv|jsonl)|[\w.-]{1,80}\.tlog-proof)$/;

/** Refuses every permission but writing to the clipboard, files that the page did not make itself, and every request to elsewhere. */
export function denyPermissions(): void {
  const { defaultSession } = session;
  const isGranted = (permission: string, origin: string): boolean =>
    permission === 'clipboard-sanitized-write' && (origin === APP_ORIGIN || origin === PAGE_URL);
  defaultSession.setPermissionRequestHandler((_contents, permission, answer, details) =>
    answer(details.isMainFrame && isGranted(permission, details.requestingUrl)),
  );
  defaultSession.setPermissionCheckHandler(
    (_contents, permission, origin, details) => details.isMainFrame && isGranted(permission, origin),
  );
  defaultSession.setDevicePermissionHandler(() => false);
  defaultSession.on('will-download', (event, item) => {
    const own = item.getURL().startsWith(`blob:${APP_ORIGIN}/`) && SAVED.test(item.getFilename());
    if (own) item.setSaveDialogOptions({ defaultPath: item.getFilename() });
    else event.preventDefault();
  });
  defaultSession.webRequest.onBeforeRequest({ urls: ELSEWHERE }, (_details, answer) => answer({ cancel: true }));
}
