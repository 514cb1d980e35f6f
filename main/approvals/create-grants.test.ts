import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CountersignError } from '../errors.ts';
import { NO_REVOCATIONS, type Revocations } from '../identity/context.ts';
import { type Principal, type Session } from '../identity/principal.ts';
import { type Grants } from './grants.ts';
import { type SignedIn } from './testing/people.ts';
import { HOUR, makeWorkplace, nextEnd, terms, type Workplace } from './testing/workplace.ts';

let place: Workplace;
let grants: Grants;
let ana: SignedIn;
beforeEach(async () => {
  place = await makeWorkplace();
  grants = place.open();
  ana = await place.signIn('ana');
});
afterEach(() => place.remove());

const REQUEST = { grant: 'unmask', connection: 'shop' };
const take = (request: Partial<Parameters<Grants['take']>[1]> = {}, who = ana.session) =>
  grants.take(who, { ...REQUEST, ...request });
const as = (change: Partial<Principal>): Session => ({
  ...ana.session,
  principal: { ...ana.session.principal, ...change },
});
const namesIn = async (where = grants, who = ana.session, connection = 'shop'): Promise<readonly string[]> =>
  (await where.inForce(who, connection)).map(({ name }) => name);
const kinds = (): readonly string[] => place.recorded.map(({ k }) => k);

