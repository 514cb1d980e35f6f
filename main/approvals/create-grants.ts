import { randomBytes } from 'node:crypto';
import { type Actor, type AuditLog } from '../audit/index.ts';
import { type Identity } from '../identity/identity.ts';
import { type Session } from '../identity/principal.ts';
import { type Ended, GRANT, GRANT_END, type Taken } from './grant-events.ts';
import { type KnownGrant } from './grant-ledger.ts';
import { type Grant, type Grants, type GrantTerms } from './grants.ts';
import { type HubEvent } from './hub.ts';
import { isFresh, isSamePerson, type Over } from './in-force.ts';
import { createKnownGrants, type KnownGrantsPorts } from './known-grants.ts';
import { reasonIn } from './reason.ts';
import * as refusals from './refusals.ts';
import { type Relied, watchRelied } from './relied-grants.ts';
import { personOf, scopeOf, signEvent } from './signed-event.ts';
import { timeHere } from './time-here.ts';

export interface GrantsPorts extends KnownGrantsPorts {
  /** SHA-256 of the policy in force, hex. */
  readonly policy: () => string;
  /** Names of all connections. */
  readonly connections: () => readonly string[];
  readonly identity: Pick<Identity, 'ensureLive' | 'deviceSigner'>;
  readonly audit: Pick<AuditLog, 'append'>;
  readonly actorOf: (session: Session) => Promise<Actor>;
  readonly now: () => Date;
  /** ms from an arbitrary moment on, which nobody sets; `performance.now` where absent. */
  readonly elapsed?: () => number;
}

/** Grants of one person that are in force at once. */
const MOST = 20;
/** ms that the machine's clock may be behind before nothing can be taken. */
const CLOCK_BEHIND = 60_000;
/** UTF-16 units. */
const LONGEST_REASON = 2_000;
const LONGEST_WHY = 500;

/** What the record says of an end that nobody asked for. */
const NO_MORE = { time: 'time', policy: 'policy', revoked: 'revoked' } as const;

/**
 * Grants of a profile, over a hub that is not trusted: what counts is signed by the person, recorded, within its time, given by
 * the policy of now, and neither ended nor revoked. `close` leaves the hub open.
 */
