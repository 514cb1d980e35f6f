import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { organisationFor } from '../../identity/testing/organisation.ts';
import { startProvider, type TestProvider } from '../../identity/testing/provider.ts';
import { createVisitor, walk } from '../../identity/testing/visit.ts';
import { temporaryProfile } from '../../profile/testing.ts';
import { runCli } from './main.ts';
import { ioOf, run, type Ran } from './testing/terminal.ts';

const POLICY = `version: 1
groups: { analysts: [analysts] }
agents: { scout: { title: Scout, for: everyone, maxMinutes: 60 } }
grants: { unmask: { for: everyone, maxMinutes: 30 } }
rules: [{ id: read, allow: read }]
`;
const CONNECTIONS = `version: 1
connections:
  shop: { title: Shop, engine: postgres, environment: development, host: 127.0.0.1, port: 1, database: shop, user: u, tls: disable }
`;

let provider: TestProvider;
let profile: Awaited<ReturnType<typeof temporaryProfile>>;
/** What commands said; not where a token is meant to be said. */
const said: string[] = [];
let token: string;

async function cli(argv: readonly string[], environment: Record<string, string> = {}): Promise<Ran> {
  const ran = await run([...argv, '--home', profile.home], { environment });
  said.push(ran.stderr, argv[1] === 'issue' ? '' : ran.stdout);
  return ran;
}

beforeAll(async () => {
  provider = await startProvider('keycloak');
  profile = await temporaryProfile({
    organisation: organisationFor(provider),
    connections: CONNECTIONS,
    policy: POLICY,
  });
  const stdout = new PassThrough();
  const login = runCli(['login', '--print-url', '--home', profile.home], ioOf(stdout, new PassThrough()));
  const [url] = (await once(stdout, 'data')) as [Buffer];
  await fetch(await walk(String(url).trim(), createVisitor()));
  expect(await login).toBe(0);
  token = (await cli(['agent', 'issue', 'scout'])).stdout.trim();
  for (const environment of [{ COUNTERSIGN_AGENT_TOKEN: token }, { COUNTERSIGN_AGENT_TOKEN: `${token}x` }])
    await cli(['whoami', '--json'], environment);
  await cli(['grant', 'take', 'unmask', 'shop']);
  await cli(['agent', 'list', '--json']);
  await cli(['verify', '--content', '--json']);
}, 60_000);
afterAll(async () => {
  await profile.remove();
  await provider.stop();
});

/** Files of the profile by their path in it. */
async function files(): Promise<ReadonlyMap<string, Buffer>> {
  const entries = await readdir(profile.home, { recursive: true, withFileTypes: true });
  const found = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    await Promise.all(
      found.map(async (path) => [relative(profile.home, path), await readFile(path)] as [string, Buffer]),
    ),
  );
}

const isSecret = (path: string): boolean => path.startsWith('secrets/');

/** What the secret store keeps of a login: the refresh token, and the private half of the device key. */
async function secretsOfLogin(): Promise<readonly string[]> {
  const [record] = [...(await files())].filter(([path]) => path.startsWith('secrets/session.'));
  const { refreshToken, binding } = JSON.parse(String(record?.[1])) as {
    readonly refreshToken: string;
    readonly binding: { readonly deviceKey: { readonly privateKey: { readonly d: string } } };
  };
  return [refreshToken, binding.deviceKey.privateKey.d];
}

/** The same text as it would look inside another encoding. */
const encodings = (text: string): readonly string[] => [
  text,
  Buffer.from(text).toString('hex'),
  Buffer.from(text).toString('base64').replace(/=+$/, '').slice(0, -2),
  Buffer.from(text, 'base64url').toString('hex'),
];

describe('what makes somebody a person or their agent', () => {
  it('is nowhere in the profile but in the secret store, and an agent’s token is not even there', async () => {
    const [, claims = '', signature = ''] = token.split('.');
    const ofLogin = await secretsOfLogin();
    for (const [path, bytes] of await files()) {
      for (const secret of [signature, claims, ...(isSecret(path) ? [] : ofLogin)])
        for (const text of encodings(secret)) expect([path, bytes.includes(text)]).toEqual([path, false]);
    }
  });

  it('is said by no command, also not by one that refuses it', async () => {
    const heard = said.join('\n');
    expect(heard).toMatch(/was refused[^]*"findings": \[\]/);
    const [, claims = '', signature = ''] = token.split('.');
    for (const secret of [signature, claims, ...(await secretsOfLogin())])
      for (const text of encodings(secret)) expect(heard).not.toContain(text);
  });
});
