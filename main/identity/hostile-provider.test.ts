import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemorySecretStore, type SecretStore } from '../credentials/index.ts';
import { createIdentity, type Identity, type IdentityEvent, verifyPkToken } from './index.ts';
import { createIssuerKey, type IssuerKey, startTestIssuer, type TestIssuer } from './testing/issuer.ts';
import { settingsFor, signIn } from './testing/sign-in.ts';

const CANARY = 'canary-51b0c';
let profile: string;
let issuer: TestIssuer;
let key: IssuerKey;
let now: number;
let events: IdentityEvent['kind'][];
let secrets: SecretStore;

beforeEach(async () => {
  profile = await mkdtemp(join(tmpdir(), 'countersign-identity-'));
  issuer = await startTestIssuer();
  key = await createIssuerKey('k1');
  issuer.answers.keys = { keys: [key.publicJwk] };
  now = Date.now();
  events = [];
  secrets = createMemorySecretStore();
});
afterEach(async () => {
  await issuer.stop();
  await rm(profile, { recursive: true, force: true });
});

function identityAt(address = issuer.issuer, change = {}): Identity {
  return createIdentity({
    organisation: settingsFor(address, 'desktop', change),
    secrets,
    profileDirectory: profile,
    clock: () => now,
    onEvent: ({ kind }) => events.push(kind),
  });
}

const seconds = (): number => Math.floor(now / 1000);
const claimsOf = (nonce: string | null): Record<string, unknown> => ({
  ...{ iss: issuer.issuer, sub: 'ana', aud: 'desktop', nonce, iat: seconds(), exp: seconds() + 3_600 },
  ...{ name: 'Ana Ruiz', email: 'ana@shop.example', groups: ['analysts'] },
});

type Forge = (nonce: string) => Promise<string>;
const honest: Forge = (nonce) => key.sign(claimsOf(nonce));

/** Plays a browser at a provider that at once redirects back; the ID token is what `forge` makes of the login's nonce. */
function browser(
  forge: Forge = honest,
  extra: Record<string, unknown> = {},
  redirect: (parameters: URLSearchParams) => void = () => undefined,
) {
  return async (step: { readonly kind: string; readonly url?: string }): Promise<void> => {
    if (step.kind !== 'open' || step.url === undefined) return;
    const asked = new URL(step.url).searchParams;
    issuer.answers.token = async () => ({
      body: {
        access_token: `${CANARY}-access`,
        refresh_token: `${CANARY}-refresh`,
        token_type: 'Bearer',
        expires_in: 600,
        id_token: await forge(asked.get('nonce') ?? ''),
        ...extra,
      },
    });
    const back = new URL(asked.get('redirect_uri') ?? '');
    const answer = new URLSearchParams({ code: `${CANARY}-code`, state: asked.get('state') ?? '' });
    redirect(answer);
    back.search = answer.toString();
    const page = await (await fetch(back)).text();
    expect(page).not.toContain(CANARY);
  };
}

async function expectRefused(work: Promise<unknown>, code: string): Promise<void> {
  const error = await work.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(error).toMatchObject({ code });
  // Everything a log might print of it, causes included.
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(CANARY);
  expect(await identityAt().restore()).toBeUndefined();
}

