import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type People } from './identity.ts';
import { verifyPkToken } from './pk-token.ts';
import { type StepUpSettings } from './settings.ts';
import { clock, events, identityAt } from './testing/bench.ts';
import { type Lemonldap, startLemonldap, withoutLemonldap } from './testing/lemonldap.ts';
import { type Person, signIn, stepUp } from './testing/sign-in.ts';

const title = `at LemonLDAP::NG, a provider by others${withoutLemonldap === undefined ? '' : ` (skipped: ${withoutLemonldap})`}`;
const FRESH: StepUpSettings = { acrValues: [], acr: [], amr: [], requireAuthTime: true };

describe.skipIf(withoutLemonldap !== undefined)(title, () => {
  let lemonldap: Lemonldap;
  const at = (settings: StepUpSettings = FRESH): People =>
    identityAt(lemonldap.settings.issuer, {}, { provider: { ...lemonldap.settings, stepUp: settings } });
  const doctor: Person = async (step) => {
    if (step.kind === 'open') await fetch(await lemonldap.walk(step.url));
  };
  beforeAll(async () => {
    lemonldap = await startLemonldap();
  });
  afterAll(() => lemonldap.stop());

  it('a person signs in with groups, and the provider vouches for the device key', async () => {
    const identity = at();
    const session = await signIn(identity, doctor);
    expect(session.principal).toMatchObject({ subject: 'dwho', email: 'dwho@badwolf.org', groups: ['timelords'] });
    const signer = await identity.deviceSigner(session);
    const verified = await verifyPkToken(
      signer?.pkToken,
      signer?.issuerKeys ?? { keys: [] },
      new Date(),
      lemonldap.settings,
    );
    expect(verified.thumbprint).toBe(session.principal.device);
  });

  it('a login is confirmed again and again with a refresh token that stays the same', async () => {
    const identity = at();
    const session = await signIn(identity, doctor);
    for (const _quarter of [1, 2]) {
      clock.now += 16 * 60_000;
      await identity.touch(session);
      expect((await identity.ensureLive(session)).principal.groups).toEqual(['timelords']);
    }
    expect(events).toEqual(['signed-in', 'revalidated', 'revalidated']);
  });

  it('a step-up that asked for loa-2 and is answered with loa-1, without an error, is refused', async () => {
    const identity = at({ acrValues: ['loa-2'], acr: ['loa-2'], amr: [], requireAuthTime: false });
    const session = await signIn(identity, doctor);
    const weak = stepUp(identity, session, doctor);
    await expect(weak).rejects.toMatchObject({ code: 'step-up-refused' });
    await expect(weak).rejects.toThrow('acr loa-1');
  });

  it('a step-up that asks only for a fresh sign-in is taken: it states when that was', async () => {
    const identity = at();
    const session = await signIn(identity, doctor);
    expect((await stepUp(identity, session, doctor)).principal.steppedUpAt).toBeDefined();
  });

  it('a login ends when its session is ended there', async () => {
    const identity = at();
    const session = await signIn(identity, doctor);
    await lemonldap.endSessions();
    await expect(identity.confirm(session)).rejects.toMatchObject({ code: 'session-revoked' });
  });
});
