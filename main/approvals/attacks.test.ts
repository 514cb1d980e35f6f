import { cpSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Session } from '../identity/principal.ts';
import { GRANT, GRANT_END } from './grant-events.ts';
import { type Grants } from './grants.ts';
import { type HubEvent, idOf } from './hub.ts';
import { personOf, scopeOf, signEvent } from './signed-event.ts';
import { accountOf, makeProvider, type SignedIn } from './testing/people.ts';
import { type Forging, HOUR, makeWorkplace, nextEnd, terms, type Workplace } from './testing/workplace.ts';

let place: Workplace;
let ana: SignedIn;
let eli: SignedIn;
beforeEach(async () => {
  place = await makeWorkplace();
  ana = await place.signIn('ana');
  eli = await place.signIn('eli');
});
afterEach(() => place.remove());

const REQUEST = { grant: 'unmask', connection: 'shop' };
const heldBy = async (session: Session, grants = place.open()): Promise<number> =>
  (await grants.inForce(session, 'shop')).length;
/** Puts events into the hub as somebody does who may write its file. */
const put = async (...events: readonly HubEvent[]): Promise<void> => {
  for (const event of events) await place.hub().append(event);
};
const iso = (ms: number): string => new Date(ms).toISOString();

/** The same event with something else in its body. */
function rewritten({ topic, body }: HubEvent, change: (body: Record<string, unknown>) => object): HubEvent {
  const text = JSON.stringify(change(JSON.parse(body) as Record<string, unknown>));
  return { id: idOf(text), topic, body: text };
}
const payloadOf = (body: Record<string, unknown>): Record<string, unknown> =>
  JSON.parse(Buffer.from(String(body['payload']), 'base64url').toString()) as Record<string, unknown>;
const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a grant in the hub that its person signed', () => {
  it('is in force, also where nobody here took it', async () => {
    await put(await place.forge(ana));
    expect(await heldBy(ana.session)).toBe(1);
  });
});

