import { LINK_PORT, type ShellBridge, type ShellMessage } from '../../shared/electron-shell.ts';
import { messagePortLink } from '../../shared/rpc/index.ts';
import { type Dial } from './dial.ts';

/** A message of the preload script: it is posted in this very window, under this very origin. */
export function shellMessage(event: MessageEvent<unknown>, page: Pick<Window, 'origin'>): ShellMessage | null {
  if (event.source !== page || event.origin !== page.origin) return null;
  const { data } = event;
  return typeof data === 'object' && data !== null && 'type' in data ? (data as ShellMessage) : null;
}

/** Asks Electron's main process for a port to the gate process; answered when that process is ready. */
export function messagePortDial(bridge: ShellBridge, page: Window): Dial {
  return () =>
    new Promise((resolve) => {
      const nonce = crypto.randomUUID();
      const onMessage = (event: MessageEvent<unknown>): void => {
        const message = shellMessage(event, page);
        const [port] = event.ports;
        if (message?.type !== LINK_PORT || message.nonce !== nonce || port === undefined) return;
        page.removeEventListener('message', onMessage);
        resolve({ link: messagePortLink(port), refusal: () => null });
      };
      page.addEventListener('message', onMessage);
      bridge.requestLink(nonce);
    });
}
