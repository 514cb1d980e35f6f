import { spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type ProviderSettings } from '../settings.ts';
import { freePort } from './provider.ts';

const SERVER = '/usr/bin/plackup';
const PORTAL = '/usr/share/lemonldap-ng/portal/htdocs/index.psgi';
const CLIENT = 'countersign';

/** Why there is no LemonLDAP::NG to test with; undefined where there is. */
export const withoutLemonldap: string | undefined =
  existsSync(SERVER) && existsSync(PORTAL)
    ? undefined
    : 'LemonLDAP::NG is not installed (apt install liblemonldap-ng-portal-perl)';

/** Another OpenID provider by other people in another language (Perl), in a directory of its own, on loopback. */
export interface Lemonldap {
  readonly settings: ProviderSettings;
  /** Plays Doctor Who of its demonstration users: fills its form and gives back the redirect to the product. */
  walk(url: string): Promise<string>;
  /** Ends every session and refresh token, as an administrator does. */
  endSessions(): Promise<void>;
  stop(): Promise<void>;
}

export async function startLemonldap(): Promise<Lemonldap> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-lemonldap-'));
  const sessions = join(directory, 'sessions');
  for (const name of ['conf', 'sessions', 'locks', 'cache']) await mkdir(join(directory, name));
  const [port, redirectPort] = [await freePort(), await freePort()];
  const origin = `http://127.0.0.1:${String(port)}`;
  await writeFile(join(directory, 'lemonldap-ng.ini'), initialisation(directory));
  await writeFile(join(directory, 'conf', 'lmConf-1.json'), configuration(directory, origin, redirectPort));
  const flags = [
    '-s',
    'HTTP::Server::PSGI',
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '-E',
    'development',
    '--no-default-middleware',
  ];
  const child = spawn(SERVER, [...flags, PORTAL], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, LLNG_DEFAULTCONFFILE: join(directory, 'lemonldap-ng.ini') },
  });
  async function stop(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      // It holds nothing that it would have to put away.
      child.kill('SIGKILL');
      await ended;
    }
    await rm(directory, { recursive: true, force: true });
  }
  try {
    await started(child.stderr);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    settings: {
      issuer: origin,
      clientId: CLIENT,
      scopes: ['openid', 'profile', 'email'],
      // It matches the redirect with its port.
      redirect: { host: '127.0.0.1', ports: [redirectPort], path: '/callback' },
      groupsClaim: 'groups',
    },
    walk: (url) => walk(url, origin),
    async endSessions() {
      for (const name of await readdir(sessions)) await rm(join(sessions, name), { recursive: true });
    },
    stop,
  };
}

/** Its form is the same at each stage of a sign-in; the address that was asked for travels in it. */
async function walk(url: string, origin: string): Promise<string> {
  const cookies = new Map<string, string>();
  const send = async (to: string, init: RequestInit = {}): Promise<Response> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(to, {
      ...init,
      redirect: 'manual',
      headers: { ...init.headers, cookie, accept: 'text/html' },
    });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      cookies.set(name, value);
    }
    return response;
  };
  let response = await send(url);
  for (let pages = 0; pages < 6; pages += 1) {
    const location = response.headers.get('location');
    if (location !== null && !location.startsWith(origin)) return location;
    if (location !== null) {
      response = await send(location);
      continue;
    }
    const page = await response.text();
    const hidden = [...page.matchAll(/<input type="hidden" name="([^"]+)"[^>]*value="([^"]*)"/g)];
    const fields = hidden.map(([, name = '', value = '']) => [name, value]);
    const body = new URLSearchParams([...fields, ['user', 'dwho'], ['password', 'dwho']]);
    const action = /<form[^>]*action="(https?:[^"]+|\/[^"]*)"/.exec(page)?.[1] ?? '/';
    response = await send(new URL(action, origin).href, { method: 'POST', body });
  }
  throw new Error(`LemonLDAP::NG goes no further (status ${String(response.status)})`);
}

async function started(output: NodeJS.ReadableStream): Promise<void> {
  const said: string[] = [];
  for await (const line of createInterface({ input: output })) {
    said.push(line);
    if (/Accepting connections/.test(line)) {
      output.resume();
      return;
    }
  }
  throw new Error(`LemonLDAP::NG ended:\n${said.join('\n')}`);
}

const initialisation = (directory: string): string => `
[all]
logLevel = error
localSessionStorage =
[configuration]
type = File
dirName = ${directory}/conf
localStorage = Cache::FileCache
localStorageOptions = { 'namespace' => 'config', 'default_expires_in' => 600, 'cache_root' => '${directory}/cache', 'cache_depth' => 3 }
[portal]
staticPrefix = /static
templateDir = /usr/share/lemonldap-ng/portal/templates
languages = en
`;

function configuration(directory: string, origin: string, redirectPort: number): string {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const client = {
    ClientID: CLIENT,
    ...{ Public: 1, RequirePKCE: 1, RefreshToken: 1, BypassConsent: 1, IDTokenForceClaims: 1 },
    ...{ IDTokenSignAlg: 'RS256', RedirectUris: `http://127.0.0.1:${String(redirectPort)}/callback` },
  };
  const options = Object.entries(client).map(([name, value]) => [`oidcRPMetaDataOptions${name}`, value]);
  return JSON.stringify({
    ...{ cfgNum: 1, cfgAuthor: 'test', cfgDate: 1, key: randomBytes(16).toString('hex') },
    ...{ domain: '127.0.0.1', portal: `${origin}/`, securedCookie: 0, cookieName: 'lemonldap', requireToken: 0 },
    ...{ authentication: 'Demo', userDB: 'Same', passwordDB: 'Null', registerDB: 'Null' },
    globalStorage: 'Apache::Session::File',
    globalStorageOptions: { Directory: join(directory, 'sessions'), LockDirectory: join(directory, 'locks') },
    ...{ locationRules: { '127.0.0.1': { default: 'accept' } }, exportedHeaders: {}, vhostOptions: {} },
    demoExportedVars: { cn: 'cn', mail: 'mail', uid: 'uid' },
    macros: { team: '"timelords"' },
    issuerDBOpenIDConnectActivation: 1,
    oidcServiceMetaDataIssuer: origin,
    oidcServicePrivateKeySig: privateKey.export({ format: 'pem', type: 'pkcs8' }),
    oidcServicePublicKeySig: publicKey.export({ format: 'pem', type: 'spki' }),
    oidcServiceKeyIdSig: 'k1',
    oidcServiceAllowAuthorizationCodeFlow: 1,
    oidcRPMetaDataOptions: { countersign: Object.fromEntries(options) },
    oidcRPMetaDataExportedVars: { countersign: { name: 'cn', email: 'mail', groups: 'team' } },
    oidcRPMetaDataOptionsExtraClaims: { countersign: { profile: 'groups' } },
  });
}
