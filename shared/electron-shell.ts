/** What the page, the preload script and Electron's main process agree on. */

/** The page's origin. A standard scheme has origins; the host is the only one that is served. */
export const APP_SCHEME = 'app';
export const APP_HOST = 'countersign';
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`;

/** IPC channels between the preload script and the main process. */
export const REQUEST_LINK = 'countersign:request-link';
export const LINK_PORT = 'countersign:link-port';
export const OPEN_EXTERNAL = 'countersign:open-external';
export const PROGRESS = 'countersign:progress';

/**
 * What the preload script puts on `window.countersign`. A port cannot cross the context bridge, so it comes as a
 * `message` event of the window: `{ type: LINK_PORT, nonce }` with one port, the nonce being the one asked with.
 */
export interface ShellBridge {
  /** Asks for a link to the gate process; answered when that process is ready. */
  requestLink(nonce: string): void;
  /** Opens an https address, or the demonstration's own on loopback, in the person's browser. */
  openExternal(url: string): void;
}

/** Posted to the window while the gate process starts, or when it cannot. */
export type ShellMessage =
  | { readonly type: typeof LINK_PORT; readonly nonce: string }
  | { readonly type: typeof PROGRESS; readonly text: string; readonly failed: boolean };
