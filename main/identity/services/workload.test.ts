import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { generateKeyPair, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NO_REVOCATIONS } from '../context.ts';
import { byClient, byToken, type Desk, desk } from './testing/desk.ts';
import { type GitHub, type Kubernetes, startGitHub, startGitLab, startKubernetes } from './testing/platforms.ts';

const clock = { now: 0 };
const now = (): number => clock.now;
let directory: string;
let github: GitHub;
let kubernetes: Kubernetes;
let tokenFile: string;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  clock.now = Date.now();
  directory = await mkdtemp(join(tmpdir(), 'countersign-workload-'));
  tokenFile = join(directory, 'token');
  github = await startGitHub(now);
  kubernetes = await startKubernetes(tokenFile, now);
  stops.push(github.stop, kubernetes.stop, () => rm(directory, { recursive: true, force: true }));
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const ofMain = ({ repository, ref }: Readonly<Record<string, unknown>>): boolean =>
  repository === 'acme/shop' && ref === 'refs/heads/main';

function deploying(): Desk {
  const opened = desk(clock);
  Object.assign(opened.environment, github.environment);
  opened.services.set('deploy', byToken('deploy', github.issuer, ofMain));
  opened.sources.set('deploy', { kind: 'github' });
  return opened;
}

function reporting(): Desk {
  const opened = desk(clock);
  opened.services.set(
    'nightly',
    byToken('nightly', kubernetes.issuer, (claims) => claims['sub'] === 'system:serviceaccount:reports:nightly'),
  );
  opened.sources.set('nightly', { kind: 'file', path: tokenFile });
  return opened;
}

const refusal = (work: Promise<unknown>): Promise<{ code: string; message: string }> =>
  work.then(
    () => ({ code: 'accepted', message: '' }),
    (error: { code: string; message: string }) => error,
  );

describe('a job of', () => {
  it('GitHub Actions signs in with a token that it asks for our audience', async () => {
    const { identity, events } = deploying();
    const session = await identity.signInService('deploy');
    expect(session.principal).toMatchObject({
      ...{ issuer: github.issuer, subject: 'repo:acme/shop:ref:refs/heads/main', name: 'The deploy job' },
      ...{ groups: [], verified: true, service: { name: 'deploy' } },
    });
    expect(session.principal).not.toHaveProperty('agent');
    expect(session.principal.device).toMatch(/^[\w-]{43}$/);
    expect(Date.parse(session.expiresAt)).toBe(clock.now + 3_600_000);
    expect(events).toMatchObject([{ kind: 'signed-in', method: 'workload-token', bound: false }]);
  });

  it('Kubernetes signs in with the token that was projected for it', async () => {
    await kubernetes.project();
    const { identity } = reporting();
    const { principal } = await identity.signInService('nightly');
    expect(principal).toMatchObject({ subject: 'system:serviceaccount:reports:nightly', service: { name: 'nightly' } });
  });

  it('GitLab signs in with the token in its variable, and no longer than that lasts', async () => {
    const gitlab = await startGitLab(now);
    stops.push(gitlab.stop);
    const opened = desk(clock);
    Object.assign(opened.environment, await gitlab.job());
    opened.services.set(
      'deploy',
      byToken('deploy', gitlab.issuer, () => true, 600),
    );
    opened.sources.set('deploy', { kind: 'environment', variable: 'COUNTERSIGN_ID_TOKEN' });
    const session = await opened.identity.signInService('deploy');
    expect(Date.parse(session.expiresAt)).toBe((Math.floor(clock.now / 1000) + 3_600) * 1000);
    clock.now += 3_601_000;
    expect((await refusal(opened.identity.ensureLive(session))).code).toBe('service-token-refused');
    expect(opened.events.at(-1)).toMatchObject({ kind: 'expired' });
  });

  it('two services at one issuer are told apart by their conditions alone', async () => {
    const opened = deploying();
    opened.services.set(
      'release',
      byToken('release', github.issuer, ({ ref }) => String(ref).startsWith('refs/tags/')),
    );
    opened.sources.set('release', { kind: 'github' });
    expect((await opened.identity.signInService('deploy')).principal.service?.name).toBe('deploy');
    expect((await refusal(opened.identity.signInService('release'))).code).toBe('service-token-refused');
  });
});