export function createGrants(ports: GrantsPorts): Grants {
  const { hub, identity, audit } = ports;
  const elapsed = ports.elapsed ?? (() => performance.now());
  const time = timeHere(() => ports.now().getTime(), elapsed);
  const grants = createKnownGrants(ports, time);
  const scope = scopeOf(ports);
  const listeners = new Set<(grant: Grant) => void>();
  const relied = watchRelied({ hub, grants, identity, elapsed }, onOver);

  /** First what takes effect, then what others are told. */
  async function onOver({ known, session, taken }: Relied, why: Over): Promise<void> {
    grants.settle(known.grant.id, why);
    tell(known.grant, why);
    // Time ends a grant by itself, and an end that somebody made they have recorded.
    if (why.kind === 'time' && taken) await recordEnd(known.grant, undefined, NO_MORE.time);
    if (why.kind !== 'policy' && why.kind !== 'revoked') return;
    // Otherwise it would be in force again when the policy or the list of revocations says so.
    const event = await signEnd(known, session, NO_MORE[why.kind]);
    if (await isFirstEnd(known, event)) await recordEnd(known.grant, undefined, NO_MORE[why.kind]);
  }

  function tell(grant: Grant, why: Over): void {
    const ended = endedOf(why, new Date(time.now()).toISOString());
    for (const listener of listeners) listener(ended === undefined ? grant : { ...grant, ended });
  }

  async function signEnd(known: KnownGrant, session: Session, why: string): Promise<HubEvent> {
    const content: Ended = {
      ...{ v: 1, scope, nonce: nonce(), grant: known.grant.id },
      ...{ by: personOf(session.principal), at: ports.now().toISOString(), why },
    };
    return (await sign(session, GRANT_END, content)).event;
  }

  /** Tells others of an end. @returns whether it is the one that counts: of several that are made at once, one is recorded */
  async function isFirstEnd(known: KnownGrant, event: HubEvent): Promise<boolean> {
    await hub.append(event);
    await grants.refresh();
    return grants.endedBy(known) === event.id;
  }

  async function recordEnd(grant: Recorded, actor: Actor | undefined, reason: string): Promise<void> {
    const by = actor === undefined ? {} : { actor };
    await audit.append({ k: 'grant.end', ...by, grant: recordOf(grant), why: { reason } });
  }

  async function sign(session: Session, topic: string, content: object): ReturnType<typeof signEvent> {
    if (ports.vouching.kind === 'os-account') return signEvent(topic, content, undefined, ports);
    const signer = await identity.deviceSigner(session);
    if (signer === undefined) throw refusals.noDeviceKey();
    return signEvent(topic, content, signer, ports);
  }

  const offersTo = (session: Session): ReturnType<Grants['offers']> =>
    ports.terms().flatMap((terms) => {
      const connections = ports.connections().filter((name) => terms.mayTake(session, name));
      // A copy: what the policy said, without reading it again for each use.
      return connections.length === 0 ? [] : [{ ...terms, connections }];
    });

  /** What the policy and the person as they are signed in must allow. */
  function permit(session: Session, request: Parameters<Grants['take']>[1]): { terms: GrantTerms; minutes: number } {
    if (!isPerson(session)) throw refusals.notForPrograms();
    const terms = ports.terms().find(({ name }) => name === request.grant);
    const offers = offersTo(session);
    if (terms === undefined) throw refusals.unknown(offers.map(({ name }) => name));
    if (!ports.connections().includes(request.connection) || !terms.mayTake(session, request.connection))
      throw refusals.notYours(terms.name, offers.find(({ name }) => name === terms.name)?.connections ?? []);
    if (terms.approval !== undefined) throw refusals.approvalNeeded(terms.name, terms.approval);
    const { minutes = terms.maxMinutes } = request;
    if (!Number.isInteger(minutes) || minutes < 1 || minutes > terms.maxMinutes)
      throw refusals.tooLong(terms.name, terms.maxMinutes);
    if (terms.reason && reasonIn(request.reason) === undefined) throw refusals.reasonNeeded(terms.name);
    const { stepUpMinutes } = terms;
    const { steppedUpAt } = session.principal;
    if (
      stepUpMinutes !== undefined &&
      !(steppedUpAt !== undefined && isFresh(Date.parse(steppedUpAt), stepUpMinutes, ports.now().getTime()))
    )
      throw refusals.stepUpNeeded(terms.name, stepUpMinutes);
    if (time.behind() > CLOCK_BEHIND) throw refusals.clockBehind();
    return { terms, minutes };
  }

  /** Takes a recorded grant back, as far as that goes, when it could not be given after all. */
  async function undo(grant: Recorded, actor: Actor): Promise<void> {
    grants.settle(grant.id, { kind: 'recorded' });
    await recordEnd(grant, actor, 'not taken').catch(() => undefined);
  }

  return {
    async take(asked, request) {
      const session = await identity.ensureLive(asked);
      const { terms, minutes } = permit(session, request);
      await grants.refresh();
      if (grants.inForce(session).length >= MOST) throw refusals.tooMany(MOST);
      const reason = reasonIn(request.reason)?.slice(0, LONGEST_REASON).toWellFormed();
      const from = ports.now();
      const { steppedUpAt } = session.principal;
      const content: Taken = {
        ...{ v: 1, scope, nonce: nonce(), grant: terms.name, connection: request.connection },
        person: personOf(session.principal),
        from: from.toISOString(),
        until: new Date(from.getTime() + minutes * 60_000).toISOString(),
        ...(reason === undefined ? {} : { reason }),
        policy: ports.policy(),
        ...(steppedUpAt === undefined ? {} : { steppedUpAt: new Date(steppedUpAt).toISOString() }),
      };
      const { event, digest: id } = await sign(session, GRANT, content);
      const grant: Recorded = { id, name: content.grant, connection: content.connection, until: content.until };
      const actor = await ports.actorOf(session);
      // The record first: what nobody recorded is never in force.
      await audit.append({
        k: 'grant.start',
        actor,
        grant: { ...recordOf(grant), alert: terms.alert, signed: { text: event.body } },
        ...(reason === undefined ? {} : { why: { reason } }),
      });
      grants.recordedHere(id);
      try {
        await hub.append(event);
        await grants.refresh();
      } catch (error) {
        await undo(grant, actor);
        throw error;
      }
      const known = grants.inForce(session).find((one) => one.grant.id === id);
      if (known === undefined) {
        await undo(grant, actor);
        throw refusals.notInForce(terms.name);
      }
      relied.add({ known, session, taken: true });
      return known.grant;
    },

    async inForce(session, connection) {
      if (!isPerson(session)) return [];
      await grants.refresh();
      const here = grants.inForce(session).filter(({ grant }) => grant.connection === connection);
      for (const known of here) relied.add({ known, session, taken: false });
      return here.map(({ grant }) => grant);
    },

    async list(of) {
      if (of !== undefined && !isPerson(of)) return [];
      await grants.refresh();
      return grants.inForce(of).map(({ grant }) => grant);
    },

    offers: (session) => (isPerson(session) ? offersTo(session) : []),

    async end(asked, id, why) {
      const session = await identity.ensureLive(asked);
      if (!isPerson(session)) throw refusals.notForPrograms();
      await grants.refresh();
      const known = grants.inForce().find(({ grant }) => grant.id === id);
      if (known === undefined) throw refusals.notFound();
      const own = isSamePerson(known.signer, session.principal);
      if (!own && !ports.administrator(session.principal)) throw refusals.notTheirs();
      const words = (reasonIn(why) ?? 'ended').slice(0, LONGEST_WHY).toWellFormed();
      const event = await signEnd(known, session, words);
      // Others know an administrator by what their login proves, which may be older than their membership.
      if (!own && !(await grants.wouldEnd(event))) throw refusals.unproven();
      const end = { by: session.principal.email ?? session.principal.name, why: words };
      // Here it is over at once, whatever becomes of the rest.
      relied.remove(id);
      grants.settle(id, { kind: 'ended', end });
      tell(known.grant, { kind: 'ended', end });
      if (await isFirstEnd(known, event)) await recordEnd(known.grant, await ports.actorOf(session), words);
    },

    onEnd(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },

    async close() {
      await relied.close();
      listeners.clear();
    },
  };
}

type Recorded = Pick<Grant, 'id' | 'name' | 'connection' | 'until'>;

const recordOf = ({ id, name, connection, until }: Recorded) => ({
  ...{ id, name, connection },
  until: Math.floor(Date.parse(until) / 1000),
});

const isPerson = ({ principal }: Session): boolean => principal.agent === undefined && principal.service === undefined;

const nonce = (): string => randomBytes(16).toString('base64url');

/** Undefined where its time is over: then it has not ended before it. */
function endedOf(why: Over, at: string): Grant['ended'] {
  switch (why.kind) {
    case 'ended':
      return { at, by: why.end.by, why: why.end.why };
    case 'revoked':
      return { at, by: 'revocations.yaml', why: 'It was revoked.' };
    case 'policy':
      return { at, by: 'policy.yaml', why: 'The policy no longer gives it.' };
    case 'recorded':
    case 'unrecorded':
      return { at, by: 'the record', why: 'The record does not say that it is in force.' };
    default:
      return undefined;
  }
}
