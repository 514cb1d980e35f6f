import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { organisationFor } from '../../identity/testing/organisation.ts';
import { ANA, ELI, startProvider, type TestProvider } from '../../identity/testing/provider.ts';
import { createVisitor, walk } from '../../identity/testing/visit.ts';
import { temporaryProfile } from '../../profile/testing.ts';
import { runCli } from './main.ts';
import { ioOf, type Ran, run } from './testing/terminal.ts';

type TestProfile = Awaited<ReturnType<typeof temporaryProfile>>;
let provider: TestProvider;
let profile: TestProfile;
const profiles: TestProfile[] = [];

async function newProfile(identity: Readonly<Record<string, unknown>> = {}): Promise<TestProfile> {
  const made = await temporaryProfile({ organisation: organisationFor(provider, identity) });
  profiles.push(made);
  return made;
}

beforeEach(async () => {
  provider = await startProvider('keycloak');
  profile = await newProfile();
});
afterEach(async () => {
  for (const made of profiles.splice(0)) await made.remove();
  await provider.stop();
});

/** Runs a login; the address that it prints is opened by `person`. */
async function login(
  home: string,
  flags: readonly string[] = [],
  person: (url: string) => Promise<unknown> = async (url) => fetch(await walk(url, createVisitor())),
): Promise<Ran> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const said = text(stderr);
  const running = runCli(['login', '--print-url', '--home', home, ...flags], ioOf(stdout, stderr));
  await Promise.race([once(stdout, 'data').then(async ([url]) => person(String(url).trim())), running]);
  const code = await running;
  stderr.end();
  return { code, stdout: '', stderr: await said };
}
const as =
  (email: string) =>
  async (url: string): Promise<unknown> =>
    fetch(await walk(url, createVisitor(), email));

async function whoami(home: string, email?: string): Promise<Record<string, unknown>> {
  const { stdout } = await run(['whoami', '--json', '--home', home, ...(email === undefined ? [] : ['--as', email])]);
  return JSON.parse(stdout) as Record<string, unknown>;
}

