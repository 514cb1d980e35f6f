import { describe, expect, it } from 'vitest';
import { NO_REVOCATIONS } from './context.ts';
import { type People } from './identity.ts';
import { verifyPkToken } from './pk-token.ts';
import { type Session } from './principal.ts';
import { type StepUpSettings } from './settings.ts';
import { judgeStepUp } from './step-up.ts';
import { browser, type Forge, claimsOf, clock, events, honest, identityAt, issuer, key } from './testing/bench.ts';
import { type Person, signIn, stepUp } from './testing/sign-in.ts';

const SECOND_FACTOR: StepUpSettings = {
  acrValues: ['loa-2'],
  acr: ['loa-2', 'loa-3'],
  amr: ['otp'],
  requireAuthTime: false,
};
const NOW = Date.parse('2026-03-01T12:00:00Z');
const SECONDS = NOW / 1000;

/** The answer to a step-up that began twenty seconds before it is judged; the provider's clock is right unless `iat` says otherwise. */
function judged(claims: Record<string, unknown>, settings: StepUpSettings, nonce = true): number {
  const person = { issuer: 'https://login.example.com', subject: 'ana' };
  const all = { iss: person.issuer, sub: 'ana', aud: 'desktop', iat: SECONDS, exp: SECONDS + 300, ...claims };
  const { acr, amr } = all as { acr?: string; amr?: string[] };
  const principal = {
    ...{ ...person, name: 'Ana Ruiz', groups: [], verified: true, authenticatedAt: '' },
    ...(acr === undefined ? {} : { acr }),
    ...(amr === undefined ? {} : { amr }),
  };
  const binding = nonce ? ({} as never) : undefined;
  return judgeStepUp({ claims: all, principal, binding }, { person, startedAt: NOW - 20_000, now: NOW }, settings);
}

describe('the answer to a step-up', () => {
  const strong = { acr: 'loa-2', auth_time: SECONDS - 3 };
  it.each<readonly [string, Record<string, unknown>, Partial<StepUpSettings>, number]>([
    ['with an accepted acr', strong, {}, NOW - 3_000],
    ['with a better acr than was asked for', { ...strong, acr: 'loa-3' }, {}, NOW - 3_000],
    ['with an accepted method and no acr', { amr: ['pwd', 'otp'], auth_time: SECONDS }, {}, NOW],
    [
      'of any strength, where organisation.yaml names none',
      { auth_time: SECONDS - 3 },
      { acr: [], amr: [] },
      NOW - 3_000,
    ],
    [
      'from a provider whose clock is an hour behind',
      { ...strong, iat: SECONDS - 3_600, auth_time: SECONDS - 3_604 },
      {},
      NOW - 4_000,
    ],
    ['that counts as begun with the step-up where no auth_time is stated', { acr: 'loa-2' }, {}, NOW - 20_000],
    ['that counts as begun with the step-up where auth_time is 0', { acr: 'loa-2', auth_time: 0 }, {}, NOW - 20_000],
    [
      'whose auth_time lies after its issue is not dated into the future',
      { acr: 'loa-2', auth_time: SECONDS + 30 },
      {},
      NOW,
    ],
  ])('%s is taken', (_what, claims, change, provenAt) => {
    expect(judged(claims, { ...SECOND_FACTOR, ...change })).toBe(provenAt);
  });

  it.each<readonly [string, Record<string, unknown>, Partial<StepUpSettings>, RegExp]>([
    ['for somebody else', { ...strong, sub: 'eli' }, {}, /answered for Ana Ruiz/],
    ['of another issuer', { ...strong, iss: 'https://other.example' }, {}, /answered for/],
    [
      'with a weaker acr than asked for',
      { ...strong, acr: 'loa-1' },
      {},
      /acr loa-1, no amr where acr loa-2 or loa-3, or amr otp is needed/,
    ],
    ['with an acr that only begins like an accepted one', { ...strong, acr: 'loa-22' }, {}, /not strong enough/],
    ['with no strength at all', { auth_time: SECONDS }, {}, /no acr, no amr/],
    ['with a weaker method', { amr: ['pwd'], auth_time: SECONDS }, {}, /amr pwd/],
    ['from a single sign-on session of a minute ago', { acr: 'loa-2', auth_time: SECONDS - 60 }, {}, /earlier sign-in/],
    [
      'from a session of a minute ago, by a clock a minute ahead',
      { acr: 'loa-2', iat: SECONDS + 60, auth_time: SECONDS },
      {},
      /earlier sign-in/,
    ],
    ['without auth_time where it is required', { acr: 'loa-2' }, { requireAuthTime: true }, /auth_time/],
    ['with auth_time 0 where it is required', { acr: 'loa-2', auth_time: 0 }, { requireAuthTime: true }, /auth_time/],
  ])('%s is refused', (_what, claims, change, why) => {
    expect(() => judged(claims, { ...SECOND_FACTOR, ...change })).toThrow(
      expect.objectContaining({ code: 'step-up-refused', message: expect.stringMatching(why) as string }),
    );
  });

  it('without nonce and auth_time proves nothing, and with auth_time it does', () => {
    expect(() => judged({ acr: 'loa-2' }, SECOND_FACTOR, false)).toThrow(/neither when you signed in/);
    expect(judged(strong, SECOND_FACTOR, false)).toBe(NOW - 3_000);
  });
});

