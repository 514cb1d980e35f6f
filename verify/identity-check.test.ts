import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Opened } from './event-check.ts';
import { newIdentityCheck, type IdentityTrust } from './identity-check.ts';
import { type Json } from './json.ts';
import { thumbprintOf } from './jws.ts';
import { Reporter, type Report } from './report.ts';

const LOG = '0190f1a0-0000-7000-8000-000000000000';
const ISSUER = 'https://id.example';
/** Seconds since 1970: when the login was made and first recorded. */
const NOW = 1_772_445_600;

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A key that signs tokens, with its public half as published. */
interface Signer {
  readonly jwk: Json;
  sign(header: Json, payload: string): { readonly protected: string; readonly signature: string };
}

type Pair = { readonly publicKey: KeyObject; readonly privateKey: KeyObject };

function signerOf(
  alg: string,
  { publicKey, privateKey }: Pair,
  options: Json = {},
  digest: string | null = 'sha256',
): Signer {
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig' };
  return {
    jwk,
    sign(header, payload) {
      const written = base64url({ alg, kid: 'k1', ...header });
      const signature = sign(digest, Buffer.from(`${written}.${payload}`), { key: privateKey, ...options });
      return { protected: written, signature: signature.toString('base64url') };
    },
  };
}
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const PROVIDERS: Readonly<Record<string, Signer>> = {
  RS256: signerOf('RS256', rsa),
  PS256: signerOf('PS256', rsa, { padding: 6, saltLength: 32 }),
  ES256: signerOf('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }), { dsaEncoding: 'ieee-p1363' }),
  EdDSA: signerOf('EdDSA', generateKeyPairSync('ed25519'), {}, null),
};
const provider = PROVIDERS.ES256 as Signer;

const deviceKey = generateKeyPairSync('ed25519');
const upk = deviceKey.publicKey.export({ format: 'jwk' });
const thumbprint = thumbprintOf(upk);
const withDevice = (header: string, payload: string, pair = deviceKey): string =>
  sign(null, Buffer.from(`${header}.${payload}`), pair.privateKey).toString('base64url');

const deviceHeader = (more: Json = {}): string => base64url({ alg: 'EdDSA', typ: 'CIC', rz: 'r', upk, ...more });
const nonceOf = (header: string): string => createHash('sha256').update(header).digest('base64url');

interface Making {
  readonly claims?: Json;
  readonly header?: Json;
  readonly device?: string;
  readonly signer?: Signer;
  readonly devicePair?: Pair;
}

/** A PK token as a login makes it, but for what is changed. */
function tokenOf({
  claims,
  header = {},
  device = deviceHeader(),
  signer = provider,
  devicePair = deviceKey,
}: Making = {}): Json {
  const told = { iss: ISSUER, sub: 'ana', aud: 'app', nonce: nonceOf(device), iat: NOW, exp: NOW + 3_600, acr: 'high' };
  const payload = base64url({ ...told, ...claims });
  const signed = { protected: device, signature: withDevice(device, payload, devicePair) };
  return { payload, signatures: [signer.sign(header, payload), signed] };
}

const BIND = {
  ...{ alg: 'EdDSA', thumbprint, iss: ISSUER, sub: 'ana', aud: 'app', nonce: nonceOf(deviceHeader()) },
  ...{ iat: NOW, exp: NOW + 3_600, acr: 'high', until: NOW + 12 * 3_600 },
};
const USER = { iss: ISSUER, sub: 'ana', name: 'Ana', verified: true };
const actor = (change: Json = {}, bind: number | null = 0): Json => ({
  user: { ...USER, ...change },
  ...(bind === null ? {} : { bind }),
});

function proofOf(session: string, log = LOG, pair = deviceKey, more: Json = {}): string {
  const header = base64url({ alg: 'EdDSA', typ: 'countersign-session', kid: thumbprint, ...more });
  return `${header}..${withDevice(header, base64url({ log, s: session }), pair)}`;
}

interface Event extends Json {
  readonly k: string;
}
const bound = (change: Json = {}, token: Json = tokenOf(), jwks: readonly Json[] = [provider.jwk]): Event => ({
  k: 'key.bind',
  actor: actor({}, null),
  bind: { ...BIND, token: { sealed: token }, jwks: { sealed: { keys: jwks } }, ...change },
});
const started = (change: Json = {}): Event => ({
  k: 'session.start',
  s: 's1',
  actor: actor(),
  dev: { id: thumbprint },
  proof: proofOf('s1'),
  ...change,
});
const asked = (change: Json = {}): Event => ({ k: 'stmt.intent', s: 's1', actor: actor(), ...change });

function check(events: readonly Event[], { trust, key = true }: { trust?: IdentityTrust; key?: boolean } = {}): Report {
  const report = new Reporter();
  const checking = newIdentityCheck(trust)(report, LOG);
  const open = (part: unknown): Opened => {
    const { sealed } = (part ?? {}) as { sealed?: unknown };
    return !key ? 'no-key' : sealed === undefined ? 'unreadable' : Buffer.from(JSON.stringify(sealed));
  };
  events.forEach(({ k: kind, ...leaf }, index) =>
    checking.event({
      index,
      where: `event ${index}`,
      kind,
      leaf: { t: (NOW + index) * 1_000_000, ...leaf },
      hash: Buffer.alloc(32),
      open,
    }),
  );
  checking.end();
  return report.report('test');
}
const found = (...events: readonly Event[]): readonly (string | undefined)[] =>
  check(events).findings.map(({ code, sentence }) => `${code}: ${sentence}`);

describe('a login', () => {
  it.each(Object.keys(PROVIDERS))('is proven by a token that its provider signed with %s', (alg) => {
    const signer = PROVIDERS[alg] as Signer;
    const { findings, checked } = check([bound({}, tokenOf({ signer }), [signer.jwk]), started(), asked()]);
    expect(findings).toEqual([]);
    expect(checked.map(({ count }) => count)).toEqual([1, 0, 1, 2]);
  });

  it('is proven by the right one of several keys of one name', () => {
    const other = signerOf('ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' }));
    expect(found(bound({}, tokenOf(), [other.jwk, provider.jwk]))).toEqual([]);
  });

  const changed: readonly (readonly [string, Event, RegExp])[] = [
    ['with another nonce', bound({}, tokenOf({ claims: { nonce: 'x' } })), /another nonce/],
    [
      'of another device key',
      bound({ nonce: 'x' }, tokenOf({ claims: { nonce: 'x' } })),
      /another device key \(nonce\)/,
    ],
    ['for another program', bound({}, tokenOf({ claims: { aud: 'other' } })), /another program \(aud\)/],
    ['for several programs', bound({}, tokenOf({ claims: { aud: ['app', 'other'] } })), /another program \(azp\)/],
    ['of another party', bound({}, tokenOf({ claims: { azp: 'other' } })), /another program \(azp\)/],
    ['of another person', bound({}, tokenOf({ claims: { sub: 'eli' } })), /another person/],
    ['of another issuer', bound({}, tokenOf({ claims: { iss: 'https://evil.example' } })), /another issuer/],
    ['that is older than the event says', bound({}, tokenOf({ claims: { iat: NOW - 5 } })), /another iat/],
    ['that is weaker than the event says', bound({}, tokenOf({ claims: { acr: 'low' } })), /another acr/],
    ['that was never valid', bound({ exp: NOW - 1 }, tokenOf({ claims: { exp: NOW - 1 } })), /no time/],
    ['from the future', bound({ iat: NOW + 90 }, tokenOf({ claims: { iat: NOW + 90 } })), /after it was recorded/],
    ['that had ended', bound({ until: NOW - 61, iat: NOW - 99 }, tokenOf({ claims: { iat: NOW - 99 } })), /had ended/],
    ['that lasts for ever', bound({ until: NOW + 9e9 }), /longer than a login may/],
    ['without an end', bound({ until: undefined }), /when the login ends/],
    ['by keys of another provider', bound({}, tokenOf(), [(PROVIDERS.RS256 as Signer).jwk]), /no key of the provider/],
    ['by no keys', bound({}, tokenOf(), []), /no key of the provider/],
    ['without a proof', bound({ token: undefined }), /holds no proof/],
    ['that says alg none', bound({}, tokenOf({ header: { alg: 'none' } })), /algorithm/],
    ['that has critical parts', bound({}, tokenOf({ header: { crit: ['x'] } })), /algorithm/],
    [
      'that another device signed',
      bound({}, tokenOf({ devicePair: generateKeyPairSync('ed25519') })),
      /device key did not sign/,
    ],
    ['of another key than it names', bound({ thumbprint: 'x' }), /another device key/],
    ['with a key of another algorithm', bound({ alg: 'ES256' }), /another device key/],
    ['that is no token', bound({}, { payload: 'x', signatures: [] }), /not a PK token/],
  ];
  it.each(changed)('is not proven %s', (_what, event, sentence) => {
    const [first, ...more] = found(event);
    expect(first).toMatch(sentence);
    expect(more).toEqual([]);
  });

  it('is not proven by an HMAC over the published key', () => {
    const { payload } = tokenOf() as { payload: string };
    const header = base64url({ alg: 'HS256', kid: 'k1' });
    const device = deviceHeader();
    const signatures = [
      { protected: header, signature: createHash('sha256').update(`${header}.${payload}`).digest('base64url') },
      { protected: device, signature: withDevice(device, payload) },
    ];
    expect(found(bound({}, { payload, signatures }))[0]).toMatch(/algorithm/);
  });

  it('is not proven by a payload that was changed after it was signed', () => {
    const token = tokenOf() as { payload: string; signatures: unknown };
    const claims = JSON.parse(Buffer.from(token.payload, 'base64url').toString()) as Json;
    expect(found(bound({}, { ...token, payload: base64url({ ...claims, groups: ['admins'] }) }))[0]).toMatch(
      /no key of/,
    );
  });

  it('is not proven where the header of the device key holds its private half, or another key', () => {
    const device = deviceHeader({ upk: deviceKey.privateKey.export({ format: 'jwk' }) });
    expect(found(bound({ nonce: nonceOf(device) }, tokenOf({ device })))[0]).toMatch(/header cannot be read/);
  });

  it('belongs to whoever the event is by', () => {
    expect(found({ ...bound(), actor: actor({ sub: 'eli' }, null) })).toEqual([expect.stringMatching(/somebody else/)]);
  });

  it('is refused where the keys or the client id are not those that the person who checks knows', () => {
    const trusted = (keys: readonly unknown[], client = 'app'): readonly string[] =>
      check([bound()], { trust: { issuers: { [ISSUER]: { keys, client } } } }).findings.map(({ sentence }) => sentence);
    expect(trusted([provider.jwk])).toEqual([]);
    expect(trusted([(PROVIDERS.RS256 as Signer).jwk])[0]).toMatch(/did not name/);
    expect(trusted([provider.jwk], 'other')[0]).toMatch(/another program/);
  });

  it('names the key of a provider that nobody named, to be compared', () => {
    expect(check([bound()]).notChecked.join()).toContain(`${ISSUER} ${String(thumbprintOf(provider.jwk))}`);
  });

  it('is not checked without the blob key, and that is said', () => {
    const { findings, notChecked } = check([bound(), started(), asked()], { key: false });
    expect([findings, notChecked.join()]).toEqual([[], expect.stringContaining('no blob key')]);
  });
});