describe('a workload is refused', () => {
  it.each<readonly [string, (at: Desk) => unknown, string, RegExp]>([
    [
      'where the job may not ask for a token',
      ({ environment }) => delete environment['ACTIONS_ID_TOKEN_REQUEST_TOKEN'],
      'service-token-missing',
      /GitHub Actions/,
    ],
    ['where GitHub says no', () => (github.refuses = 403), 'service-token-refused', /403/],
    ['where GitHub does not answer', () => (github.refuses = 503), 'service-unreachable', /does not answer/],
    [
      'whose repository the policy does not name',
      () => (github.claims = { repository: 'evil/shop', ref: 'refs/heads/main' }),
      'service-token-refused',
      /do not meet the condition/,
    ],
    [
      'of a pull request from elsewhere',
      () => (github.claims = { repository: 'acme/shop', ref: 'refs/pull/1/merge' }),
      'service-token-refused',
      /do not meet the condition/,
    ],
    [
      'where the condition cannot be evaluated',
      (at) =>
        at.services.set(
          'deploy',
          byToken('deploy', github.issuer, () => 'failed'),
        ),
      'service-token-refused',
      /cannot be evaluated/,
    ],
    [
      'of another issuer',
      () => (github.claims = { ...github.claims, iss: 'https://evil.example' }),
      'service-token-refused',
      /claim iss/,
    ],
    [
      'with a token for somebody else',
      () => (github.claims = { ...github.claims, aud: 'https://vault.example' }),
      'service-token-refused',
      /claim aud/,
    ],
    [
      'with a token for somebody else as well',
      () => (github.claims = { ...github.claims, aud: ['countersign', 'vault'] }),
      'service-token-refused',
      /meant for others/,
    ],
    [
      'with a token for nobody',
      () => (github.claims = { ...github.claims, aud: undefined }),
      'service-token-refused',
      /claim aud/,
    ],
    [
      'with one that has expired',
      () => (github.claims = { ...github.claims, exp: 1 }),
      'service-token-refused',
      /expired/,
    ],
    [
      'with one that expired within what clocks may differ',
      () => (github.claims = { ...github.claims, exp: Math.floor(clock.now / 1000) - 10 }),
      'service-token-refused',
      /expired/,
    ],
    [
      'with one that is not yet good',
      () => (github.claims = { ...github.claims, nbf: 9_999_999_999 }),
      'service-token-refused',
      /claim nbf/,
    ],
    [
      'with one that was issued tomorrow',
      () => (github.claims = { ...github.claims, iat: Math.floor(clock.now / 1000) + 86_400 }),
      'service-token-refused',
      /clock/,
    ],
    [
      'with one that never ends',
      () => (github.claims = { ...github.claims, exp: undefined }),
      'service-token-refused',
      /claim exp/,
    ],
    [
      'with one that says no time of issue',
      () => (github.claims = { ...github.claims, iat: undefined }),
      'service-token-refused',
      /claim iat/,
    ],
    [
      'with one that names nobody',
      () => (github.claims = { ...github.claims, sub: undefined }),
      'service-token-refused',
      /claim sub/,
    ],
    [
      'with one that is bound to a key of somebody else',
      () => (github.claims = { ...github.claims, cnf: { jkt: 'x' } }),
      'service-token-refused',
      /another key/,
    ],
    ['that the policy does not know', (at) => at.services.clear(), 'service-unknown', /knows no service/],
    ['that this machine has no source for', (at) => at.sources.clear(), 'service-not-set-up', /does not say how/],
    [
      'that the policy knows as a client of the provider',
      (at) => at.services.set('deploy', byClient('deploy', 'x')),
      'service-contradictory',
      /differ/,
    ],
    [
      'that was revoked',
      (at) => (at.revocations = { ...NO_REVOCATIONS, services: new Set(['deploy']) }),
      'service-revoked',
      /revoked/,
    ],
    [
      'whose issuer says it is another',
      () => (github.metadata = { issuer: 'https://evil.example' }),
      'identity-issuer-mismatch',
      /another issuer/,
    ],
    [
      'whose issuer publishes no keys',
      () => (github.metadata = { jwks_uri: undefined }),
      'identity-issuer-invalid',
      /no OpenID configuration/,
    ],
    [
      'whose issuer publishes them where anybody listens',
      () => (github.metadata = { jwks_uri: 'http://keys.example/jwks' }),
      'identity-endpoint-insecure',
      /https/,
    ],
  ])('%s', async (_what, happens, code, says) => {
    const at = deploying();
    happens(at);
    const error = await refusal(at.identity.signInService('deploy'));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    expect(inspect(error, { depth: 20 })).not.toMatch(/runner-secret|eyJ/);
    expect(at.events).toEqual([]);
  });

  it.each<readonly [string, (claims: Record<string, unknown>) => Promise<string>]>([
    [
      'is not signed',
      (claims) =>
        Promise.resolve(
          `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.`,
        ),
    ],
    [
      'is signed with a shared secret',
      (claims) =>
        new SignJWT(claims).setProtectedHeader({ alg: 'HS256', kid: 'first' }).sign(Buffer.from('secret'.repeat(8))),
    ],
    [
      'is signed by another key under the same name',
      async (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'ES256', kid: 'first' })
          .sign((await generateKeyPair('ES256')).privateKey),
    ],
    [
      'brings its own key',
      async (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: 'ES256', kid: 'mine', jku: 'http://127.0.0.1:9/keys' })
          .sign((await generateKeyPair('ES256')).privateKey),
    ],
    ['is an access token', (claims) => kubernetes.sign(claims, { typ: 'at+jwt' })],
    ['is no token', () => Promise.resolve('hello')],
    ['is longer than a token is', () => Promise.resolve('e'.repeat(100_000))],
    ['is empty', () => Promise.resolve('')],
  ])('whose token %s', async (_what, forge) => {
    const seconds = Math.floor(clock.now / 1000);
    const claims = {
      iss: kubernetes.issuer,
      aud: 'countersign',
      sub: 'system:serviceaccount:reports:nightly',
      iat: seconds,
      exp: seconds + 60,
    };
    await writeFile(tokenFile, await forge(claims));
    expect((await refusal(reporting().identity.signInService('nightly'))).code).toBe('service-token-refused');
  });

  it('where the file of its token is not there', async () => {
    const error = await refusal(reporting().identity.signInService('nightly'));
    expect(error).toMatchObject({
      code: 'service-token-missing',
      message: expect.stringContaining('ENOENT') as unknown,
    });
  });
});

