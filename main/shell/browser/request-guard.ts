/**
 * Who may ask the loopback server for what, decided from the request alone. Any page in any browser on this machine
 * can send requests here, and DNS can make any name point here, so nothing is answered that does not name this very
 * origin and come from it. Fetch metadata: https://www.w3.org/TR/fetch-metadata/.
 */
import { KEY_PREFIX, LINK_PATH, LINK_PROTOCOL, TICKET_PATH } from '../../../shared/browser-shell.ts';

/** The one origin of this run. */
export interface Site {
  /** `cs-….localhost:port`, as the Host header has it. */
  readonly host: string;
  /** `http://` and the host, as the Origin header has it. */
  readonly origin: string;
}

export interface RequestHead {
  readonly method?: string | undefined;
  readonly url?: string | undefined;
  /** Every value of every header: a header given twice is refused, not joined. */
  readonly headersDistinct: Readonly<Record<string, string[] | undefined>>;
}

export interface Refusal {
  readonly status: 400 | 401 | 403 | 404 | 405 | 415 | 421;
  readonly reason: string;
}

export type Admitted = { readonly kind: 'ticket' } | { readonly kind: 'file'; readonly path: string };

const PATH = /^\/[A-Za-z0-9._/-]*$/;
/** Stylesheets name some fonts with a version after a question mark; it says nothing to us. */
const VERSION = /\?[0-9a-f]{1,64}$/;

/** The only value of a header; undefined when it is absent, null when it is given more than once. */
function only(head: RequestHead, name: string): string | undefined | null {
  const values = head.headersDistinct[name];
  if (values === undefined) return undefined;
  return values.length === 1 ? values[0] : null;
}

/** The path that is asked for; an asset's version is left off. */
function pathOf({ url = '' }: RequestHead): string {
  return url.startsWith('/assets/') ? url.replace(VERSION, '') : url;
}

function refuseSite(head: RequestHead, site: Site): Refusal | null {
  if (only(head, 'host') !== site.host) return { status: 421, reason: 'This server answers under another name.' };
  if (!PATH.test(pathOf(head))) return { status: 404, reason: 'There is nothing at this address.' };
  return null;
}

/** Whether `Sec-Fetch-*` say that a person opened the page: typed, bookmarked, or from the redirect file (cross-site). */
function isNavigation(head: RequestHead): boolean {
  return only(head, 'sec-fetch-mode') === 'navigate' && only(head, 'sec-fetch-dest') === 'document';
}

/** Judges an ordinary request. */
export function judgeRequest(head: RequestHead, site: Site): Admitted | Refusal {
  const refusal = refuseSite(head, site);
  if (refusal !== null) return refusal;
  const path = pathOf(head);
  const from = only(head, 'sec-fetch-site');
  const opensPage = path === '/' && (head.method === 'GET' || head.method === 'HEAD') && isNavigation(head);
  if (from !== 'same-origin' && !(opensPage && (from === 'none' || from === 'cross-site'))) {
    return { status: 403, reason: 'Only the page of Countersign itself may ask for this.' };
  }
  if (path === TICKET_PATH) {
    if (head.method !== 'POST') return { status: 405, reason: 'A ticket is exchanged by POST.' };
    if (only(head, 'origin') !== site.origin) return { status: 403, reason: 'The request comes from another page.' };
    if (only(head, 'content-type') !== 'application/json') return { status: 415, reason: 'A ticket is sent as JSON.' };
    return { kind: 'ticket' };
  }
  if (head.method !== 'GET' && head.method !== 'HEAD') return { status: 405, reason: 'Files are only read.' };
  return { kind: 'file', path };
}

/** Judges a WebSocket upgrade; answers with the key it presents, not yet looked up. */
export function judgeUpgrade(head: RequestHead, site: Site): { readonly key: string } | Refusal {
  const refusal = refuseSite(head, site);
  if (refusal !== null) return refusal;
  if (head.url !== LINK_PATH || head.method !== 'GET')
    return { status: 404, reason: 'There is nothing at this address.' };
  if (only(head, 'origin') !== site.origin) return { status: 403, reason: 'The connection comes from another page.' };
  // Browsers differ in whether they send fetch metadata with an upgrade; Origin they all send.
  const from = only(head, 'sec-fetch-site');
  if (from !== undefined && from !== 'same-origin')
    return { status: 403, reason: 'The connection comes from another page.' };
  const offered = (only(head, 'sec-websocket-protocol') ?? '').split(',').map((name) => name.trim());
  const [protocol, key, ...more] = offered;
  if (protocol !== LINK_PROTOCOL || key?.startsWith(KEY_PREFIX) !== true || more.length > 0) {
    return { status: 401, reason: 'The connection presents no key.' };
  }
  return { key: key.slice(KEY_PREFIX.length) };
}
