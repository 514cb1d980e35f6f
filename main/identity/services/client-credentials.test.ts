import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ServiceSource } from '../settings.ts';
import { createIssuerKey, type IssuerKey, startTestIssuer, type TestIssuer } from '../testing/issuer.ts';
import { type ClientProvider, startClientProvider } from './testing/client-provider.ts';
import { byClient, type Desk, desk } from './testing/desk.ts';

const clock = { now: 0 };
const stops: (() => Promise<void>)[] = [];
beforeEach(() => {
  clock.now = Date.now();
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

type ClientSource = Extract<ServiceSource, { kind: 'client' }>;

const sourceOf = (key: unknown, change: Partial<ClientSource> = {}): ClientSource => ({
  kind: 'client',
  clientId: 'nightly',
  key: () => Promise.resolve(typeof key === 'string' ? key : JSON.stringify(key)),
  assertionAudience: 'issuer',
  scopes: ['reports'],
  ...change,
});

function deskAt(issuer: string, source: ServiceSource): Desk {
  const opened = desk(clock, issuer);
  opened.services.set('nightly', byClient('nightly', 'nightly', 600));
  opened.sources.set('nightly', source);
  return opened;
}

async function provider(options: Parameters<typeof startClientProvider>[0] = {}): Promise<ClientProvider> {
  const started = await startClientProvider(options);
  stops.push(started.stop);
  return started;
}

const refusal = (work: Promise<unknown>): Promise<{ code: string; message: string }> =>
  work.then(
    () => ({ code: 'accepted', message: '' }),
    (error: { code: string; message: string }) => error,
  );

describe('a service that is a client of the provider', () => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)('proves itself with its own key (%s)', async (alg) => {
    const { issuer, key } = await provider({ alg });
    const { identity, events } = deskAt(issuer, sourceOf(key));
    const session = await identity.signInService('nightly');
    expect(session.principal).toMatchObject({ issuer, subject: 'nightly', groups: [], service: { name: 'nightly' } });
    expect(events).toMatchObject([{ kind: 'signed-in', method: 'client-credentials', bound: false }]);
    expect((await identity.serviceSigner(session))?.token?.issuerKeys.keys).toHaveLength(1);
  });

  it.each(['issuer', 'token-endpoint'] as const)('makes its assertion out to the %s', async (assertionAudience) => {
    const { issuer, key, audiences } = await provider();
    await deskAt(issuer, sourceOf(key, { assertionAudience })).identity.signInService('nightly');
    expect(audiences).toEqual([assertionAudience === 'issuer' ? issuer : `${issuer}/token`]);
  });

  it('has its key named in the token where the provider offers DPoP', async () => {
    const { issuer, key } = await provider({ dpop: true });
    const { identity, events } = deskAt(issuer, sourceOf(key));
    const session = await identity.signInService('nightly');
    expect(events).toMatchObject([{ kind: 'signed-in', bound: true }]);
    const signer = await identity.serviceSigner(session);
    const claims = JSON.parse(Buffer.from(signer?.token?.jwt.split('.')[1] ?? '', 'base64url').toString()) as object;
    expect(claims).toMatchObject({ cnf: { jkt: session.principal.device } });
  });

  it('is believed on an opaque token for as long as the provider says, with nothing to show later', async () => {
    const { issuer, key } = await provider({ format: 'opaque' });
    const { identity } = deskAt(issuer, sourceOf(key));
    const session = await identity.signInService('nightly');
    expect(session.principal.subject).toBe('nightly');
    expect((await identity.serviceSigner(session))?.token).toBeUndefined();
  });

  it('goes on with a newer token each time the provider is asked', async () => {
    const { issuer, key, audiences } = await provider();
    const { identity } = deskAt(issuer, sourceOf(key));
    const session = await identity.signInService('nightly');
    await identity.ensureLive(session);
    expect(audiences).toHaveLength(1);
    await identity.confirm(session);
    expect(audiences).toHaveLength(2);
  });

  it('ends where the provider, asked now, no longer knows it', async () => {
    const { issuer, key } = await provider();
    const keys = { now: JSON.stringify(key) };
    const { identity, events } = deskAt(issuer, { ...sourceOf(''), key: () => Promise.resolve(keys.now) });
    const session = await identity.signInService('nightly');
    keys.now = ecKey();
    expect((await refusal(identity.confirm(session))).code).toBe('identity-client-refused');
    expect(events.at(-1)?.kind).toBe('revoked');
  });
});

const ecKey = (): string =>
  JSON.stringify(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }));
const pem = (pair: { privateKey: { export(options: object): string | Buffer } }): string =>
  String(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));