describe('a session of a workload', () => {
  it('goes on with a newer token while its source has one, and no longer than the policy gives', async () => {
    const { identity, events, services } = deploying();
    services.set('deploy', byToken('deploy', github.issuer, ofMain, 20));
    const session = await identity.signInService('deploy');
    for (let minute = 1; minute < 20; minute++) {
      clock.now += 60_000;
      expect((await identity.ensureLive(session)).id).toBe(session.id);
    }
    expect(events.filter(({ kind }) => kind === 'revalidated').length).toBeGreaterThanOrEqual(3);
    clock.now += 60_000;
    expect((await refusal(identity.ensureLive(session))).code).toBe('service-expired');
    expect((await refusal(identity.ensureLive(session))).code).toBe('session-ended');
    expect(events.filter(({ kind }) => kind === 'expired')).toHaveLength(1);
  });

  it('keeps its key while its token is renewed', async () => {
    const { identity } = deploying();
    const session = await identity.signInService('deploy');
    const before = await identity.serviceSigner(session);
    clock.now += 290_000;
    const renewed = await identity.ensureLive(session);
    expect(renewed.principal.device).toBe(session.principal.device);
    expect((await identity.serviceSigner(renewed))?.token?.jwt).toBe(before?.token?.jwt);
  });

  it('lives on while nobody answers, until its token ends', async () => {
    const { identity, events } = deploying();
    const session = await identity.signInService('deploy');
    github.refuses = 503;
    clock.now += 280_000;
    expect((await identity.ensureLive(session)).id).toBe(session.id);
    expect(events.at(-1)?.kind).toBe('provider-unreachable');
    clock.now += 30_000;
    expect((await refusal(identity.ensureLive(session))).code).toBe('service-expired');
  });

  it.each<readonly [string, (at: Desk) => unknown, string]>([
    ['the policy knows the service no more', ({ services }) => services.clear(), 'service-unknown'],
    [
      'its condition no longer holds',
      ({ services }) =>
        services.set(
          'deploy',
          byToken('deploy', github.issuer, () => false),
        ),
      'service-token-refused',
    ],
    [
      'the policy names another issuer',
      ({ services }) => services.set('deploy', byToken('deploy', 'https://other.example')),
      'service-token-refused',
    ],
    [
      'an administrator revokes it',
      (at) => (at.revocations = { ...NO_REVOCATIONS, services: new Set(['deploy']) }),
      'service-revoked',
    ],
    [
      'its minutes are lowered',
      ({ services }) => {
        services.set('deploy', byToken('deploy', github.issuer, ofMain, 1));
        clock.now += 61_000;
      },
      'service-expired',
    ],
    ['the clock is set back before it', () => (clock.now -= 120_000), 'service-expired'],
  ])('ends as soon as %s', async (_what, happens, code) => {
    const at = deploying();
    const session = await at.identity.signInService('deploy');
    await happens(at);
    expect((await refusal(at.identity.ensureLive(session))).code).toBe(code);
    expect(at.events).toHaveLength(2);
    expect((await refusal(at.identity.ensureLive(session))).code).toBe('session-ended');
  });

  it.each<readonly [string, () => unknown, string]>([
    ['the job is over', () => (github.refuses = 401), 'service-token-refused'],
    [
      'its token is now of somebody else',
      () => (github.claims = { ...github.claims, sub: 'repo:acme/other' }),
      'service-token-refused',
    ],
    [
      'its claims no longer fit',
      () => (github.claims = { ...github.claims, ref: 'refs/heads/evil' }),
      'service-token-refused',
    ],
  ])('asked now, ends where %s', async (_what, happens, code) => {
    const { identity, events } = deploying();
    const session = await identity.signInService('deploy');
    await identity.confirm(session);
    happens();
    expect((await refusal(identity.confirm(session))).code).toBe(code);
    expect(events.at(-1)?.kind).toBe('revoked');
  });

  it('reads the file of its token anew, as the kubelet replaces it', async () => {
    await kubernetes.project();
    const { identity } = reporting();
    const session = await identity.signInService('nightly');
    clock.now += 45 * 60_000;
    await kubernetes.project();
    clock.now += 14.9 * 60_000;
    expect((await identity.ensureLive(session)).id).toBe(session.id);
  });

  it('is taken after the issuer has turned its key, which is asked for then', async () => {
    await kubernetes.project();
    const { identity } = reporting();
    await identity.signInService('nightly');
    await kubernetes.rotate('second');
    await kubernetes.project();
    // jose waits this long between two questions: a stream of forged names is no stream of requests.
    const asked = kubernetes.keyRequests();
    expect((await refusal(identity.signInService('nightly'))).code).toBe('service-token-refused');
    expect(kubernetes.keyRequests()).toBe(asked);
    expect((await reporting().identity.signInService('nightly')).principal.service?.name).toBe('nightly');
  });

  it('belongs to nobody but itself: it issues nothing, signs nothing as a person, and can be signed out', async () => {
    const { identity, events } = deploying();
    const session = await identity.signInService('deploy');
    expect(await identity.deviceSigner(session)).toBeUndefined();
    expect((await refusal(identity.issueAgentToken(session, { agent: 'a', minutes: 1 }))).code).toBe('service-may-not');
    expect((await refusal(identity.stopAgent(session, { agent: 'a' }))).code).toBe('service-may-not');
    expect((await refusal(identity.logins(session))).code).toBe('service-may-not');
    await identity.signOut(session);
    expect(events.at(-1)?.kind).toBe('signed-out');
    expect((await refusal(identity.ensureLive(session))).code).toBe('session-ended');
  });

  it('is not to be had by knowing its form', async () => {
    const { identity } = deploying();
    const session = await identity.signInService('deploy');
    const forged = { ...session, id: 'service:other' as typeof session.id };
    expect((await refusal(identity.ensureLive(forged))).code).toBe('session-ended');
    expect(await identity.serviceSigner(forged)).toBeUndefined();
  });
});
