/** What the page and the browser shell agree on. */

/** The WebSocket's address on the page's origin, and the subprotocol it speaks. */
export const LINK_PATH = '/link';
export const LINK_PROTOCOL = 'countersign.v1';
/** The tab's key is offered as a second subprotocol with this prefix: a page can set no other header on a WebSocket. */
export const KEY_PREFIX = 'key.';

/** Where a ticket is exchanged for a key, and its name in the address's fragment. */
export const TICKET_PATH = '/ticket';
export const TICKET_PARAMETER = 'ticket';

/** WebSocket close codes of the shell (RFC 6455 §7.4.2: 4000-4999 are the application's own). */
export const CLOSE_REPLACED = 4001;
export const CLOSE_STOPPED = 4002;