describe('taking a grant', () => {
  it('gives it for one connection and a time', async () => {
    const grant = await take({ minutes: 30, reason: ' ticket\t 17 ' });
    expect(grant).toMatchObject({
      ...REQUEST_AS_GRANT,
      person: { issuer: 'https://id.example', subject: 'ana', name: 'ana of shop', email: 'ana@shop.example' },
      reason: 'ticket 17',
      from: '2026-03-02T10:00:00.000Z',
      until: '2026-03-02T10:30:00.000Z',
    });
    expect(grant.id).toMatch(/^[0-9a-f]{64}$/);
    expect(await grants.inForce(ana.session, 'shop')).toEqual([grant]);
    expect(await grants.inForce(ana.session, 'staging')).toEqual([]);
  });
  const REQUEST_AS_GRANT = { name: 'unmask', connection: 'shop' };

  it('gives it for the longest time where none is asked for', async () => {
    expect(await take()).toMatchObject({ until: '2026-03-02T11:00:00.000Z' });
  });

  it('is recorded, whole and with whom to tell, before others can see it', async () => {
    place.terms = [terms({ alert: ['security'] })];
    place.recordFails = new CountersignError('audit-disk-full', 'The disk is full.');
    await expect(take()).rejects.toMatchObject({ code: 'audit-disk-full' });
    expect(await place.hub().since(0, 10)).toEqual([]);
    const { id } = await take({ reason: 'ticket 17' });
    const [event] = await place.hub().since(0, 10);
    expect(place.recorded).toEqual([
      {
        k: 'grant.start',
        actor: { user: { iss: 'https://id.example', sub: 'ana', verified: true } },
        grant: {
          ...{ id, name: 'unmask', connection: 'shop', until: Date.parse('2026-03-02T11:00:00Z') / 1000 },
          alert: ['security'],
          signed: { text: event?.body },
        },
        why: { reason: 'ticket 17' },
      },
    ]);
  });

  it('is taken back in the record where the hub does not take it', async () => {
    const hub = place.hub();
    const broken = place.open({
      hub: { ...hub, append: () => Promise.reject(new CountersignError('hub-full', 'The disk is full.')) },
    });
    await expect(broken.take(ana.session, REQUEST)).rejects.toMatchObject({ code: 'hub-full' });
    expect(place.recorded).toMatchObject([{ k: 'grant.start' }, { k: 'grant.end', why: { reason: 'not taken' } }]);
    expect(await namesIn(broken)).toEqual([]);
  });

  it('is taken back in every process where the hub took it and could not say so', async () => {
    const hub = place.hub();
    let lost = false;
    const unsure = place.open({
      hub: {
        ...hub,
        async append(event) {
          const taken = await hub.append(event);
          if (lost) return taken;
          lost = true;
          throw new CountersignError('hub-unavailable', 'The answer was lost.');
        },
      },
    });
    const unaware = place.open({
      recorded: () => Promise.resolve({ started: place.recordedAt, ended: new Set(), newest: 0 }),
    });
    await expect(unsure.take(ana.session, REQUEST)).rejects.toMatchObject({ code: 'hub-unavailable' });
    expect(await hub.since(0, 10)).toHaveLength(2);
    expect([await namesIn(unsure), await namesIn(unaware)]).toEqual([[], []]);
  });

  it.each<[string, string, Partial<Parameters<Grants['take']>[1]>, Parameters<typeof terms>[0]?]>([
    ['an unknown name', 'grant-unknown', { grant: 'root' }],
    ['a connection that it is not for', 'grant-not-yours', { connection: 'vault' }],
    ['a connection that there is none of', 'grant-not-yours', { connection: 'nowhere' }],
    ['more minutes than it has', 'grant-too-long', { minutes: 61 }],
    ['no minute', 'grant-too-long', { minutes: 0 }],
    ['minutes back in time', 'grant-too-long', { minutes: -5 }],
    ['half a minute', 'grant-too-long', { minutes: 0.5 }],
    ['minutes that are no number', 'grant-too-long', { minutes: Number.NaN }],
    ['no reason where one is asked for', 'grant-reason-needed', {}, { reason: true }],
    ['spaces for a reason', 'grant-reason-needed', { reason: '   \n\t  ' }, { reason: true }],
    [
      'letters that nobody sees for a reason',
      'grant-reason-needed',
      { reason: '\u3164\u115f\u200b\u2060\u3164' },
      { reason: true },
    ],
    ['dots for a reason', 'grant-reason-needed', { reason: '.......' }, { reason: true }],
    ['one that others approve', 'approval-needed', {}, { approval: 'one of group dba' }],
    ['one that needs a step-up', 'step-up-needed', {}, { stepUpMinutes: 10 }],
  ])('is refused for %s', async (_, code, request, change = {}) => {
    place.terms = [terms(change)];
    await expect(take(request)).rejects.toMatchObject({ code, next: expect.any(String) });
    expect(place.recorded).toEqual([]);
    expect(await place.hub().since(0, 10)).toEqual([]);
  });

  it('names who would have to approve it', async () => {
    place.terms = [terms({ approval: 'one of group dba' })];
    await expect(take()).rejects.toThrow('The grant unmask needs approval of one of group dba.');
  });

  it.each([
    ['an agent', { agent: { id: 'scout', name: 'Scout' } }],
    ['a service', { service: { name: 'nightly' } }],
  ])('is refused to %s, which has none, is offered none and ends none', async (_, change) => {
    const { id } = await take();
    const program = as(change);
    await expect(take({}, program)).rejects.toMatchObject({ code: 'grant-not-yours' });
    await expect(grants.end(program, id, 'because')).rejects.toMatchObject({ code: 'grant-not-yours' });
    expect(await namesIn(grants, program)).toEqual([]);
    expect(await grants.list(program)).toEqual([]);
    expect(grants.offers(program)).toEqual([]);
    expect(await namesIn()).toEqual(['unmask']);
  });

  it('is refused to somebody whose groups nobody knows, or who is in none', async () => {
    for (const groups of ['unknown', []] as const)
      await expect(take({}, as({ groups }))).rejects.toMatchObject({ code: 'grant-not-yours' });
  });

  it('is refused to a login that is over, and to one without a device key', async () => {
    const keyless = place.open({
      identity: { ensureLive: (one: Session) => Promise.resolve(one), deviceSigner: () => Promise.resolve(undefined) },
    });
    await expect(keyless.take(ana.session, REQUEST)).rejects.toMatchObject({ code: 'grant-unsigned' });
    place.over.add(ana.session.id);
    await expect(take()).rejects.toMatchObject({ code: 'session-ended' });
    expect(place.recorded).toEqual([]);
  });

  it.each([
    ['just now', 0, true],
    ['as long ago as it may be', 10, true],
    ['too long ago', 11, false],
    ['in the future', -5, false],
  ])('needs a step-up that is fresh: %s', async (_, minutesAgo, taken) => {
    place.terms = [terms({ stepUpMinutes: 10 })];
    const steppedUpAt = new Date(place.clock.now - minutesAgo * 60_000);
    const eve = await place.provider.signIn('ana', steppedUpAt.getTime(), { steppedUpAt: steppedUpAt.toISOString() });
    const own = place.open({
      identity: { ensureLive: (one: Session) => Promise.resolve(one), deviceSigner: () => Promise.resolve(eve.signer) },
    });
    const result = own.take(eve.session, REQUEST);
    if (taken) await expect(result).resolves.toMatchObject({ name: 'unmask' });
    else await expect(result).rejects.toMatchObject({ code: 'step-up-needed' });
  });

  it('goes up to twenty at once, each with a clock of its own', async () => {
    for (let i = 1; i <= 20; i++) await take({ minutes: i });
    await expect(take()).rejects.toMatchObject({ code: 'grant-too-many' });
    place.clock.now += 90_000;
    await take();
    expect(await namesIn()).toHaveLength(20);
  });

  it('is refused while the clock is behind where it was', async () => {
    place.clock.now -= 2 * 60_000;
    await expect(take()).rejects.toMatchObject({ code: 'grant-clock' });
  });
});

