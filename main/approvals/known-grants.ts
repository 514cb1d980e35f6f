import { type RecordedGrants } from '../audit/recorded-grants.ts';
import { type Revocations } from '../identity/context.ts';
import { type Principal, type Session } from '../identity/principal.ts';
import { type TimeHere } from '../time-here.ts';
import { createGrantLedger, type KnownGrant } from './grant-ledger.ts';
import { type GrantTerms } from './grants.ts';
import { endedSchema } from './grant-events.ts';
import { type Hub, type HubEvent } from './hub.ts';
import { type Circumstances, endOf, isSamePerson, mayEnd, type Over, overOf } from './in-force.ts';
import { readEvent, type Sealing } from './signed-event.ts';

export interface KnownGrantsPorts extends Sealing {
  readonly hub: Hub;
  /** What the policy in force says; asked anew each time. */
  readonly terms: () => readonly GrantTerms[];
  readonly revocations: () => Revocations;
  /** Whether somebody may end what is not theirs; never an agent or a service. */
  readonly administrator: (who: Pick<Principal, 'groups' | 'agent' | 'service'>) => boolean;
  /** What the logs of this profile say of grants from a time on, ms since 1970 (audit/recorded-grants.ts). */
  readonly recorded: (since: number) => Promise<RecordedGrants>;
}

/** Which grants are in force: by the hub, and by everything that the hub is not believed without. */
export interface KnownGrants {
  /** Takes in what is new. @throws CountersignError `hub-*` */
  refresh(): Promise<void>;
  /** In force now, of what the last refresh took in: all, or those of one person. */
  inForce(session?: Session): readonly KnownGrant[];
  /** Why one is not in force; undefined where it is. */
  overOf(known: KnownGrant, session?: Session): Over | undefined;
  /** From now on it is over here, whatever becomes of clock, policy and hub. */
  settle(id: string, why: Over): void;
  /** This process has recorded that it was taken. */
  recordedHere(id: string): void;
  /** Whether an end that is about to be posted would count for a grant that is somebody else's. */
  wouldEnd(event: HubEvent): Promise<boolean>;
  /** Id of the event that ended it, as far as the hub says. */
  endedBy(known: KnownGrant): string | undefined;
}

/** ms between the time that a grant says it begins and its record. */
const RECORDED_WITHIN = 60_000;

export function createKnownGrants(ports: KnownGrantsPorts, time: TimeHere): KnownGrants {
  const ledger = createGrantLedger(ports.hub, ports, time.now);
  const over = new Map<string, Over>();
  /** Compared with the record, or recorded by this process. */
  const compared = new Set<string>();
  let refreshing: Promise<void> = Promise.resolve();

  const circumstances = (session?: Session): Circumstances => ({
    now: time.now(),
    terms: ports.terms(),
    revocations: ports.revocations(),
    ledger,
    administrator: ports.administrator,
    session,
  });

  async function refresh(): Promise<void> {
    if (await ledger.refresh()) compared.clear();
    // What is over anyway is not looked for in the record: how far back that goes is then bounded by the policy.
    const strange = [...ledger.grants()].filter(
      (known) => !compared.has(known.grant.id) && overNow(known) === undefined,
    );
    if (strange.length === 0) return;
    const { started, ended, newest } = await ports.recorded(Math.min(...strange.map(({ from }) => from)));
    for (const { grant, from, until } of strange) {
      const recordedAt = started.get(grant.id);
      compared.add(grant.id);
      if (ended.has(grant.id)) over.set(grant.id, { kind: 'recorded' });
      else if (recordedAt === undefined || Math.abs(recordedAt - from) > RECORDED_WITHIN)
        over.set(grant.id, { kind: 'unrecorded' });
      // The record has come further than this machine's clock shows.
      else if (newest >= until) over.set(grant.id, { kind: 'time' });
    }
  }

  const overNow = (known: KnownGrant, session?: Session): Over | undefined =>
    over.get(known.grant.id) ?? overOf(known, circumstances(session));

  return {
    refresh() {
      // One after the other: what one has begun to compare, the next must not take for compared.
      refreshing = refreshing.then(refresh, refresh);
      return refreshing;
    },
    inForce: (session) =>
      [...ledger.grants()].filter(
        (known) =>
          compared.has(known.grant.id) &&
          (session === undefined || isSamePerson(known.signer, session.principal)) &&
          overNow(known, session) === undefined,
      ),
    overOf: overNow,
    settle: (id, why) => void over.set(id, over.get(id) ?? why),
    recordedHere: (id) => void compared.add(id),
    async wouldEnd(event) {
      const read = readEvent(event, endedSchema, ports);
      const signer = await read?.verify(read.content.by, new Date(read.content.at));
      return signer !== undefined && mayEnd(signer, ports.administrator);
    },
    endedBy: (known) => endOf(known, circumstances())?.event,
  };
}