describe('the key of a service', () => {
  it('may be PEM', async () => {
    const { issuer, key } = await provider();
    const text = createPrivateKey({ key: key as never, format: 'jwk' }).export({ format: 'pem', type: 'pkcs8' });
    const session = await deskAt(issuer, sourceOf(String(text))).identity.signInService('nightly');
    expect(session.principal.service?.name).toBe('nightly');
  });

  it.each<readonly [string, () => string]>([
    ['a public key', () => JSON.stringify({ ...(JSON.parse(ecKey()) as object), d: undefined })],
    ['a symmetric key', () => JSON.stringify({ kty: 'oct', k: 'c2VjcmV0', d: 'x' })],
    ['a short RSA key', () => pem(generateKeyPairSync('rsa', { modulusLength: 1024 }))],
    ['a curve that nobody signs assertions with', () => pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }))],
    ['a key whose halves do not fit', () => JSON.stringify({ ...(JSON.parse(ecKey()) as object), d: 'AAAA' })],
    ['half a file', () => '-----BEGIN PRIVATE KEY-----\nMIIE-canary-half'],
    ['a password', () => 'canary-password'],
  ])('is refused where it is %s, and none of it is said', async (_what, text) => {
    const { issuer } = await provider();
    const secret = text();
    const error = await refusal(deskAt(issuer, sourceOf(secret)).identity.signInService('nightly'));
    expect(error.code).toBe('service-key-refused');
    expect(inspect(error, { depth: 20 })).not.toMatch(/canary|BEGIN/);
  });
});

describe('a service is refused', () => {
  let issuer: TestIssuer;
  let key: IssuerKey;
  beforeEach(async () => {
    issuer = await startTestIssuer();
    stops.push(issuer.stop);
    key = await createIssuerKey('k1');
    issuer.answers.keys = { keys: [key.publicJwk] };
  });
  const seconds = (): number => Math.floor(clock.now / 1000);
  const claims = (change: object = {}): Record<string, unknown> => ({
    ...{ iss: issuer.issuer, sub: 'svc', aud: 'api', client_id: 'nightly', iat: seconds(), exp: seconds() + 600 },
    ...change,
  });
  const answers = (token: () => Promise<string>): void => {
    issuer.answers.token = async () => ({
      body: { access_token: await token(), token_type: 'Bearer', expires_in: 600 },
    });
  };

  it.each<readonly [string, object, Record<string, unknown>]>([
    ['its token was issued to another client', { client_id: 'other' }, {}],
    ['its token names two clients', { azp: 'other' }, {}],
    ['its token names no client and another subject', { client_id: undefined }, {}],
    ['its token is of another issuer', { iss: 'https://evil.example' }, {}],
    ['its token has expired', { exp: 1 }, {}],
    ['its token is an ID token by its kind', {}, { typ: 'id+jwt' }],
    ['its token is a logout token', {}, { typ: 'logout+jwt' }],
    ['its token is bound to another key', { cnf: { jkt: 'x' } }, {}],
  ])('where %s', async (_what, change, header) => {
    answers(() => key.sign(claims(change), header));
    const { identity, events } = deskAt(issuer.issuer, sourceOf(ecKey()));
    expect((await refusal(identity.signInService('nightly'))).code).toBe('service-token-refused');
    expect(events).toEqual([]);
  });

  it('where its token is signed by nobody, or by a key the provider does not publish', async () => {
    const { identity } = deskAt(issuer.issuer, sourceOf(ecKey()));
    const [, payload] = (await key.sign(claims())).split('.');
    answers(() => Promise.resolve(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${String(payload)}.`));
    expect((await refusal(identity.signInService('nightly'))).code).toBe('service-token-refused');
    const other = await createIssuerKey('k9');
    answers(() => other.sign(claims()));
    expect((await refusal(identity.signInService('nightly'))).code).toBe('service-token-refused');
  });

  it.each(['azp', 'cid', 'appid'])('never because its provider says client by another claim (%s)', async (claim) => {
    answers(() => key.sign(claims({ client_id: undefined, [claim]: 'nightly' }), { typ: 'JWT' }));
    const { identity } = deskAt(issuer.issuer, sourceOf(ecKey()));
    expect((await identity.signInService('nightly')).principal.subject).toBe('svc');
  });

  it.each<readonly [string, () => Desk, string]>([
    [
      'the policy names another client',
      () => {
        const at = deskAt(issuer.issuer, sourceOf(ecKey()));
        at.services.set('nightly', byClient('nightly', 'other'));
        return at;
      },
      'service-contradictory',
    ],
    [
      'the policy knows it as a client, and this machine has a token of its platform',
      () => deskAt(issuer.issuer, { kind: 'github' }),
      'service-contradictory',
    ],
    [
      'there is no provider',
      () => {
        const at = desk(clock);
        at.services.set('nightly', byClient('nightly', 'nightly'));
        at.sources.set('nightly', sourceOf(ecKey()));
        return at;
      },
      'service-contradictory',
    ],
    [
      'the provider does not know its key',
      () => {
        issuer.answers.token = () => Promise.resolve({ status: 401, body: { error: 'invalid_client' } });
        return deskAt(issuer.issuer, sourceOf(ecKey()));
      },
      'identity-client-refused',
    ],
    [
      'the provider is in trouble',
      () => {
        issuer.answers.token = () => Promise.resolve({ status: 503, body: {} });
        return deskAt(issuer.issuer, sourceOf(ecKey()));
      },
      'identity-unreachable',
    ],
  ])('where %s', async (_what, made, code) => {
    expect((await refusal(made().identity.signInService('nightly'))).code).toBe(code);
  });
});