describe('a grant in force', () => {
  it('is seen by every process of the profile, and after a restart', async () => {
    const { id } = await take();
    expect((await place.open().inForce(ana.session, 'shop')).map((grant) => grant.id)).toEqual([id]);
  });

  it('is of one person and nobody else', async () => {
    await take();
    const eli = await place.signIn('eli');
    expect(await namesIn(grants, eli.session)).toEqual([]);
    expect(await grants.list(eli.session)).toEqual([]);
    expect(await grants.list()).toHaveLength(1);
  });

  it('goes on in another login of the same person', async () => {
    await take();
    const again = await place.signIn('ana');
    expect(await namesIn(grants, again.session)).toEqual(['unmask']);
  });

  it('is over at its time, to the millisecond', async () => {
    await take();
    place.clock.now += HOUR - 1;
    expect(await namesIn()).toEqual(['unmask']);
    place.clock.now += 1;
    expect(await namesIn()).toEqual([]);
  });

  it('does not come back, and lasts no longer, when the clock is set back', async () => {
    await take();
    place.clock.now += HOUR / 2;
    expect(await namesIn()).toEqual(['unmask']);
    place.clock.now -= HOUR / 2;
    place.clock.elapsed += HOUR / 2 - 1;
    expect(await namesIn()).toEqual(['unmask']);
    place.clock.elapsed += 1;
    expect(await namesIn()).toEqual([]);
    place.clock.now -= HOUR;
    expect(await namesIn()).toEqual([]);
  });

  it('is over for a program that starts with a clock that was set back, where the record has come further', async () => {
    const { from, until } = await take();
    const recorded = (newest: string) => (since: number) => {
      expect(since).toBe(Date.parse(from));
      return Promise.resolve({ started: place.recordedAt, ended: new Set<string>(), newest: Date.parse(newest) });
    };
    expect(await namesIn(place.open({ recorded: recorded(until) }))).toEqual([]);
    expect(await namesIn(place.open({ recorded: recorded('2026-03-02T10:59:59.999Z') }))).toEqual(['unmask']);
  });

  it.each<[string, () => void]>([
    ['gives it no more', () => (place.terms = [])],
    ['gives it for a shorter time', () => (place.terms = [terms({ maxMinutes: 59 })])],
    ['wants approval for it', () => (place.terms = [terms({ approval: 'one of group dba' })])],
    ['wants a reason for it', () => (place.terms = [terms({ reason: true })])],
    ['wants a step-up for it', () => (place.terms = [terms({ stepUpMinutes: 10 })])],
    ['gives it to others', () => (place.terms = [terms({ mayTake: () => false })])],
  ])('is over as soon as the policy %s, and stays so', async (_, change) => {
    await take();
    const other = place.open();
    expect(await namesIn(other)).toEqual(['unmask']);
    const ended = nextEnd(grants);
    change();
    expect(await namesIn(other)).toEqual([]);
    expect(await ended).toMatchObject({ name: 'unmask', ended: { by: 'policy.yaml' } });
    await expectRecordedEnd('policy');
    place.terms = [terms()];
    expect(await namesIn()).toEqual([]);
    expect(await namesIn(place.open())).toEqual([]);
  });

  it('is over for somebody who left the group', async () => {
    await take();
    expect(await namesIn(grants, as({ groups: ['engineers'] }))).toEqual([]);
  });

  it.each<[string, (id: string) => Partial<Revocations>]>([
    ['the grant', (id) => ({ grants: new Set([id]) })],
    ['the person by address', () => ({ people: new Set(['ana@shop.example']) })],
    ['the person by subject', () => ({ people: new Set(['https://id.example ana']) })],
    ['the device key that signed it', () => ({ devices: new Set([ana.signer.thumbprint]) })],
  ])('is over when an administrator revokes %s', async (_, revoked) => {
    const { id } = await take();
    const ended = nextEnd(grants);
    place.revocations = { ...NO_REVOCATIONS, ...revoked(id) };
    expect(await namesIn()).toEqual([]);
    expect(await ended).toMatchObject({ id, ended: { by: 'revocations.yaml' } });
  });
});

