import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { beforeAll, describe, expect, it } from 'vitest';
import { type IdTokenExpectations, verifyIdToken } from './id-token.ts';
import { createIssuerKey, type IssuerKey } from './testing/issuer.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const SECONDS = NOW / 1000;
const ISSUER = 'https://login.example.com';
const CANARY = 'canary-7d21e';

const good = { iss: ISSUER, sub: 'ana', aud: 'desktop', nonce: 'n-1', iat: SECONDS - 5, exp: SECONDS + 300 };
let key: IssuerKey;
let other: IssuerKey;
let expected: IdTokenExpectations;

beforeAll(async () => {
  key = await createIssuerKey('k1');
  other = await createIssuerKey('k1');
  expected = { issuer: ISSUER, clientId: 'desktop', keys: { keys: [key.publicJwk] }, at: NOW, nonce: 'n-1' };
});

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('an ID token', () => {
  it('of this provider, for this client and this login is accepted', async () => {
    expect((await verifyIdToken(await key.sign(good), expected)).sub).toBe('ana');
  });

  it.each<readonly [string, Record<string, unknown>, string]>([
    ['with another nonce', { nonce: CANARY }, 'identity-token-refused'],
    ['without a nonce', { nonce: undefined }, 'identity-token-refused'],
    ['for another audience', { aud: CANARY }, 'identity-token-refused'],
    ['of another issuer', { iss: 'https://evil.example' }, 'identity-token-refused'],
    ['of an issuer that differs by a slash', { iss: `${ISSUER}/` }, 'identity-token-refused'],
    ['that expired two minutes ago', { exp: SECONDS - 120 }, 'identity-token-refused'],
    ['without an expiry', { exp: undefined }, 'identity-token-refused'],
    ['without a time of issue', { iat: undefined }, 'identity-token-refused'],
    ['issued two minutes in the future', { iat: SECONDS + 120, exp: SECONDS + 500 }, 'identity-clock-skew'],
    ['not valid yet', { nbf: SECONDS + 120 }, 'identity-token-refused'],
    ['for several audiences without azp', { aud: ['desktop', 'mail'] }, 'identity-token-refused'],
    ['issued to another client', { azp: 'mail' }, 'identity-token-refused'],
    [
      'for several audiences and issued to another',
      { aud: ['desktop', 'mail'], azp: 'mail' },
      'identity-token-refused',
    ],
    ['without a subject', { sub: undefined }, 'identity-token-refused'],
    ['with an empty subject', { sub: '' }, 'identity-token-refused'],
    ['whose subject is a number', { sub: 7 }, 'identity-token-refused'],
    ['whose amr is no list', { amr: 'pwd' }, 'identity-token-refused'],
  ])('%s is refused', async (_what, change, code) => {
    const refused = verifyIdToken(await key.sign({ ...good, ...change }), expected);
    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.not.toThrow(CANARY);
  });

  it.each<readonly [string, Record<string, unknown>]>([
    ['a minute of clock difference', { iat: SECONDS + 50, exp: SECONDS + 300 }],
    ['an audience list with azp', { aud: ['mail', 'desktop'], azp: 'desktop' }],
    ['an expiry half a minute ago', { exp: SECONDS - 30 }],
  ])('with %s is accepted', async (_what, change) => {
    expect((await verifyIdToken(await key.sign({ ...good, ...change }), expected)).sub).toBe('ana');
  });

  it('signed by a key that only has the same name is refused', async () => {
    await expect(verifyIdToken(await other.sign(good), expected)).rejects.toMatchObject({
      code: 'identity-token-refused',
    });
  });

  it('without a signature (alg none, in any spelling) is refused', async () => {
    for (const alg of ['none', 'None', 'NONE']) {
      const forged = `${encode({ alg, typ: 'JWT' })}.${encode(good)}.`;
      await expect(verifyIdToken(forged, expected)).rejects.toMatchObject({ code: 'identity-token-refused' });
    }
  });

  it('signed by HMAC with the public key as the secret is refused', async () => {
    const rsa = await createIssuerKey('k1', 'RS256');
    const input = `${encode({ alg: 'HS256', kid: 'k1' })}.${encode(good)}`;
    for (const secret of [JSON.stringify(rsa.publicJwk), String(rsa.publicJwk.n)]) {
      const forged = `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
      await expect(verifyIdToken(forged, { ...expected, keys: { keys: [rsa.publicJwk] } })).rejects.toMatchObject({
        code: 'identity-token-refused',
      });
      const symmetric = { kty: 'oct', kid: 'k1', k: Buffer.from(secret).toString('base64url') };
      await expect(verifyIdToken(forged, { ...expected, keys: { keys: [symmetric] } })).rejects.toMatchObject({
        code: 'identity-token-refused',
      });
    }
  });

  it('that brings its own key in the header is refused', async () => {
    const attacker = await createIssuerKey('k1');
    const forged = await attacker.sign(good, { jwk: attacker.publicJwk });
    await expect(verifyIdToken(forged, expected)).rejects.toMatchObject({ code: 'identity-token-refused' });
  });

  it.each(['jku', 'x5u'])('that says in %s where its key is does not make anybody look there', async (member) => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end(JSON.stringify({ keys: [other.publicJwk] }));
    });
    await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${String(typeof address === 'object' ? address?.port : 0)}/keys`;
    try {
      await expect(verifyIdToken(await other.sign(good, { [member]: url }), expected)).rejects.toMatchObject({
        code: 'identity-token-refused',
      });
      expect((await verifyIdToken(await key.sign(good, { [member]: url }), expected)).sub).toBe('ana');
      expect(asked).toBe(0);
    } finally {
      server.close();
    }
  });

  it('with a claim twice says what stands last, as every reader of it does here (RFC 7519 section 4)', async () => {
    const twice = JSON.stringify(good).replace('"sub":"ana"', '"sub":"ana","sub":"eli"');
    expect((await verifyIdToken(await key.signText(twice), expected)).sub).toBe('eli');
    const audiences = JSON.stringify(good).replace('"aud":"desktop"', '"aud":"desktop","aud":"mail"');
    await expect(verifyIdToken(await key.signText(audiences), expected)).rejects.toMatchObject({
      code: 'identity-token-refused',
    });
  });

  it.each(['[]', '"ana"', 'null', '{', '1e999'])('whose payload is %s is refused', async (payload) => {
    await expect(verifyIdToken(await key.signText(payload), expected)).rejects.toMatchObject({
      code: 'identity-token-refused',
    });
  });

  it('of somebody in hundreds of groups is accepted, and one beyond 64 KB is refused', async () => {
    const groups = (count: number): string[] => Array.from({ length: count }, () => crypto.randomUUID());
    expect((await verifyIdToken(await key.sign({ ...good, groups: groups(800) }), expected)).sub).toBe('ana');
    await expect(verifyIdToken(await key.sign({ ...good, groups: groups(2_000) }), expected)).rejects.toThrow('64 KB');
  });

  it('changed by one character is refused', async () => {
    const [header = '', , signature = ''] = (await key.sign(good)).split('.');
    const forged = `${header}.${encode({ ...good, sub: 'eli' })}.${signature}`;
    await expect(verifyIdToken(forged, expected)).rejects.toMatchObject({ code: 'identity-token-refused' });
  });

  it.each(['', 'a', 'a.b', 'a.b.c', '....', '{}', `${CANARY}.${CANARY}.${CANARY}`])(
    'that is %j is refused',
    async (token) => {
      await expect(verifyIdToken(token, expected)).rejects.toMatchObject({ code: 'identity-token-refused' });
    },
  );

  it('that belongs to another access token (at_hash) is refused, and to this one accepted', async () => {
    // The example of OpenID Connect Core, appendix A.3, is RS256 and so SHA-256 as well.
    const accessToken = 'jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y';
    const token = await key.sign({ ...good, at_hash: '77QmUPtjPfzWtF2AnpK9RQ' });
    expect((await verifyIdToken(token, { ...expected, accessToken })).sub).toBe('ana');
    await expect(verifyIdToken(token, { ...expected, accessToken: 'another' })).rejects.toMatchObject({
      code: 'identity-token-refused',
    });
  });

  it('verifies where the provider gives every key the same name', async () => {
    const keys = { keys: [other.publicJwk, key.publicJwk] };
    expect((await verifyIdToken(await key.sign(good), { ...expected, keys })).sub).toBe('ana');
    const stranger = await createIssuerKey('k1');
    await expect(verifyIdToken(await stranger.sign(good), { ...expected, keys })).rejects.toMatchObject({
      code: 'identity-token-refused',
    });
  });
});
