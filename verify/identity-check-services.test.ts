import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Opened } from './event-check.ts';
import { newIdentityCheck } from './identity-check.ts';
import { type Json } from './json.ts';
import { thumbprintOf } from './jws.ts';
import { Reporter, type Report } from './report.ts';

const LOG = '0190f1a0-0000-7000-8000-000000000000';
const ISSUER = 'https://token.actions.example';
/** Seconds since 1970. */
const NOW = 1_772_445_600;

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const pairOf = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
const issuer = pairOf();
const jwk = { ...issuer.publicKey.export({ format: 'jwk' }), kid: 'k1' };

const session = generateKeyPairSync('ed25519');
const { kty, crv, x } = session.publicKey.export({ format: 'jwk' });
const key = { kty, crv, x };
const thumbprint = thumbprintOf(key);

const CLAIMS = { iss: ISSUER, sub: 'repo:acme/shop', aud: 'countersign', iat: NOW, exp: NOW + 300 };

function tokenOf(claims: Json = {}, header: Json = {}, { privateKey } = issuer): string {
  const signed = `${base64url({ alg: 'ES256', kid: 'k1', ...header })}.${base64url({ ...CLAIMS, ...claims })}`;
  const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

const BIND = {
  ...{ alg: 'EdDSA', thumbprint, iss: ISSUER, sub: 'repo:acme/shop', aud: 'countersign', iat: NOW, exp: NOW + 300 },
  ...{ until: NOW + 3_600, method: 'workload-token', key },
};
const actor = (change: Json = {}): Json => ({
  user: { iss: ISSUER, sub: 'repo:acme/shop', name: 'Deploy', groups: [], verified: true },
  service: 'deploy',
  ...change,
});

interface Event extends Json {
  readonly k: string;
}
const bound = (change: Json = {}, token: string | undefined = tokenOf(), jwks: readonly Json[] = [jwk]): Event => ({
  k: 'key.bind',
  actor: actor(),
  bind: { ...BIND, token: { sealed: token }, jwks: { sealed: JSON.stringify({ keys: jwks }) }, ...change },
});

function proofOf(id: string, pair = session): string {
  const header = base64url({ alg: 'EdDSA', typ: 'countersign-session', kid: thumbprint });
  const signature = sign(null, Buffer.from(`${header}.${base64url({ log: LOG, s: id })}`), pair.privateKey);
  return `${header}..${signature.toString('base64url')}`;
}
const started = (change: Json = {}): Event => ({
  ...{ k: 'session.start', s: 's1', actor: actor({ bind: 0 }), dev: { id: thumbprint }, proof: proofOf('s1') },
  ...change,
});
const asked = (change: Json = {}): Event => ({ k: 'stmt.intent', s: 's1', actor: actor({ bind: 0 }), ...change });

function check(...events: readonly Event[]): Report {
  const report = new Reporter();
  const checking = newIdentityCheck()(report, LOG);
  const open = (part: unknown): Opened => {
    const { sealed } = (part ?? {}) as { sealed?: string };
    return sealed === undefined ? 'unreadable' : Buffer.from(sealed);
  };
  events.forEach(({ k: kind, ...leaf }, index) =>
    checking.event({
      ...{ index, where: `event ${index}`, kind, hash: Buffer.alloc(32), open },
      leaf: { t: (NOW + index) * 1_000_000, ...leaf },
    }),
  );
  checking.end();
  return report.report('test');
}
const found = (...events: readonly Event[]): readonly string[] =>
  check(...events).findings.map(({ code, sentence }) => `${code}: ${sentence}`);

describe('a login of a service', () => {
  it('is proven by the token of its platform, and what that does not prove is said', () => {
    const { findings, checked, notChecked } = check(bound(), started(), asked());
    expect(findings).toEqual([]);
    expect(checked.map(({ what, count }) => `${count} ${what}`)).toEqual([
      '0 logins',
      '1 logins of services',
      '1 sessions begun with the device key at hand',
      '2 events by somebody whose login is in the log',
    ]);
    expect(notChecked.join('\n')).toMatch(/their tokens name no key/);
    expect(notChecked.join('\n')).toMatch(/compare their claims with the conditions of the policy/);
  });

  it('is proven together with its key where the token names that', () => {
    const token = tokenOf({ cnf: { jkt: thumbprint }, aud: 'https://reports.example' }, { typ: 'at+jwt' });
    const { findings, notChecked } = check(
      bound({ method: 'client-credentials', aud: 'https://reports.example' }, token),
      started(),
    );
    expect(findings).toEqual([]);
    expect(notChecked.join('\n')).not.toMatch(/name no key/);
  });

  it('on a token that only its provider can read is held together by its key, and that is all', () => {
    const opaque: Event = {
      k: 'key.bind',
      actor: actor(),
      bind: { ...BIND, method: 'client-credentials' },
    };
    const { findings, notChecked } = check(opaque, started(), asked());
    expect(findings).toEqual([]);
    expect(notChecked.join('\n')).toMatch(/tokens that only it can read/);
    expect(found(opaque, started({ proof: proofOf('s1', generateKeyPairSync('ed25519')) }))[0]).toMatch(/did not sign/);
  });

  it.each<readonly [string, Event, RegExp]>([
    ['of another issuer', bound({}, tokenOf({ iss: 'https://evil.example' })), /another issuer/],
    ['of another subject', bound({}, tokenOf({ sub: 'repo:evil/shop' })), /another subject/],
    ['for another program', bound({}, tokenOf({ aud: 'vault' })), /another program/],
    ['for others as well', bound({}, tokenOf({ aud: ['countersign', 'vault'] })), /another program/],
    ['for nobody', bound({ aud: undefined }, tokenOf({ aud: undefined })), /another program/],
    ['that is older than the event says', bound({}, tokenOf({ iat: NOW - 5 })), /another iat/],
    ['that lasts longer than the event says', bound({}, tokenOf({ exp: NOW + 9_000 })), /another exp/],
    ['from the future', bound({ iat: NOW + 90 }, tokenOf({ iat: NOW + 90 })), /after it was recorded/],
    [
      'that had ended',
      bound({ iat: NOW - 200, exp: NOW - 61 }, tokenOf({ iat: NOW - 200, exp: NOW - 61 })),
      /had ended/,
    ],
    ['that never began', bound({ iat: NOW + 400 }, tokenOf({ iat: NOW + 400 })), /no time/],
    ['for a session without an end', bound({ until: undefined }), /when the session ends/],
    ['for a session that lasts for ever', bound({ until: NOW + 9e9 }), /longer than one may/],
    ['by a key that the issuer does not have', bound({}, tokenOf({}, {}, pairOf())), /no key of the issuer/],
    ['that says alg none', bound({}, tokenOf({}, { alg: 'none' })), /algorithm/],
    ['that was given to another key', bound({}, tokenOf({ cnf: { jkt: 'x' } })), /another key \(cnf\)/],
    ['that is none', bound({}, 'opaque'), /not a signed one/],
    ['of a platform that is not there', bound({ token: undefined }), /holds no proof/],
    ['with another key of the session', bound({ thumbprint: 'x' }), /another key than that of the session/],
    ['with no key of the session', bound({ key: undefined }), /key cannot be read/],
    ['with the private half of the key', bound({ key: { ...key, d: 'x' } }), /key cannot be read/],
    ['that is a person by the actor', { ...bound(), actor: actor({ service: undefined }) }, /a person by the other/],
    ['that is a person by the proof', bound({ method: undefined }), /a person by the other/],
    ['that is known in no way there is', bound({ method: 'word of mouth' }), /a person by the other/],
    ['that somebody else recorded', { ...bound(), actor: actor({ user: { iss: ISSUER, sub: 'x' } }) }, /somebody else/],
  ])('is not proven by a token %s', (_what, event, sentence) => {
    const [first, ...more] = found(event);
    expect(first).toMatch(/^identity-login/);
    expect(first).toMatch(sentence);
    expect(more).toEqual([]);
  });
});

describe('an event of a service', () => {
  it('is by the service whose login it names, and by no other of the same token', () => {
    expect(found(bound(), started(), asked({ actor: actor({ bind: 0, service: 'release' }) }))).toEqual([
      expect.stringMatching(/whose session/),
      expect.stringMatching(/the login that it names is not/),
    ]);
  });

  it('is not by a person, though the subject is the same', () => {
    expect(found(bound(), started(), asked({ actor: actor({ bind: 0, service: undefined }) }))).not.toEqual([]);
  });

  it('does not come after the session had ended by its own time', () => {
    expect(found(bound(), started(), asked({ t: (BIND.until + 61) * 1_000_000 }))).toEqual([
      expect.stringMatching(/^identity-expired/),
    ]);
  });
});
