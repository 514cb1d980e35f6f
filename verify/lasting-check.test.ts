import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Opened } from './event-check.ts';
import { type Json } from './json.ts';
import { thumbprintOf } from './jws.ts';
import { newLastingCheck } from './lasting-check.ts';
import { Reporter, type Report } from './report.ts';

const NOW = 1_772_445_600;
const UNTIL = NOW + 3_600;
const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const iso = (seconds: number): string => new Date(seconds * 1000).toISOString();

interface Key {
  readonly upk: Json;
  readonly thumbprint: string;
  readonly privateKey: KeyObject;
}
function newKey(): Key {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const upk = { ...publicKey.export({ format: 'jwk' }) };
  return { upk, thumbprint: thumbprintOf(upk) ?? '', privateKey };
}
const [key, other] = [newKey(), newKey()];

interface Signing {
  readonly content?: Json;
  readonly header?: Json;
  readonly by?: Key;
  /** The key that is shown, where it is another one. */
  readonly shown?: Key;
}

/** What somebody signed who took a grant: its id, and the event of the hub. */
function signed({ content = {}, header = {}, by = key, shown = by }: Signing = {}): {
  readonly id: string;
  readonly body: Json;
} {
  const payload = base64url({
    ...{ v: 1, scope: 's', nonce: 'n', grant: 'unmask', connection: 'shop', policy: 'p' },
    ...{ person: { issuer: 'i', subject: 'ana', name: 'Ana' }, from: iso(NOW), until: iso(UNTIL + 0.5) },
    ...content,
  });
  const protectedHeader = base64url({ alg: 'EdDSA', typ: 'countersign-grant+jws', kid: shown.thumbprint, ...header });
  const signature = sign(null, Buffer.from(`${protectedHeader}.${payload}`), by.privateKey).toString('base64url');
  const device = { protected: base64url({ alg: 'EdDSA', typ: 'CIC', rz: 'r', upk: shown.upk }), signature: 's' };
  return {
    id: createHash('sha256').update(Buffer.from(payload, 'base64url')).digest('hex'),
    body: {
      ...{ protected: protectedHeader, payload, signature },
      evidence: { pkToken: { payload: 'p', signatures: [{ protected: 'h', signature: 's' }, device] } },
    },
  };
}

type Event = Json & { readonly k: string; readonly at?: number };
const actor = (sub = 'ana', more: Json = {}): Json => ({ user: { iss: 'i', sub, verified: true }, bind: 0, ...more });
const bound: Event = { k: 'key.bind', actor: actor(), bind: { thumbprint: key.thumbprint, iat: NOW - 300 } };
const TAKEN = signed();
const taken = (change: Json = {}, { id, body } = TAKEN, grant: Json = {}): Event => ({
  k: 'grant.start',
  actor: actor(),
  grant: { id, name: 'unmask', connection: 'shop', until: UNTIL, signed: { sealed: body }, ...grant },
  ...change,
});
const ended = (at: number, change: Json = {}): Event => ({
  ...{ k: 'grant.end', at, actor: actor(), why: { reason: 'done' } },
  grant: { id: TAKEN.id, name: 'unmask', connection: 'shop', until: UNTIL },
  ...change,
});
const byTime = (at: number): Event => ended(at, { actor: undefined, why: { reason: 'time' } });
const relied = (at: number, change: Json = {}, id = TAKEN.id): Event => ({
  ...{ k: 'stmt.intent', at, actor: actor(), db: { id: 'shop' } },
  pol: { obligations: ['mask email', `grant unmask (${id}) until ${iso(UNTIL)}`] },
  ...change,
});
const given = (change: Json = {}, token: Json = {}): Event => ({
  ...{ k: 'token.issue', actor: actor(), token: { id: 't1', agent: 'scout', until: UNTIL, ...token } },
  ...change,
});
const stopped = (at: number): Event => ({
  k: 'token.end',
  at,
  actor: actor(),
  token: { id: 't1', agent: 'scout' },
  why: { reason: 'stopped' },
});
const acted = (at: number, sub = 'ana', connection = 'shop'): Event => ({
  ...{ k: 'stmt.intent', at, actor: actor(sub, { agent: { id: 'scout', instance: 't1' } }), db: { id: connection } },
});

interface Checking {
  readonly complete?: boolean;
  readonly key?: boolean;
  readonly began?: number;
}

/** `at`: seconds after the first event. */
function check(
  logs: readonly (readonly Event[])[],
  { complete = true, key: hasKey = true, began = NOW + 86_400 }: Checking = {},
): Report {
  const report = new Reporter();
  const lasting = newLastingCheck(began);
  const open = (part: unknown): Opened => {
    const { sealed } = (part ?? {}) as { sealed?: unknown };
    return !hasKey ? 'no-key' : sealed === undefined ? 'erased' : Buffer.from(JSON.stringify(sealed));
  };
  logs.forEach((events, log) => {
    const checking = lasting.check(report, `log ${String(log)}`);
    events.forEach(({ k: kind, at = 0, ...leaf }, index) =>
      checking.event({
        ...{ index, kind, open, hash: Buffer.alloc(32), where: `event ${String(index)}` },
        leaf: { t: (NOW + at) * 1_000_000, ...leaf },
      }),
    );
    checking.end();
  });
  lasting.conclude(report, complete);
  return report.report('test');
}
const found = (...events: readonly Event[]): readonly string[] =>
  check([events]).findings.map(({ code, sentence }) => `${code}: ${sentence}`);
