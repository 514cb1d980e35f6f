import { describe, expect, it } from 'vitest';
import { NO_REVOCATIONS, type Revocations } from './context.ts';
import { browser, claimsOf, clock, events, honest, identityAt, issuer, key } from './testing/bench.ts';
import { signIn } from './testing/sign-in.ts';

const refreshes = (): number => issuer.grants.filter((grant) => grant === 'refresh_token').length;
const refreshing = (change: Record<string, unknown> = {}): void => {
  issuer.answers.token = async () => ({
    body: {
      ...{ access_token: 'fresh', token_type: 'Bearer', refresh_token: 'next', expires_in: 600 },
      id_token: await key.sign({ ...claimsOf(null), nonce: undefined, ...change }),
    },
  });
};
const refusing = (): void => {
  issuer.answers.token = () => Promise.resolve({ status: 400, body: { error: 'invalid_grant' } });
};

describe('asking the provider now', () => {
  it('costs one userinfo request while the access token counts, and no refresh', async () => {
    let asked = 0;
    issuer.answers.userinfo = () => ({ body: { sub: 'ana', asked: (asked += 1) } });
    const identity = identityAt();
    const session = await signIn(identity, browser());
    await identity.confirm(session);
    await identity.confirm(session);
    expect([asked, refreshes()]).toEqual([2, 0]);
  });

  it('refreshes at once where userinfo refuses the access token, and goes on where the refresh confirms the person', async () => {
    issuer.answers.userinfo = () => ({ status: 401, challenge: 'Bearer error="invalid_token"', body: {} });
    const identity = identityAt();
    const session = await signIn(identity, browser());
    refreshing();
    await identity.confirm(session);
    expect(refreshes()).toBe(1);
    expect(events).toEqual(['signed-in', 'revalidated']);
  });

  it('ends the login where the refresh is refused too', async () => {
    issuer.answers.userinfo = () => ({ status: 401, challenge: 'Bearer error="invalid_token"', body: {} });
    const identity = identityAt();
    const session = await signIn(identity, browser());
    refusing();
    await expect(identity.confirm(session)).rejects.toMatchObject({ code: 'session-revoked' });
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-revoked' });
    expect(events).toEqual(['signed-in', 'revoked']);
  });

  it('ends a login without a refresh token where userinfo refuses it', async () => {
    issuer.answers.userinfo = () => ({ status: 401, challenge: 'Bearer error="invalid_token"', body: {} });
    const identity = identityAt();
    const session = await signIn(identity, browser(honest, { refresh_token: undefined }));
    await expect(identity.confirm(session)).rejects.toMatchObject({ code: 'session-revoked' });
  });

  it('refreshes in a process that has no access token, once for all who wait, and then knows one', async () => {
    issuer.answers.userinfo = () => ({ body: { sub: 'ana' } });
    await signIn(identityAt(), browser());
    refreshing();
    const later = identityAt();
    const session = await later.restore();
    if (session === undefined) throw new Error('nobody is signed in');
    await Promise.all([later.confirm(session), later.confirm(session), later.ensureLive(session)]);
    expect(refreshes()).toBe(1);
    await later.confirm(session);
    expect(refreshes()).toBe(1);
  });

  it('refreshes once when two processes ask at the same moment', async () => {
    await signIn(identityAt(), browser());
    const processes = [identityAt(), identityAt()];
    const session = await identityAt().restore();
    if (session === undefined) throw new Error('nobody is signed in');
    let finish: (() => void) | undefined;
    issuer.answers.token = async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      // The confirmation is later than both questions.
      clock.now += 1_000;
      const id_token = await key.sign({ ...claimsOf(null), nonce: undefined });
      return { body: { access_token: 'a', token_type: 'Bearer', refresh_token: 'next', id_token } };
    };
    const asking = processes.map((identity) => identity.confirm(session));
    while (finish === undefined) await new Promise((resolve) => setImmediate(resolve));
    finish();
    await Promise.all(asking);
    expect(refreshes()).toBe(1);
  });

  it('leaves the login within its limits where the provider does not answer, and does not ask again at once', async () => {
    issuer.answers.userinfo = () => ({ status: 503, body: {} });
    const identity = identityAt();
    const session = await signIn(identity, browser());
    await identity.confirm(session);
    await identity.confirm(session);
    expect(events).toEqual(['signed-in', 'provider-unreachable']);
    expect((await identity.ensureLive(session)).id).toBe(session.id);
    clock.now += 61 * 60_000;
    await expect(identity.confirm(session)).rejects.toMatchObject({ code: 'session-expired' });
  });

  it.each([400, 401])('ends the login at a provider that refuses the refresh token with a bare %s', async (status) => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    issuer.answers.userinfo = () => ({ status: 401, body: {} });
    issuer.answers.token = () => Promise.resolve({ status, body: '' });
    await expect(identity.confirm(session)).rejects.toMatchObject({ code: 'session-revoked' });
  });

  it.each([403, 404, 407, 502])('does not take a bare %s, as proxies give it, for a no', async (status) => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    issuer.answers.userinfo = () => ({ status: 401, body: {} });
    issuer.answers.token = () => Promise.resolve({ status, body: '' });
    await identity.confirm(session);
    expect((await identity.ensureLive(session)).id).toBe(session.id);
    expect(events).toEqual(['signed-in', 'provider-unreachable']);
  });

  it.each([
    ['is too busy to answer (429)', 429, { error: 'too_many_requests' }],
    ['says it is temporarily unavailable', 400, { error: 'temporarily_unavailable' }],
  ])('does not end a login at a provider that %s', async (_what, status, body) => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    issuer.answers.userinfo = () => ({ status: 401, challenge: 'Bearer error="invalid_token"', body: {} });
    issuer.answers.token = () => Promise.resolve({ status, body });
    await identity.confirm(session);
    expect((await identity.ensureLive(session)).id).toBe(session.id);
  });

  it('takes userinfo that speaks of somebody else for no confirmation', async () => {
    issuer.answers.userinfo = () => ({ body: { sub: 'boss' } });
    const identity = identityAt();
    const session = await signIn(identity, browser());
    refusing();
    await expect(identity.confirm(session)).rejects.toMatchObject({ code: 'session-revoked' });
  });
});

