import { generateKeyPairSync } from 'node:crypto';
import { FlattenedSign, generateKeyPair, exportJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { createMemorySecretStore } from '../credentials/index.ts';
import { type Directory } from './context.ts';
import { directoryKeyOf, type DirectoryPeople, readDirectory, signDirectory } from './directory.ts';
import { createDirectoryMemory } from './directory-memory.ts';
import { browser, claimsOf, clock, identityAt, issuer, key, profile } from './testing/bench.ts';
import { signIn } from './testing/sign-in.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z');
const DAY = 86_400_000;
const CANARY = 'canary-9e07d';

const pem = (kind: 'ed25519' | 'p256' | 'p384' | 'rsa'): string => {
  const { privateKey } =
    kind === 'ed25519'
      ? generateKeyPairSync('ed25519')
      : kind === 'rsa'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: kind === 'p256' ? 'prime256v1' : 'secp384r1' });
  return privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
};
const signer = pem('ed25519');
const publicKey = directoryKeyOf(signer);
const people: DirectoryPeople = [
  { person: 'Ana@Shop.example', groups: ['analysts', 'analysts', 'staff'] },
  { person: 'https://login.example.com 00u1', groups: ['engineers'] },
  { person: 'eli@shop.example', groups: [] },
];
const somebody = { issuer: 'https://login.example.com', subject: '00u2' };

