import { describe, expect, it } from 'vitest';
import { createIdentity, type Identity, NO_REVOCATIONS, NOTHING_KNOWN, type Session } from '../index.ts';
import { browser, clock, issuer, profile, secrets } from '../testing/bench.ts';
import { settingsFor, stepUp } from '../testing/sign-in.ts';
import { agent, office, person } from './testing/office.ts';

const issue = async (identity: Identity, session: Session, request = {}): Promise<string> =>
  (await identity.issueAgentToken(session, { agent: 'scout', minutes: 30, ...request })).token;

const code = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'accepted',
    (error: unknown) => (error as { code?: unknown }).code,
  );

describe('an agent with a token of a person', () => {
  it('acts in their name, with their groups and their device, and is named beside them', async () => {
    const { identity } = office();
    const ana = await person(identity);
    const { token, issued } = await identity.issueAgentToken(ana, { agent: 'scout', minutes: 30 });
    const session = await identity.agentSession(token);
    expect(session.principal).toEqual({
      ...ana.principal,
      agent: { id: 'scout', name: 'SCOUT', token: issued.id },
    });
    expect(session.id).not.toBe(ana.id);
    expect(Date.parse(session.expiresAt)).toBe(Date.parse(issued.expiresAt));
    expect(session).not.toHaveProperty('connections');
  });

  it('is held to the connections that the token is for', async () => {
    const { identity } = office();
    const token = await issue(identity, await person(identity), { connections: ['staging', 'staging', 'shop'] });
    expect((await identity.agentSession(token)).connections).toEqual(['staging', 'shop']);
  });

  it('does not live longer than the login that let it', async () => {
    const { identity, known } = office({ idleMinutes: 600 });
    known.agents = new Map([agent('scout', 'analysts', 10_000)]);
    const ana = await person(identity);
    const session = await identity.agentSession(await issue(identity, ana, { minutes: 10_000 }));
    expect(Date.parse(session.expiresAt)).toBeLessThanOrEqual(Date.parse(ana.expiresAt));
  });

  it('has nothing of a step-up: that the person proved themselves again is theirs alone', async () => {
    const { identity } = office();
    const ana = await stepUp(identity, await person(identity), browser());
    expect(ana.principal.steppedUpAt).toBeDefined();
    const session = await identity.agentSession(await issue(identity, ana));
    expect(session.principal).not.toHaveProperty('steppedUpAt');
  });

  it('keeps nobody signed in: only the person can be busy', async () => {
    const { identity } = office({ idleMinutes: 10 });
    const session = await identity.agentSession(await issue(identity, await person(identity)));
    clock.now += 9 * 60_000;
    await identity.touch(session);
    clock.now += 2 * 60_000;
    expect(await code(identity.ensureLive(session))).toBe('agent-login-ended');
  });

  it('signs that a working session begins with the key of the person, and nothing else', async () => {
    const { identity } = office();
    const ana = await person(identity);
    const signer = await identity.deviceSigner(await identity.agentSession(await issue(identity, ana)));
    expect(signer?.thumbprint).toBe(ana.principal.device);
    await signer?.sign(new Uint8Array([1]), 'countersign-session');
    expect(await code(signer?.sign(new Uint8Array([1]), 'countersign-grant+jws') ?? Promise.resolve())).toBe(
      'agent-may-not',
    );
  });

  it.each<readonly [string, (identity: Identity, session: Session) => Promise<unknown>]>([
    ['issue tokens', (identity, session) => identity.issueAgentToken(session, { agent: 'scout', minutes: 1 })],
    ['see what tokens there are', (identity, session) => identity.agentTokens(session)],
    ['stop agents', (identity, session) => identity.stopAgent(session, { agent: 'scout' })],
    ['sign the person out', (identity, session) => identity.signOut(session)],
    ['see their sign-ins', (identity, session) => identity.logins(session)],
    ['end a sign-in of theirs', (identity, session) => identity.endLogin(session, 'x')],
    ['step up', (identity, session) => stepUp(identity, session, browser())],
  ])('may not %s', async (_what, work) => {
    const { identity } = office();
    const session = await identity.agentSession(await issue(identity, await person(identity)));
    expect(await code(work(identity, session))).toBe('agent-may-not');
    expect((await identity.ensureLive(session)).id).toBe(session.id);
  });
});

