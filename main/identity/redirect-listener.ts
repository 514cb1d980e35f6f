import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { CountersignError } from '../errors.ts';
import { PAGE_HEADERS, type PageText, redirectPage } from './redirect-page.ts';
import { type ProviderSettings } from './settings.ts';

/** The provider's answer, as the browser brought it. */
export interface Redirected {
  readonly url: URL;
  /** Leaves the browser with a page that says how the sign-in ended. */
  finish(page: PageText): void;
}

/** Listens on loopback for one redirect (RFC 8252 §7.3). */
export interface RedirectListener {
  readonly redirectUri: string;
  /** The first redirect that carries the expected state; anything else is answered and ignored. Rejects when aborted. */
  next(state: string, signal: AbortSignal): Promise<Redirected>;
  close(): Promise<void>;
}

const HOSTS: Readonly<Record<string, readonly string[]>> = {
  '127.0.0.1': ['127.0.0.1'],
  '::1': ['::1'],
  '[::1]': ['::1'],
  // A browser may resolve localhost to either family, and another program must not sit on the other one.
  localhost: ['127.0.0.1', '::1'],
};
const ATTEMPTS_WITH_ANY_PORT = 10;

export async function listenForRedirect(redirect: ProviderSettings['redirect']): Promise<RedirectListener> {
  const addresses = HOSTS[redirect.host];
  if (addresses === undefined || !/^\/[\w./~-]*$/.test(redirect.path)) {
    throw new CountersignError(
      'identity-redirect-invalid',
      'The redirect in organisation.yaml is not one that stays on this machine.',
      {
        next: 'Set its host to 127.0.0.1, ::1 or localhost and its path to one such as /callback.',
      },
    );
  }
  const ports = redirect.ports === 'any' ? Array.from({ length: ATTEMPTS_WITH_ANY_PORT }, () => 0) : redirect.ports;
  for (const port of ports) {
    const servers = await listenOn(addresses, port);
    if (servers !== null) return createListener(servers, redirect);
  }
  throw new CountersignError(
    'identity-redirect-taken',
    `Every port for the sign-in redirect is taken (${redirect.ports === 'any' ? 'any' : redirect.ports.join(', ')}).`,
    {
      next: 'End the program that listens there, or have another port registered at the identity provider and added to organisation.yaml.',
    },
  );
}

/** One server per address, all on one port; null where the port is taken on one of them. */
async function listenOn(addresses: readonly string[], wanted: number): Promise<readonly Server[] | null> {
  const servers: Server[] = [];
  let port = wanted;
  for (const address of addresses) {
    const server = createServer({ maxHeaderSize: 16 * 1024, requestTimeout: 10_000, headersTimeout: 10_000 });
    const outcome = await new Promise<string>((resolve) => {
      server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'));
      server.listen({ host: address, port, exclusive: true }, () => resolve('listening'));
    });
    if (outcome === 'listening') {
      servers.push(server);
      port = portOf(server);
    } else if (servers.length === 0 || outcome === 'EADDRINUSE' || outcome === 'EACCES') {
      await closeAll(servers);
      return null;
    }
    // Otherwise this machine has no IPv6, and its browser will not try it.
  }
  return servers;
}

function createListener(servers: readonly Server[], redirect: ProviderSettings['redirect']): RedirectListener {
  const [first] = servers;
  const host = redirect.host === '::1' ? '[::1]' : redirect.host;
  const authority = `${host}:${String(first === undefined ? 0 : portOf(first))}`;
  const redirectUri = `http://${authority}${redirect.path}`;
  let expected: string | undefined;
  let used = false;
  let deliver: ((redirected: Redirected) => void) | undefined;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    // A page of another site that rebinds its name to loopback arrives with its own name here.
    if (request.headers.host !== authority) return answer(response, 421, notThis);
    const url = URL.parse(request.url ?? '', `http://${authority}`);
    if (url === null || url.host !== authority || url.pathname !== redirect.path) return answer(response, 404, notThis);
    if (request.method !== 'GET') return answer(response, 405, notThis);
    const states = url.searchParams.getAll('state');
    const [state] = states;
    if (expected === undefined || states.length !== 1 || state === undefined || !same(state, expected))
      return answer(response, 400, notThis);
    if (used)
      return answer(response, 400, {
        ok: false,
        title: 'This answer was already used',
        text: 'Return to Countersign and sign in again if you need to.',
      });
    used = true;
    deliver?.({ url, finish: (page) => answer(response, page.ok ? 200 : 400, page) });
  }

  for (const server of servers) server.on('request', handle);
  return {
    redirectUri,
    next: (state, signal) =>
      new Promise((resolve, reject) => {
        expected = state;
        deliver = resolve;
        const abort = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
        if (signal.aborted) abort();
        signal.addEventListener('abort', abort, { once: true });
      }),
    close: () => closeAll(servers),
  };
}

const notThis: PageText = {
  ok: false,
  title: 'Not the sign-in that is being waited for',
  text: 'Return to Countersign and start the sign-in there.',
};

function answer(response: ServerResponse, status: number, page: PageText): void {
  response.writeHead(status, { ...PAGE_HEADERS }).end(redirectPage(page));
}

function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** What is still open this long after closing, ms, is cut: a browser's speculative connection would hold it for minutes. */
const CLOSING_MS = 1_000;

/** Stops listening; answers under way are finished first (each closes its connection). */
async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map(
      (server) =>
        new Promise<void>((resolve) => {
          const cut = setTimeout(() => server.closeAllConnections(), CLOSING_MS);
          server.close(() => {
            clearTimeout(cut);
            resolve();
          });
          server.closeIdleConnections();
        }),
    ),
  );
}
