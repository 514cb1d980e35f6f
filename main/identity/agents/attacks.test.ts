import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { createMemorySecretStore } from '../../credentials/index.ts';
import { createIdentity, type Identity, NOTHING_KNOWN, type Session } from '../index.ts';
import { clock, issuer, key, profile } from '../testing/bench.ts';
import { settingsFor } from '../testing/sign-in.ts';
import { office, person } from './testing/office.ts';

interface Target {
  readonly identity: Identity;
  readonly ana: Session;
  readonly token: string;
}

async function target(): Promise<Target> {
  const { identity } = office();
  const ana = await person(identity);
  return { identity, ana, token: (await identity.issueAgentToken(ana, { agent: 'scout', minutes: 30 })).token };
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const read = (text = ''): Record<string, unknown> =>
  JSON.parse(Buffer.from(text, 'base64url').toString()) as Record<string, unknown>;

function edited(token: string, header: object, payload: object, signature?: string): string {
  const [h, p, s = ''] = token.split('.');
  return `${part({ ...read(h), ...header })}.${part({ ...read(p), ...payload })}.${signature ?? s}`;
}

const PASSED_ON = /[A-Za-z0-9_-]{40,}\.[A-Za-z0-9_-]{10,}/;

describe('a token that was', () => {
  it.each<readonly [string, (at: Target) => string | Promise<string>, RegExp]>([
    ['lengthened', ({ token }) => edited(token, {}, { exp: 9_999_999_999 }), /agent-token-refused/],
    ['made out to another agent', ({ token }) => edited(token, {}, { act: { sub: 'other' } }), /agent-token-refused/],
    ['freed of its connections', ({ token }) => edited(token, {}, { connections: ['prod'] }), /agent-token-refused/],
    [
      'made out to a login that is not here',
      ({ token }) => edited(token, {}, { sid: crypto.randomUUID() }),
      /agent-login-ended/,
    ],
    ['signed by nobody', ({ token }) => edited(token, { alg: 'none' }, {}, ''), /agent-token-refused/],
    ['signed by nobody, loudly', ({ token }) => edited(token, { alg: 'NONE' }, {}, 'AAAA'), /agent-token-refused/],
    ['cut', ({ token }) => token.slice(0, -8), /agent-token-refused/],
    ['emptied', () => '', /agent-token-refused/],
    ['made too long to look at', ({ token }) => `${token}${'A'.repeat(9_000)}`, /agent-token-refused/],
    [
      'given a header that the program does not know',
      ({ token }) => edited(token, { crit: ['x'], x: 1 }, {}),
      /agent-token-refused/,
    ],
    [
      'signed with a symmetric key, which is the public one',
      async ({ token, ana }) =>
        new SignJWT(read(token.split('.')[1]))
          .setProtectedHeader({ alg: 'HS256', typ: 'countersign-agent+jwt' })
          .sign(Buffer.from(String(ana.principal.device))),
      /agent-token-refused/,
    ],
    [
      'signed with a key of its own, which it brings along',
      async ({ token }) => {
        const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' });
        return new SignJWT(read(token.split('.')[1]))
          .setProtectedHeader({ ...read(token.split('.')[0]), alg: 'EdDSA', jwk: {} })
          .sign(privateKey);
      },
      /agent-token-refused/,
    ],
    ['signed by the provider', ({ token }) => key.sign(read(token.split('.')[1])), /agent-token-refused/],
    [
      'the ID token of the person',
      () => key.sign({ iss: issuer.issuer, sub: 'ana', aud: 'desktop' }),
      /agent-token-refused/,
    ],
  ])('%s is refused, and no part of it is said', async (_what, forge, expected) => {
    const at = await target();
    const error = await at.identity.agentSession(await forge(at)).catch((failure: unknown) => failure);
    expect((error as { code: string }).code).toMatch(expected);
    expect((error as Error).message).not.toMatch(PASSED_ON);
  });

  it('signed by the key of another login is refused', async () => {
    const { identity, ana, token } = await target();
    const eli = await person(identity, { sub: 'eli', email: 'eli@shop.example' });
    const signer = await identity.deviceSigner(eli);
    const claims = { ...read(token.split('.')[1]), sid: ana.id };
    const forged = await signer?.sign(Buffer.from(JSON.stringify(claims)), 'countersign-agent+jwt');
    await expect(
      identity.agentSession(`${String(forged?.protected)}.${String(forged?.payload)}.${String(forged?.signature)}`),
    ).rejects.toMatchObject({ code: 'agent-token-refused' });
  });

  it.each(['countersign-session', 'countersign-grant+jws', 'JWT'])(
    'signed by the right key as something else (%s) is refused',
    async (type) => {
      const { identity, ana, token } = await target();
      const signer = await identity.deviceSigner(ana);
      const forged = await signer?.sign(Buffer.from(token.split('.')[1] ?? '', 'base64url'), type);
      await expect(
        identity.agentSession(`${String(forged?.protected)}.${String(forged?.payload)}.${String(forged?.signature)}`),
      ).rejects.toMatchObject({ code: 'agent-token-refused' });
    },
  );

  it.each<readonly [string, object]>([
    ['names somebody else', { sub: 'boss' }],
    ['names another audience', { aud: 'mail' }],
    ['names no agent', { act: {} }],
    ['names an agent behind the agent', { act: { sub: 'scout', act: { sub: 'other' } } }],
    ['says more than such a token says', { admin: true }],
    ['was not issued here', { jti: crypto.randomUUID() }],
    ['is of tomorrow', { iat: Math.floor(Date.now() / 1000) + 86_400, exp: Math.floor(Date.now() / 1000) + 90_000 }],
    ['never ends', { exp: null }],
  ])('signed by the right key, and %s, is refused', async (_what, change) => {
    const { identity, ana, token } = await target();
    const signer = await identity.deviceSigner(ana);
    const claims = JSON.stringify({ ...read(token.split('.')[1]), ...change });
    const forged = await signer?.sign(Buffer.from(claims), 'countersign-agent+jwt');
    await expect(
      identity.agentSession(`${String(forged?.protected)}.${String(forged?.payload)}.${String(forged?.signature)}`),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^agent-(token-refused|stopped)$/) as unknown });
  });

  it('copied to another profile is refused, with the list of tokens copied along, too', async () => {
    const { token } = await target();
    const elsewhere = await mkdtemp(join(tmpdir(), 'countersign-elsewhere-'));
    try {
      await cp(profile, elsewhere, { recursive: true });
      const other = createIdentity({
        organisation: settingsFor(issuer.issuer),
        // Another machine has other secrets.
        secrets: createMemorySecretStore(),
        profileDirectory: elsewhere,
        context: NOTHING_KNOWN,
        clock: () => clock.now,
      });
      await expect(other.agentSession(token)).rejects.toMatchObject({ code: 'agent-login-ended' });
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });

  it('stopped does not come back when the list is lost: it only lets in what it names', async () => {
    const { identity, ana, token } = await target();
    const list = join(profile, 'identity', 'agent-tokens.json');
    await identity.stopAgent(ana, { agent: 'scout' });
    await expect(identity.agentSession(token)).rejects.toMatchObject({ code: 'agent-stopped' });
    await rm(list);
    await expect(identity.agentSession(token)).rejects.toMatchObject({ code: 'agent-stopped' });
  });
});

describe('the list of tokens', () => {
  it('that is damaged lets nothing in, and says which file to remove', async () => {
    const { identity, token } = await target();
    await writeFile(join(profile, 'identity', 'agent-tokens.json'), '{"version":1', { mode: 0o600 });
    await expect(identity.agentSession(token)).rejects.toMatchObject({ code: 'agent-tokens-damaged' });
  });

  it('holds nothing by which anybody could act', async () => {
    const { token } = await target();
    const text = await readFile(join(profile, 'identity', 'agent-tokens.json'), 'utf8');
    for (const piece of token.split('.')) expect(text).not.toContain(piece);
  });

  it('takes tokens of two processes at once', async () => {
    const { identity, ana } = await target();
    const other = office().identity;
    await Promise.all(
      [identity, other, identity, other].map((process) => process.issueAgentToken(ana, { agent: 'scout', minutes: 5 })),
    );
    expect(await identity.agentTokens(ana)).toHaveLength(5);
  });
});
