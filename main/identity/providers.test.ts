import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type People } from './identity.ts';
import { verifyPkToken } from './pk-token.ts';
import { clock, events, identityAt } from './testing/bench.ts';
import { PERSONALITIES, personalities } from './testing/personalities.ts';
import { ANA, ELI, freePort, startProvider, type TestProvider } from './testing/provider.ts';
import { signIn, stepUp } from './testing/sign-in.ts';
import { createVisitor, visiting } from './testing/visit.ts';

let provider: TestProvider;
const at = (change = {}): People => identityAt(provider.issuer, {}, { provider: { ...provider.settings, ...change } });

describe.each(PERSONALITIES)('at a provider like %s', (name) => {
  const { groups, strength, settings } = personalities[name];
  beforeEach(async () => {
    provider = await startProvider(name);
  });
  afterEach(() => provider.stop());

  it('a person signs in, with the groups that it tells and a key that it vouched for', async () => {
    const identity = at();
    const { principal, ...session } = await signIn(identity, visiting(createVisitor()));
    expect(principal).toMatchObject({ subject: ANA.id, name: ANA.name, email: ANA.email, groups, verified: true });
    const signer = await identity.deviceSigner({ ...session, principal });
    const {
      issuer,
      settings: { clientId },
    } = provider;
    const verified = await verifyPkToken(signer?.pkToken, signer?.issuerKeys ?? { keys: [] }, new Date(), {
      issuer,
      clientId,
    });
    expect(verified.thumbprint).toBe(principal.device);
  });

  it('the login is confirmed again and again, and ends when the account is disabled', async () => {
    const identity = at();
    const session = await signIn(identity, visiting(createVisitor()));
    for (const _quarter of [1, 2]) {
      clock.now += 16 * 60_000;
      await identity.touch(session);
      expect((await identity.ensureLive(session)).principal.groups).toEqual(groups);
    }
    await identity.confirm(session);
    provider.disable(ANA);
    await expect(identity.confirm(session)).rejects.toMatchObject({ code: 'session-revoked' });
    expect(events).toEqual(['signed-in', 'revalidated', 'revalidated', 'revoked']);
  });

  it('a step-up in the same browser asks again, and its strength is judged here', async () => {
    const [identity, visitor] = [at(), createVisitor()];
    const session = await signIn(identity, visiting(visitor));
    const { principal } = await stepUp(identity, session, visiting(visitor));
    expect(principal.steppedUpAt).toBeDefined();
    expect(principal).toMatchObject(strength?.second ?? {});
    expect(principal.device).not.toBe(session.principal.device);
  });

  it('a step-up that somebody else answers in the same browser is refused', async () => {
    const [identity, visitor] = [at(), createVisitor()];
    const session = await signIn(identity, visiting(visitor));
    const swapped = stepUp(identity, session, visiting(createVisitor(), ELI.email));
    await expect(swapped).rejects.toMatchObject({ code: 'step-up-refused' });
  });

  it('a step-up whose wishes were taken out of the address does not count as a second factor', async () => {
    const [identity, visitor] = [at(), createVisitor()];
    const session = await signIn(identity, visiting(visitor));
    clock.now = Date.now();
    const asked = stepUp(
      identity,
      session,
      visiting(visitor, ANA.email, ({ searchParams }) => {
        for (const wish of ['prompt', 'max_age', 'acr_values']) searchParams.delete(wish);
        if (name === 'strict' || name === 'google') searchParams.set('prompt', 'consent');
      }),
    );
    // Where the organisation asks neither for a second factor nor for auth_time, a fresh answer is all there is to judge.
    if (settings.stepUp === undefined) expect((await asked).principal.steppedUpAt).toBeDefined();
    else await expect(asked).rejects.toMatchObject({ code: 'step-up-refused' });
  });
});