describe('a step-up', () => {
  const at = (settings: StepUpSettings = SECOND_FACTOR): People =>
    identityAt(issuer.issuer, {}, { provider: { stepUp: settings } });
  const seconds = (): number => Math.floor(clock.now / 1000);
  const strong: Forge = (nonce) => key.sign({ ...claimsOf(nonce), acr: 'loa-2', auth_time: seconds() });

  it('asks for prompt=login, a small max_age, the wanted acr and the person, and still with PKCE, state and a new nonce', async () => {
    const identity = at();
    const asked: URLSearchParams[] = [];
    const watching: Person = (step) => {
      if (step.kind === 'open') asked.push(new URL(step.url).searchParams);
      return browser(strong)(step);
    };
    const session = await signIn(identity, watching);
    await stepUp(identity, session, watching);
    const [first, second] = asked;
    expect(Object.fromEntries(second ?? [])).toMatchObject({
      ...{ prompt: 'login', max_age: '10', acr_values: 'loa-2', login_hint: 'ana@shop.example' },
      ...{ code_challenge_method: 'S256', response_type: 'code' },
    });
    expect(first?.has('prompt')).toBe(false);
    for (const name of ['state', 'nonce', 'code_challenge']) expect(second?.get(name)).not.toBe(first?.get(name));
  });

  it('keeps the login and its longest hours, and gives it a new key that the provider vouched for', async () => {
    const identity = at();
    const before = await signIn(identity, browser());
    expect(before.principal.steppedUpAt).toBeUndefined();
    clock.now += 10 * 60_000;
    const after = await stepUp(identity, before, browser(strong));
    expect(after).toMatchObject({ id: before.id, expiresAt: before.expiresAt });
    expect(after.principal).toMatchObject({ acr: 'loa-2', steppedUpAt: new Date(clock.now).toISOString() });
    expect(after.principal.device).not.toBe(before.principal.device);
    const signer = await identity.deviceSigner(after);
    expect(signer?.thumbprint).toBe(after.principal.device);
    const verified = await verifyPkToken(signer?.pkToken, signer?.issuerKeys ?? { keys: [] }, new Date(clock.now), {
      issuer: issuer.issuer,
      clientId: 'desktop',
    });
    expect(verified.claims.acr).toBe('loa-2');
    expect(events).toEqual(['signed-in', 'stepped-up']);
  });

  it('does not shake off a revocation of the key that the login had before', async () => {
    let revoked = '';
    const revocations = () => ({ ...NO_REVOCATIONS, devices: new Set([revoked]) });
    const identity = identityAt(issuer.issuer, {}, { context: { revocations } });
    const session = await signIn(identity, browser());
    const after = await stepUp(identity, await stepUp(identity, session, browser()), browser());
    expect((await identity.ensureLive(after)).id).toBe(session.id);
    revoked = session.principal.device ?? '';
    await expect(identity.ensureLive(after)).rejects.toMatchObject({ code: 'session-revoked' });
  });

  it('is known to every process of the profile, and outlives a refresh', async () => {
    const [window, commandLine] = [at(), at()];
    const session = await signIn(window, browser());
    await window.ensureLive(session);
    const { principal } = await stepUp(commandLine, session, browser(strong));
    expect((await window.ensureLive(session)).principal).toEqual(principal);
    issuer.answers.token = async () => ({
      body: {
        access_token: 'a',
        token_type: 'Bearer',
        id_token: await key.sign({ ...claimsOf(null), nonce: undefined }),
      },
    });
    clock.now += 16 * 60_000;
    expect((await window.ensureLive(session)).principal).toMatchObject({
      ...{ steppedUpAt: principal.steppedUpAt, acr: 'loa-2', device: principal.device },
    });
  });

  it.each<readonly [string, Forge]>([
    ['too weak', (nonce) => key.sign({ ...claimsOf(nonce), acr: 'loa-1', auth_time: seconds() })],
    ['an earlier sign-in', (nonce) => key.sign({ ...claimsOf(nonce), acr: 'loa-2', auth_time: seconds() - 600 })],
    ['somebody else', (nonce) => key.sign({ ...claimsOf(nonce), sub: 'eli', acr: 'loa-2', auth_time: seconds() })],
  ])('answered with %s is refused and leaves the login as it was', async (_what, forge) => {
    const identity = at();
    const session = await signIn(identity, browser());
    await expect(stepUp(identity, session, browser(forge))).rejects.toMatchObject({ code: 'step-up-refused' });
    expect(await identity.ensureLive(session)).toEqual(session);
    expect(events).toEqual(['signed-in']);
  });

  it('answered with the nonce of an earlier one is refused: no token is used twice', async () => {
    const identity = at();
    const session = await signIn(identity, browser());
    let kept = '';
    await stepUp(
      identity,
      session,
      browser(async (nonce) => (kept = await strong(nonce))),
    );
    const replayed = stepUp(
      identity,
      session,
      browser(() => Promise.resolve(kept)),
    );
    await expect(replayed).rejects.toMatchObject({ code: 'identity-token-refused' });
  });

  it('at a provider that cannot be reached leaves the login as it was', async () => {
    const identity = at();
    const session = await signIn(identity, browser());
    const gone = stepUp(identity, session, async (step) => {
      const playing = browser(strong)(step);
      issuer.answers.token = () => Promise.resolve({ status: 503, body: {} });
      await playing;
    });
    await expect(gone).rejects.toMatchObject({ code: 'identity-unreachable' });
    expect(await identity.ensureLive(session)).toEqual(session);
  });

  it('of a login that was signed out, or ran out, while the person was at the provider brings nothing back', async () => {
    const identity = at();
    const [first, other] = [await signIn(identity, browser()), at()];
    const signingOut: Person = async (step) => {
      if (step.kind === 'open') await other.signOut(first);
      return browser(strong)(step);
    };
    await expect(stepUp(identity, first, signingOut)).rejects.toMatchObject({ code: 'session-ended' });
    expect(await identity.restore()).toBeUndefined();

    const second = await signIn(identity, browser());
    const late: Person = (step) => {
      if (step.kind === 'open') clock.now += 61 * 60_000;
      return browser(strong)(step);
    };
    await expect(stepUp(identity, second, late)).rejects.toMatchObject({ code: 'session-expired' });
  });

  it('is not lost to a refresh that another process runs meanwhile', async () => {
    const [window, commandLine] = [at(), at()];
    const session = await signIn(window, browser());
    clock.now += 16 * 60_000;
    let answerRefresh: (() => void) | undefined;
    issuer.answers.token = async () => {
      await new Promise<void>((resolve) => (answerRefresh = resolve));
      const id_token = await key.sign({ ...claimsOf(null), nonce: undefined });
      return { body: { access_token: 'a', token_type: 'Bearer', refresh_token: 'from-the-refresh', id_token } };
    };
    const refreshing = window.ensureLive(session);
    while (answerRefresh === undefined) await new Promise((resolve) => setImmediate(resolve));
    const stepping = stepUp(commandLine, session, browser(strong));
    answerRefresh();
    await refreshing;
    const { principal } = await stepping;
    expect((await window.ensureLive(session)).principal).toEqual(principal);
  });

  it('by device code counts only where the provider says when the person signed in, or which request it answers', async () => {
    const identity = at();
    const session = await signIn(identity, browser());
    const offered = (claims: Record<string, unknown>): Promise<Session> => {
      issuer.answers.metadata = { device_authorization_endpoint: `${issuer.issuer}/device` };
      issuer.answers.device = () => {
        const id_token = key.sign({ ...claimsOf(null), nonce: undefined, acr: 'loa-2', ...claims });
        issuer.answers.token = async () => ({
          body: { access_token: 'a', token_type: 'Bearer', expires_in: 600, id_token: await id_token },
        });
        return {
          device_code: 'd',
          user_code: 'ABCD',
          verification_uri: 'https://login.example.com/device',
          expires_in: 60,
          interval: 0.01,
        };
      };
      return stepUp(at(), session, () => undefined, 'device');
    };
    await expect(offered({})).rejects.toMatchObject({ code: 'step-up-refused' });
    const { principal } = await offered({ auth_time: seconds() });
    expect(principal.steppedUpAt).toBeDefined();
    // The key of the login goes on: this answer bound no other.
    expect(principal.device).toBe(session.principal.device);
    expect((await at().deviceSigner(session))?.thumbprint).toBe(session.principal.device);
  });

  it('without settings in organisation.yaml is a fresh sign-in of the same person', async () => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    const { principal } = await stepUp(identity, session, browser(honest));
    expect(principal.steppedUpAt).toBeDefined();
  });
});