describe('a signed directory', () => {
  it.each(['ed25519', 'p256'] as const)('signed with %s tells the groups of the people in it', (kind) => {
    const own = pem(kind);
    const directory = readDirectory(signDirectory(people, own, NOW, 7), directoryKeyOf(own), NOW + 6 * DAY);
    expect(directory).toMatchObject({
      ...{ people: 3, issuedAt: '2026-03-01T12:00:00.000Z', expiresAt: '2026-03-08T12:00:00.000Z' },
    });
    expect(directory.groupsOf({ ...somebody, email: 'ana@SHOP.example' })).toEqual(['analysts', 'staff']);
    expect(directory.groupsOf({ ...somebody, subject: '00u1', email: 'ana@shop.example' })).toEqual(['engineers']);
  });

  it('tells none for somebody who is listed with none, and nothing for somebody who is not listed', () => {
    const directory = readDirectory(signDirectory(people, signer, NOW, 7), publicKey, NOW);
    expect(directory.groupsOf({ ...somebody, email: 'eli@shop.example' })).toEqual([]);
    for (const email of ['sam@shop.example', '__proto__', 'constructor', ''])
      expect(directory.groupsOf({ ...somebody, email })).toBeUndefined();
    expect(directory.groupsOf({ issuer: 'https://other.example', subject: '00u1' })).toBeUndefined();
  });

  it('is checked by a library that is not ours, and what such a library signs is read', async () => {
    const pair = await generateKeyPair('ES256', { extractable: true });
    const { kty = '', crv = '', x = '', y = '' } = await exportJWK(pair.publicKey);
    const iat = NOW / 1000;
    const payload = JSON.stringify({
      version: 1,
      iat,
      exp: iat + 60,
      people: [{ person: 'a@b.example', groups: ['g'] }],
    });
    const jws = await new FlattenedSign(new TextEncoder().encode(payload))
      .setProtectedHeader({ alg: 'ES256', typ: 'countersign-directory+jws' })
      .sign(pair.privateKey);
    expect(readDirectory(JSON.stringify(jws), { kty, crv, x, y }, NOW).people).toBe(1);
  });

  const good = JSON.parse(signDirectory(people, signer, NOW, 7)) as Record<
    'protected' | 'payload' | 'signature',
    string
  >;
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  /** Signed by the right key, whatever it says. */
  async function saying(content: unknown, header: Record<string, unknown> = {}): Promise<string> {
    const { createPrivateKey, sign } = await import('node:crypto');
    const head = encode({ alg: 'EdDSA', typ: 'countersign-directory+jws', ...header });
    const payload = encode(content);
    const signature = sign(null, Buffer.from(`${head}.${payload}`), createPrivateKey(signer)).toString('base64url');
    return JSON.stringify({ protected: head, payload, signature });
  }
  const at = NOW / 1000;
  const fine = { version: 1, iat: at, exp: at + 3_600, people: [] };

  it.each<readonly [string, () => string | Promise<string>, RegExp]>([
    ['nothing at all', () => '', /not a flattened JSON web signature/],
    ['a compact token', () => `${good.protected}.${good.payload}.${good.signature}`, /not a flattened/],
    ['no signature', () => JSON.stringify({ ...good, signature: '' }), /not a flattened/],
    ['a member of its own besides', () => JSON.stringify({ ...good, header: { alg: 'none' } }), /not a flattened/],
    [
      'the signature of another key',
      () => signDirectory(people, pem('ed25519'), NOW, 7),
      /not that of identity.directoryKey/,
    ],
    ['another payload under a good signature', () => JSON.stringify({ ...good, payload: encode(fine) }), /not that of/],
    [
      'alg none',
      () => JSON.stringify({ ...good, protected: encode({ alg: 'none', typ: 'countersign-directory+jws' }) }),
      /header/,
    ],
    ['HS256', () => saying(fine, { alg: 'HS256' }), /header/],
    ['ES256 for an Ed25519 key', () => saying(fine, { alg: 'ES256' }), /not the kind of/],
    ['the type of another kind of token', () => saying(fine, { typ: 'JWT' }), /header/],
    ['a key it brings itself', () => saying(fine, { jwk: publicKey }), /header/],
    ['an address of keys', () => saying(fine, { jku: 'https://evil.example/keys' }), /header/],
    ['a critical extension', () => saying(fine, { crit: ['b64'], b64: false }), /header/],
    ['a time of signing in the future', () => saying({ ...fine, iat: at + 3_600, exp: at + 7_200 }), /in the future/],
    ['no expiry', () => saying({ ...fine, exp: undefined }), /exp/],
    ['an expiry before its issue', () => saying({ ...fine, exp: at - 1, iat: at }), /must expire/],
    ['an expiry in a year', () => saying({ ...fine, exp: at + 365 * 86_400 }), /at most 90 days/],
    [
      'somebody twice, in other letters',
      () =>
        saying({
          ...fine,
          people: [
            { person: 'a@b.example', groups: [] },
            { person: 'A@B.example', groups: ['g'] },
          ],
        }),
      /listed twice/,
    ],
    ['somebody by name only', () => saying({ ...fine, people: [{ person: 'Ana', groups: [] }] }), /e-mail address/],
    [
      'groups that are no names',
      () => saying({ ...fine, people: [{ person: 'a@b.example', groups: [1] }] }),
      /people\.0\.groups\.0/,
    ],
    ['another version', () => saying({ ...fine, version: 2 }), /version/],
    ['more than 16 MB', () => ' '.repeat(17 * 1024 * 1024), /16 MB/],
  ])('with %s is refused', async (_what, text, why) => {
    const refused = expect.objectContaining({
      code: 'directory-refused',
      message: expect.stringMatching(why) as string,
    });
    const file = await text();
    expect(() => readDirectory(file, publicKey, NOW)).toThrow(refused);
  });

  it('counts no more from the second it expires', () => {
    const text = signDirectory(people, signer, NOW, 1);
    expect(readDirectory(text, publicKey, NOW + DAY - 1).people).toBe(3);
    expect(() => readDirectory(text, publicKey, NOW + DAY)).toThrow(
      expect.objectContaining({ code: 'directory-expired' }),
    );
  });

  it.each([
    ['no key', CANARY],
    ['a public key', JSON.stringify(publicKey)],
    ['a P-384 key', pem('p384')],
    ['an RSA key', pem('rsa')],
    ['half a key', `{"kty":"OKP","crv":"Ed25519","d":"${CANARY}"}`],
  ])('is not signed with %s, and the key is not shown', (_what, text) => {
    const signing = (): string => signDirectory(people, text, NOW, 7);
    expect(signing).toThrow(expect.objectContaining({ code: 'directory-key-invalid' }));
    expect(signing).not.toThrow(CANARY);
  });

  it('is not checked with a private key in organisation.yaml, nor with one of another kind', () => {
    const text = signDirectory(people, signer, NOW, 7);
    for (const wrong of [{ ...publicKey, d: 'x' }, { kty: 'oct', k: 'c2VjcmV0' }, {}])
      expect(() => readDirectory(text, wrong, NOW)).toThrow(expect.objectContaining({ code: 'directory-key-invalid' }));
  });
});