/** The end is recorded once, a moment after those who rely on the grant are told. */
const expectRecordedEnd = (reason: string): Promise<void> =>
  expect.poll(() => place.recorded.filter(({ k }) => k === 'grant.end')).toMatchObject([{ why: { reason } }]);

describe('the end of a grant', () => {
  it('is told to whoever relies on it, and recorded by the process that took it', async () => {
    const { id } = await take();
    const other = place.open();
    await namesIn(other);
    const [here, there] = [nextEnd(grants), nextEnd(other)];
    place.clock.now += HOUR;
    expect(await here).toMatchObject({ id });
    expect(await here).not.toHaveProperty('ended');
    expect(await there).toMatchObject({ id });
    await expectRecordedEnd('time');
    expect(place.recorded.at(-1)).toEqual({
      k: 'grant.end',
      grant: { id, name: 'unmask', connection: 'shop', until: place.clock.now / 1000 },
      why: { reason: 'time' },
    });
  });

  it('is told when the machine has slept through it', async () => {
    await take();
    const ended = nextEnd(grants);
    place.clock.now += 9 * HOUR;
    expect(await ended).toMatchObject({ name: 'unmask' });
  });

  it('is made by its person, and told in every process', async () => {
    const { id } = await take();
    const other = place.open();
    await namesIn(other);
    const there = nextEnd(other);
    const here = nextEnd(grants);
    await grants.end(ana.session, id, 'done with it');
    expect(await namesIn()).toEqual([]);
    expect(await here).toMatchObject({ id, ended: { by: 'ana@shop.example', why: 'done with it' } });
    expect(await there).toMatchObject({ id, ended: { by: 'ana@shop.example', why: 'done with it' } });
    expect(await namesIn(other)).toEqual([]);
    expect(place.recorded.at(-1)).toMatchObject({
      k: 'grant.end',
      actor: { user: { sub: 'ana' } },
      grant: { id, connection: 'shop' },
      why: { reason: 'done with it' },
    });
    await expect(grants.end(ana.session, id, 'again')).rejects.toMatchObject({ code: 'grant-not-found' });
  });

  it('is made by an administrator, and by nobody else', async () => {
    const { id } = await take();
    const eli = await place.signIn('eli');
    const sam = await place.signIn('sam', { groups: ['admins'] });
    await expect(grants.end(eli.session, id, 'because')).rejects.toMatchObject({ code: 'grant-not-yours' });
    expect(await namesIn()).toEqual(['unmask']);
    const there = nextEnd(grants);
    await place.open().end(sam.session, id, 'suspicious');
    expect(await there).toMatchObject({ ended: { by: 'sam@shop.example', why: 'suspicious' } });
    expect(await namesIn()).toEqual([]);
  });

  it('is not made by an administrator whose login does not say so yet: nobody else would heed it', async () => {
    const { id } = await take();
    const sam = await place.signIn('sam');
    const promoted = { ...sam.session, principal: { ...sam.session.principal, groups: ['admins'] } };
    await expect(grants.end(promoted, id, 'suspicious')).rejects.toMatchObject({ code: 'grant-end-unproven' });
    expect(await namesIn()).toEqual(['unmask']);
    const again = await place.signIn('sam', { groups: ['admins'] });
    await grants.end(again.session, id, 'suspicious');
    expect(await namesIn(place.open())).toEqual([]);
  });

  it('holds here at once, also where the hub does not take it', async () => {
    const { id } = await take();
    const hub = place.hub();
    const broken = place.open({
      hub: { ...hub, append: () => Promise.reject(new CountersignError('hub-full', 'The disk is full.')) },
    });
    const told = nextEnd(broken);
    await expect(broken.end(ana.session, id, 'done')).rejects.toMatchObject({ code: 'hub-full' });
    expect(await told).toMatchObject({ id });
    expect(await namesIn(broken)).toEqual([]);
  });

  it('is recorded once when several processes make it at once', async () => {
    const { id } = await take();
    const processes = [grants, place.open(), place.open()];
    await Promise.all(processes.map((one) => one.list()));
    const ends = await Promise.allSettled(processes.map((one) => one.end(ana.session, id, 'done')));
    expect(ends.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(kinds().filter((kind) => kind === 'grant.end')).toHaveLength(1);
    for (const one of processes) expect(await namesIn(one)).toEqual([]);
  });

  it('of one leaves others of the same name as they are', async () => {
    const first = await take({ minutes: 10 });
    const second = await take({ minutes: 20 });
    await grants.end(ana.session, first.id, 'done');
    expect((await grants.inForce(ana.session, 'shop')).map(({ id }) => id)).toEqual([second.id]);
  });

  it('is told no more once it is closed', async () => {
    await take();
    let told = 0;
    grants.onEnd(() => told++);
    await grants.close();
    const other = place.open();
    await namesIn(other);
    const there = nextEnd(other);
    place.clock.now += HOUR;
    await there;
    expect(told).toBe(0);
  });

  it('comes with the login whose groups change, also while nothing is asked', async () => {
    await take();
    const ended = nextEnd(grants);
    place.changed.set(ana.session.id, as({ groups: [] }));
    place.clock.elapsed += 15_000;
    expect(await ended).toMatchObject({ ended: { by: 'policy.yaml' } });
  });
});

describe('what a person is offered', () => {
  it('is what the policy lets them take, and where', () => {
    place.terms = [
      terms(),
      terms({ name: 'breakglass', mayTake: () => false }),
      terms({ name: 'write', approval: 'one of group dba' }),
    ];
    expect(grants.offers(ana.session)).toMatchObject([
      { name: 'unmask', maxMinutes: 60, connections: ['shop', 'staging'] },
      { name: 'write', approval: 'one of group dba', connections: ['shop', 'staging'] },
    ]);
    expect(grants.offers(as({ groups: 'unknown' }))).toEqual([]);
  });
});