describe('a token is issued only', () => {
  it.each<readonly [string, object, string]>([
    ['for an agent that the policy knows', { agent: 'ghost' }, 'agent-unknown'],
    ['for one that may act for this person', { agent: 'other' }, 'agent-not-yours'],
    ['for as long as the policy says', { minutes: 61 }, 'agent-minutes'],
    ['for a while', { minutes: 0 }, 'agent-minutes'],
    ['for whole minutes', { minutes: 1.5 }, 'agent-minutes'],
    ['for a number of minutes', { minutes: Number.NaN }, 'agent-minutes'],
    ['for some connection, where connections are named', { connections: [] }, 'agent-connections'],
    ['for connections by their names', { connections: ['../x'] }, 'agent-connections'],
  ])('%s', async (_what, request, expected) => {
    const { identity, events } = office();
    const ana = await person(identity);
    expect(await code(issue(identity, ana, request))).toBe(expected);
    expect(events.map(({ kind }) => kind)).not.toContain('token-issued');
    expect(await identity.agentTokens(ana)).toEqual([]);
  });

  it('where the groups of the person are known', async () => {
    const { identity } = office();
    const ana = await person(identity, { groups: undefined, hasgroups: true });
    expect(await code(issue(identity, ana))).toBe('agent-not-yours');
  });

  it('where a device key is bound to the login, and so never in a local profile', async () => {
    const local = createIdentity({
      organisation: { ...settingsFor(issuer.issuer), identity: { kind: 'os-account' } },
      secrets,
      profileDirectory: profile,
      context: { ...NOTHING_KNOWN, agents: () => new Map([agent('scout')]), isOf: () => true },
    });
    const session = await local.restore();
    expect(session && (await code(issue(local, session)))).toBe('agent-no-device-key');
  });

  it('once it is told of: what cannot be recorded is not given', async () => {
    const failing = office({ fails: 'token-issued' });
    const ana = await person(failing.identity);
    await expect(issue(failing.identity, ana)).rejects.toThrow('the disk is full');
    expect(await failing.identity.agentTokens(ana)).toEqual([]);
  });

  it('and is told of, never with the token itself', async () => {
    const { identity, events } = office();
    const token = await issue(identity, await person(identity));
    const told = JSON.stringify(events.find(({ kind }) => kind === 'token-issued'));
    expect(told).toContain('scout');
    for (const part of token.split('.')) expect(told).not.toContain(part);
  });
});

