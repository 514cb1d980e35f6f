import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  browser,
  claimsOf,
  CANARY,
  clock,
  events,
  expectRefused,
  honest,
  identityAt,
  issuer,
  key,
  secrets,
} from './testing/bench.ts';
import { type TestIssuer } from './testing/issuer.ts';
import { signIn } from './testing/sign-in.ts';

describe('a live session at a provider that', () => {
  const refresh = (answer: TestIssuer['answers']['token']): void => {
    issuer.answers.token = answer;
    clock.now += 16 * 60_000;
  };

  it('says invalid_grant is ended, deleted and told apart from a network failure', async () => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    refresh(() => Promise.resolve({ status: 400, body: { error: 'invalid_grant', error_description: CANARY } }));
    await expectRefused(identity.ensureLive(session), 'session-revoked');
    expect(events).toEqual(['signed-in', 'revoked']);
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-revoked' });
  });

  it.each<readonly [string, () => Record<string, unknown>]>([
    ['somebody else', () => ({ sub: 'boss' })],
    ['another audience', () => ({ aud: 'mail' })],
    ['another issuer', () => ({ iss: 'https://evil.example' })],
  ])('answers for %s ends it', async (_what, change) => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    refresh(async () => ({
      body: {
        access_token: 'a',
        token_type: 'Bearer',
        id_token: await key.sign({ ...claimsOf(null), nonce: undefined, ...change() }),
      },
    }));
    await expectRefused(identity.ensureLive(session), 'session-revoked');
  });

  it('cannot be reached keeps its limits, is asked again later, and ends at them', async () => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    refresh(() => Promise.reject(new Error()));
    expect((await identity.ensureLive(session)).id).toBe(session.id);
    expect((await identity.ensureLive(session)).id).toBe(session.id);
    expect(issuer.grants.filter((grant) => grant === 'refresh_token')).toHaveLength(1);
    clock.now += 31_000;
    await identity.ensureLive(session);
    expect(issuer.grants.filter((grant) => grant === 'refresh_token')).toHaveLength(2);
    clock.now += 60 * 60_000;
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-expired' });
    expect(events.at(-1)).toBe('expired');
  });

  it('took a group away or disabled overage takes effect at the next confirmation', async () => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    const renew = (groups: unknown): void =>
      refresh(async () => ({
        body: {
          access_token: 'a',
          token_type: 'Bearer',
          refresh_token: 'r',
          id_token: await key.sign({ ...claimsOf(null), nonce: undefined, groups }),
        },
      }));
    renew([]);
    expect((await identity.ensureLive(session)).principal.groups).toEqual([]);
    renew(['a', 'b']);
    expect((await identity.ensureLive(session)).principal).toMatchObject({
      groups: ['a', 'b'],
      authenticatedAt: session.principal.authenticatedAt,
    });
  });

  it('gave no refresh token ends when its word does', async () => {
    const identity = identityAt();
    const session = await signIn(identity, browser(honest, { refresh_token: undefined }));
    clock.now += 59 * 60_000;
    expect((await identity.ensureLive(session)).id).toBe(session.id);
    await identity.touch(session);
    clock.now += 2 * 60_000;
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-expired' });
  });
});

describe('the limits of a session', () => {
  it('end it after the idle minutes unless it is used', async () => {
    const identity = identityAt(issuer.issuer, { idleMinutes: 10, revalidateMinutes: 600 });
    const session = await signIn(identity, browser());
    clock.now += 9 * 60_000;
    await identity.touch(session);
    clock.now += 9 * 60_000;
    expect((await identity.ensureLive(session)).id).toBe(session.id);
    clock.now += 2 * 60_000;
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-expired' });
  });

  it('are not undone by touching a session that is already past them', async () => {
    const identity = identityAt(issuer.issuer, { idleMinutes: 10, revalidateMinutes: 600 });
    const session = await signIn(identity, browser());
    clock.now += 11 * 60_000;
    await identity.touch(session);
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-expired' });
  });

  it('end it after the longest hours however much it is used', async () => {
    const identity = identityAt(issuer.issuer, { maxHours: 1, idleMinutes: 50, revalidateMinutes: 600 });
    const session = await signIn(identity, browser());
    for (const _half of [1, 2]) {
      clock.now += 30 * 60_000;
      await identity.touch(session);
    }
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-expired' });
  });

  it('shorten at once when an administrator lowers them', async () => {
    const session = await signIn(identityAt(), browser());
    clock.now += 2 * 3_600_000;
    await expect(
      identityAt(issuer.issuer, { maxHours: 1, idleMinutes: 600 }).ensureLive(session),
    ).rejects.toMatchObject({ code: 'session-expired' });
  });

  it('do not grow when the clock is set back', async () => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    clock.now -= 600_000;
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-expired' });
  });

  it('do not grow when the clock is set back to a time after the sign-in, in this process or another', async () => {
    const session = await signIn(identityAt(), browser());
    clock.now += 50 * 60_000;
    await identityAt().touch(session);
    clock.now -= 40 * 60_000;
    await expect(identityAt().ensureLive(session)).rejects.toMatchObject({ code: 'session-expired' });
  });

  it('go on while the clock is held', async () => {
    const identity = identityAt(issuer.issuer, { idleMinutes: 10, revalidateMinutes: 600 });
    const session = await signIn(identity, browser());
    clock.elapsed += 9 * 60_000;
    expect((await identity.ensureLive(session)).id).toBe(session.id);
    clock.elapsed += 2 * 60_000;
    await expect(identity.ensureLive(session)).rejects.toThrow(/clock was set back while the program ran/);
  });
});

describe('a session of', () => {
  it('another provider or client than organisation.yaml now names does not count', async () => {
    const session = await signIn(identityAt(), browser());
    const changed = identityAt(issuer.issuer, {}, { provider: { clientId: 'another-client' } });
    expect(await changed.restore()).toBeUndefined();
    await expect(changed.ensureLive(session)).rejects.toMatchObject({ code: 'session-ended' });
  });

  it('an invented id does not count, and a forged principal is not taken for the stored one', async () => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    const forged = { ...session, principal: { ...session.principal, groups: ['admins'] } };
    expect((await identity.ensureLive(forged)).principal.groups).toEqual(['analysts']);
    await expect(identity.ensureLive({ ...session, id: 'nobody' as typeof session.id })).rejects.toMatchObject({
      code: 'session-ended',
    });
  });

  it('a damaged record is refused without showing any of it', async () => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    await secrets.set(`session.${session.id}`, new TextEncoder().encode(`{"refreshToken":"${CANARY}"`));
    const error = await identityAt()
      .ensureLive(session)
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({ code: 'session-damaged' });
    expect(inspect(error, { depth: 20 })).not.toContain(CANARY);
    const again = await signIn(identityAt(), browser());
    expect((await identityAt().ensureLive(again)).principal.name).toBe('Ana Ruiz');
    expect(await secrets.get(`session.${session.id}`)).toBeUndefined();
  });

  it('a damaged record can still be signed out', async () => {
    const session = await signIn(identityAt(), browser());
    await secrets.set(`session.${session.id}`, new TextEncoder().encode('{'));
    await identityAt().signOut(session);
    expect(await secrets.get(`session.${session.id}`)).toBeUndefined();
    expect(await identityAt().restore()).toBeUndefined();
  });
});
