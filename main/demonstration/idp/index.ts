import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { CountersignError } from '../../errors.ts';
import { ensurePrivateDirectory, writePrivateFile } from '../../credentials/index.ts';
import { openProviderState } from './adapter.ts';
import { SERVICE_CLIENT, DESKTOP_CLIENT, providerConfiguration, SCOPES, SECOND_FACTOR_ACR } from './configuration.ts';
import { createInteractions, send } from './interactions.ts';
import { openKeys } from './keys.ts';
import { messagePage } from './pages.ts';
import { openDirectory, PEOPLE, type Person } from './people.ts';

export { PEOPLE, type Person } from './people.ts';

export interface IdpOptions {
  /** Private directory of the provider: state, keys, people.json, the port it had. Created if absent. */
  readonly directory: string;
  /** 0 or absent: the port of the last start where it is free, else any. */
  readonly port?: number;
  /** Written to people.json at the first start; later that file is what counts. */
  readonly people?: readonly Person[];
}

export interface RunningIdp {
  readonly issuer: string;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly groupsClaim: string;
  /** Context of a sign-in with a second factor: to be asked for, and accepted, at a step-up. */
  readonly secondFactorAcr: string;
  /** Path that the desktop client's loopback redirect has; its port is free. */
  readonly redirectPath: string;
  readonly people: readonly Person[];
  /** A client of its own for a service (private_key_jwt, RFC 7523); its private JWK is in a 0600 file. */
  readonly service: { readonly clientId: string; readonly privateKeyFile: string };
  stop(): Promise<void>;
}

/** Starts the demonstration's OpenID provider on 127.0.0.1. Throws CountersignError `demonstration-*`. */
export async function startIdp({ directory, port = 0, people = PEOPLE }: IdpOptions): Promise<RunningIdp> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await ensurePrivateDirectory(directory);
  const keys = await openKeys(directory);
  const privateKeyFile = join(directory, 'nightly-report.jwk');
  await writePrivateFile(privateKeyFile, new TextEncoder().encode(JSON.stringify(keys.agent)));
  const listed = await openDirectory(directory, people);
  const known = await listed.all();
  const server = createServer({ maxHeaderSize: 16 * 1024 });
  const issuer = `http://127.0.0.1:${String(await listen(server, directory, port))}`;
  const state = openProviderState(join(directory, 'idp.sqlite'));

  // Loaded here: the product does not need it where there is no demonstration.
  const { default: Provider } = await import('oidc-provider');
  const provider = new Provider(issuer, providerConfiguration(listed, keys, state.adapter));
  provider.use(async (ctx, next) => {
    await next();
    // RFC 8628 §3.2: seconds between two questions. Nobody else asks here, so a terminal need not wait the usual five.
    if (ctx.path === '/device/auth' && ctx.status === 200) ctx.body = { ...(ctx.body as object), interval: 1 };
  });
  const interactions = createInteractions(provider, listed);
  const answer = provider.callback();
  const host = new URL(issuer).host;
  server.on('request', (request, response) => {
    // Only by its own name: a page elsewhere that rebinds its name to loopback comes with another.
    if (request.headers.host !== host)
      return send(response, 421, messagePage('Not here', `This provider answers at ${issuer}.`));
    if (!request.url?.startsWith('/interaction/')) return void answer(request, response);
    interactions(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else
        send(
          response,
          500,
          messagePage('The sign-in cannot go on', 'people.json may be damaged. Correct it and sign in again.'),
        );
    });
  });

  return {
    issuer,
    clientId: DESKTOP_CLIENT,
    scopes: SCOPES,
    groupsClaim: 'groups',
    secondFactorAcr: SECOND_FACTOR_ACR,
    redirectPath: '/callback',
    people: known,
    service: { clientId: SERVICE_CLIENT, privateKeyFile },
    stop: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      state.close();
    },
  };
}

/** Listens on the wanted port, on that of the last start, or on any; remembers which, so that the issuer stays the same. */
async function listen(server: Server, directory: string, wanted: number): Promise<number> {
  const memory = join(directory, 'port');
  const last = Number(await readFile(memory, 'utf8').catch(() => '0'));
  const candidates =
    wanted !== 0 ? [wanted] : [...(Number.isInteger(last) && last > 0 && last < 65_536 ? [last] : []), 0];
  for (const candidate of candidates) {
    const port = await tryPort(server, candidate);
    if (port === undefined) continue;
    await writeFile(memory, `${String(port)}\n`, { mode: 0o600 });
    return port;
  }
  throw new CountersignError(
    'demonstration-port-taken',
    `Port ${String(wanted)} on 127.0.0.1 is taken, so the demonstration's identity provider cannot start there.`,
    {
      next: 'Choose another port, or 0 for any.',
    },
  );
}

function tryPort(server: Server, port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void =>
      error.code === 'EADDRINUSE' || error.code === 'EACCES' ? resolve(undefined) : reject(error);
    server.once('error', failed);
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      server.off('error', failed);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : undefined);
    });
  });
}
