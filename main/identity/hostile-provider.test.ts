import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  browser,
  CANARY,
  claimsOf,
  clock,
  events,
  expectRefused,
  honest,
  identityAt,
  issuer,
  key,
  type Forge,
} from './testing/bench.ts';
import { createIssuerKey } from './testing/issuer.ts';
import { signIn } from './testing/sign-in.ts';

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

  it('and leaves out its name in the redirect although it promised it (RFC 9207) ends without a session', async () => {
    issuer.answers.metadata = { authorization_response_iss_parameter_supported: true };
    await expectRefused(signIn(identityAt(), browser()), 'identity-token-refused');
  });

  it('and publishes a shared secret as its key does not have its HMAC taken for a signature', async () => {
    const secret = Buffer.from(CANARY).toString('base64url');
    issuer.answers.keys = { keys: [{ kty: 'oct', kid: 'k1', k: secret, alg: 'HS256', use: 'sig' }] };
    const forge: Forge = (nonce) => {
      const input = [{ alg: 'HS256', kid: 'k1' }, claimsOf(nonce)]
        .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
        .join('.');
      return Promise.resolve(`${input}.${createHmac('sha256', CANARY).update(input).digest('base64url')}`);
    };
    await expectRefused(signIn(identityAt(), browser(forge)), 'identity-token-refused');
  });

  it('and sends a token of half a megabyte ends without a session', async () => {
    const forge: Forge = (nonce) => key.sign({ ...claimsOf(nonce), filler: 'x'.repeat(500_000) });
    await expectRefused(signIn(identityAt(), browser(forge)), 'identity-token-refused');
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

  it('becomes another issuer later: what it says no longer counts, and it counts again when it is itself again', async () => {
    const identity = identityAt();
    const session = await signIn(identity, browser());
    issuer.answers.metadata = { issuer: 'https://evil.example' };
    clock.now += 3_600_000 - 60_000;
    await identity.touch(session);
    clock.now += 120_000;
    await expect(identity.ensureLive(session)).rejects.toMatchObject({ code: 'identity-issuer-mismatch' });
    await expect(identity.confirm(session)).rejects.toMatchObject({ code: 'identity-issuer-mismatch' });
    issuer.answers.metadata = {};
    issuer.answers.token = async () => ({
      body: {
        access_token: 'a',
        token_type: 'Bearer',
        id_token: await key.sign({ ...claimsOf(null), nonce: undefined }),
      },
    });
    expect((await identity.ensureLive(session)).id).toBe(session.id);
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
    clock.now -= 3_600_000;
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
