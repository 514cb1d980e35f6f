import { execFile, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type Page } from 'playwright-core';
import { afterEach, describe, expect, it } from 'vitest';
import { directoryKeyOf, signDirectory } from '../main/identity/directory.ts';
import { organisationFor } from '../main/identity/testing/organisation.ts';
import { PERSONALITIES, personalities } from '../main/identity/testing/personalities.ts';
import {
  ANA,
  ELI,
  ONE_TIME_CODE,
  PASSWORD,
  startProvider,
  type TestProvider,
} from '../main/identity/testing/provider.ts';
import { chromiumPath, inChromium } from './support/chromium.ts';
import { photographFailure, startWorkbench, type Window, type Workbench } from './support/workbench.ts';

const root = join(import.meta.dirname, '..');

/**
 * A profile whose organisation signs in at this provider, with the few lines that such a provider needs, and with a signed
 * directory where it tells no groups.
 */
function profileFor(provider: TestProvider): string {
  const home = mkdtempSync(join(tmpdir(), 'countersign-e2e-'));
  const pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const needsDirectory = provider.settings.groupsFrom?.includes('directory') === true;
  if (needsDirectory) {
    const people = [{ person: ANA.email, groups: [...ANA.groups] }];
    writeFileSync(join(home, 'directory.json'), signDirectory(people, pem, Date.now(), 1), { mode: 0o600 });
  }
  const { clientSecret } = provider.personality;
  if (clientSecret !== undefined) writeFileSync(join(home, 'client-secret'), clientSecret, { mode: 0o600 });
  const identity = {
    ...(needsDirectory ? { directoryKey: directoryKeyOf(pem) } : {}),
    ...(clientSecret === undefined ? {} : { clientSecret: 'file:client-secret' }),
  };
  const files = {
    organisation: organisationFor(provider, identity),
    connections: 'version: 1\n',
    classification: 'version: 1\n',
    policy: 'version: 1\nrules: []\n',
  };
  for (const [name, content] of Object.entries(files))
    writeFileSync(join(home, `${name}.yaml`), content, { mode: 0o600 });
  return home;
}

/** Fills the provider's pages as far as they go. */
async function fillAt(page: Page, email: string): Promise<void> {
  await page.getByLabel('E-mail').fill(email);
  await page.getByLabel('Password').fill(PASSWORD);
  const code = page.getByLabel('One-time code');
  if ((await code.count()) > 0) await code.fill(ONE_TIME_CODE);
  await page.getByRole('button', { name: 'Sign in' }).click();
  const allow = page.getByRole('button', { name: 'Allow' });
  const done = page.getByText('You are signed in');
  await allow.or(done).first().waitFor();
  if ((await allow.count()) > 0) await allow.click();
  await done.waitFor();
}

/** Signs in from the window, at the provider's page in another tab of the same browser. */
async function signInAs(window: Window, email: string): Promise<void> {
  const { page, context } = window;
  const [tab] = await Promise.all([
    context.waitForEvent('page'),
    page.getByRole('button', { name: 'Sign in with your organisation' }).click(),
  ]);
  await fillAt(tab, email);
  await tab.close();
}

async function whoami(home: string): Promise<{ readonly groups: unknown }> {
  const command = ['bin/countersign.mjs', 'whoami', '--json', '--home', home];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: root });
  return JSON.parse(stdout) as { readonly groups: unknown };
}

const nameIn = (page: Page, name: string) => page.getByRole('button', { name: `${name}, menu` });

/** Runs `countersign login ...` and opens the address that it prints in this browser. */
async function loginFromTerminal(home: string, window: Window, email: string, ...flags: string[]): Promise<string> {
  const child = spawn(process.execPath, ['bin/countersign.mjs', 'login', '--print-url', '--home', home, ...flags], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = text(child.stderr);
  const ended = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    const tab = await window.context.newPage();
    await tab.goto(line);
    await fillAt(tab, email);
    await tab.close();
  }
  expect(await ended, await said).toEqual([0, null]);
  return said;
}

describe.skipIf(chromiumPath === undefined)(inChromium('signing in with an organisation'), () => {
  const running: { stop(): Promise<void> }[] = [];
  const windows: Window[] = [];
  let page: Page | undefined;

  async function start(name: (typeof PERSONALITIES)[number]): Promise<Workbench> {
    const provider = await startProvider(name);
    running.push(provider);
    const workbench = await startWorkbench(profileFor(provider), { local: true });
    running.push(workbench);
    return workbench;
  }

  async function open(workbench: Workbench): Promise<Window> {
    const window = await workbench.open();
    windows.push(window);
    return window;
  }

  afterEach(async ({ task }) => {
    if (page !== undefined && !page.isClosed()) await photographFailure(page, task);
    for (const one of running.splice(0).reverse()) await one.stop();
    expect(windows.splice(0).flatMap(({ faults }) => faults)).toEqual([]);
  });

  it.each(PERSONALITIES)('at a provider like %s shows the person in the window', async (name) => {
    const workbench = await start(name);
    const window = await open(workbench);
    ({ page } = window);
    await signInAs(window, ANA.email);
    await nameIn(page, ANA.name).waitFor();
    const { groups } = await whoami(workbench.home);
    const stated = personalities[name].groups;
    expect(groups).toEqual(stated === 'unknown' ? ANA.groups : stated);
  });

  it('a step-up from the terminal asks for the second factor in the browser, although it is signed in there', async () => {
    const workbench = await start('keycloak');
    const window = await open(workbench);
    ({ page } = window);
    await signInAs(window, ANA.email);
    await nameIn(page, ANA.name).waitFor();
    expect(await loginFromTerminal(workbench.home, window, ANA.email, '--step-up')).toContain(
      'Confirmed that it is Ana',
    );
    await nameIn(page, ANA.name).waitFor();
  });

  it('two people in two windows of one program each stay who they are', async () => {
    const workbench = await start('keycloak');
    const [ana, eli] = [await open(workbench), await open(workbench)];
    ({ page } = ana);
    await signInAs(ana, ANA.email);
    await nameIn(ana.page, ANA.name).waitFor();
    await signInAs(eli, ELI.email);
    await nameIn(eli.page, ELI.name).waitFor();
    expect(await nameIn(ana.page, ANA.name).count()).toBe(1);
    expect(await ana.page.getByText(ELI.name).count()).toBe(0);
    expect(await eli.page.getByText(ANA.name).count()).toBe(0);
    // Eli signed in last: Ana's window is hers all the same when it comes back.
    await ana.page.reload();
    await nameIn(ana.page, ANA.name).waitFor();
    expect(await ana.page.getByText(ELI.name).count()).toBe(0);
  });
});