describe('a grant in the hub that proves nothing', () => {
  type Attack = () => Promise<HubEvent> | HubEvent;
  const changed =
    (change: Parameters<Workplace['forge']>[1], more?: Forging): Attack =>
    () =>
      place.forge(ana, change, more);
  const edited =
    (change: (body: Record<string, unknown>) => object): Attack =>
    async () =>
      rewritten(await place.forge(ana), change);
  const withHeader = (header: (old: object) => object): Attack =>
    edited((body) => ({
      ...body,
      protected: encoded(header(JSON.parse(Buffer.from(String(body['protected']), 'base64url').toString()) as object)),
    }));

  it.each<[string, Attack]>([
    [
      'is for another name than was signed',
      edited((body) => ({ ...body, payload: encoded({ ...payloadOf(body), grant: 'write' }) })),
    ],
    [
      'lasts longer than was signed',
      edited((body) => ({
        ...body,
        payload: encoded({ ...payloadOf(body), until: iso(place.clock.now + 59 * 60_000) }),
      })),
    ],
    ['has no signature', edited((body) => ({ ...body, signature: '' }))],
    ['has a signature of zeros', edited((body) => ({ ...body, signature: Buffer.alloc(64).toString('base64url') }))],
    ['has no evidence', edited(({ evidence: _, ...body }) => body)],
    ["has somebody else's evidence", edited((body) => ({ ...body, evidence: { pkToken: eli.signer.pkToken } }))],
    ['is signed by nobody (alg: none)', withHeader((header) => ({ ...header, alg: 'none' }))],
    ['is sealed with a key that is known (HS256)', withHeader((header) => ({ ...header, alg: 'HS256' }))],
    ['names another key', withHeader((header) => ({ ...header, kid: eli.signer.thumbprint }))],
    ['brings a key along', withHeader((header) => ({ ...header, jwk: {} }))],
    ['has a header that is critical', withHeader((header) => ({ ...header, crit: ['exp'], exp: 1 }))],
    [
      'is of the type of another topic',
      async () => ({ ...(await place.forge(ana, {}, { topic: GRANT_END })), topic: GRANT }),
    ],
    ['stands under another topic', async () => ({ ...(await place.forge(ana)), topic: 'approval' })],
    [
      "is signed with somebody else's key",
      changed(
        {},
        {
          get signer() {
            return eli.signer;
          },
        },
      ),
    ],
    ['is for somebody else than who signed', () => place.forge(eli, { person: personOf(ana.session.principal) })],
    ['is of another profile', changed({}, { sealing: { key: Buffer.alloc(32, 8) } })],
    ['is of another scope', changed({ scope: 'elsewhere' })],
    [
      'lasts longer than the policy gives',
      changed({
        get until() {
          return iso(place.clock.now + HOUR + 1);
        },
      }),
    ],
    [
      'begins in the future',
      changed({
        get from() {
          return iso(place.clock.now + 1);
        },
        get until() {
          return iso(place.clock.now + HOUR);
        },
      }),
    ],
    [
      'ends before it begins',
      changed({
        get until() {
          return iso(place.clock.now - 1);
        },
      }),
    ],
    [
      'is over',
      changed({
        get from() {
          return iso(place.clock.now - HOUR);
        },
        get until() {
          return iso(place.clock.now);
        },
      }),
    ],
    ['is for a connection that the policy does not give', changed({ connection: 'vault' })],
    ['is of a name that the policy does not have', changed({ grant: 'root' })],
    ['has a time that is no time', changed({ until: 'tomorrow' })],
    ['has more in it than a grant has', changed({ admin: true } as object)],
    ['is of a later version', changed({ v: 2 })],
    [
      'has a name that hides something',
      changed({
        get person() {
          return { ...personOf(ana.session.principal), name: 'a\u202eb' };
        },
      }),
    ],
    [
      'is signed by a login of another provider',
      async () => {
        const stranger = await (await makeProvider()).signIn('ana', place.clock.now);
        return place.forge(stranger);
      },
    ],
    [
      'is signed by a login at another program',
      async () => {
        const other = await place.provider.signIn('ana', place.clock.now, { claims: { aud: 'another' } });
        return place.forge(other);
      },
    ],
    [
      'is signed by a login that was over long ago',
      async () => {
        const old = await place.provider.signIn('ana', place.clock.now - 13 * HOUR);
        return place.forge(old);
      },
    ],
    [
      'is signed by a login that came later',
      async () => {
        const later = await place.provider.signIn('ana', place.clock.now + HOUR);
        return place.forge(later);
      },
    ],
    ['is no JWS', () => ({ id: idOf('{}'), topic: GRANT, body: '{}' })],
    ['is no JSON', () => ({ id: idOf('x'), topic: GRANT, body: 'x' })],
  ])('is not in force: it %s', async (_, attack) => {
    place.terms = [terms(), terms({ name: 'write' })];
    const grants = place.open();
    await put(await attack());
    expect(await heldBy(ana.session, grants)).toBe(0);
    expect(await grants.list(ana.session)).toEqual([]);
    // It hides nothing that is good.
    await put(await place.forge(ana, { nonce: 'm'.repeat(22) }));
    expect(await heldBy(ana.session, grants)).toBe(1);
  });

  it('is not in force without the step-up that the policy asks for, nor with one that the login does not show', async () => {
    place.terms = [terms({ stepUpMinutes: 10 })];
    const at = (minutes: number) => ({ steppedUpAt: iso(place.clock.now - minutes * 60_000) });
    await put(
      await place.forge(ana),
      await place.forge(ana, at(11)),
      await place.forge(ana, { steppedUpAt: iso(place.clock.now + 2 * 60_000) }),
    );
    expect(await heldBy(ana.session)).toBe(0);
    // Signed by a login of an hour ago, which says of itself that it was proven again a minute ago.
    const old = await place.provider.signIn('ana', place.clock.now - HOUR);
    await put(await place.forge(old, { ...at(1), nonce: 'm'.repeat(22) }));
    expect(await heldBy(ana.session)).toBe(0);
    await put(await place.forge(ana, { ...at(1), nonce: 'o'.repeat(22) }));
    expect(await heldBy(ana.session)).toBe(1);
  });

  it('is not in force where the record does not say that it was taken', async () => {
    const event = await place.forge(ana);
    place.recordedAt.clear();
    await put(event);
    expect(await heldBy(ana.session)).toBe(0);
  });

  it('is not in force at another time than when it was taken by the record: nobody takes one in advance', async () => {
    const later = place.clock.now + 2 * HOUR;
    const event = await place.forge(ana, { from: iso(later), until: iso(later + HOUR) });
    for (const id of place.recordedAt.keys()) place.recordedAt.set(id, place.clock.now);
    await put(event);
    const grants = place.open();
    expect(await heldBy(ana.session, grants)).toBe(0);
    place.clock.now = later + 1;
    expect(await heldBy(ana.session, grants)).toBe(0);
  });

  it('lets the record be searched no further back than the policy gives grants', async () => {
    const asked: number[] = [];
    const grants = place.open({
      recorded: (since) => {
        asked.push(since);
        return Promise.resolve({ started: place.recordedAt, ended: new Set(), newest: 0 });
      },
    });
    await put(await place.forge(ana, { from: '1970-01-01T00:00:00.001Z' }), await place.forge(ana));
    expect(await heldBy(ana.session, grants)).toBe(1);
    expect(asked).toEqual([place.clock.now]);
  });
});

