import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFileSecretStore } from '../../credentials/index.ts';
// The demonstration knows nothing of identity; here the two are put together as a person would.
/* eslint-disable import-x/no-restricted-paths */
import {
  createIdentity,
  type Identity,
  type IdentityEvent,
  type IdentitySettings,
  NOTHING_KNOWN,
  type Session,
  verifyPkToken,
} from '../../identity/index.ts';
/* eslint-enable import-x/no-restricted-paths */
import { type RunningIdp, startIdp } from './index.ts';
import { createVisitor, signInAt, type Visitor } from './visitor.ts';

let root: string;
let profile: string;
let idp: RunningIdp;
let now: number;
let events: IdentityEvent['kind'][];

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'countersign-idp-'));
  profile = join(root, 'profile');
  idp = await startIdp({ directory: join(root, 'idp') });
  now = Date.now();
  events = [];
});
afterEach(async () => {
  await idp.stop();
  await rm(root, { recursive: true, force: true });
});

function settings(): IdentitySettings {
  const { issuer, clientId, scopes, groupsClaim, redirectPath: path, secondFactorAcr: acr } = idp;
  return {
    identity: {
      kind: 'oidc',
      provider: {
        ...{ issuer, clientId, scopes, groupsClaim, redirect: { host: '127.0.0.1', ports: 'any' as const, path } },
        stepUp: { acrValues: [acr], acr: [acr], amr: [], requireAuthTime: true },
      },
    },
    session: { maxHours: 8, idleMinutes: 60, revalidateMinutes: 15 },
  };
}

function identityAt(): Identity {
  return createIdentity({
    organisation: settings(),
    secrets: createFileSecretStore(profile),
    profileDirectory: profile,
    context: NOTHING_KNOWN,
    clock: () => now,
    onEvent: ({ kind }) => void events.push(kind),
  });
}

async function signInAs(who: string, identity = identityAt(), visitor?: Visitor): Promise<Session> {
  for await (const step of identity.signIn('browser')) {
    if (step.kind === 'done') return step.session;
    if (step.kind !== 'open') continue;
    // The redirect is answered when the sign-in has ended, so it is not awaited here.
    void signInAt(step.url, `${who}@shop.example`, `${who}-demo`, visitor).then((redirect) => fetch(redirect));
  }
  throw new Error('the sign-in ended without a session');
}

async function disable(id: string): Promise<void> {
  const path = join(root, 'idp', 'people.json');
  const people = JSON.parse(await readFile(path, 'utf8')) as { id: string }[];
  await writeFile(
    path,
    JSON.stringify(people.map((person) => (person.id === id ? { ...person, disabled: true } : person))),
  );
}

describe('signing in at the demonstration', () => {
  it('makes a verified person with groups and a device key that the provider vouched for', async () => {
    const identity = identityAt();
    const session = await signInAs('ana', identity);
    expect(session.principal).toMatchObject({
      ...{ issuer: idp.issuer, subject: 'ana', name: 'Ana Ruiz', email: 'ana@shop.example', groups: ['analysts'] },
      ...{ verified: true, amr: ['pwd'] },
    });
    const signer = await identity.deviceSigner(session);
    const verified = await verifyPkToken(signer?.pkToken, signer?.issuerKeys ?? { keys: [] }, new Date(now), idp);
    expect(verified.thumbprint).toBe(session.principal.device);
  });

  it('asks who it is each time, so that one browser can be one person and then another', async () => {
    const visitor = createVisitor();
    const identity = identityAt();
    expect((await signInAs('ana', identity, visitor)).principal.subject).toBe('ana');
    expect((await signInAs('eli', identity, visitor)).principal.subject).toBe('eli');
    expect((await signInAs('ana', identity, visitor)).principal.subject).toBe('ana');
  });

  it('with a device code makes a session, bound to a key only where the provider returns the nonce', async () => {
    const identity = identityAt();
    const visitor = createVisitor();
    let session: Session | undefined;
    for await (const step of identity.signIn('device')) {
      if (step.kind === 'done') session = step.session;
      if (step.kind !== 'device') continue;
      const entry = await visitor.open(step.verificationUri);
      const confirm = await visitor.submit(entry, { user_code: step.userCode });
      expect(confirm.html).toContain(step.userCode);
      const done = await visitor.submit(await visitor.submit(confirm, {}), {
        login: 'sam@shop.example',
        password: 'sam-demo',
      });
      expect(done.html).toContain('You are signed in');
    }
    expect(session?.principal).toMatchObject({ name: 'Sam Okafor', groups: ['security'] });
    expect(session?.principal.device).toBeUndefined();
    expect(session === undefined ? null : await identity.deviceSigner(session)).toBeUndefined();
  });

  it('with a device code that somebody declines says so', async () => {
    const visitor = createVisitor();
    const declined = (async () => {
      for await (const step of identityAt().signIn('device')) {
        if (step.kind !== 'device') continue;
        const confirm = await visitor.submit(await visitor.open(step.verificationUri), { user_code: step.userCode });
        await visitor.submit(confirm, { abort: 'yes' });
      }
    })();
    await expect(declined).rejects.toMatchObject({ code: 'sign-in-denied' });
  });
});

