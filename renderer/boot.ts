/** The first code of the window: finds the way to the gate process, then starts the workbench with it. */
import './link/without-eval.ts';
import { desktop } from '../shared/contract.ts';
import { PROGRESS, type ShellBridge } from '../shared/electron-shell.ts';
import { createBanner, showNotice } from './link/banner.ts';
import { LinkRefused, type Dial } from './link/dial.ts';
import { keepConnected, patience, type LinkState, type Patience } from './link/keep-connected.ts';
import { messagePortDial, shellMessage } from './link/message-port.ts';
import { admitTab, webSocketDial, type Browser } from './link/websocket.ts';
import { startWorkbench } from './workbench.tsx';

declare global {
  interface Window {
    /** Present in Electron only. */
    readonly countersign?: ShellBridge;
  }
}

/** A laptop that wakes up has its sockets back by then; a process that was started again has another address. */
const BROWSER_GIVE_UP_MS = 30_000;

const browser: Browser = {
  location,
  history,
  sessionStorage,
  fetch: (url, init) => fetch(url, init),
  openSocket: (url, protocols) => new WebSocket(url, protocols),
};

interface Shell {
  readonly dial: Dial;
  readonly patience: Patience;
  openExternal(url: string): void;
}

async function findShell(): Promise<Shell> {
  const bridge = window.countersign;
  if (bridge !== undefined) {
    return { dial: messagePortDial(bridge, window), patience, openExternal: (url) => bridge.openExternal(url) };
  }
  return {
    dial: webSocketDial(browser, await admitTab(browser)),
    patience: { ...patience, giveUpMs: BROWSER_GIVE_UP_MS },
    openExternal(url) {
      if (!/^https?:$/.test(new URL(url).protocol)) throw new TypeError('Only web addresses open outside the window.');
      window.open(url, '_blank', 'noopener');
    },
  };
}

async function boot(root: HTMLElement): Promise<void> {
  const shell = await findShell();
  const showBanner = createBanner();
  let started = false;
  window.addEventListener('message', (event) => {
    const message = shellMessage(event, window);
    if (message?.type !== PROGRESS || (started && !message.failed)) return;
    if (started) showBanner({ kind: 'refused', refusal: new LinkRefused('Countersign has stopped', message.text) });
    else showNotice(root, message.failed ? 'Countersign cannot start' : 'Starting Countersign', message.text);
  });
  const onState = (state: LinkState): void => {
    if (!started && state.kind === 'refused') showNotice(root, state.refusal.heading, state.refusal.message);
    else if (started || state.kind !== 'connected') showBanner(state);
    else {
      started = true;
      startWorkbench(root, client, { openExternal: (url) => shell.openExternal(url) });
    }
  };
  const client = keepConnected(desktop, shell.dial, onState, shell.patience);
}

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no element with the id "root".');
boot(root).catch((error: unknown) => {
  const refused = error instanceof LinkRefused;
  showNotice(
    root,
    refused ? error.heading : 'Countersign cannot start here',
    refused ? error.message : 'Reload the page; if that does not help, start Countersign again.',
  );
});