describe('a session of an agent ends', () => {
  const working = async (options = {}) => {
    const opened = office(options);
    const ana = await person(opened.identity);
    const { token, issued } = await opened.identity.issueAgentToken(ana, { agent: 'scout', minutes: 30 });
    const session = await opened.identity.agentSession(token);
    return { ...opened, ana, token, issued, session };
  };
  type Working = Awaited<ReturnType<typeof working>>;

  it.each<readonly [string, (at: Working) => unknown, string]>([
    ['when its token does', () => (clock.now += 31 * 60_000), 'agent-token-expired'],
    ['when the person signs out', ({ identity, ana }) => identity.signOut(ana), 'agent-login-ended'],
    ['when that login is ended', ({ identity, ana }) => identity.endLogin(ana, ana.id), 'agent-login-ended'],
    [
      'when its token is stopped',
      ({ identity, ana, issued }) => identity.stopAgent(ana, { token: issued.id }),
      'agent-stopped',
    ],
    ['when the agent is stopped', ({ identity, ana }) => identity.stopAgent(ana, { agent: 'scout' }), 'agent-stopped'],
    [
      'when the person steps up, which makes a new key',
      ({ identity, ana }) => stepUp(identity, ana, browser()),
      'agent-token-refused',
    ],
    ['when the policy knows the agent no more', ({ known }) => known.agents.delete('scout'), 'agent-unknown'],
    [
      'when it may no longer act for them',
      ({ known }) => (known.agents = new Map([agent('scout', 'engineers')])),
      'agent-not-yours',
    ],
    [
      'when an administrator lowers its minutes',
      ({ known }) => {
        known.agents = new Map([agent('scout', 'analysts', 1)]);
        clock.now += 61_000;
      },
      'agent-token-expired',
    ],
    [
      'when the agent is revoked',
      ({ known }) => (known.revocations = { ...NO_REVOCATIONS, agents: new Set(['scout']) }),
      'agent-revoked',
    ],
    [
      'when the token is revoked',
      ({ known, issued }) => (known.revocations = { ...NO_REVOCATIONS, tokens: new Set([issued.id]) }),
      'agent-revoked',
    ],
    [
      'when the person is revoked',
      ({ known }) => (known.revocations = { ...NO_REVOCATIONS, people: new Set(['ana@shop.example']) }),
      'agent-login-ended',
    ],
    [
      'when their device is revoked',
      ({ known, ana }) => (known.revocations = { ...NO_REVOCATIONS, devices: new Set([String(ana.principal.device)]) }),
      'agent-login-ended',
    ],
    ['when the clock is set back before the token', () => (clock.now -= 10 * 60_000), 'agent-login-ended'],
  ])('%s, and the token counts no more', async (_when, happens, expected) => {
    const at = await working();
    await happens(at);
    expect(['session-ended', expected]).toContain(await code(at.identity.ensureLive(at.session)));
    expect(await code(at.identity.agentSession(at.token))).toBe(expected);
    const ended = at.events.filter(({ session }) => session.id === at.session.id);
    expect(ended.map(({ kind }) => kind)).toEqual([expected === 'agent-token-expired' ? 'expired' : 'revoked']);
  });

  it('at once where the person signs out in the same process, without being asked', async () => {
    const { identity, ana, session, happened } = await working();
    await identity.signOut(ana);
    expect((await happened('revoked')).session.id).toBe(session.id);
  });

  it('soon where its token is stopped by another process', async () => {
    const { ana, session, happened } = await working();
    await office().identity.stopAgent(ana, { agent: 'scout' });
    expect((await happened('revoked')).session.id).toBe(session.id);
  });

  it('soon where the person signs out in another process', async () => {
    const { ana, session, happened } = await working();
    await office().identity.signOut(ana);
    expect((await happened('revoked')).session.id).toBe(session.id);
  });

  it('when the provider, asked now, no longer knows the person', async () => {
    const { identity, session } = await working();
    issuer.answers.token = () => Promise.resolve({ status: 400, body: { error: 'invalid_grant' } });
    issuer.answers.userinfo = () => ({ status: 401, body: {}, challenge: 'Bearer error="invalid_token"' });
    expect(await code(identity.confirm(session))).toBe('agent-login-ended');
  });
});

describe('the tokens of a person', () => {
  it('are those that still count, of each login of theirs', async () => {
    const { identity } = office();
    const first = await person(identity);
    const second = await person(identity);
    await issue(identity, first, { minutes: 1 });
    await issue(identity, second, { minutes: 30, connections: ['shop'] });
    expect((await identity.agentTokens(first)).map(({ connections }) => connections)).toEqual([undefined, ['shop']]);
    clock.now += 61_000;
    expect(await identity.agentTokens(first)).toMatchObject([{ agent: 'scout', connections: ['shop'] }]);
    await identity.endLogin(first, second.id);
    expect(await identity.agentTokens(first)).toEqual([]);
  });

  it('are neither seen nor stopped by somebody else in the same profile', async () => {
    const { identity } = office();
    const ana = await person(identity);
    const { issued, token } = await identity.issueAgentToken(ana, { agent: 'scout', minutes: 30 });
    const eli = await person(identity, { sub: 'eli', email: 'eli@shop.example' });
    expect(await identity.agentTokens(eli)).toEqual([]);
    expect(await code(identity.stopAgent(eli, { token: issued.id }))).toBe('agent-token-unknown');
    await identity.stopAgent(eli, { agent: 'scout' });
    expect((await identity.agentSession(token)).principal.subject).toBe('ana');
  });

  it('end one by one, and each end is told', async () => {
    const { identity, events } = office();
    const ana = await person(identity);
    const kept = await issue(identity, ana);
    const { issued } = await identity.issueAgentToken(ana, { agent: 'scout', minutes: 30 });
    await identity.stopAgent(ana, { token: issued.id });
    expect(events.filter(({ kind }) => kind === 'token-stopped')).toMatchObject([{ token: { id: issued.id } }]);
    expect((await identity.agentSession(kept)).principal.agent?.id).toBe('scout');
    expect(await code(identity.stopAgent(ana, { token: issued.id }))).toBe('agent-token-unknown');
  });
});
