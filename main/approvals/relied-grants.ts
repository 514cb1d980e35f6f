import { type Identity } from '../identity/identity.ts';
import { type Session } from '../identity/principal.ts';
import { type KnownGrant } from './grant-ledger.ts';
import { type Hub } from './hub.ts';
import { type Over } from './in-force.ts';
import { type KnownGrants } from './known-grants.ts';

/** A grant that something here relies on, with the person as they were known last. */
export interface Relied {
  readonly known: KnownGrant;
  readonly session: Session;
  /** Taken by this process, which then records that its time is over. */
  readonly taken: boolean;
}

/** What is relied on here, watched until it is over. */
export interface ReliedGrants {
  add(relied: Relied): void;
  /** It is over, and whoever asked for that tells it. */
  remove(id: string): void;
  close(): Promise<void>;
}

/** How often what is relied on is looked at, ms: clocks, revocations and policy change without telling. */
const LOOK = 250;
/** How often the login behind it is looked at, ms: its groups may have changed. */
const LOOK_AT_LOGINS = 15_000;

/** @param onOver called once for each, within `LOOK` of its end or of the moment when the machine wakes up again */
export function watchRelied(
  {
    hub,
    grants,
    identity,
    elapsed,
  }: {
    readonly hub: Hub;
    readonly grants: KnownGrants;
    readonly identity: Pick<Identity, 'ensureLive'>;
    readonly elapsed: () => number;
  },
  onOver: (relied: Relied, why: Over) => Promise<void>,
): ReliedGrants {
  const relied = new Map<string, Relied>();
  let changed = true;
  let looking: Promise<void> | undefined;
  let lookedAtLogins = elapsed();
  const endSubscription = hub.subscribe(() => (changed = true));
  const timer = setInterval(() => {
    if (relied.size > 0)
      looking ??= look()
        .catch(() => undefined)
        .finally(() => (looking = undefined));
  }, LOOK).unref();

  async function look(): Promise<void> {
    if (changed) {
      changed = false;
      // What the hub cannot say now it says later; clock, revocations and policy are looked at in any case.
      await grants.refresh().catch(() => (changed = true));
    }
    if (elapsed() - lookedAtLogins >= LOOK_AT_LOGINS) {
      lookedAtLogins = elapsed();
      for (const [id, one] of [...relied]) await lookAtLogin(id, one);
    }
    for (const [id, one] of [...relied]) {
      const why = grants.overOf(one.known, one.session);
      if (why === undefined || !relied.delete(id)) continue;
      await onOver(one, why).catch(() => undefined);
    }
  }

  /** One that is over has taken with it what ran; one that goes on may be of other groups now. */
  async function lookAtLogin(id: string, one: Relied): Promise<void> {
    try {
      const session = await identity.ensureLive(one.session);
      if (relied.get(id) === one) relied.set(id, { ...one, session });
    } catch {
      if (relied.get(id) === one) relied.delete(id);
    }
  }

  return {
    add(one) {
      const { id } = one.known.grant;
      relied.set(id, { ...one, taken: one.taken || relied.get(id)?.taken === true });
    },
    remove: (id) => void relied.delete(id),
    async close() {
      clearInterval(timer);
      endSubscription();
      await looking;
    },
  };
}
