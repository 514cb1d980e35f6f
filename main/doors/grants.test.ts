import { appendFileSync, cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyInThread } from '../../verify/index.ts';
import { type Grant } from '../approvals/grants.ts';
import { type Session } from '../identity/principal.ts';
import { browser, issuer, profile as home } from '../identity/testing/bench.ts';
import { signIn } from '../identity/testing/sign-in.ts';
import { type Installation, openInstallation } from '../installation.ts';
import { PROFILE_FILES } from '../profile/directory.ts';
import { smallest } from '../profile/testing.ts';
import { auditDirectory } from '../recording.ts';
import { visibleConnections } from './connections.ts';
import { grantHandlers } from './desktop/grants.ts';

/** Ana (of the group analysts) at a provider on loopback, and a profile that names it. */
const FILES = (): Record<keyof typeof PROFILE_FILES, string> => ({
  ...smallest,
  organisation: `version: 1
name: Shop
identity: { kind: oidc, issuer: "${issuer.issuer}", clientId: desktop }
secrets: file
administrators: [admins]
`,
  connections: `version: 1
connections:
  shop: { title: Shop, engine: postgres, environment: staging, host: 127.0.0.1, port: 1, database: shop, user: app, tls: disable }
`,
  policy: POLICY,
});
const POLICY = `version: 1
groups: { analysts: [analysts] }
rules:
  - { id: read, allow: [read, write], to: [group:analysts] }
  - { id: approved, require: { approval: { from: [group:analysts] } }, on: write, unless: { grant: unmask } }
grants:
  unmask: { for: [group:analysts], maxMinutes: 60, reason: true, alert: [analysts] }
`;

let open: Installation[];
let installation: Installation;
let ana: Session;
beforeEach(async () => {
  open = [];
  for (const [file, text] of Object.entries(FILES()))
    writeFileSync(join(home, PROFILE_FILES[file as keyof typeof PROFILE_FILES]), text, { mode: 0o600 });
  installation = await process();
  ana = await signIn(installation.identity, browser());
});
afterEach(async () => {
  for (const one of open) await one.close();
});

async function process(): Promise<Installation> {
  const opened = await openInstallation(home, 'cli');
  open.push(opened);
  return opened;
}
const REQUEST = { grant: 'unmask', connection: 'shop', reason: 'ticket 17' };
const held = async (at: Installation): Promise<readonly string[]> =>
  (await at.grants.inForce(ana, 'shop')).map(({ id }) => id);
const nextEnd = (at: Installation): Promise<Grant> => new Promise((resolve) => at.grants.onEnd(resolve));

async function findings(): Promise<readonly string[]> {
  const { blobKey } = installation.recording;
  const report = await verifyInThread(auditDirectory(home), { blobKey });
  return report.findings.map(({ code, sentence }) => `${code}: ${sentence}`);
}

describe('the access that a connection is listed with', { timeout: 60_000 }, () => {
  it('is what the policy gives with the grants in force', async () => {
    const access = async () => (await visibleConnections(installation, ana)).map((view) => view.access);
    expect(await access()).toEqual(['read-only']);
    const { id } = await installation.grants.take(ana, REQUEST);
    expect(await access()).toEqual(['read-write']);
    await installation.grants.end(ana, id, 'done with it');
    expect(await access()).toEqual(['read-only']);
  });
});

describe('a grant of somebody whom a provider vouches for', { timeout: 60_000 }, () => {
  it('is in force in every process until it is ended in one, and the record of both proves it', async () => {
    const other = await process();
    const { id } = await installation.grants.take(ana, REQUEST);
    expect(await held(other)).toEqual([id]);
    const there = nextEnd(other);
    await installation.grants.end(ana, id, 'done with it');
    expect(await there).toMatchObject({ id, ended: { by: 'ana@shop.example', why: 'done with it' } });
    expect(await held(other)).toEqual([]);
    for (const one of open.splice(0)) await one.close();
    expect(await findings()).toEqual([]);
    const { checked } = await verifyInThread(auditDirectory(home), { blobKey: installation.recording.blobKey });
    expect(checked).toContainEqual({ what: 'signed grants', count: 1, provenBy: "the device key's signature" });
  });

  it('is shown to the window, to be taken and to be ended', async () => {
    const window = grantHandlers(installation, () => Promise.resolve({ session: ana }));
    const { signal } = new AbortController();
    expect(await window['grants.list'](undefined, signal)).toMatchObject({
      inForce: [],
      offers: [{ name: 'unmask', connections: ['shop'], maxMinutes: 60, reason: true, stepUp: false, approval: null }],
    });
    await expect(window['grants.take']({ grant: 'unmask', connection: 'shop' }, signal)).rejects.toMatchObject({
      code: 'grant-reason-needed',
    });
    const taken = await window['grants.take']({ ...REQUEST, minutes: 5 }, signal);
    expect(taken).toMatchObject({ person: 'ana@shop.example', mine: true, reason: 'ticket 17' });
    expect(await window['grants.list'](undefined, signal)).toMatchObject({ inForce: [taken] });
    await window['grants.end']({ id: taken.id, why: 'done' }, signal);
    expect(await window['grants.list'](undefined, signal)).toMatchObject({ inForce: [] });
  });

  it.each<[string, (id: string) => void]>([
    [
      'an administrator revokes it',
      (id) =>
        writeFileSync(join(home, 'revocations.yaml'), `version: 1\nrevoked: [{ grant: ${id} }]\n`, { mode: 0o600 }),
    ],
    [
      'the policy gives it no more',
      () =>
        writeFileSync(
          join(home, PROFILE_FILES.policy),
          POLICY.replace('for: [group:analysts]', 'for: [person:eli@shop.example]'),
        ),
    ],
  ])('is over within a second when %s, and stays over', async (_, change) => {
    const { id } = await installation.grants.take(ana, REQUEST);
    const ended = nextEnd(installation);
    change(id);
    expect(await ended).toMatchObject({ id, ended: {} });
    rmSync(join(home, 'revocations.yaml'), { force: true });
    writeFileSync(join(home, PROFILE_FILES.policy), POLICY);
    expect(await held(await process())).toEqual([]);
  });

  it('does not come back with an older copy of the hub: the record says that it was ended', async () => {
    const { id } = await installation.grants.take(ana, REQUEST);
    const copy = join(home, 'copy.db');
    const database = new DatabaseSync(join(home, 'approvals.db'));
    database.exec(`VACUUM INTO '${copy}'`);
    database.close();
    await installation.grants.end(ana, id, 'done');
    for (const one of open.splice(0)) await one.close();
    for (const name of ['', '-wal', '-shm']) rmSync(join(home, `approvals.db${name}`), { force: true });
    cpSync(copy, join(home, 'approvals.db'));
    expect(await held(await process())).toEqual([]);
  });

  it('says what is wrong where the hub cannot be read', async () => {
    await installation.grants.take(ana, REQUEST);
    for (const one of open.splice(0)) await one.close();
    for (const name of ['-wal', '-shm']) rmSync(join(home, `approvals.db${name}`), { force: true });
    writeFileSync(join(home, 'approvals.db'), 'no database'.repeat(1000));
    appendFileSync(join(home, 'approvals.db'), 'at all');
    await expect(held(await process())).rejects.toMatchObject({ code: 'hub-damaged' });
  });
});
