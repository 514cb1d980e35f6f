import { type Desktop } from '../../shared/contract.ts';
import { type Client, type Input } from '../../shared/rpc/types.ts';
import {
  type AgentView,
  type GrantsView,
  type GrantView,
  type IssuedTokenView,
  type LoginView,
  type PersonView,
  type SettingsView,
} from '../../shared/views.ts';
import { type Clock, systemClock } from '../state/saver.ts';
import { createStore, type Store } from '../state/store.ts';
import { isAbort, type Loadable, loading, troubleOf } from '../state/trouble.ts';
import { createStepUp, type StepUp } from './step-up.ts';

/** ms between two looks at the clock: minutes are shown, so this is as late as one may change. */
const TICK = 5000;
/** ms between two readings of what may have ended elsewhere: another window, an administrator, the policy. */
const REREAD = 15_000;

type Part = 'logins' | 'agents' | 'grants' | 'settings';

/** What the person has besides their session: other logins, agents that act for them, grants; and what the organisation says. */
export interface Account {
  readonly logins: Store<Loadable<readonly LoginView[]>>;
  readonly agents: Store<Loadable<readonly AgentView[]>>;
  readonly grants: Store<Loadable<GrantsView>>;
  readonly settings: Store<Loadable<SettingsView>>;
  /** When `grants` was asked for, ms since 1970 UTC: it says nothing of what was taken later. */
  readonly grantsAsOf: Store<number>;
  /** What every clock counts from, ms since 1970 UTC. It moves while somebody follows. */
  readonly now: Store<number>;
  readonly stepUp: StepUp;
  /** Reads parts anew; what is there stays until the answer comes, and where none comes. */
  read(...parts: readonly Part[]): Promise<void>;
  /** Keeps clocks, grants and agents as they are until the returned function is called. */
  follow(): () => void;
  /** These do what they say and read again what it changed. They throw what the gate says. */
  endLogin(id: string): Promise<void>;
  issue(request: Input<Desktop['agents.issue']>): Promise<IssuedTokenView>;
  stop(which: Input<Desktop['agents.stop']>): Promise<void>;
  take(request: Input<Desktop['grants.take']>): Promise<GrantView>;
  endGrant(id: string, why: string): Promise<void>;
  /** Lets go of everything: what one person has is not for the next to see. */
  clear(): void;
}

export interface AccountPorts {
  /** Opens an address in the person's own browser. */
  open(url: string): void;
  /** Somebody proved again who they are. */
  onPerson(person: PersonView): void;
  /** ms since 1970 UTC. */
  readonly now?: () => number;
  readonly clock?: Clock;
}

export function createAccount(client: Client<Desktop>, ports: AccountPorts): Account {
  const { now = Date.now, clock = systemClock } = ports;
  const logins = createStore<Loadable<readonly LoginView[]>>(loading);
  const agents = createStore<Loadable<readonly AgentView[]>>(loading);
  const grants = createStore<Loadable<GrantsView>>(loading);
  const settings = createStore<Loadable<SettingsView>>(loading);
  const grantsAsOf = createStore(-Infinity);
  const time = createStore(now());
  /** Raised by `clear`: an answer to a question of the person before is thrown away. */
  let generation = 0;
  let lastRead = -Infinity;

  async function into<T>(store: Store<Loadable<T>>, ask: () => Promise<T>): Promise<void> {
    const asked = generation;
    try {
      const value = await ask();
      if (asked === generation) store.set({ state: 'ready', value });
    } catch (error) {
      if (asked !== generation || isAbort(error)) return;
      if (store.get().state !== 'ready') store.set({ state: 'failed', trouble: troubleOf(error) });
    }
  }

  const readers: Readonly<Record<Part, () => Promise<void>>> = {
    logins: () => into(logins, () => client['session.list']()),
    agents: () => into(agents, () => client['agents.list']()),
    grants: async () => {
      const asked = now();
      await into(grants, () => client['grants.list']());
      if (grants.get().state === 'ready') grantsAsOf.set(asked);
    },
    settings: () => into(settings, () => client['settings.state']()),
  };
  const read = async (...parts: readonly Part[]): Promise<void> => {
    await Promise.all(parts.map((part) => readers[part]()));
  };

  /** Has something come to its end since it was read, by the clock alone. */
  function anyRanOut(at: number): boolean {
    const grantsNow = grants.get();
    const agentsNow = agents.get();
    const ends = [
      ...(grantsNow.state === 'ready' ? grantsNow.value.inForce.map(({ until }) => until) : []),
      ...(agentsNow.state === 'ready'
        ? agentsNow.value.flatMap(({ tokens }) => tokens.map(({ expiresAt }) => expiresAt))
        : []),
    ];
    return ends.some((end) => Date.parse(end) <= at);
  }

  async function changing<T>(change: Promise<T>, ...parts: readonly Part[]): Promise<T> {
    try {
      return await change;
    } finally {
      await read(...parts);
    }
  }

  return {
    logins,
    agents,
    grants,
    settings,
    grantsAsOf,
    now: time,
    stepUp: createStepUp(
      client,
      (url) => {
        ports.open(url);
      },
      (person) => {
        ports.onPerson(person);
      },
    ),
    read,
    follow: () => {
      let callOff: (() => void) | null = null;
      const look = (): void => {
        const at = now();
        time.set(at);
        if (at - lastRead >= REREAD || anyRanOut(at)) {
          lastRead = at;
          void read('grants', 'agents');
        }
        callOff = clock.after(TICK, look);
      };
      lastRead = -Infinity;
      look();
      return () => callOff?.();
    },
    endLogin: async (id) => {
      await changing(client['session.end']({ id }), 'logins', 'agents');
    },
    issue: (request) => changing(client['agents.issue'](request), 'agents'),
    stop: async (which) => {
      await changing(client['agents.stop'](which), 'agents');
    },
    take: (request) => changing(client['grants.take'](request), 'grants'),
    endGrant: async (id, why) => {
      await changing(client['grants.end']({ id, why }), 'grants');
    },
    clear: () => {
      generation += 1;
      lastRead = -Infinity;
      for (const store of [logins, agents, grants, settings] as readonly Store<unknown>[]) store.set(loading);
    },
  };
}
