import { z } from 'zod';
import {
  CLOSE_REPLACED,
  CLOSE_STOPPED,
  KEY_PREFIX,
  LINK_PATH,
  LINK_PROTOCOL,
  TICKET_PARAMETER,
  TICKET_PATH,
} from '../../shared/browser-shell.ts';
import { webSocketLink } from '../../shared/rpc/index.ts';
import { LinkRefused, type Dial } from './dial.ts';

const STORED = 'countersign.tab';
const tabKey = z.strictObject({ key: z.string().min(1), welcome: z.string().min(1) });
type TabKey = z.infer<typeof tabKey>;

const closeReasons: ReadonlyMap<number, () => LinkRefused> = new Map([
  [
    CLOSE_REPLACED,
    () =>
      new LinkRefused(
        'Countersign is open in another tab',
        'This tab was copied. Use the other one and close this one.',
      ),
  ],
  [
    CLOSE_STOPPED,
    () =>
      new LinkRefused(
        'Countersign has stopped',
        'Your text is saved. Start Countersign again and use the window it opens.',
      ),
  ],
]);

/** The parts of the browser's window that admission needs; a test has its own. */
export interface Browser {
  readonly location: Pick<Location, 'hash' | 'host' | 'pathname'>;
  readonly history: Pick<History, 'replaceState'>;
  readonly sessionStorage: Pick<Storage, 'getItem' | 'setItem'>;
  fetch(url: string, init: RequestInit): Promise<Pick<Response, 'ok' | 'json'>>;
  openSocket(url: string, protocols: string[]): WebSocket;
}

/**
 * The tab's key: of a ticket in the address, which leaves the address before anything else happens, or else the one
 * that the tab had before a reload.
 * @throws LinkRefused when there is neither.
 */
export async function admitTab(browser: Browser): Promise<TabKey> {
  const { hash, pathname } = browser.location;
  const ticket = new URLSearchParams(hash.slice(1)).get(TICKET_PARAMETER);
  if (ticket !== null) {
    browser.history.replaceState(null, '', pathname);
    const response = await browser.fetch(TICKET_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ticket }),
    });
    if (response.ok) {
      const key = tabKey.parse(await response.json());
      browser.sessionStorage.setItem(STORED, JSON.stringify(key));
      return key;
    }
  }
  const stored = browser.sessionStorage.getItem(STORED);
  if (stored !== null) return tabKey.parse(JSON.parse(stored));
  throw new LinkRefused(
    ticket === null ? 'This tab has no way in' : 'This address was used before, or is too old',
    'An address of Countersign works once, in one tab. Use the tab that is open already; or press Enter where Countersign ' +
      'was started to get a new address; or start Countersign again.',
  );
}

/**
 * Connects the tab to the process that gave out its key. The process proves itself first: whoever listens on the port
 * after it has gone does not know the welcome, and is told nothing.
 */
export function webSocketDial(browser: Browser, key: TabKey): Dial {
  return () =>
    new Promise((resolve, reject) => {
      const socket = browser.openSocket(`ws://${browser.location.host}${LINK_PATH}`, [
        LINK_PROTOCOL,
        KEY_PREFIX + key.key,
      ]);
      socket.binaryType = 'arraybuffer';
      let refusal: LinkRefused | null = null;
      socket.addEventListener('close', ({ code }) => {
        refusal = closeReasons.get(code)?.() ?? null;
        reject(refusal ?? new Error('The WebSocket closed before it was welcomed.'));
      });
      const onFirst = ({ data }: MessageEvent<unknown>): void => {
        socket.removeEventListener('message', onFirst);
        if (!(data instanceof ArrayBuffer) || new TextDecoder().decode(data) !== key.welcome) {
          reject(
            new LinkRefused(
              'Countersign has stopped',
              'Another program answers in its place. Start Countersign again.',
            ),
          );
          return socket.close();
        }
        resolve({ link: webSocketLink(socket), refusal: () => refusal });
      };
      socket.addEventListener('message', onFirst);
    });
}