const one = (pattern: RegExp): readonly unknown[] => [expect.stringMatching(pattern)];

describe('a grant', () => {
  it('is signed by the device key of its login, relied on in its time, and ended', () => {
    const { findings, checked, notChecked } = check([[bound, taken(), relied(1), relied(3_500), ended(3_510)]]);
    expect([findings, notChecked]).toEqual([[], []]);
    expect(checked.map(({ what, count }) => [what.split(' ').slice(0, 2).join(' '), count])).toEqual([
      ['signed grants', 1],
      ['grants that', 1],
    ]);
  });

  it('may rest on a step-up, which the provider vouched for in the token of the login', () => {
    const proven = signed({ content: { steppedUpAt: iso(NOW - 301) } });
    expect(check([[bound, taken({}, proven)]])).toMatchObject({ findings: [], notChecked: [] });
  });

  it.each([iso(NOW - 10), 'now'])('says which step-ups nobody but the program vouches for: %s', (steppedUpAt) => {
    const { notChecked } = check([[bound, taken({}, signed({ content: { steppedUpAt } }))]]);
    expect(notChecked).toEqual([expect.stringMatching(/^Who took 1 of the grants .* later than the provider vouched/)]);
  });

  it.each<[string, Event, RegExp]>([
    ['of another name', taken({}, signed({ content: { grant: 'write' } })), /another grant/],
    ['for another connection', taken({}, signed({ content: { connection: 'lab' } })), /another connection/],
    ['for longer', taken({}, signed({ content: { until: iso(UNTIL + 60) } })), /another time/],
    ['at another time', taken({}, signed({ content: { from: iso(NOW - 61) } })), /at another time/],
    ['by somebody else', taken({}, signed({ content: { person: { issuer: 'i', subject: 'eli' } } })), /somebody else/],
    ['under another id', taken({}, TAKEN, { id: 'a'.repeat(64) }), /not the hash/],
    ['for another purpose', taken({}, signed({ header: { typ: 'countersign-grant-end+jws' } })), /no grant/],
    ['without a signature algorithm', taken({}, signed({ header: { alg: 'none' } })), /not shown/],
    ['with another key than it shows', taken({}, signed({ by: other, shown: key })), /not of the key/],
    ["with a key that is not its login's", taken({}, signed({ by: other })), /another key than that of their login/],
    ['in no login', taken({ actor: actor('ana', { bind: undefined }) }), /another key than that of their login/],
    [
      'by the program, for somebody who was verified',
      taken({}, signed({ header: { alg: 'HS256', kid: 'profile' } })),
      /sealed by the program/,
    ],
    ['as nothing', taken({}, TAKEN, { signed: undefined }), /not there/],
    ['as something else', taken({}, TAKEN, { signed: { sealed: 'x' } }), /no JWS/],
  ])('is a finding when it was signed %s', (_, event, pattern) => {
    expect(found(bound, event)).toEqual(one(new RegExp(`^grant-signature.*${pattern.source}`)));
  });

  it('of an account of the operating system is said to be vouched for by nobody', () => {
    const sealed = signed({ header: { alg: 'HS256', kid: 'profile' } });
    const account = { actor: { user: { iss: 'i', sub: 'ana', verified: false } } };
    const { findings, notChecked } = check([[taken(account, sealed)]]);
    expect([findings, notChecked.join()]).toEqual([[], expect.stringContaining('nobody vouches')]);
  });

  it('whose signature cannot be opened is said not to be checked', () => {
    const { findings, notChecked } = check([[bound, taken(), relied(1)]], { key: false });
    expect([findings, notChecked.join()]).toEqual([[], expect.stringContaining('no blob key was given')]);
  });

  it.each<[string, readonly Event[], RegExp]>([
    ['taken twice', [taken(), taken()], /^grant-begin.*twice/],
    ['over when it began', [taken({}, TAKEN, { until: NOW })], /^grant-begin: It was over/],
    ['taken by an agent', [taken({ actor: actor('ana', { agent: { id: 'scout' } }) })], /^grant-begin: An agent/],
    [
      'taken by a service',
      [taken({ actor: actor('ana', { service: 'nightly' }) })],
      /^grant-begin: An agent or a service/,
    ],
    ['taken by nobody', [taken({ actor: undefined })], /^grant-begin: It does not say/],
    ['ended without a reason', [taken(), ended(1, { why: undefined })], /^grant-end: It does not say/],
    ['ended and never taken', [ended(1)], /^grant-end.*never recorded as taken/],
    ['ended twice', [taken(), ended(1), ended(2)], /^grant-end.*ended before/],
    ['ended by time, and long before by somebody', [taken(), ended(1), byTime(3_600)], /^grant-end.*ended before/],
    ['ended by time twice', [taken(), byTime(3_600), byTime(3_601)], /^grant-end.*ended before/],
    ['relied on and never taken', [relied(1)], /^grant-use.*never recorded as taken/],
    ['relied on before it was taken', [relied(-61), taken()], /^grant-use.*before it was taken/],
    ['relied on after its time', [taken(), relied(3_661)], /^grant-use.*after its time/],
    ['relied on after it was ended', [taken(), relied(1), ended(100), relied(106)], /^grant-use.*had been ended/],
    ['relied on by somebody else', [taken(), relied(1, { actor: actor('eli') })], /^grant-use.*somebody else/],
    ['relied on at another connection', [taken(), relied(1, { db: { id: 'lab' } })], /^grant-use.*another connection/],
  ])('is a finding when it was %s', (_, events, pattern) => {
    expect(found(bound, ...events).filter((finding) => !finding.startsWith('grant-signature'))).toEqual(one(pattern));
  });

  it('may be ended by time and by somebody at the same moment, in two processes', () => {
    expect(found(bound, taken(), ended(3_598), byTime(3_600))).toEqual([]);
  });

  it('may be taken in one log, relied on in another and ended in a third', () => {
    expect(check([[ended(20)], [relied(5)], [bound, taken()]]).findings).toEqual([]);
    expect(check([[bound, taken()], [relied(90)], [ended(20)]]).findings).toMatchObject([{ code: 'grant-use' }]);
  });

  it('that is in no log that was looked at is a finding only where all were', () => {
    const { findings, notChecked } = check([[ended(1), relied(1)]], { complete: false });
    expect([findings, notChecked.join()]).toEqual([[], expect.stringContaining('How 1 grants and tokens began')]);
  });

  it('that was taken while logs in use were read is no finding', () => {
    expect(check([[relied(10), ended(11)]], { began: NOW + 12 }).findings).toEqual([]);
    expect(check([[relied(10), ended(11)]], { began: NOW + 20 }).findings).toHaveLength(2);
  });

  it('of a log that is compared with its copy is taken once', () => {
    const report = new Reporter();
    const lasting = newLastingCheck(NOW + 86_400);
    for (let i = 0; i < 2; i++) {
      const checking = lasting.check(report, 'log');
      const { k: kind, ...leaf } = taken();
      checking.event({
        ...{ index: 1, kind, where: 'event 1', hash: Buffer.alloc(32), open: (): Opened => 'no-key' },
        leaf: { t: NOW * 1_000_000, ...leaf },
      });
      checking.end();
    }
    lasting.conclude(report, true);
    expect(report.report('test').findings).toEqual([]);
  });
});