describe('a replay', () => {
  let grants: Grants;
  beforeEach(() => (grants = place.open()));

  it.each<[string, (body: Record<string, unknown>) => object]>([
    ['with its members in another order', (body) => Object.fromEntries(Object.entries(body).reverse())],
    [
      'with the evidence of another login of the same key',
      (body) => ({ ...body, evidence: { pkToken: ana.signer.pkToken } }),
    ],
  ])('under another id is the same grant, and over with it: %s', async (_, change) => {
    const { id } = await grants.take(ana.session, REQUEST);
    const [event] = await place.hub().since(0, 1);
    if (event === undefined) throw new Error('the grant is not in the hub');
    await put(rewritten(event, change), {
      ...rewritten(event, (body) => body),
      body: `${event.body} `,
      id: idOf(`${event.body} `),
    });
    expect(await heldBy(ana.session, grants)).toBe(1);
    await grants.end(ana.session, id, 'done');
    expect(await heldBy(ana.session, grants)).toBe(0);
    expect(await heldBy(ana.session)).toBe(0);
  });

  it('of a grant that was ended does not bring it back', async () => {
    const { id } = await grants.take(ana.session, REQUEST);
    const [event] = await place.hub().since(0, 1);
    await grants.end(ana.session, id, 'done');
    if (event !== undefined) await put({ ...event, body: `${event.body}\n`, id: idOf(`${event.body}\n`) });
    expect(await heldBy(ana.session)).toBe(0);
  });
});

describe('the end of a grant that proves nothing', () => {
  const endOf = async (grant: string, by: SignedIn, change: object = {}, signer = by.signer, topic = GRANT_END) =>
    (
      await signEvent(
        topic,
        {
          ...{ v: 1, scope: scopeOf(place), nonce: 'n'.repeat(22), grant, by: personOf(by.session.principal) },
          ...{ at: iso(place.clock.now), why: 'because' },
          ...change,
        },
        signer,
        place,
      )
    ).event;

  it.each<[string, (id: string) => Promise<HubEvent>]>([
    ["of somebody else's", (id) => endOf(id, eli)],
    ['in the name of its person', (id) => endOf(id, ana, {}, eli.signer)],
    ['of another scope', (id) => endOf(id, ana, { scope: 'elsewhere' })],
    ['of another grant', () => endOf('0'.repeat(64), ana)],
    [
      'of the type of another topic',
      async (id) => ({ ...(await endOf(id, ana, {}, ana.signer, GRANT)), topic: GRANT_END }),
    ],
  ])('ends nothing: %s', async (_, attack) => {
    const { id } = await place.open().take(ana.session, REQUEST);
    await put(await attack(id));
    expect(await heldBy(ana.session)).toBe(1);
    await put(await endOf(id, ana));
    expect(await heldBy(ana.session)).toBe(0);
  });

  it('ends it where it may be an administrator who signed: their login does not state its groups', async () => {
    const { id } = await place.open().take(ana.session, REQUEST);
    const sam = await place.signIn('sam', { groups: 'unknown' });
    await put(await endOf(id, sam));
    expect(await heldBy(ana.session)).toBe(0);
  });

  it('ends it also where it stands before the grant', async () => {
    const grants = place.open();
    const { id } = await grants.take(ana.session, REQUEST);
    const [event] = await place.hub().since(0, 1);
    meddle('DELETE FROM events');
    if (event !== undefined) await put(await endOf(id, ana), event);
    expect(await heldBy(ana.session)).toBe(0);
  });
});

/** Runs SQL as somebody does who has the file and takes the triggers away. */
function meddle(sql: string): void {
  const database = new DatabaseSync(place.path);
  for (const name of ['events_stay', 'events_are_final', 'events_are_not_replaced'])
    database.exec(`DROP TRIGGER IF EXISTS ${name}`);
  database.exec(sql);
  database.close();
}

