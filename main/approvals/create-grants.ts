import { randomBytes } from 'node:crypto';
import { type Actor, type AuditLog } from '../audit/index.ts';
import { type Identity } from '../identity/identity.ts';
import { type Session } from '../identity/principal.ts';
import { type Ended, GRANT, GRANT_END, type Taken } from './grant-events.ts';
import { type KnownGrant } from './grant-ledger.ts';
import { type Grant, type Grants } from './grants.ts';
import { type HubEvent } from './hub.ts';
import { isSamePerson, type Over } from './in-force.ts';
import { createKnownGrants, type KnownGrantsPorts } from './known-grants.ts';
import { isPerson, offersTo, permit, type Permitted } from './permit.ts';
import { reasonIn } from './reason.ts';
import * as refusals from './refusals.ts';
import { type Relied, watchRelied } from './relied-grants.ts';
import { personOf, scopeOf, signEvent } from './signed-event.ts';
import { timeHere } from '../time-here.ts';

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
const LONGEST_WHY = 500;

/** What the record says of an end that nobody asked for. */
const NO_MORE = { time: 'time', policy: 'policy', revoked: 'revoked' } as const;
/** And of one that was recorded and then could not be given. */
const NOT_TAKEN = 'not taken';

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
    const event = await signEnd(known.grant.id, session, NO_MORE[why.kind]);
    if (await isFirstEnd(known, event)) await recordEnd(known.grant, undefined, NO_MORE[why.kind]);
  }

  function tell(grant: Grant, why: Over): void {
    const ended = endedOf(why, new Date(time.now()).toISOString());
    for (const listener of listeners) listener(ended === undefined ? grant : { ...grant, ended });
  }

  async function signEnd(grant: string, session: Session, why: string): Promise<HubEvent> {
    const content: Ended = {
      ...{ v: 1, scope, nonce: nonce(), grant },
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

  const given = () => ({ terms: ports.terms(), connections: ports.connections() });

  /** What somebody signs who takes a grant. */
  function takenBy({ principal }: Session, connection: string, { terms, minutes, reason }: Permitted): Taken {
    const from = ports.now();
    const { steppedUpAt } = principal;
    return {
      ...{ v: 1, scope, nonce: nonce(), grant: terms.name, connection, person: personOf(principal) },
      from: from.toISOString(),
      until: new Date(from.getTime() + minutes * 60_000).toISOString(),
      ...(reason === undefined ? {} : { reason }),
      policy: ports.policy(),
      ...(steppedUpAt === undefined ? {} : { steppedUpAt: new Date(steppedUpAt).toISOString() }),
    };
  }

  /** Takes back what is recorded and could not be given after all; as far as that goes, because what hindered it may hinder this. */
  async function undo(grant: Recorded, session: Session, actor: Actor): Promise<void> {
    grants.settle(grant.id, { kind: 'recorded' });
    await signEnd(grant.id, session, NOT_TAKEN)
      .then((event) => hub.append(event))
      .catch(() => undefined);
    await recordEnd(grant, actor, NOT_TAKEN).catch(() => undefined);
  }

  return {
    async take(asked, request) {
      const session = await identity.ensureLive(asked);
      const permitted = permit(session, request, { ...given(), now: ports.now().getTime() });
      if (time.behind() > CLOCK_BEHIND) throw refusals.clockBehind();
      await grants.refresh();
      if (grants.inForce(session).length >= MOST) throw refusals.tooMany(MOST);
      const { terms, reason } = permitted;
      const content = takenBy(session, request.connection, permitted);
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
        const known = grants.inForce(session).find((one) => one.grant.id === id);
        if (known === undefined) throw refusals.notInForce(terms.name);
        relied.add({ known, session, taken: true });
        return known.grant;
      } catch (error) {
        await undo(grant, session, actor);
        throw error;
      }
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

    offers: (session) => (isPerson(session) ? offersTo(session, given()) : []),

    async end(asked, id, why) {
      const session = await identity.ensureLive(asked);
      if (!isPerson(session)) throw refusals.notForPrograms();
      await grants.refresh();
      const known = grants.inForce().find(({ grant }) => grant.id === id);
      if (known === undefined) throw refusals.notFound();
      const own = isSamePerson(known.signer, session.principal);
      if (!own && !ports.administrator(session.principal)) throw refusals.notTheirs();
      const words = (reasonIn(why) ?? 'ended').slice(0, LONGEST_WHY).toWellFormed();
      const event = await signEnd(id, session, words);
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