describe('what an administrator revoked', () => {
  let revocations: Revocations = NO_REVOCATIONS;
  const at = () => identityAt(issuer.issuer, {}, { context: { revocations: () => revocations } });

  it.each<readonly [string, (device: string) => Partial<Revocations>]>([
    ['a person by e-mail address, however it is written', () => ({ people: new Set(['ana@shop.example']) })],
    ['a person by issuer and subject', () => ({ people: new Set([`${issuer.issuer} ana`]) })],
    ['a device key', (device) => ({ devices: new Set([device]) })],
  ])('%s ends the login at once, without the provider being asked', async (_what, taken) => {
    revocations = NO_REVOCATIONS;
    const identity = at();
    const session = await signIn(
      identity,
      browser((nonce) => key.sign({ ...claimsOf(nonce), email: 'Ana@Shop.example' })),
    );
    revocations = { ...NO_REVOCATIONS, ...taken(session.principal.device ?? '') };
    await issuer.stop();
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-revoked' });
    expect(events).toEqual(['signed-in', 'revoked']);
    expect(await at().restore()).toBeUndefined();
  });

  it('somebody cannot sign in again, and the browser says so, until the line is taken out', async () => {
    revocations = { ...NO_REVOCATIONS, people: new Set(['ana@shop.example']) };
    await expect(signIn(at(), browser())).rejects.toMatchObject({ code: 'session-revoked' });
    expect(await at().restore()).toBeUndefined();
    revocations = NO_REVOCATIONS;
    expect((await signIn(at(), browser())).principal.name).toBe('Ana Ruiz');
  });

  it('somebody else is not touched, nor a person of the same subject at another issuer', async () => {
    revocations = { ...NO_REVOCATIONS, people: new Set(['eli@shop.example', 'https://other.example ana']) };
    const identity = at();
    const session = await signIn(identity, browser());
    expect((await identity.ensureLive(session)).id).toBe(session.id);
  });
});

describe('the logins of a profile', () => {
  const as = (subject: string) =>
    browser((nonce) => key.sign({ ...claimsOf(nonce), sub: subject, email: `${subject}@shop.example` }));

  it('are shown to the person whose they are, and to nobody else', async () => {
    const identity = identityAt();
    const [first, second, eli] = [
      await signIn(identity, as('ana')),
      await signIn(identity, as('ana')),
      await signIn(identity, as('eli')),
    ];
    const shown = await identity.logins(first);
    expect(shown.map(({ id }) => id)).toEqual([first.id, second.id]);
    expect(shown[1]?.device).toBe(second.principal.device);
    expect((await identity.logins(eli)).map(({ id }) => id)).toEqual([eli.id]);
    expect(JSON.stringify(shown)).not.toContain('canary');
  });

  it('are ended one by one by their own person, and by nobody else', async () => {
    const identity = identityAt();
    const [first, second, eli] = [
      await signIn(identity, as('ana')),
      await signIn(identity, as('ana')),
      await signIn(identity, as('eli')),
    ];
    await expect(identity.endLogin(eli, first.id)).rejects.toMatchObject({ code: 'session-unknown' });
    await expect(identity.endLogin(first, 'session-of-nobody')).rejects.toMatchObject({ code: 'session-unknown' });
    await identity.endLogin(first, second.id);
    await expect(identity.ensureLive(second)).rejects.toMatchObject({ code: 'session-ended' });
    expect((await identity.ensureLive(first)).id).toBe(first.id);
    expect((await identity.ensureLive(eli)).id).toBe(eli.id);
    expect(events).toEqual(['signed-in', 'signed-in', 'signed-in', 'signed-out']);
  });

  it('that are forged onto another person give the forger nothing', async () => {
    const identity = identityAt();
    const ana = await signIn(identity, as('ana'));
    const forged = { ...ana, principal: { ...ana.principal, subject: 'eli' } };
    const eli = await signIn(identity, as('eli'));
    expect((await identity.logins(forged)).map(({ id }) => id)).toEqual([ana.id]);
    await expect(identity.endLogin(forged, eli.id)).rejects.toMatchObject({ code: 'session-unknown' });
    await identity.signOut({ ...forged, id: 'session-of-nobody' as typeof ana.id });
    expect((await identity.ensureLive(eli)).id).toBe(eli.id);
  });
});
