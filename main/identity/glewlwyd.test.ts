import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_REVOCATIONS } from './context.ts';
import { type People } from './identity.ts';
import { verifyPkToken } from './pk-token.ts';
import { clock, events, identityAt } from './testing/bench.ts';
import { type Glewlwyd, startGlewlwyd, withoutGlewlwyd } from './testing/glewlwyd.ts';
import { type Person, signIn, stepUp } from './testing/sign-in.ts';

const title = `at glewlwyd, a provider by others${withoutGlewlwyd === undefined ? '' : ` (skipped: ${withoutGlewlwyd})`}`;

describe.skipIf(withoutGlewlwyd !== undefined)(title, () => {
  let glewlwyd: Glewlwyd;
  const at = (requireAuthTime = false): People => {
    const stepUp = { acrValues: [], acr: [], amr: [], requireAuthTime };
    return identityAt(glewlwyd.settings.issuer, {}, { provider: { ...glewlwyd.settings, stepUp } });
  };
  const ana: Person = async (step) => {
    if (step.kind === 'open') await fetch(await glewlwyd.walk(step.url));
  };
  beforeAll(async () => {
    glewlwyd = await startGlewlwyd();
  });
  afterAll(() => glewlwyd.stop());

  it('a person signs in with groups, and the provider vouches for the device key', async () => {
    const identity = at();
    const session = await signIn(identity, ana);
    expect(session.principal).toMatchObject({ name: 'Ana Ruiz', email: 'ana@shop.example', groups: ['analysts'] });
    const signer = await identity.deviceSigner(session);
    const verified = await verifyPkToken(
      signer?.pkToken,
      signer?.issuerKeys ?? { keys: [] },
      new Date(),
      glewlwyd.settings,
    );
    expect(verified.thumbprint).toBe(session.principal.device);
  });

  it('a login is confirmed with refresh tokens that count once, and by userinfo', async () => {
    const identity = at();
    const session = await signIn(identity, ana);
    for (const _quarter of [1, 2]) {
      clock.now += 16 * 60_000;
      await identity.touch(session);
      expect((await identity.ensureLive(session)).principal.groups).toEqual(['analysts']);
    }
    await identity.confirm(session);
    expect(events).toEqual(['signed-in', 'revalidated', 'revalidated']);
  });

  it('a step-up counts as fresh by its nonce alone, for it states no time, unless the organisation demands one', async () => {
    const identity = at();
    const session = await signIn(identity, ana);
    expect((await stepUp(identity, session, ana)).principal.steppedUpAt).toBeDefined();
    await expect(stepUp(at(true), session, ana)).rejects.toMatchObject({ code: 'step-up-refused' });
  });

  it('a login ends when its tokens are revoked there', async () => {
    const identity = at();
    const session = await signIn(identity, ana);
    await glewlwyd.revokeTokens();
    clock.now += 16 * 60_000;
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-revoked' });
  });

  it('a disabled account is still confirmed to who has a refresh token: only revocations.yaml ends it at once', async () => {
    const identity = at();
    const session = await signIn(identity, ana);
    await glewlwyd.disable();
    clock.now += 16 * 60_000;
    expect((await identity.ensureLive(session)).id).toBe(session.id);
    const revocations = () => ({ ...NO_REVOCATIONS, people: new Set(['ana@shop.example']) });
    const told = identityAt(glewlwyd.settings.issuer, {}, { provider: glewlwyd.settings, context: { revocations } });
    await expect(told.ensureLive(session)).rejects.toMatchObject({ code: 'session-revoked' });
  });
});