describe('countersign login --step-up', () => {
  it('has the person prove again who they are, and whoami says how strongly', async () => {
    await login(profile.home);
    const before = await whoami(profile.home);
    expect(before).toMatchObject({ acr: '1', steppedUpAt: null });
    const { code, stderr } = await login(profile.home, ['--step-up']);
    expect([code, stderr]).toEqual([0, 'Confirmed that it is Ana Ruiz <ana@shop.example>.\n']);
    const after = await whoami(profile.home);
    expect(after).toMatchObject({ acr: '2', steppedUpAt: expect.stringMatching(/^20/) as string });
    expect(after['device']).not.toBe(before['device']);
    expect((await run(['whoami', '--home', profile.home])).stdout).toContain('confirmed again at');
  });

  it('leaves a record that verifies: both keys are bound to the person, and end with the sign-in', async () => {
    await login(profile.home);
    await login(profile.home, ['--step-up']);
    await run(['logout', '--home', profile.home]);
    const { code, stdout } = await run(['verify', '--content', '--home', profile.home]);
    expect(stdout).toContain('2 logins');
    expect(code).toBe(0);
  });

  it('is for whoever --as names, and refused where somebody else answers', async () => {
    await login(profile.home);
    await login(profile.home, [], as(ELI.email));
    expect((await login(profile.home, ['--step-up', '--as', ANA.email])).stderr).toContain('Ana Ruiz');
    expect(await whoami(profile.home, ELI.email)).toMatchObject({ steppedUpAt: null });
    const swapped = await login(profile.home, ['--step-up', '--as', ELI.email], as(ANA.email));
    expect(swapped.code).not.toBe(0);
    expect(swapped.stderr).toContain('answered for Ana Ruiz');
  });

  it('needs somebody who is signed in', async () => {
    const { code, stderr } = await run(['login', '--step-up', '--home', profile.home]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('Nobody is signed in');
  });

  it.each([
    ['--service', 'nightly', '--step-up'],
    ['--service', 'nightly', '--device'],
    ['--as', ANA.email],
  ])('is not mixed with what does not go together: %s %s %s', async (...flags) => {
    const given = flags.filter((flag) => flag !== undefined);
    const { code, stderr } = await run(['login', ...given, '--home', profile.home]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('login --help');
  });
});

describe('two profiles on one machine', () => {
  it('do not see the sign-ins of each other; the second one signs in with a device code', async () => {
    await login(profile.home);
    const second = await newProfile();
    expect((await run(['whoami', '--home', second.home])).stderr).toContain('Nobody is signed in');
    const visitor = createVisitor();
    const { code } = await login(second.home, ['--device'], async (url) => {
      let page = await visitor.open(url);
      for (let pages = 0; pages < 5 && page.html.includes('<form'); pages += 1)
        page = await visitor.submit(page, { login: ELI.email, password: 'correct horse' });
    });
    expect(code).toBe(0);
    expect(await whoami(second.home)).toMatchObject({ name: ELI.name });
    expect(await whoami(profile.home)).toMatchObject({ name: ANA.name });
    const others = await run(['whoami', '--home', second.home, '--as', ANA.email]);
    expect(others.stderr).toContain('is not signed in to this profile');
  });
});

describe('countersign directory', () => {
  it('makes a key, signs people with it, and the groups are those of the person who signs in', async () => {
    const folder = profile.home;
    const key = join(folder, 'directory.key');
    const { stdout } = await run(['directory', 'key', key]);
    const directoryKey = JSON.parse(stdout.replace('directoryKey: ', '')) as unknown;
    const { home } = await newProfile({ groupsFrom: ['directory'], directoryKey });
    await login(home);
    expect(await whoami(home)).toMatchObject({ groups: 'unknown' });

    const people = join(folder, 'people.yaml');
    const sign = async (groups: string, ...flags: string[]): Promise<Ran> => {
      await writeFile(people, `people:\n  - { person: ANA@shop.example, groups: [${groups}] }\n`);
      return run(['directory', 'sign', people, '--key-file', key, '--home', home, ...flags]);
    };
    const file = join(home, 'directory.json');
    expect((await sign('analysts', '--out', file)).code).toBe(0);
    expect(await whoami(home)).toMatchObject({ groups: ['analysts'] });
    const shown = await run(['directory', 'show', '--json', '--person', ANA.email, '--home', home]);
    expect(JSON.parse(shown.stdout)).toMatchObject({ people: 1, groups: ['analysts'] });

    const stranger = join(folder, 'other.key');
    await run(['directory', 'key', stranger]);
    await run(['directory', 'sign', people, '--key-file', stranger, '--out', file]);
    expect(await whoami(home)).toMatchObject({ groups: 'unknown' });
    expect((await run(['directory', 'show', '--home', home])).stderr).toContain('its signature is not that of');
  });

  it('takes the private key from the environment by its name, and nowhere from the command line', async () => {
    const key = join(profile.home, 'directory.key');
    await run(['directory', 'key', key]);
    const { readFile } = await import('node:fs/promises');
    const people = join(profile.home, 'people.json');
    await writeFile(people, JSON.stringify({ people: [{ person: 'https://idp.example 00u1', groups: [] }] }));
    const environment = { DIRECTORY_KEY: await readFile(key, 'utf8') };
    const signed = await run(['directory', 'sign', people, '--key', 'env:DIRECTORY_KEY'], { environment });
    expect(signed.stdout).toMatch(/^\{"protected":/);
    expect((await run(['directory', 'sign', people])).stderr).toContain('which private key signs');
    const given = await run(['directory', 'sign', people, '--key', environment.DIRECTORY_KEY, '--home', profile.home]);
    expect(given.stderr).toContain('A secret is written as a reference');
    expect(given.stderr).not.toContain('PRIVATE');
  });

  it('does not write over a key, and says what is wrong with a list and where', async () => {
    const key = join(profile.home, 'directory.key');
    await run(['directory', 'key', key]);
    expect((await run(['directory', 'key', key])).stderr).toContain('could not be written');
    const people = join(profile.home, 'people.yaml');
    await writeFile(people, 'people:\n  - person: ana@shop.example\n    group: [a]\n');
    expect((await run(['directory', 'sign', people, '--key-file', key])).stderr).toMatch(/people\.yaml:\d+:\d+/);
  });
});