describe('a step-up at the demonstration', () => {
  it('asks for the second factor and leaves the login with its new strength', async () => {
    const identity = identityAt();
    const visitor = createVisitor();
    const session = await signInAs('ana', identity, visitor);
    let stronger: Session | undefined;
    for await (const step of identity.stepUp(session, 'browser')) {
      if (step.kind === 'done') stronger = step.session;
      if (step.kind !== 'open') continue;
      void signInAt(step.url, 'ana@shop.example', 'ana-demo', visitor).then((redirect) => fetch(redirect));
    }
    expect(stronger?.id).toBe(session.id);
    expect(stronger?.principal).toMatchObject({ acr: idp.secondFactorAcr, amr: ['pwd', 'otp', 'mfa'] });
    expect(events).toEqual(['signed-in', 'stepped-up']);
  });

  it('with a device code counts too: the provider says when and how strongly the person signed in', async () => {
    const identity = identityAt();
    const visitor = createVisitor();
    const session = await signInAs('ana', identity);
    let stronger: Session | undefined;
    for await (const step of identity.stepUp(session, 'device')) {
      if (step.kind === 'done') stronger = step.session;
      if (step.kind !== 'device') continue;
      const confirm = await visitor.submit(await visitor.open(step.verificationUri), { user_code: step.userCode });
      const page = await visitor.submit(await visitor.submit(confirm, {}), {
        login: 'ana@shop.example',
        password: 'ana-demo',
      });
      const code = /id="shown">(\d{6})</.exec(page.html)?.[1] ?? '';
      expect((await visitor.submit(page, { code })).html).toContain('You are signed in');
    }
    expect(stronger?.principal.steppedUpAt).toBeDefined();
    expect(stronger?.principal.device).toBe(session.principal.device);
  });
});