describe('the memory of directories', () => {
  const signed = (days: number): Directory =>
    readDirectory(signDirectory(people, signer, NOW + days * DAY, 7), publicKey, NOW + days * DAY);

  it('refuses an older file once a newer one was seen, in the next process too', async () => {
    const secrets = createMemorySecretStore();
    const open = () => createDirectoryMemory(secrets, profile, () => NOW + 2 * DAY);
    const [older, newer] = [signed(0), signed(1)];
    const memory = open();
    await memory.learn(older);
    expect(memory.newest(older)).toBe(older);
    await memory.learn(newer);
    expect(memory.newest(newer)).toBe(newer);
    await memory.learn(older);
    expect(memory.newest(older)).toBeUndefined();
    const next = open();
    await next.learn(older);
    expect(next.newest(older)).toBeUndefined();
    await next.learn(newer);
    expect(next.newest(newer)).toBe(newer);
  });

  it('knows nothing from a file that it has not looked at, or that has expired since', async () => {
    let now = NOW;
    const memory = createDirectoryMemory(createMemorySecretStore(), profile, () => now);
    const directory = signed(0);
    expect(memory.newest(directory)).toBeUndefined();
    await memory.learn(directory);
    expect(memory.newest(directory)).toBe(directory);
    now += 8 * DAY;
    expect(memory.newest(directory)).toBeUndefined();
  });

  it('that is damaged is refused', async () => {
    const secrets = createMemorySecretStore();
    await secrets.set('directory-signed-at', new TextEncoder().encode('9999'));
    const memory = createDirectoryMemory(secrets, profile, () => NOW);
    await expect(memory.learn(signed(0))).rejects.toMatchObject({ code: 'directory-memory-damaged' });
  });
});

describe('groups from a directory', () => {
  let directory: Directory | undefined;
  const at = (groupsFrom: readonly ('id-token' | 'userinfo' | 'directory')[]) =>
    identityAt(issuer.issuer, {}, { provider: { groupsFrom }, context: { directory: () => directory } });
  const listing = (groups: readonly string[], age = 0): Directory =>
    readDirectory(
      signDirectory([{ person: 'ana@shop.example', groups: [...groups] }], signer, clock.now - age, 7),
      publicKey,
      clock.now,
    );
  const without = browser((nonce) => key.sign({ ...claimsOf(nonce), groups: undefined }));
  const overage = browser((nonce) =>
    key.sign({ ...claimsOf(nonce), groups: undefined, _claim_names: { groups: 'src1' }, _claim_sources: { src1: {} } }),
  );

  it.each<
    readonly [string, readonly ('id-token' | 'userinfo' | 'directory')[], typeof without, readonly string[] | 'unknown']
  >([
    ['count where the ID token does not speak of groups', ['id-token', 'directory'], without, ['listed']],
    [
      'count where the provider says there are more than it tells (Entra)',
      ['id-token', 'directory'],
      overage,
      ['listed'],
    ],
    ['count where it is the only source, whatever the ID token says', ['directory'], browser(), ['listed']],
    ['count where it ranks before the ID token', ['directory', 'id-token'], browser(), ['listed']],
    ['do not count where the ID token ranks before it and speaks', ['id-token', 'directory'], browser(), ['analysts']],
    ['do not count where organisation.yaml does not name it', ['id-token'], without, 'unknown'],
  ])('%s', async (_what, sources, person, groups) => {
    directory = listing(['listed']);
    const identity = at(sources);
    const session = await signIn(identity, person);
    expect(session.principal.groups).toEqual(groups);
    expect((await identity.ensureLive(session)).principal.groups).toEqual(groups);
    expect((await at(sources).restore())?.principal.groups).toEqual(groups);
  });

  it('follow the file while a session goes on: changed, taken away, expired, put back to an older one', async () => {
    const identity = at(['id-token', 'directory']);
    directory = listing(['a'], 3_600_000);
    const older = directory;
    const session = await signIn(identity, without);
    const groups = async () => (await identity.ensureLive(session)).principal.groups;
    expect(await groups()).toEqual(['a']);
    directory = listing(['b']);
    expect(await groups()).toEqual(['b']);
    directory = undefined;
    expect(await groups()).toBe('unknown');
    directory = older;
    expect(await groups()).toBe('unknown');
  });

  it('are unknown, never none, for somebody who is not listed', async () => {
    directory = readDirectory(signDirectory([], signer, clock.now, 7), publicKey, clock.now);
    const identity = at(['id-token', 'directory']);
    const session = await signIn(identity, without);
    expect((await identity.ensureLive(session)).principal.groups).toBe('unknown');
  });
});