describe('a token of an agent', () => {
  it('is given once, used in its time, and ended', () => {
    expect(found(given(), acted(1), stopped(2))).toEqual([]);
    expect(found(given({}, { connections: ['shop'] }), acted(1))).toEqual([]);
  });

  it.each<[string, readonly Event[], RegExp]>([
    ['given twice', [given(), given()], /^token-begin.*twice/],
    ['used and never given', [acted(1)], /^token-use.*never recorded as given/],
    ['used after it was stopped', [given(), stopped(2), acted(8)], /^token-use.*had been ended/],
    ['used after its time', [given(), acted(3_661)], /^token-use.*after its time/],
    ['used for somebody else', [given(), acted(1, 'eli')], /^token-use.*somebody else/],
    [
      'used at a connection that it is not for',
      [given({}, { connections: ['lab'] }), acted(1)],
      /^token-use.*another connection/,
    ],
    ['stopped and never given', [stopped(1)], /^token-end.*never recorded as given/],
    ['stopped twice', [given(), stopped(1), stopped(2)], /^token-end.*ended before/],
    ['given by an agent', [given({ actor: actor('ana', { agent: { id: 'scout' } }) })], /^token-begin: An agent/],
    ['of no agent', [given({}, { agent: undefined })], /^token-begin: It does not say/],
  ])('is a finding when it was %s', (_, events, pattern) => {
    expect(found(...events)).toEqual(one(pattern));
  });
});

describe('hostile leaves', () => {
  it.each<Json>([
    { grant: null },
    { grant: { id: {}, until: 'x' } },
    { grant: { id: 'x', name: 'x', connection: 'x', until: 1e308, signed: [] }, actor: { user: [] } },
    { pol: { obligations: 'grant' } },
    { pol: { obligations: [null, {}, 'grant x (y) until z'] } },
    { actor: { agent: { instance: {} } } },
    { long: { h: 'x' } },
    { t: 'now' },
  ])('are judged without failing: %j', (leaf) => {
    for (const k of ['grant.start', 'grant.end', 'token.issue', 'token.end', 'stmt.intent', 'key.bind'])
      expect(() => check([[{ k, ...leaf }]])).not.toThrow();
  });
});