describe('a session of the demonstration', () => {
  it('is found again by another process, by name too, and the last to sign in is current', async () => {
    await signInAs('ana');
    await signInAs('eli');
    const later = identityAt();
    expect((await later.restore())?.principal.subject).toBe('eli');
    expect((await later.restore({ email: 'ANA@shop.example' }))?.principal.subject).toBe('ana');
    expect(await later.restore({ email: 'sam@shop.example' })).toBeUndefined();
    expect((await later.people()).map(({ subject }) => subject)).toEqual(['ana', 'eli']);
  });

  it('is confirmed by the provider with rotating refresh tokens, again and again', async () => {
    const identity = identityAt();
    const session = await signInAs('ana', identity);
    for (const _quarter of [1, 2, 3]) {
      now += 16 * 60_000;
      await identity.touch(session);
      expect((await identity.ensureLive(session)).principal.groups).toEqual(['analysts']);
    }
    expect(events).toEqual(['signed-in', 'revalidated', 'revalidated', 'revalidated']);
  });

  it('survives a restart of the provider, which keeps its address', async () => {
    const session = await signInAs('ana');
    const { issuer } = idp;
    await idp.stop();
    idp = await startIdp({ directory: join(root, 'idp') });
    expect(idp.issuer).toBe(issuer);
    now += 16 * 60_000;
    expect((await identityAt().ensureLive(session)).principal.name).toBe('Ana Ruiz');
    expect(events).toContain('revalidated');
  });

  it('ends when the person is disabled, and is gone from the profile', async () => {
    const identity = identityAt();
    const session = await signInAs('ana', identity);
    await disable('ana');
    expect((await identity.ensureLive(session)).id).toBe(session.id);
    now += 16 * 60_000;
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-revoked' });
    expect(await identityAt().restore()).toBeUndefined();
  });

  it('ends within one question when the person is disabled and the provider is asked now', async () => {
    const identity = identityAt();
    const session = await signInAs('ana', identity);
    await identity.confirm(session);
    expect(events).toEqual(['signed-in']);
    await disable('ana');
    await expect(identity.confirm(session)).rejects.toMatchObject({ code: 'session-revoked' });
    expect(events).toEqual(['signed-in', 'revoked']);
  });

  it('ends here and at the provider when the person signs out; another person stays signed in', async () => {
    const [ana, eli] = [await signInAs('ana'), await signInAs('eli')];
    const identity = identityAt();
    const stored = JSON.parse(await readFile(join(profile, 'secrets', `session.${ana.id}`), 'utf8')) as {
      refreshToken: string;
    };
    await identity.signOut(ana);
    await expect(identity.ensureLive(ana)).rejects.toMatchObject({ code: 'session-ended' });
    expect((await identity.ensureLive(eli)).id).toBe(eli.id);
    const refresh = await fetch(`${idp.issuer}/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: stored.refreshToken,
        client_id: idp.clientId,
      }),
    });
    expect(await refresh.json()).toMatchObject({ error: 'invalid_grant' });
  });

  it('is deleted here when the person signs out while the provider is away', async () => {
    const session = await signInAs('ana');
    await idp.stop();
    const identity = identityAt();
    await identity.signOut(session);
    expect(await identity.restore()).toBeUndefined();
    idp = await startIdp({ directory: join(root, 'idp') });
  });

  it('that is signed out in one process ends at once in the other', async () => {
    const [desktop, cli] = [identityAt(), identityAt()];
    const session = await signInAs('ana', desktop);
    expect((await desktop.ensureLive(session)).id).toBe(session.id);
    await cli.signOut(session);
    await expect(desktop.ensureLive(session)).rejects.toMatchObject({ code: 'session-ended' });
  });

  it('is refreshed once when several processes need it at the same moment', async () => {
    const session = await signInAs('ana');
    const program = `
      import { createIdentity, NOTHING_KNOWN } from ${JSON.stringify(new URL('../../identity/index.ts', import.meta.url).href)};
      import { createFileSecretStore } from ${JSON.stringify(new URL('../../credentials/index.ts', import.meta.url).href)};
      const { organisation, profile, now } = JSON.parse(process.env.CASE);
      const kinds = [];
      const identity = createIdentity({ organisation, context: NOTHING_KNOWN, profileDirectory: profile, secrets: createFileSecretStore(profile), clock: () => now, onEvent: ({ kind }) => kinds.push(kind) });
      const session = await identity.restore();
      await Promise.all([1, 2, 3].map(() => identity.ensureLive(session)));
      console.log(JSON.stringify(kinds));
    `;
    const environment = {
      ...process.env,
      CASE: JSON.stringify({ organisation: settings(), profile, now: now + 16 * 60_000 }),
    };
    const outputs = await Promise.all(
      [1, 2, 3].map(() =>
        promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { env: environment }),
      ),
    );
    expect(outputs.flatMap(({ stdout }) => JSON.parse(stdout) as string[])).toEqual(['revalidated']);
    now += 32 * 60_000;
    expect((await identityAt().ensureLive(session)).principal.subject).toBe('ana');
  });
});
