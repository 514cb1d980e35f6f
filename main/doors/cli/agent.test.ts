import { chmod, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { organisationFor } from '../../identity/testing/organisation.ts';
import { startProvider, type TestProvider } from '../../identity/testing/provider.ts';
import { createVisitor, walk } from '../../identity/testing/visit.ts';
import { startGitHub, type GitHub } from '../../identity/services/testing/platforms.ts';
import { temporaryProfile } from '../../profile/testing.ts';
import { runCli } from './main.ts';
import { ioOf, type Ran, run } from './testing/terminal.ts';

let provider: TestProvider;
let github: GitHub;
let profile: Awaited<ReturnType<typeof temporaryProfile>>;
/** Outside the profile, as an agent's own place is. */
let folder: string;

const connection = (name: string): string =>
  `  ${name}: { title: ${name}, engine: postgres, environment: development, host: 127.0.0.1, port: 1, database: shop, user: u, tls: disable }\n`;

const policy = (): string => `version: 1
groups: { analysts: [analysts], nobodies: [nobodies] }
agents:
  scout: { title: Scout, for: everyone, maxMinutes: 60 }
  digger: { title: Digger, for: group:nobodies, maxMinutes: 60 }
services:
  deploy:
    title: Deploy
    groups: [analysts]
    issuer: ${github.issuer}
    audience: countersign
    when: 'claims.repository == "acme/shop"'
    maxMinutes: 30
rules:
  - { id: read, allow: read }
`;

beforeAll(async () => {
  provider = await startProvider('keycloak');
  github = await startGitHub(Date.now);
  const organisation = JSON.parse(organisationFor(provider)) as object;
  profile = await temporaryProfile({
    organisation: JSON.stringify({ ...organisation, services: { deploy: { token: 'github' } } }),
    connections: `version: 1\nconnections:\n${connection('shop')}${connection('depot')}`,
    policy: policy(),
  });
  folder = join(profile.home, 'elsewhere');
  await mkdir(folder);
  const stdout = new PassThrough();
  const login = runCli(['login', '--print-url', '--home', profile.home], ioOf(stdout, new PassThrough()));
  const [url] = (await once(stdout, 'data')) as [Buffer];
  await fetch(await walk(String(url).trim(), createVisitor()));
  expect(await login).toBe(0);
}, 60_000);
afterAll(async () => {
  await profile.remove();
  await github.stop();
  await provider.stop();
});

const cli = (argv: readonly string[], environment: Record<string, string> = {}): Promise<Ran> =>
  run([...argv, '--home', profile.home], { environment });
const issued = async (...more: string[]): Promise<string> =>
  (await cli(['agent', 'issue', 'scout', ...more])).stdout.trim();
const who = async (environment: Record<string, string> = {}, ...more: string[]): Promise<Record<string, unknown>> => {
  const { stdout, stderr, code } = await cli(['whoami', '--json', ...more], environment);
  return code === 0 ? (JSON.parse(stdout) as Record<string, unknown>) : { code, stderr };
};

describe('countersign agent', () => {
  it('issues a token on standard output, and what is to be said of it on standard error', async () => {
    const { stdout, stderr, code } = await cli(['agent', 'issue', 'scout', '--minutes', '5']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+\n$/);
    expect(stderr).toMatch(/^Token [0-9a-f-]{36} for scout counts until 20/);
    expect(stderr).not.toContain(stdout.trim().split('.')[2]);
  });

  it('writes it to a new file that only its owner may read, and never over one that is there', async () => {
    const out = join(folder, 'issued');
    expect((await cli(['agent', 'issue', 'scout', '--out', out])).stdout).toBe('');
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect(await who({}, '--agent-token-file', out)).toMatchObject({ agent: { id: 'scout' } });
    const before = await readFile(out, 'utf8');
    const again = await cli(['agent', 'issue', 'scout', '--out', out]);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('not there yet')]);
    expect(await readFile(out, 'utf8')).toBe(before);
  });

  it('leaves no token behind that nobody has, where its file cannot be written', async () => {
    const count = async (): Promise<number> =>
      (JSON.parse((await cli(['agent', 'list', '--json'])).stdout) as { name: string; tokens: unknown[] }[]).flatMap(
        ({ tokens }) => tokens,
      ).length;
    const before = await count();
    expect((await cli(['agent', 'issue', 'scout', '--out', join(folder, 'no', 'where')])).code).toBe(2);
    expect(await count()).toBe(before);
  });

  it('lists the agents of the policy with the tokens that count, and says which are not for this person', async () => {
    await issued('--connection', 'shop');
    const { stdout } = await cli(['agent', 'list']);
    expect(stdout).toMatch(/scout +\| Scout +\| up to 60 minutes +\| [0-9a-f-]{36} +\| 20\S+ +\| shop/);
    expect(stdout).toMatch(/digger +\| Digger +\| no/);
  });

  it('stops what it is told to, and nothing for want of a name', async () => {
    const token = await issued();
    const [, claims = ''] = token.split('.');
    const { jti: id } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as { readonly jti: string };
    expect((await cli(['agent', 'stop', '--token', id])).stderr).toBe(`Stopped token ${id} of scout.\n`);
    expect(await who({ COUNTERSIGN_AGENT_TOKEN: token })).toMatchObject({
      stderr: expect.stringContaining('stopped') as unknown,
    });
    expect((await cli(['agent', 'stop'])).stderr).toContain('Stop an agent, or one token');
    expect((await cli(['agent', 'stop', 'scout', '--token', id])).stderr).toContain('Stop an agent, or one token');
    expect((await cli(['agent', 'stop', 'digger'])).stderr).toBe('There was nothing to stop.\n');
  });

  it.each<readonly [string, readonly string[], RegExp]>([
    ['an agent that the policy does not know', ['ghost'], /knows no agent named "ghost"[^]*digger, scout/],
    ['an agent that is not for this person', ['digger'], /does not let the agent digger act for you/],
    ['more minutes than the policy gives', ['scout', '--minutes', '61'], /from 1 to 60 minutes/],
    ['no minutes', ['scout', '--minutes', '0'], /whole number of minutes/],
    ['a connection that is not there', ['scout', '--connection', 'ghost'], /ghost/],
  ])('refuses %s', async (_what, argv, says) => {
    const { code, stdout, stderr } = await cli(['agent', 'issue', ...argv]);
    expect(code).not.toBe(0);
    expect(stdout).toBe('');
    expect(stderr).toMatch(says);
  });
});