describe('a sign-in at a provider that forges', () => {
  const other =
    (change: Record<string, unknown>): Forge =>
    (nonce) =>
      key.sign({ ...claimsOf(nonce), ...change });
  it.each<readonly [string, Forge, string]>([
    ['another nonce', other({ nonce: CANARY }), 'identity-token-refused'],
    ['no nonce', other({ nonce: undefined }), 'identity-token-refused'],
    ['another audience', other({ aud: CANARY }), 'identity-token-refused'],
    ['another issuer', other({ iss: `https://${CANARY}.example` }), 'identity-token-refused'],
    ['an expired token', other({ exp: 1 }), 'identity-clock-skew'],
    ['a token of the future', other({ iat: Math.floor(Date.now() / 1000) + 600 }), 'identity-clock-skew'],
    ['a token of another client', other({ aud: ['desktop', 'mail'], azp: 'mail' }), 'identity-token-refused'],
    ['another access token (at_hash)', other({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }), 'identity-token-refused'],
    [
      'alg none',
      (nonce) =>
        Promise.resolve(
          `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claimsOf(nonce))).toString('base64url')}.`,
        ),
      'identity-token-refused',
    ],
    [
      'a key it does not publish',
      async (nonce) => (await createIssuerKey('k1')).sign(claimsOf(nonce)),
      'identity-token-refused',
    ],
    ['no token at all', () => Promise.resolve(CANARY), 'identity-token-refused'],
  ])('%s ends without a session', async (_what, forge, code) => {
    await expectRefused(signIn(identityAt(), browser(forge)), code);
    expect(events).toEqual([]);
  });

  it('and gives no ID token ends without a session', async () => {
    await expectRefused(signIn(identityAt(), browser(honest, { id_token: undefined })), 'identity-token-refused');
  });

  it.each([
    ['access_denied', 'sign-in-denied'],
    ['login_required', 'identity-refused'],
    [`${CANARY}<script>`, 'identity-refused'],
  ])('and answers error=%s is told so, without its description', async (error, code) => {
    const refuse = (answer: URLSearchParams): void => {
      answer.delete('code');
      answer.set('error', error);
      answer.set('error_description', `<script>${CANARY}</script>`);
    };
    await expectRefused(signIn(identityAt(), browser(honest, {}, refuse)), code);
  });

  it('and names itself otherwise in the redirect (RFC 9207 mix-up) ends without a session', async () => {
    await expectRefused(
      signIn(
        identityAt(),
        browser(honest, {}, (answer) => answer.set('iss', 'https://evil.example')),
      ),
      'identity-token-refused',
    );
  });

  it('and echoes secrets in its error does not bring them into ours', async () => {
    const refusing = async (step: { readonly kind: string; readonly url?: string }): Promise<void> => {
      const play = browser();
      const played = play(step);
      issuer.answers.token = () =>
        Promise.resolve({
          status: 400,
          body: { error: 'invalid_grant', error_description: CANARY, refresh_token: CANARY },
        });
      await played;
    };
    await expectRefused(signIn(identityAt(), refusing), 'identity-refused');
  });

  it('and answers more than a megabyte is cut off', async () => {
    await expectRefused(
      signIn(identityAt(), browser(honest, { filler: 'x'.repeat(1_100_000) })),
      'identity-answer-too-large',
    );
  });

  it('and names a token endpoint off this machine without https is not followed there', async () => {
    issuer.answers.metadata = { token_endpoint: 'http://192.0.2.1/token' };
    await expectRefused(signIn(identityAt(), browser()), 'identity-endpoint-insecure');
  });
});