describe('a session', () => {
  it.each([
    ['without a proof', { proof: undefined }, /Nothing shows/],
    ['with the proof of another session', { proof: proofOf('s2') }, /did not sign/],
    ['with the proof of another log', { proof: proofOf('s1', LOG.replace('0190', '0191')) }, /did not sign/],
    ['signed by another key', { proof: proofOf('s1', LOG, generateKeyPairSync('ed25519')) }, /did not sign/],
    [
      'signed for something else',
      { proof: proofOf('s1', LOG, deviceKey, { typ: 'countersign-approval' }) },
      /did not sign/,
    ],
    ['on another device', { dev: { id: 'other' } }, /another device/],
  ])('does not begin %s', (_what, change, sentence) => {
    expect(found(bound(), started(change))).toEqual([expect.stringMatching(sentence)]);
  });
});

describe('an event', () => {
  it('is by whoever the login it names is', () => {
    expect(found(bound(), started(), asked({ actor: actor({ sub: 'eli' }) }))).toEqual([
      expect.stringMatching(/^identity-actor: .*session/),
      expect.stringMatching(/^identity-actor: .*login/),
    ]);
  });

  it('names a login that is in the log before it', () => {
    expect(found(started(), bound())[0]).toMatch(/not in the log before it/);
  });

  it('is in a session of the same login', () => {
    expect(found(bound(), bound(), started(), asked({ actor: actor({}, 1) }))).toEqual([
      expect.stringMatching(/session/),
    ]);
  });

  it('of an agent is in a session of that agent, with that token', () => {
    const acting = (agent: Json): Json => ({
      ...actor(),
      agent: { id: 'scout', name: 'Scout', instance: 't1', ...agent },
    });
    const session = started({ actor: acting({}) });
    expect(found(bound(), session, asked({ actor: acting({}) }))).toEqual([]);
    expect(found(bound(), session, asked({ actor: acting({ instance: 't2' }) }))).toEqual([
      expect.stringMatching(/whose session/),
    ]);
    expect(found(bound(), session, asked())).toEqual([expect.stringMatching(/whose session/)]);
  });

  it('of an agent does not come after the key of its person was revoked, though it was bound apart', () => {
    const revoked: Event = { k: 'key.revoke', actor: actor(), bind: BIND, why: { reason: 'signed-out' } };
    const session = started({ actor: actor({}, 1) });
    expect(found(bound(), bound(), session, revoked, asked({ actor: actor({}, 1) }))).toEqual([
      expect.stringMatching(/^identity-revoked/),
    ]);
  });

  it('names a login where it says that somebody was verified', () => {
    expect(found({ k: 'stmt.denied', actor: actor({}, null) })).toEqual([expect.stringMatching(/^identity-unbound/)]);
    expect(found(bound(), started(), asked({ actor: actor({}, null) }))[0]).toMatch(/session/);
  });

  it('by an account of the operating system is said to be proven by nobody', () => {
    const { findings, notChecked } = check([{ k: 'stmt.intent', actor: actor({ verified: false }, null) }]);
    expect([findings, notChecked.join()]).toEqual([[], expect.stringContaining('account of the operating system')]);
  });

  it('does not come after its login was revoked', () => {
    const revoked: Event = { k: 'key.revoke', actor: actor(), bind: BIND, why: { reason: 'signed-out' } };
    expect(found(bound(), started(), revoked)).toEqual([]);
    expect(found(bound(), started(), revoked, asked())).toEqual([
      expect.stringMatching(/^identity-revoked.*signed-out/),
    ]);
    expect(found(bound(), { ...revoked, bind: { ...BIND, thumbprint: 'x' } })).toEqual([
      expect.stringMatching(/does not name/),
    ]);
  });

  it('does not come after its login has expired', () => {
    expect(found(bound(), started(), asked({ t: (BIND.until + 61) * 1_000_000 }))).toEqual([
      expect.stringMatching(/^identity-expired/),
    ]);
  });

  it('may tell what somebody else decided elsewhere', () => {
    expect(found({ k: 'approval.decision', actor: actor({ sub: 'sam' }, null) })).toEqual([]);
  });
});
