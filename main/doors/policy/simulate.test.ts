import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SimulationView } from '../../../shared/policy-views.ts';
import { type Actor, type AuditEvent, type AuditLog, openAuditLog } from '../../audit/index.ts';
import { readEvent } from '../../audit/journal/reader.ts';
import { statement } from '../../audit/testing/statement.ts';
import { inForce } from '../../gate/in-force.ts';
import { type Session, type SessionId } from '../../identity/principal.ts';
import { type Installation } from '../../installation.ts';
import { readProfile } from '../../profile/load.ts';
import { smallest } from '../../profile/testing.ts';
import { simulatePolicy } from './simulate.ts';

const blobKey = Buffer.alloc(32, 7);
const POLICY = 'version: 1\nrules: [{ id: read, allow: read }]\n';
const NOTHING = 'version: 1\nrules: []\n';
const none = new AbortController().signal;

let home: string;
let audit: AuditLog;
beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'countersign-simulate-'));
  audit = await openAuditLog({
    directory: join(home, 'audit'),
    key: generateKeyPairSync('ed25519').privateKey,
    blobKey,
    origin: 'test.example/audit',
    app: { app: 'test', version: '0' },
  });
  await audit.append({ k: 'session.start', s: 's', actor: person });
});
afterEach(async () => {
  await audit.close();
  rmSync(home, { recursive: true, force: true });
});

const person: Actor = { user: { iss: 'https://idp.example', sub: 'ana', email: 'ana@shop.example', verified: true } };

/** What a decision on one table was made from. */
function input(change: object = {}): string {
  return JSON.stringify({
    v: 1,
    at: '2026-11-20T10:00:00.000Z',
    action: 'select',
    person: { name: 'Ana', email: 'ana@shop.example', groups: [], verified: true },
    connection: { name: 'shop', env: 'production', database: 'shop' },
    grants: [],
    asked: [{ action: 'select', on: { schema: 'public', name: 'customers' }, answer: 0 }],
    answers: [{ effect: 'allow', rules: ['read'] }],
    ...change,
  });
}

async function recorded(text: string | undefined, actor: Actor = person): Promise<number> {
  const { pol, ...rest } = statement('s', 'SELECT 1');
  const event: AuditEvent = {
    ...rest,
    k: 'stmt.denied',
    actor,
    pol: { ...pol, decision: 'allow', ...(text === undefined ? {} : { input: { text } }) },
  };
  return (await audit.append(event)).index;
}

function installation(reviewer: boolean, key: Uint8Array = blobKey): Installation {
  const profile = readProfile(home, { ...smallest, policy: POLICY });
  const identity = reviewer ? { kind: 'os-account' } : { kind: 'oidc' };
  // What a simulation asks of an installation, and nothing else.
  return {
    home,
    profile: () => ({ ...profile, organisation: { ...profile.organisation, identity } }),
    inForce: () => inForce(profile),
    recording: { blobKey: key },
    audit,
    actorOf: async () => person,
  } as unknown as Installation;
}

const session: Session = {
  id: 'one' as SessionId,
  principal: {
    issuer: 'https://idp.example',
    subject: 'ana',
    name: 'Ana',
    groups: [],
    verified: true,
    authenticatedAt: '2026-11-20T09:00:00.000Z',
  },
  expiresAt: '2026-11-20T21:00:00.000Z',
};

async function simulated(
  of: Installation,
  text = NOTHING,
  since = 0,
  signal = none,
): Promise<SimulationView | undefined> {
  let last: SimulationView | undefined;
  for await (const view of simulatePolicy(of, session, { text, since }, signal)) last = view;
  return last;
}

describe('a simulation', { timeout: 60_000 }, () => {
  it('is not for an agent: what the person did without it is not its own', async () => {
    const agent = { ...session, principal: { ...session.principal, agent: { id: 'scout', name: 'Scout' } } };
    const views = simulatePolicy(installation(true), agent, { text: NOTHING, since: 0 }, none);
    await expect(views.next()).rejects.toMatchObject({ code: 'agent-may-not' });
  });

  it('decides every recorded statement again, and tells what is otherwise', async () => {
    for (let i = 0; i < 3; i++) await recorded(input());
    expect(await simulated(installation(true), POLICY)).toMatchObject({ examined: 3, same: 3, done: true });
    const view = await simulated(installation(true));
    expect(view).toMatchObject({ examined: 3, same: 0, nowRefused: 3, cut: false });
    expect(view?.changed[0]).toMatchObject({
      person: 'ana@shop.example',
      after: 'refuse',
      title: 'SELECT',
      agent: null,
    });
  });

  it('counts what cannot be decided again, with why', async () => {
    const erased = await recorded(input());
    await recorded(undefined);
    await recorded('{"v":7}');
    await recorded(input({ cut: true }));
    await recorded(input({ asked: [{ action: 'select', on: 'none', answer: 5 }] }));
    const leaf = JSON.parse(String(readEvent(join(home, 'audit', audit.id), erased)?.leaf)) as {
      readonly pol: { readonly input: { readonly ref: string } };
    };
    await audit.eraseBlob(audit.id, leaf.pol.input.ref, person, 'a test');
    const view = await simulated(installation(true));
    expect(view?.examined).toBe(0);
    expect(view?.skipped.map(({ why, count }) => `${String(count)} ${why}`).sort()).toEqual([
      '1 it touches more than the record keeps',
      '1 what it was decided from has been erased',
      '1 what it was decided from was not recorded',
      '2 it was recorded in a form that is not known here',
    ]);
  });

  it('opens nothing with another key', async () => {
    await recorded(input());
    expect(await simulated(installation(true, Buffer.alloc(32, 8)))).toMatchObject({
      examined: 0,
      skipped: [{ why: 'what it was decided from cannot be opened here', count: 1 }],
    });
  });

  it('is of one’s own statements for whoever is no reviewer, and of everybody’s, recorded, for who is', async () => {
    await recorded(input());
    await recorded(input(), { user: { ...person.user, sub: 'eli' } });
    await recorded(input(), { user: { ...person.user, iss: 'https://other.example' } });
    const { recorded: before } = audit.state();
    expect(await simulated(installation(false))).toMatchObject({ examined: 1 });
    expect(audit.state().recorded).toBe(before);
    expect(await simulated(installation(true))).toMatchObject({ examined: 3 });
    expect(audit.state().recorded).toBe(before + 1);
  });

  it('shows the newest thousand, and counts the rest', async () => {
    await Promise.all(Array.from({ length: 2_500 }, async () => recorded(input())));
    const view = await simulated(installation(true));
    expect(view).toMatchObject({ examined: 2_500, nowRefused: 2_500, cut: true });
    expect(view?.changed).toHaveLength(1_000);
    // Before them are the beginnings of the log and of the session; the last event is the review itself.
    expect(view?.changed[0]?.index).toBe(audit.state().recorded - 2);
  });

  it('begins with no policy that is malformed, and ends when its reader does', async () => {
    await recorded(input());
    await expect(simulated(installation(true), 'rules: 1')).rejects.toMatchObject({ code: 'policy-invalid' });
    expect(await simulated(installation(true), NOTHING, 0, AbortSignal.abort())).toBeUndefined();
  });
});
