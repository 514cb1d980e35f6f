import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Session } from './principal.ts';
import { verifyPkToken } from './pk-token.ts';
import {
  browser,
  claimsOf,
  CANARY,
  clock,
  events,
  expectRefused,
  identityAt,
  issuer,
  key,
  profile,
  rotateKey,
  type Forge,
} from './testing/bench.ts';
import { createIssuerKey } from './testing/issuer.ts';
import { signIn } from './testing/sign-in.ts';

describe('a sign-in', () => {
  it('binds the device key: the PK token verifies from the archive after the provider has rotated its keys', async () => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    issuer.answers.keys = { keys: [(await createIssuerKey('k2')).publicJwk] };
    const signer = await identity.deviceSigner(session);
    expect(signer?.thumbprint).toBe(session.principal.device);
    const verified = await verifyPkToken(signer?.pkToken, signer?.issuerKeys ?? { keys: [] }, new Date(clock.now), {
      issuer: issuer.issuer,
      clientId: 'desktop',
    });
    expect(verified.claims.sub).toBe('ana');
    expect(verified.thumbprint).toBe(session.principal.device);
    expect(events).toEqual(['signed-in']);
  });

  it('accepts a key that the provider published after discovery', async () => {
    const identity = identityAt();
    await signIn(identity, browser());
    await rotateKey();
    expect((await signIn(identity, browser())).principal.name).toBe('Ana Ruiz');
    await issuer.stop();
    const files = await readdir(join(profile, 'identity', 'jwks'));
    const archive = await readFile(
      join(profile, 'identity', 'jwks', files.find((file) => file.endsWith('.json')) ?? ''),
      'utf8',
    );
    expect(archive).toContain('"k1"');
    expect(archive).toContain('"k2"');
  });

  it('leaves groups unknown, not empty, where userinfo that would tell them cannot be had', async () => {
    issuer.answers.userinfo = () => ({ status: 503, body: {} });
    const session = await signIn(
      identityAt(),
      browser((nonce) => key.sign({ ...claimsOf(nonce), groups: undefined })),
    );
    expect(session.principal.groups).toBe('unknown');
  });

  it('reads groups from userinfo where the ID token has none, and refuses userinfo of somebody else', async () => {
    const forge: Forge = (nonce) => key.sign({ ...claimsOf(nonce), groups: undefined });
    issuer.answers.userinfo = () => ({ body: { sub: 'ana', groups: ['from-userinfo'] } });
    expect((await signIn(identityAt(), browser(forge))).principal.groups).toEqual(['from-userinfo']);
    issuer.answers.userinfo = () => ({ body: { sub: 'boss', groups: ['admins'] } });
    await expect(signIn(identityAt(), browser(forge))).rejects.toMatchObject({ code: 'identity-token-refused' });
  });

  it('ends with the provider where nobody finishes it, and its listener is closed', async () => {
    const identity = identityAt(issuer.issuer, {}, { signInTimeoutMs: 1 });
    let redirect = '';
    const waiting = signIn(identity, (step) => {
      if (step.kind === 'open') redirect = new URL(step.url).searchParams.get('redirect_uri') ?? '';
      return undefined;
    });
    await expect(waiting).rejects.toMatchObject({ code: 'sign-in-timeout' });
    await expect(fetch(redirect)).rejects.toThrow();
  });

  it('is cancelled by leaving it or by its signal, and its listener is closed', async () => {
    let redirect = '';
    for await (const step of identityAt().signIn('browser')) {
      if (step.kind === 'open') redirect = new URL(step.url).searchParams.get('redirect_uri') ?? '';
      break;
    }
    await expect(fetch(redirect)).rejects.toThrow();

    const controller = new AbortController();
    const cancelled = (async () => {
      for await (const step of identityAt().signIn('browser', controller.signal))
        if (step.kind === 'waiting') controller.abort();
    })();
    await expect(cancelled).rejects.toMatchObject({ code: 'sign-in-cancelled' });
  });

  it('asks with PKCE S256, a state and a nonce that are never the same', async () => {
    const asked: URLSearchParams[] = [];
    for (const _round of [1, 2]) {
      await signIn(identityAt(), (step) => {
        if (step.kind === 'open') asked.push(new URL(step.url).searchParams);
        return browser()(step);
      });
    }
    const [first, second] = asked;
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(first?.get(name)).toMatch(/^[\w-]{43}$/);
      expect(first?.get(name)).not.toBe(second?.get(name));
    }
    expect(first?.get('code_challenge_method')).toBe('S256');
  });
});

describe('a device code at a provider that', () => {
  /** The person enters the code at once; the ID token's nonce is what `choose` makes of the one that was asked for. */
  function offer(choose: (asked: string) => unknown, change: Record<string, unknown> = {}): Promise<Session> {
    issuer.answers.metadata = { device_authorization_endpoint: `${issuer.issuer}/device` };
    issuer.answers.device = (parameters) => {
      issuer.answers.token = async () => ({
        body: {
          ...{ access_token: 'a', token_type: 'Bearer', refresh_token: 'r', expires_in: 600 },
          id_token: await key.sign({ ...claimsOf(null), nonce: choose(parameters.get('nonce') ?? '') }),
        },
      });
      return {
        device_code: CANARY,
        user_code: 'ABCD',
        verification_uri: 'https://login.example.com/device',
        expires_in: 60,
        interval: 0.01,
        ...change,
      };
    };
    return signIn(identityAt(), () => undefined, 'device');
  }

  it('returns the nonce binds the device key', async () => {
    const session = await offer((nonce) => nonce);
    const signer = await identityAt().deviceSigner(session);
    expect(session.principal.device).toMatch(/^[\w-]{43}$/);
    expect(signer?.thumbprint).toBe(session.principal.device);
  });

  it('returns no nonce binds none, and says so', async () => {
    expect((await offer(() => undefined)).principal).not.toHaveProperty('device');
  });

  it('returns another nonce is refused', async () => {
    await expectRefused(
      offer(() => CANARY),
      'identity-token-refused',
    );
  });

  it('would have the person open something that is no web address is refused', async () => {
    await expectRefused(
      offer((nonce) => nonce, { verification_uri: `javascript:alert('${CANARY}')` }),
      'identity-endpoint-insecure',
    );
  });
});
