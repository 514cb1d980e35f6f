import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type SimulationView } from '../../shared/views.ts';
import { createStore, type Store } from '../state/store.ts';
import { type Trouble, troubleOf } from '../state/trouble.ts';

export type Since = 'day' | 'week' | 'month';

const DAY = 86_400_000;

/** What is looked back on, ms. */
export const spans: Readonly<Record<Since, { readonly label: string; readonly ms: number }>> = {
  day: { label: 'Last day', ms: DAY },
  week: { label: 'Last 7 days', ms: 7 * DAY },
  month: { label: 'Last 30 days', ms: 30 * DAY },
};

export interface SimulationState {
  readonly state: 'none' | 'running' | 'done' | 'stopped' | 'failed';
  /** The text that was tried. */
  readonly text: string | null;
  readonly since: Since;
  /** So far. */
  readonly found: SimulationView | null;
  readonly trouble: Trouble | null;
}

const nothing: SimulationState = { state: 'none', text: null, since: 'week', found: null, trouble: null };

export interface Simulation {
  readonly state: Store<SimulationState>;
  choose(since: Since): void;
  /** Decides recorded statements again, with this text; whatever ran before is ended. */
  start(text: string): Promise<void>;
  stop(): void;
  clear(): void;
}

/** What a proposal would have done to what was really asked; `now` in ms since 1970 UTC. */
export function createSimulation(client: Client<Desktop>, now: () => number): Simulation {
  const state = createStore(nothing);
  let running = new AbortController();
  const change = (part: Partial<SimulationState>): void => {
    state.update((before) => ({ ...before, ...part }));
  };
  return {
    state,
    choose: (since) => {
      change({ since });
    },
    start: async (text) => {
      running.abort();
      const { signal } = (running = new AbortController());
      change({ state: 'running', text, found: null, trouble: null });
      try {
        const since = Math.max(0, now() - spans[state.get().since].ms);
        for await (const found of client['policy.simulate']({ text, since }, signal)) {
          if (signal.aborted) return;
          change({ found, state: found.done ? 'done' : 'running' });
        }
        // A stream that ends without its last word has not looked at everything.
        if (!signal.aborted && state.get().state === 'running') change({ state: 'stopped' });
      } catch (error) {
        if (!signal.aborted) change({ state: 'failed', trouble: troubleOf(error) });
      }
    },
    stop: () => {
      running.abort();
      if (state.get().state === 'running') change({ state: 'stopped' });
    },
    clear: () => {
      running.abort();
      state.set(nothing);
    },
  };
}
