/** A page with the window's real way to the process and nothing else, for the tests of the browser shell. */
import '../../renderer/link/without-eval.ts';
import { LinkRefused } from '../../renderer/link/dial.ts';
import { keepConnected } from '../../renderer/link/keep-connected.ts';
import { admitTab, webSocketDial, type Browser } from '../../renderer/link/websocket.ts';
import { echoContract } from './echo-contract.ts';

const browser: Browser = {
  location,
  history,
  sessionStorage,
  fetch: (url, init) => fetch(url, init),
  openSocket: (url, protocols) => new WebSocket(url, protocols),
};
const show = (text: string): void => {
  document.title = text;
};

async function start(): Promise<void> {
  const key = await admitTab(browser);
  const client = keepConnected(echoContract, webSocketDial(browser, key), (state) => {
    if (state.kind === 'connected') {
      void client
        .echo(new TextEncoder().encode('hello'))
        .then((bytes) => show(`answered ${new TextDecoder().decode(bytes)}`));
    } else show(state.kind === 'refused' ? state.refusal.heading : state.kind);
  });
}

start().catch((error: unknown) => show(error instanceof LinkRefused ? error.heading : String(error)));
