import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NO_REVOCATIONS, type Session } from '../index.ts';
import { clock, issuer, key, profile, rotateKey } from '../testing/bench.ts';
import { createIssuerKey } from '../testing/issuer.ts';
import { agent, type Office, office, person } from './testing/office.ts';

const [, SCOUT] = agent('scout');

/** An organisation whose provider exchanges tokens for its agent `scout`, and Ana signed in. */
async function exchanging(): Promise<Office & { readonly ana: Session }> {
  const opened = office();
  opened.known.agents = new Map([['scout', { ...SCOUT, client: 'scout-client' }]]);
  return { ...opened, ana: await person(opened.identity) };
}

const seconds = (): number => Math.floor(clock.now / 1000);

/** What the provider gives the agent for a token of Ana (RFC 8693 §2.2). */
const exchanged = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> =>
  key.sign(
    {
      ...{ iss: issuer.issuer, sub: 'ana', aud: 'desktop', act: { sub: 'scout-client' }, client_id: 'scout-client' },
      ...{ iat: seconds(), exp: seconds() + 600, jti: 'j1' },
      ...claims,
    },
    { typ: 'at+jwt', ...header },
  );

const code = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'accepted',
    (error: unknown) => (error as { code?: unknown }).code,
  );

describe('a token that the provider made in exchange', () => {
  it('lets the agent that it names act for the person, who is signed in here', async () => {
    const { identity, ana } = await exchanging();
    const session = await identity.agentSession(await exchanged());
    expect(session.principal).toMatchObject({ subject: 'ana', device: ana.principal.device, agent: { id: 'scout' } });
    expect(Date.parse(session.expiresAt)).toBe((seconds() + 600) * 1000);
    expect((await identity.deviceSigner(session))?.thumbprint).toBe(ana.principal.device);
  });

  it('is told of once, before anything is done with it, and is listed like one of the person', async () => {
    const { identity, ana, events } = await exchanging();
    const token = await exchanged();
    const session = await identity.agentSession(token);
    await identity.agentSession(token);
    expect(events.filter(({ kind }) => kind === 'token-issued')).toMatchObject([
      { session: { id: ana.id }, token: { id: session.principal.agent?.token, agent: 'scout' } },
    ]);
    expect(await identity.agentTokens(ana)).toMatchObject([{ agent: 'scout', id: session.principal.agent?.token }]);
    const list = await readFile(join(profile, 'identity', 'agent-tokens.json'), 'utf8');
    for (const part of token.split('.')) expect(list).not.toContain(part);
  });

  it('counts no longer than the policy lets an agent act, whatever the provider says', async () => {
    const { identity, known } = await exchanging();
    known.agents = new Map([['scout', { ...SCOUT, client: 'scout-client', maxMinutes: 5 }]]);
    const session = await identity.agentSession(await exchanged({ exp: seconds() + 86_400 }));
    expect(Date.parse(session.expiresAt)).toBe((seconds() + 300) * 1000);
  });

  it.each<
    readonly [string, (at: Awaited<ReturnType<typeof exchanging>>, token: string, id: string) => unknown, string]
  >([
    ['it is stopped', ({ identity, ana }, _token, id) => identity.stopAgent(ana, { token: id }), 'agent-stopped'],
    ['its agent is stopped', ({ identity, ana }) => identity.stopAgent(ana, { agent: 'scout' }), 'agent-stopped'],
    ['the person signs out', ({ identity, ana }) => identity.signOut(ana), 'agent-login-ended'],
    [
      'it is revoked',
      ({ known }, _token, id) => (known.revocations = { ...NO_REVOCATIONS, tokens: new Set([id]) }),
      'agent-revoked',
    ],
    [
      'the policy names its client no more',
      ({ known }) => (known.agents = new Map([['scout', SCOUT]])),
      'agent-token-refused',
    ],
    ['it has expired', () => (clock.now += 601_000), 'agent-token-expired'],
    ['the clock is set back before it', () => (clock.now -= 120_000), 'agent-token-refused'],
  ])('ends, and does not come back, when %s', async (_when, happens, expected) => {
    const at = await exchanging();
    const token = await exchanged();
    const session = await at.identity.agentSession(token);
    await happens(at, token, session.principal.agent?.token ?? '');
    expect(['session-ended', expected]).toContain(await code(at.identity.ensureLive(session)));
    expect(await code(at.identity.agentSession(token))).toBe(expected);
    expect(await code(office().identity.agentSession(token))).not.toBe('accepted');
  });

  it('goes on while the provider does not answer, until its own time', async () => {
    const { identity } = await exchanging();
    const session = await identity.agentSession(await exchanged());
    issuer.answers.keys = { keys: [] };
    clock.now += 590_000;
    expect((await identity.ensureLive(session)).id).toBe(session.id);
    clock.now += 11_000;
    expect(await code(identity.ensureLive(session))).toBe('agent-token-expired');
  });

  it('of after the agent was stopped is another one, and counts', async () => {
    const { identity, ana } = await exchanging();
    await identity.stopAgent(ana, { agent: 'scout' });
    clock.now += 2_000;
    expect(await code(identity.agentSession(await exchanged()))).toBe('accepted');
  });

  it.each<readonly [string, Record<string, unknown>, Record<string, unknown>, string]>([
    ['is for another program', { aud: 'mail' }, {}, 'agent-token-refused'],
    ['is for others as well', { aud: ['desktop', 'mail'] }, {}, 'agent-token-refused'],
    ['names no actor', { act: undefined }, {}, 'agent-token-refused'],
    ['names an actor that the policy does not know', { act: { sub: 'other' } }, {}, 'agent-token-refused'],
    ['names an actor behind the actor', { act: { sub: 'scout-client', act: { sub: 'x' } } }, {}, 'agent-token-refused'],
    ['names somebody who is not signed in here', { sub: 'boss' }, {}, 'agent-login-ended'],
    ['has expired', { exp: 1 }, {}, 'agent-token-refused'],
    ['is of tomorrow', { iat: 9_999_999_999, exp: 9_999_999_999 }, {}, 'agent-token-refused'],
    ['is bound to a key that nobody shows', { cnf: { jkt: 'x' } }, {}, 'agent-token-refused'],
    ['is an ID token of the person, in which nobody acts', { act: undefined }, { typ: 'JWT' }, 'agent-token-refused'],
    ['is a logout token', {}, { typ: 'logout+jwt' }, 'agent-token-refused'],
    ['says that it is one of this program', {}, { typ: 'countersign-agent+jwt' }, 'agent-token-refused'],
  ])('is refused where it %s', async (_what, claims, header, expected) => {
    const { identity, events } = await exchanging();
    expect(await code(identity.agentSession(await exchanged(claims, header)))).toBe(expected);
    expect(events.map(({ kind }) => kind)).not.toContain('token-issued');
  });

  it('is refused where another key of the same name signed it, and where the provider has turned its key since', async () => {
    const { identity } = await exchanging();
    const other = await createIssuerKey('k1');
    const claims = { iss: issuer.issuer, sub: 'ana', aud: 'desktop', act: { sub: 'scout-client' } };
    const forged = await other.sign({ ...claims, iat: seconds(), exp: seconds() + 600 });
    expect(await code(identity.agentSession(forged))).toBe('agent-token-refused');
    const before = await exchanged();
    await rotateKey();
    expect(await code((await exchanging()).identity.agentSession(before))).toBe('agent-token-refused');
  });

  it('is refused where two agents of the policy are the same client', async () => {
    const { identity, known } = await exchanging();
    known.agents.set('second', { ...SCOUT, name: 'second', client: 'scout-client' });
    expect(await code(identity.agentSession(await exchanged()))).toBe('agent-token-refused');
  });
});