describe('at a provider that matches the redirect with its port (Okta)', () => {
  beforeEach(async () => {
    provider = await startProvider('okta');
  });
  afterEach(() => provider.stop());
  const ports = (): readonly number[] =>
    provider.settings.redirect.ports === 'any' ? [] : provider.settings.redirect.ports;

  it('the next registered port is used where another program has the first, on either address family', async () => {
    const [first = 0, second = 0] = ports();
    const taken: Server = createServer();
    await new Promise<void>((resolve) => taken.listen({ host: '127.0.0.1', port: first }, resolve));
    try {
      let redirect = '';
      await signIn(at(), (step) => {
        if (step.kind === 'open') redirect = new URL(step.url).searchParams.get('redirect_uri') ?? '';
        return visiting(createVisitor())(step);
      });
      expect(redirect).toBe(`http://localhost:${String(second)}/callback`);
    } finally {
      taken.close();
    }
  });

  it('a port that is not registered leads nowhere: the provider refuses, and nobody is signed in', async () => {
    const redirect = { host: 'localhost', ports: [await freePort()], path: '/callback' };
    const identity = identityAt(
      provider.issuer,
      {},
      { provider: { ...provider.settings, redirect }, signInTimeoutMs: 500 },
    );
    await expect(signIn(identity, visiting(createVisitor()))).rejects.toThrow(/goes no further \(status 400\)|in time/);
    expect(await identity.restore()).toBeUndefined();
  });
});

describe('accounts that are not of the organisation', () => {
  beforeEach(async () => {
    provider = await startProvider('google');
  });
  afterEach(() => provider.stop());

  it.each([
    ['no secret where the client has one', undefined],
    ['another secret', () => Promise.resolve('canary-of-another-client')],
  ])('are not even looked at with %s: the sentence names the client and no secret', async (_what, clientSecret) => {
    const { clientSecret: _own, ...settings } = provider.settings;
    const change = { ...settings, ...(clientSecret === undefined ? {} : { clientSecret }) };
    const refused = signIn(identityAt(provider.issuer, {}, { provider: change }), visiting(createVisitor()));
    await expect(refused).rejects.toMatchObject({ code: 'identity-client-refused' });
    await expect(refused).rejects.not.toThrow('canary');
  });

  it.each([
    ['another value', { hd: 'other.example' }],
    ['a claim that is not there', { organization: 'shop' }],
    ['an inherited name', { constructor: 'Object' }],
  ])('are refused where organisation.yaml demands %s', async (_what, requiredClaims) => {
    const identity = at({ requiredClaims });
    await expect(signIn(identity, visiting(createVisitor()))).rejects.toMatchObject({ code: 'identity-claim-missing' });
    expect(await identity.restore()).toBeUndefined();
  });

  it("and without access_type the login has no refresh token, so it ends when the provider's word does", async () => {
    const identity = at({ authorizationParameters: {} });
    const session = await signIn(identity, visiting(createVisitor()));
    // The provider's clock goes on; that of the test stands still.
    expect(Date.parse(session.expiresAt)).toBeLessThan(clock.now + 2 * 3_600_000);
  });
});

describe('two people on one machine', () => {
  beforeEach(async () => {
    provider = await startProvider('keycloak');
  });
  afterEach(() => provider.stop());

  it("in one profile each find their own login by name, and neither can end the other's", async () => {
    const identity = at();
    const ana = await signIn(identity, visiting(createVisitor()));
    const eli = await signIn(identity, visiting(createVisitor(), ELI.email));
    expect((await at().restore({ email: ANA.email }))?.id).toBe(ana.id);
    expect((await at().restore({ email: ELI.email }))?.id).toBe(eli.id);
    await expect(identity.endLogin(ana, eli.id)).rejects.toMatchObject({ code: 'session-unknown' });
    await identity.signOut(ana);
    expect(await at().restore({ email: ANA.email })).toBeUndefined();
    expect((await identity.ensureLive(eli)).principal.name).toBe(ELI.name);
  });
});