describe('a provider that is not what organisation.yaml says', () => {
  it('does not answer: the sentence names it and what to check', async () => {
    const address = issuer.issuer;
    await issuer.stop();
    const failed = signIn(identityAt(address), browser());
    await expect(failed).rejects.toMatchObject({ code: 'identity-unreachable' });
    await expect(failed).rejects.toThrow(`${address} could not be reached (ECONNREFUSED)`);
  });

  it('says it is another issuer', async () => {
    issuer.answers.metadata = { issuer: 'https://evil.example' };
    await expectRefused(signIn(identityAt(), browser()), 'identity-issuer-mismatch');
  });

  it('is a web server of another kind', async () => {
    const server = createServer((_request, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<p>${CANARY}`),
    );
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}`;
    try {
      await expectRefused(signIn(identityAt(url), browser()), 'identity-unreachable');
    } finally {
      server.close();
      server.closeAllConnections();
    }
  });

  it.each([
    ['http://login.example.com', 'identity-issuer-insecure'],
    ['http://127.0.0.1.example.com', 'identity-issuer-insecure'],
    ['http://localhost.example.com', 'identity-issuer-insecure'],
    ['ftp://127.0.0.1', 'identity-issuer-invalid'],
    ['https://user:secret@login.example.com', 'identity-issuer-invalid'],
    ['login.example.com', 'identity-issuer-invalid'],
    ['', 'identity-issuer-invalid'],
  ])('cannot be configured as %j', (address, code) => {
    expect(() => identityAt(address)).toThrow(expect.objectContaining({ code }));
  });

  it('does not know the client: the sentence names the client', async () => {
    issuer.answers.metadata = { device_authorization_endpoint: `${issuer.issuer}/token` };
    issuer.answers.token = () =>
      Promise.resolve({ status: 401, body: { error: 'invalid_client', error_description: CANARY } });
    await expectRefused(
      signIn(identityAt(), () => undefined, 'device'),
      'identity-client-refused',
    );
  });

  it('has no device flow', async () => {
    await expectRefused(
      signIn(identityAt(), () => undefined, 'device'),
      'identity-unsupported',
    );
  });

  it('has a clock that is far from ours', async () => {
    now -= 3_600_000;
    const theirs = Math.floor(Date.now() / 1000);
    await expectRefused(
      signIn(
        identityAt(),
        browser((nonce) => key.sign({ ...claimsOf(nonce), iat: theirs, exp: theirs + 60 })),
      ),
      'identity-clock-skew',
    );
  });
});

describe('a sign-in', () => {
  it('binds the device key: the PK token verifies from the archive after the provider has rotated its keys', async () => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    issuer.answers.keys = { keys: [(await createIssuerKey('k2')).publicJwk] };
    const signer = await identity.deviceSigner(session);
    expect(signer?.thumbprint).toBe(session.principal.device);
    const verified = await verifyPkToken(signer?.pkToken, signer?.issuerKeys ?? { keys: [] }, new Date(now), {
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
    key = await createIssuerKey('k2');
    issuer.answers.keys = { keys: [key.publicJwk] };
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
    const identity = createIdentity({
      organisation: settingsFor(issuer.issuer),
      secrets,
      profileDirectory: profile,
      clock: () => now,
      signInTimeoutMs: 1,
    });
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

describe('a live session at a provider that', () => {
  const refresh = (answer: TestIssuer['answers']['token']): void => {
    issuer.answers.token = answer;
    now += 16 * 60_000;
  };

  it('says invalid_grant is ended, deleted and told apart from a network failure', async () => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    refresh(() => Promise.resolve({ status: 400, body: { error: 'invalid_grant', error_description: CANARY } }));
    await expectRefused(identity.ensureLive(session), 'session-revoked');
    expect(events).toEqual(['signed-in', 'revoked']);
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-ended' });
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
    now += 31_000;
    await identity.ensureLive(session);
    expect(issuer.grants.filter((grant) => grant === 'refresh_token')).toHaveLength(2);
    now += 60 * 60_000;
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
    now += 59 * 60_000;
    expect((await identity.ensureLive(session)).id).toBe(session.id);
    await identity.touch(session);
    now += 2 * 60_000;
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-expired' });
  });
});

describe('the limits of a session', () => {
  it('end it after the idle minutes unless it is used', async () => {
    const identity = identityAt(issuer.issuer, { idleMinutes: 10, revalidateMinutes: 600 });
    const session = await signIn(identity, browser());
    now += 9 * 60_000;
    await identity.touch(session);
    now += 9 * 60_000;
    expect((await identity.ensureLive(session)).id).toBe(session.id);
    now += 2 * 60_000;
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-expired' });
  });

  it('are not undone by touching a session that is already past them', async () => {
    const identity = identityAt(issuer.issuer, { idleMinutes: 10, revalidateMinutes: 600 });
    const session = await signIn(identity, browser());
    now += 11 * 60_000;
    await identity.touch(session);
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-expired' });
  });

  it('end it after the longest hours however much it is used', async () => {
    const identity = identityAt(issuer.issuer, { maxHours: 1, idleMinutes: 50, revalidateMinutes: 600 });
    const session = await signIn(identity, browser());
    for (const _half of [1, 2]) {
      now += 30 * 60_000;
      await identity.touch(session);
    }
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-expired' });
  });

  it('shorten at once when an administrator lowers them', async () => {
    const session = await signIn(identityAt(), browser());
    now += 2 * 3_600_000;
    await expect(
      identityAt(issuer.issuer, { maxHours: 1, idleMinutes: 600 }).ensureLive(session),
    ).rejects.toMatchObject({ code: 'session-expired' });
  });

  it('do not grow when the clock is set back', async () => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    now -= 600_000;
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'session-expired' });
  });
});

describe('a session of', () => {
  it('another provider or client than organisation.yaml now names does not count', async () => {
    const session = await signIn(identityAt(), browser());
    const changed = createIdentity({
      organisation: settingsFor(issuer.issuer, 'another-client'),
      secrets,
      profileDirectory: profile,
      clock: () => now,
    });
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

describe('a local profile', () => {
  const local = (): Identity =>
    createIdentity({
      organisation: { ...settingsFor(issuer.issuer), identity: { kind: 'os-account' } },
      secrets,
      profileDirectory: profile,
    });

  it('has the account of the operating system as its asker, never verified', async () => {
    const session = await local().restore();
    expect(session?.principal).toMatchObject({ verified: false, groups: [] });
    expect(session?.principal.issuer).toMatch(/^local:/);
    expect(session?.principal).not.toHaveProperty('device');
  });

  it('does not take a session of a provider for its own', async () => {
    const session = await signIn(identityAt(), browser());
    await expect(local().ensureLive(session)).rejects.toMatchObject({ code: 'session-ended' });
  });
});
