import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AuditEvent } from '../../audit/index.ts';
import { NO_REVOCATIONS, type Revocations } from '../../identity/context.ts';
import { groupsIn } from '../../identity/claims.ts';
import { type Session } from '../../identity/principal.ts';
import { CountersignError } from '../../errors.ts';
import { createGrants, type GrantsPorts } from '../create-grants.ts';
import { GRANT, type Taken } from '../grant-events.ts';
import { type Grant, type Grants, type GrantTerms } from '../grants.ts';
import { type Hub, type HubEvent } from '../hub.ts';
import { createSqliteHub } from '../hub-sqlite.ts';
import { personOf, scopeOf, type Sealing, signEvent, type Vouching } from '../signed-event.ts';
import { makeProvider, type Provider, type SignedIn } from './people.ts';

/** A profile whose grants several processes take and end, with clock, policy and record in the hands of a test. */
export interface Workplace extends Sealing {
  readonly path: string;
  readonly provider: Provider;
  /** Time of all machines; moved by tests. ms since 1970, and ms that nobody sets. */
  readonly clock: { now: number; elapsed: number };
  /** What policy, revocations and record say now. */
  terms: GrantTerms[];
  revocations: Revocations;
  readonly recorded: AuditEvent[];
  /** When the beginnings of grants were recorded, by their ids; ms since 1970. */
  readonly recordedAt: Map<string, number>;
  /** What the next append to the record fails with. */
  recordFails: Error | undefined;
  /** Logins that are over. */
  readonly over: Set<string>;
  /** Logins as they stand now, where they changed. */
  readonly changed: Map<string, Session>;
  signIn(subject: string, change?: Parameters<Provider['signIn']>[2]): Promise<SignedIn>;
  /** Another process of this profile; closed with it. */
  open(change?: Partial<GrantsPorts>): Grants;
  /** The hub as somebody has it who may write the file. */
  hub(): Hub;
  /** A grant as its person's program would sign it, but for what is changed. It is in the record as taken. */
  forge(by: SignedIn, change?: Partial<Record<keyof Taken, unknown>>, more?: Forging): Promise<HubEvent>;
  remove(): Promise<void>;
}

export interface Forging {
  readonly topic?: string;
  readonly sealing?: Partial<Sealing>;
  /** Who signs, where it is not who takes it. */
  readonly signer?: SignedIn['signer'];
}

export const HOUR = 3_600_000;
export const terms = (change: Partial<GrantTerms> = {}): GrantTerms => ({
  ...{ name: 'unmask', maxMinutes: 60, reason: false, alert: [] },
  mayTake: ({ principal }, connection) =>
    connection !== 'vault' && principal.groups !== 'unknown' && principal.groups.includes('analysts'),
  ...change,
});

export async function makeWorkplace(vouching?: Vouching): Promise<Workplace> {
  const directory = mkdtempSync(join(tmpdir(), 'countersign-grants-'));
  const provider = await makeProvider();
  const signers = new Map<string, SignedIn['signer']>();
  const closing: (() => Promise<void>)[] = [];
  const keep = (hub: Hub): Hub => {
    closing.push(() => hub.close());
    return hub;
  };
  const place: Workplace = {
    path: join(directory, 'approvals.db'),
    provider,
    key: Buffer.alloc(32, 7),
    vouching: vouching ?? {
      ...{ kind: 'oidc', issuer: provider.issuer, clientId: provider.clientId, maxHours: 12 },
      keys: () => Promise.resolve({ keys: [provider.key.publicJwk] }),
      groupsIn: (claims) => groupsIn(claims, 'groups') ?? 'unknown',
    },
    clock: { now: Date.parse('2026-03-02T10:00:00Z'), elapsed: 0 },
    terms: [terms()],
    revocations: NO_REVOCATIONS,
    recorded: [],
    recordedAt: new Map(),
    recordFails: undefined,
    over: new Set(),
    changed: new Map(),
    async signIn(subject, change = {}) {
      const person = await provider.signIn(subject, place.clock.now - 60_000, change);
      signers.set(person.session.id, person.signer);
      return person;
    },
    hub: () => keep(createSqliteHub(place.path)),
    open(change = {}) {
      const grants = createGrants({
        hub: place.hub(),
        vouching: place.vouching,
        key: place.key,
        terms: () => place.terms,
        policy: () => 'ab'.repeat(32),
        connections: () => ['shop', 'staging', 'vault'],
        identity: {
          ensureLive: (session: Session) =>
            place.over.has(session.id)
              ? Promise.reject(new CountersignError('session-ended', 'You are signed out.'))
              : Promise.resolve(place.changed.get(session.id) ?? session),
          deviceSigner: (session) => Promise.resolve(signers.get(session.id)),
        },
        revocations: () => place.revocations,
        administrator: ({ groups, agent, service }) =>
          agent === undefined && service === undefined && groups !== 'unknown' && groups.includes('admins'),
        audit: {
          append(event) {
            const { recordFails } = place;
            place.recordFails = undefined;
            if (recordFails !== undefined) return Promise.reject(recordFails);
            place.recorded.push(event);
            if (event.k === 'grant.start') place.recordedAt.set(event.grant.id, place.clock.now);
            return Promise.resolve({ log: 'log', index: place.recorded.length - 1, hash: '' });
          },
        },
        actorOf: ({ principal: { issuer, subject, verified } }) =>
          Promise.resolve({ user: { iss: issuer, sub: subject, verified } }),
        recorded: () =>
          Promise.resolve({
            started: place.recordedAt,
            ended: new Set(place.recorded.flatMap((event) => (event.k === 'grant.end' ? [event.grant.id] : []))),
            newest: 0,
          }),
        now: () => new Date(place.clock.now),
        elapsed: () => place.clock.elapsed,
        ...change,
      });
      closing.unshift(() => grants.close());
      return grants;
    },
    async forge(by, change = {}, { topic = GRANT, sealing = {}, signer = by.signer } = {}) {
      const from = place.clock.now;
      const content = {
        ...{
          v: 1,
          scope: scopeOf({ ...place, ...sealing }),
          nonce: 'n'.repeat(22),
          grant: 'unmask',
          connection: 'shop',
        },
        ...{ person: personOf(by.session.principal), policy: 'ab'.repeat(32) },
        ...{ from: new Date(from).toISOString(), until: new Date(from + HOUR).toISOString() },
        ...change,
      };
      const { event, digest: id } = await signEvent(
        topic,
        content,
        place.vouching.kind === 'os-account' ? undefined : signer,
        { ...place, ...sealing },
      );
      const says = Date.parse(String(content.from));
      place.recordedAt.set(id, Number.isNaN(says) ? from : says);
      return event;
    },
    async remove() {
      for (const close of closing) await close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  return place;
}

/** The next end that these grants tell of. */
export const nextEnd = (grants: Grants): Promise<Grant> =>
  new Promise((resolve) => {
    const end = grants.onEnd((grant) => {
      end();
      resolve(grant);
    });
  });
