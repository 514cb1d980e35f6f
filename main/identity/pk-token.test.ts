import { beforeAll, describe, expect, it } from 'vitest';
import { createDeviceKey, type DeviceKey, nonceOf, signWithDeviceKey } from './device-key.ts';
import { makePkToken, type PkToken, verifyPkToken } from './pk-token.ts';
import { createIssuerKey, type IssuerKey } from './testing/issuer.ts';

const NOW = new Date('2026-03-01T12:00:00Z');
const SECONDS = NOW.getTime() / 1000;
const expected = { issuer: 'https://login.example.com', clientId: 'desktop' };
const hours = (count: number): Date => new Date(NOW.getTime() + count * 3_600_000);

let issuerKey: IssuerKey;
let deviceKey: DeviceKey;
let pkToken: PkToken;
const keys = (): { keys: IssuerKey['publicJwk'][] } => ({ keys: [issuerKey.publicJwk] });
const idToken = (nonce: string): Promise<string> =>
  issuerKey.sign({
    iss: expected.issuer,
    sub: 'ana',
    aud: 'desktop',
    nonce,
    iat: SECONDS,
    exp: SECONDS + 3_600,
    nbf: SECONDS,
  });

beforeAll(async () => {
  issuerKey = await createIssuerKey('k1');
  deviceKey = await createDeviceKey();
  pkToken = makePkToken(await idToken(nonceOf(deviceKey.protectedHeader)), deviceKey);
});

describe('a PK token', () => {
  it('proves offline, from archived keys, that the person held the device key', async () => {
    const verified = await verifyPkToken(JSON.parse(JSON.stringify(pkToken)), keys(), NOW, expected);
    expect(verified.claims.sub).toBe('ana');
    expect(verified.thumbprint).toBe(deviceKey.thumbprint);
    expect(verified.deviceKey).not.toHaveProperty('d');
  });

  it('names its key by 43 characters of nonce', () => {
    expect(nonceOf(deviceKey.protectedHeader)).toMatch(/^[\w-]{43}$/);
  });

  it('with another device key put in its place is refused', async () => {
    const thief = await createDeviceKey();
    const [byIssuer] = pkToken.signatures;
    const stolen = makePkToken(`${byIssuer.protected}.${pkToken.payload}.${byIssuer.signature}`, thief);
    await expect(verifyPkToken(stolen, keys(), NOW, expected)).rejects.toMatchObject({
      code: 'identity-binding-refused',
    });
  });

  it('that keeps the header of the bound key but is signed by another is refused', async () => {
    const thief = await createDeviceKey();
    const [byIssuer] = pkToken.signatures;
    const stolen = makePkToken(`${byIssuer.protected}.${pkToken.payload}.${byIssuer.signature}`, {
      ...thief,
      protectedHeader: deviceKey.protectedHeader,
    });
    await expect(verifyPkToken(stolen, keys(), NOW, expected)).rejects.toMatchObject({
      code: 'identity-binding-refused',
    });
  });

  it('of a login whose nonce was not made from a key is refused', async () => {
    const token = makePkToken(await idToken('just-a-nonce'), deviceKey);
    await expect(verifyPkToken(token, keys(), NOW, expected)).rejects.toMatchObject({
      code: 'identity-binding-refused',
    });
  });

  it.each<readonly [string, Record<string, unknown>]>([
    ['another algorithm', { alg: 'HS256' }],
    ['another type', { typ: 'JWT' }],
    ['a private key in it', { upk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43), d: 'A'.repeat(43) } }],
    ['a symmetric key', { upk: { kty: 'oct', k: 'AAAA' } }],
    ['an address to fetch a key from', { jku: 'https://evil.example' }],
    ['too little randomness', { rz: 'AAAA' }],
  ])('whose device header has %s is refused, even where the nonce fits', async (_what, change) => {
    const header = JSON.parse(Buffer.from(deviceKey.protectedHeader, 'base64url').toString('utf8')) as object;
    const protectedHeader = Buffer.from(JSON.stringify({ ...header, ...change })).toString('base64url');
    const token = makePkToken(await idToken(nonceOf(protectedHeader)), { ...deviceKey, protectedHeader });
    await expect(verifyPkToken(token, keys(), NOW, expected)).rejects.toMatchObject({
      code: 'identity-binding-refused',
    });
  });

  it('counts until the ID token expires, or as long as a login may last where that is asked', async () => {
    await expect(verifyPkToken(pkToken, keys(), hours(3), expected)).rejects.toMatchObject({
      code: 'identity-token-refused',
    });
    const lasting = { ...expected, maxAgeSeconds: 8 * 3_600 };
    expect((await verifyPkToken(pkToken, keys(), hours(3), lasting)).claims.sub).toBe('ana');
    await expect(verifyPkToken(pkToken, keys(), hours(9), lasting)).rejects.toMatchObject({
      code: 'identity-token-refused',
    });
    await expect(verifyPkToken(pkToken, keys(), hours(-1), lasting)).rejects.toMatchObject({
      code: 'identity-clock-skew',
    });
  });

  it('of another organisation or another client is refused', async () => {
    await expect(verifyPkToken(pkToken, keys(), NOW, { ...expected, clientId: 'mail' })).rejects.toMatchObject({
      code: 'identity-token-refused',
    });
    await expect(
      verifyPkToken(pkToken, keys(), NOW, { ...expected, issuer: 'https://other.example' }),
    ).rejects.toMatchObject({ code: 'identity-token-refused' });
  });

  it.each([null, {}, [], 'a.b.c', { payload: 'x', signatures: [] }])('that is %j is refused', async (value) => {
    await expect(verifyPkToken(value, keys(), NOW, expected)).rejects.toMatchObject({
      code: 'identity-binding-refused',
    });
  });
});

describe('a device key', () => {
  it('signs with its thumbprint as kid, and is another at each login', async () => {
    const jws = await signWithDeviceKey(deviceKey, new TextEncoder().encode('checkpoint'), 'checkpoint');
    expect(JSON.parse(Buffer.from(jws.protected, 'base64url').toString('utf8'))).toEqual({
      alg: 'EdDSA',
      typ: 'checkpoint',
      kid: deviceKey.thumbprint,
    });
    expect((await createDeviceKey()).thumbprint).not.toBe(deviceKey.thumbprint);
  });
});