describe('a command runs as', () => {
  it('the agent whose token is in the environment, whoever is signed in', async () => {
    const token = await issued('--connection', 'shop');
    expect(await who({ COUNTERSIGN_AGENT_TOKEN: token })).toMatchObject({
      ...{ email: 'ana@shop.example', agent: { id: 'scout', name: 'Scout' }, service: null, connections: ['shop'] },
    });
    const { stdout } = await cli(['whoami'], { COUNTERSIGN_AGENT_TOKEN: `${token}\n` });
    expect(stdout).toContain('Scout (agent scout) for Ana Ruiz <ana@shop.example>');
  });

  it('nobody, where the token in the environment is not good: never as the person instead', async () => {
    const { code, stderr, stdout } = await cli(['whoami'], { COUNTERSIGN_AGENT_TOKEN: 'forged' });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain("agent's token was refused");
  });

  it.each(['', '   ', '\n'])('nobody, where the variable is there and no token in it: %j', async (nothing) => {
    const { code, stderr, stdout } = await cli(['whoami'], { COUNTERSIGN_AGENT_TOKEN: nothing });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('COUNTERSIGN_AGENT_TOKEN is set, and there is no token in it.');
    expect(stderr).toContain('unset COUNTERSIGN_AGENT_TOKEN');
  });

  it.each<readonly [string, readonly string[]]>([
    ['--as', ['--as', 'ana@shop.example']],
    ['--as with a service', ['--as', 'service:deploy']],
    ['a file', ['--agent-token-file', '/dev/null']],
  ])('nobody, where the environment names an agent and %s somebody else', async (_what, argv) => {
    const { code, stderr } = await cli(['whoami', ...argv], { COUNTERSIGN_AGENT_TOKEN: await issued() });
    expect([code, stderr]).toEqual([2, expect.stringContaining('each say who is asking')]);
  });

  it('nobody, where others could have read the token, or it lies elsewhere than it says', async () => {
    const path = join(folder, 'open');
    await writeFile(path, await issued(), { mode: 0o600 });
    await chmod(path, 0o640);
    expect(await who({}, '--agent-token-file', path)).toMatchObject({
      stderr: expect.stringContaining('open to other users') as unknown,
    });
    await chmod(path, 0o600);
    const link = join(folder, 'link');
    await symlink(path, link);
    expect(await who({}, '--agent-token-file', link)).toMatchObject({
      stderr: expect.stringContaining('symbolic link') as unknown,
    });
    await rm(path);
    expect(await who({}, '--agent-token-file', path)).toMatchObject({
      stderr: expect.stringContaining('no file') as unknown,
    });
  });

  it.each<readonly [string, readonly string[]]>([
    ['issue a token', ['agent', 'issue', 'scout']],
    ['list tokens', ['agent', 'list']],
    ['stop itself and others', ['agent', 'stop', 'scout']],
    ['sign the person out', ['logout']],
    ['step up', ['login', '--step-up', '--print-url']],
    ['sign a person in', ['login', '--print-url']],
    ['sign a service in', ['login', '--service', 'deploy']],
    ['read what the person did themselves', ['activity']],
    ['replay what the person did themselves', ['policy', 'simulate']],
  ])('an agent that may not %s', async (_what, argv) => {
    const { code, stderr, stdout } = await cli(argv, { COUNTERSIGN_AGENT_TOKEN: await issued() });
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('An agent may not');
    expect(await who()).toMatchObject({ email: 'ana@shop.example', agent: null });
  });

  it('a service that --as names, which signs in for that one command', async () => {
    for (const [name, value] of Object.entries(github.environment)) vi.stubEnv(name, value);
    expect(await who({}, '--as', 'service:deploy')).toMatchObject({
      ...{ issuer: github.issuer, subject: 'repo:acme/shop:ref:refs/heads/main', service: 'deploy', agent: null },
    });
    expect((await cli(['whoami', '--as', 'service:deploy'])).stdout).toContain('service deploy');
    expect(await who()).toMatchObject({ email: 'ana@shop.example', service: null });
    vi.unstubAllEnvs();
  });

  it.each([
    ['a service outside its job', 'service:deploy', /no job of GitHub Actions/],
    ['a service that nobody knows', 'service:ghost', /knows no service named "ghost"/],
    ['a service without a name', 'service:', /knows no service named ""/],
  ])('nobody for %s', async (_what, as, says) => {
    const { code, stderr } = await cli(['whoami', '--as', as]);
    expect(code).toBe(2);
    expect(stderr).toMatch(says);
  });
});

describe('the record of agents and services', () => {
  it('verifies with its content: who let whom act, which service came, and what of that nobody vouches for', async () => {
    for (const [name, value] of Object.entries(github.environment)) vi.stubEnv(name, value);
    await cli(['whoami', '--as', 'service:deploy']);
    vi.unstubAllEnvs();
    const token = await issued();
    await who({ COUNTERSIGN_AGENT_TOKEN: token });
    await cli(['agent', 'stop', 'scout']);
    const { stdout } = await cli(['verify', '--content', '--json']);
    const report = JSON.parse(stdout) as {
      readonly findings: readonly unknown[];
      readonly checked: readonly { readonly what: string; readonly count: number }[];
      readonly notChecked: readonly string[];
    };
    expect(report.findings).toEqual([]);
    const count = (what: RegExp): number => report.checked.find((checked) => what.test(checked.what))?.count ?? 0;
    expect(count(/^logins$/)).toBeGreaterThan(0);
    expect(count(/^logins of services$/)).toBeGreaterThan(0);
    expect(count(/^tokens that began once/)).toBeGreaterThan(0);
    expect(report.notChecked.join('\n')).toMatch(/their tokens name no key/);
  });
});
