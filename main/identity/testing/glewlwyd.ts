import { spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { type ProviderSettings } from '../settings.ts';
import { freePort } from './provider.ts';

const PROGRAM = '/usr/bin/glewlwyd';
/** The tables and the first administrator, as Debian's package brings them. */
const TABLES = '/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3';
const LIBRARIES = '/usr/lib/glewlwyd';
const CLIENT = 'countersign';
const PASSWORD = 'correct horse';
const SCOPE = 'openid';

/** Why there is no glewlwyd to test with; undefined where there is. */
export const withoutGlewlwyd: string | undefined =
  existsSync(PROGRAM) && existsSync(TABLES) ? undefined : 'glewlwyd is not installed (apt install glewlwyd)';

/** An OpenID provider by other people in another language (C), in a directory of its own, on loopback. */
export interface Glewlwyd {
  readonly settings: ProviderSettings;
  /** Plays Ana: signs in by the provider's own calls and gives back the redirect to the product. */
  walk(url: string): Promise<string>;
  /** An administrator disables Ana's account. */
  disable(): Promise<void>;
  /** Ana's tokens are taken back, as her own page there does it. */
  revokeTokens(): Promise<void>;
  stop(): Promise<void>;
}

export async function startGlewlwyd(): Promise<Glewlwyd> {
  const directory = await mkdtemp(join(tmpdir(), 'countersign-glewlwyd-'));
  const port = await freePort();
  const origin = `http://127.0.0.1:${String(port)}`;
  await makeDatabase(join(directory, 'glewlwyd.db'));
  await writeFile(join(directory, 'glewlwyd.conf'), configuration(directory, port));
  const child = spawn(PROGRAM, ['-c', join(directory, 'glewlwyd.conf')], { stdio: ['ignore', 'pipe', 'pipe'] });
  async function stop(): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    }
    await rm(directory, { recursive: true, force: true });
  }
  try {
    await started(child.stdout);
    const admin = await session(origin, 'admin', 'password');
    await administer(origin, admin);
    const redirectPort = await freePort();
    await admin.send('POST', '/client/', clientOn(redirectPort));
    return {
      settings: {
        issuer: `${origin}/api/oidc`,
        clientId: CLIENT,
        scopes: [SCOPE],
        // It matches the redirect with its port.
        redirect: { host: '127.0.0.1', ports: [redirectPort], path: '/callback' },
        groupsClaim: 'groups',
      },
      async walk(url) {
        const person = await session(origin, 'ana', PASSWORD);
        await person.send('PUT', `/auth/grant/${CLIENT}`, { scope: SCOPE });
        // Its own login page comes back with this mark.
        const response = await fetch(`${url}&g_continue`, { headers: person.headers, redirect: 'manual' });
        const location = response.headers.get('location');
        if (location === null) throw new Error(`glewlwyd answered ${String(response.status)} without a redirect`);
        return location;
      },
      disable: async () => {
        await admin.send('PUT', '/user/ana', { ...ana, enabled: false });
      },
      async revokeTokens() {
        const person = await session(origin, 'ana', PASSWORD);
        const tokens = (await person.send('GET', '/oidc/token', undefined)) as readonly {
          readonly token_hash: string;
          readonly enabled: boolean;
        }[];
        for (const { token_hash } of tokens.filter(({ enabled }) => enabled))
          await person.send('DELETE', `/oidc/token/${encodeURIComponent(token_hash)}`, undefined);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function makeDatabase(path: string): Promise<void> {
  const database = new DatabaseSync(path);
  database.exec(await readFile(TABLES, 'utf8'));
  database.close();
}

const configuration = (directory: string, port: number): string => `
port=${String(port)}
bind_address="127.0.0.1"
external_url="http://127.0.0.1:${String(port)}/"
login_url="login.html"
api_prefix="api"
log_mode="console"
log_level="INFO"
session_key="GLEWLWYD2_SESSION_ID"
session_expiration=2419200
admin_scope="g_admin"
profile_scope="g_profile"
user_module_path="${LIBRARIES}/user"
client_module_path="${LIBRARIES}/client"
user_auth_scheme_module_path="${LIBRARIES}/scheme"
plugin_module_path="${LIBRARIES}/plugin"
hash_algorithm="SHA512"
database = { type = "sqlite3"; path = "${join(directory, 'glewlwyd.db')}"; };
`;

/** It says so when it listens. */
async function started(output: NodeJS.ReadableStream): Promise<void> {
  const said: string[] = [];
  for await (const line of createInterface({ input: output })) {
    said.push(line);
    if (/Glewlwyd started on port/.test(line)) {
      output.resume();
      return;
    }
  }
  throw new Error(`glewlwyd ended:\n${said.join('\n')}`);
}

interface Calling {
  readonly headers: Readonly<Record<string, string>>;
  send(method: string, path: string, body: unknown): Promise<unknown>;
}

async function session(origin: string, username: string, password: string): Promise<Calling> {
  const json = { 'content-type': 'application/json' };
  const signedIn = await fetch(`${origin}/api/auth/`, {
    method: 'POST',
    headers: json,
    body: JSON.stringify({ username, password }),
  });
  if (!signedIn.ok) throw new Error(`glewlwyd did not sign ${username} in (status ${String(signedIn.status)})`);
  const headers = {
    cookie: signedIn.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; '),
  };
  return {
    headers,
    async send(method, path, body) {
      const response = await fetch(`${origin}/api${path}`, {
        method,
        headers: { ...json, ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      if (!response.ok) throw new Error(`glewlwyd: ${method} ${path} answered ${String(response.status)} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
  };
}

const ana = {
  ...{ username: 'ana', name: 'Ana Ruiz', email: 'ana@shop.example', password: PASSWORD, enabled: true },
  ...{ scope: [SCOPE, 'g_profile'], groups: ['analysts'] },
};

const clientOn = (port: number): Record<string, unknown> => ({
  ...{ client_id: CLIENT, name: 'Countersign', confidential: false, enabled: true },
  redirect_uri: [`http://127.0.0.1:${String(port)}/callback`],
  authorization_type: ['code', 'refresh_token'],
  token_endpoint_auth_method: ['none'],
});

/** Users with groups, Ana, and the OpenID Connect plugin with a key of its own. */
async function administer(origin: string, admin: Calling): Promise<void> {
  const users = (await admin.send('GET', '/mod/user/database', undefined)) as {
    readonly parameters: { readonly 'data-format': Readonly<Record<string, unknown>> };
  };
  const groups = { multiple: true, read: true, write: true, 'profile-read': true, 'profile-write': false };
  const parameters = { ...users.parameters, 'data-format': { ...users.parameters['data-format'], groups } };
  await admin.send('PUT', '/mod/user/database', { ...users, parameters });
  await admin.send('PUT', '/mod/user/database/reset', {});
  await admin.send('POST', '/user/', ana);
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  await admin.send('POST', '/mod/plugin/', {
    ...{ module: 'oidc', name: 'oidc', display_name: 'OpenID Connect', order_rank: 0 },
    parameters: {
      iss: `${origin}/api/oidc`,
      ...{ 'jwt-type': 'rsa', 'jwt-key-size': '256', 'jwks-show': true },
      key: privateKey.export({ format: 'pem', type: 'pkcs8' }),
      cert: publicKey.export({ format: 'pem', type: 'spki' }),
      ...{ 'access-token-duration': 3_600, 'refresh-token-duration': 86_400, 'code-duration': 60 },
      ...{ 'refresh-token-rolling': true, 'refresh-token-one-use': 'always', 'allow-non-oidc': false },
      ...{ 'auth-type-code-enabled': true, 'auth-type-refresh-enabled': true },
      ...{ 'auth-type-token-enabled': false, 'auth-type-id-token-enabled': true, 'auth-type-none-enabled': false },
      ...{ 'auth-type-password-enabled': false, 'auth-type-client-enabled': false, 'auth-type-device-enabled': false },
      ...{ 'pkce-allowed': true, 'pkce-method-plain-allowed': false },
      ...{ 'name-claim': 'mandatory', 'email-claim': 'mandatory' },
      claims: [{ name: 'groups', 'user-property': 'groups', type: 'string', mandatory: true }],
    },
  });
}