describe('a hub whose file somebody changes', () => {
  let grants: Grants;
  let id: string;
  beforeEach(async () => {
    grants = place.open();
    ({ id } = await grants.take(ana.session, REQUEST));
  });

  it.each([
    ['edited', "UPDATE events SET body = replace(body, 'a', 'b')"],
    ['put under another id', "UPDATE events SET id = 'other'"],
    ['put under another topic', "UPDATE events SET topic = 'grant-end'"],
    ['deleted', 'DELETE FROM events'],
  ])('gives nothing for a row that is %s', async (_, sql) => {
    meddle(sql);
    expect(await heldBy(ana.session)).toBe(0);
  });

  it('gives nothing that was ended back when an older copy is put in its place', async () => {
    await grants.close();
    const copy = `${place.path}.copy`;
    const database = new DatabaseSync(place.path);
    database.exec(`VACUUM INTO '${copy}'`);
    database.close();
    grants = place.open();
    await grants.end(ana.session, id, 'done');
    for (const name of ['', '-wal', '-shm']) rmSync(place.path + name, { force: true });
    cpSync(copy, place.path);
    // Here it is known, and a program that starts anew asks the record.
    expect(await heldBy(ana.session, grants)).toBe(0);
    expect(await heldBy(ana.session)).toBe(0);
    // Events after that are seen, although they stand where others stood.
    const other = await place.open().take(ana.session, REQUEST);
    expect((await grants.inForce(ana.session, 'shop')).map((grant) => grant.id)).toEqual([other.id]);
    await place.open().end(ana.session, other.id, 'done');
    expect(await heldBy(ana.session, grants)).toBe(0);
  });

  it('ends what is relied on when the rows are deleted', async () => {
    expect(await heldBy(ana.session, grants)).toBe(1);
    meddle('DELETE FROM events');
    expect(await heldBy(ana.session, grants)).toBe(0);
  });
});

describe('processes that take and end at once', () => {
  it('agree on what is in force, and record each end once', { timeout: 60_000 }, async () => {
    const processes = [place.open(), place.open(), place.open()];
    const taken = await Promise.all(
      processes.flatMap((one) => [one, one, one].map((of) => of.take(ana.session, REQUEST))),
    );
    const over = taken.filter((_, i) => i % 2 === 0);
    await Promise.all(
      processes.map(async (one, p) => {
        for (const { id } of over)
          await one.end(ana.session, id, `by ${String(p)}`).catch((error: unknown) => {
            expect(error).toMatchObject({ code: 'grant-not-found' });
          });
      }),
    );
    const left = taken
      .filter((grant) => !over.includes(grant))
      .map(({ id }) => id)
      .sort();
    for (const one of [...processes, place.open()])
      expect((await one.inForce(ana.session, 'shop')).map(({ id }) => id).sort()).toEqual(left);
    const ends = place.recorded.flatMap((event) => (event.k === 'grant.end' ? [event.grant.id] : []));
    expect(ends.toSorted()).toEqual(over.map(({ id }) => id).sort());
  });
});

describe('grants of a profile without a provider', () => {
  let local: Workplace;
  beforeEach(async () => {
    local = await makeWorkplace({ kind: 'os-account' });
    local.terms = [terms({ mayTake: () => true })];
  });
  afterEach(() => local.remove());

  it('are sealed with the key of the profile', async () => {
    const grants = local.open();
    const { id } = await grants.take(accountOf(), REQUEST);
    expect(await heldBy(accountOf(), local.open())).toBe(1);
    const told = nextEnd(grants);
    await local.open().end(accountOf(), id, 'done');
    expect(await told).toMatchObject({ id });
    expect(await heldBy(accountOf(), local.open())).toBe(0);
  });

  it.each<[string, Parameters<Workplace['forge']>[1], Forging]>([
    ['of another profile', {}, { sealing: { key: Buffer.alloc(32, 8) } }],
    [
      'of a person that a provider vouches for',
      { person: { issuer: 'https://id.example', subject: 'ana', name: 'Ana' } },
      {},
    ],
  ])('do not count when they are %s', async (_, change, more) => {
    const account = { session: accountOf(), signer: ana.signer };
    await local.hub().append(await local.forge(account, change, more));
    expect(await local.open().list()).toEqual([]);
    await local.hub().append(await local.forge(account));
    expect(await local.open().list()).toHaveLength(1);
  });

  it('do not count where there is a provider, and its people do not count here', async () => {
    const account = { session: accountOf(), signer: ana.signer };
    place.terms = [terms({ mayTake: () => true })];
    await put({ ...(await local.forge(account, { scope: scopeOf(place) })) });
    expect(await place.open().list()).toEqual([]);
    await local.hub().append(await place.forge(ana));
    expect(await local.open().list()).toEqual([]);
  });
});
