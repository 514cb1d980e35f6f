import { type Desktop } from '../../shared/contract.ts';
import { type Client } from '../../shared/rpc/types.ts';
import { type ClassificationProposalView, type ClassifiedColumnView } from '../../shared/views.ts';
import { createStore, type Store } from '../state/store.ts';
import { type Loadable, loading, type Trouble, troubleOf } from '../state/trouble.ts';

export interface Proposals {
  readonly state: 'none' | 'looking' | 'done' | 'stopped' | 'failed';
  readonly found: readonly ClassificationProposalView[];
  /** Columns that are ticked. */
  readonly ticked: ReadonlySet<string>;
  readonly trouble: Trouble | null;
}

const noProposals: Proposals = { state: 'none', found: [], ticked: new Set(), trouble: null };

/** Columns that one confirmation may name (shared/contract.ts, `classification.accept`). */
export const MOST_AT_ONCE = 500;

/** Of what was proposed, what is confirmed now: what is ticked, as many as may be named at once. */
export function confirmedOf({ found, ticked }: Proposals): { readonly column: string; readonly class: string }[] {
  return found
    .filter(({ column }) => ticked.has(column))
    .slice(0, MOST_AT_ONCE)
    .map(({ column, class: name }) => ({ column, class: name }));
}

/** A proposal that stands after somebody ticked or unticked it. */
export function toggled(ticked: ReadonlySet<string>, column: string): ReadonlySet<string> {
  const next = new Set(ticked);
  if (!next.delete(column)) next.add(column);
  return next;
}

export interface Classification {
  readonly connection: Store<string | null>;
  readonly columns: Store<Loadable<readonly ClassifiedColumnView[]>>;
  readonly proposals: Store<Proposals>;
  readonly accepting: Store<boolean>;
  /** Shows the columns of a connection. */
  choose(connection: string): void;
  again(): void;
  /** Samples the connection's columns for what looks like personal data; nothing is written. */
  suggest(): Promise<void>;
  stop(): void;
  tick(columns: readonly string[], on: boolean): void;
  toggle(column: string): void;
  /** Writes what is ticked into classification.yaml. */
  accept(): Promise<void>;
  clear(): void;
}

/** Which columns are of which class, and what looks as if it should be. */
export function createClassification(client: Client<Desktop>): Classification {
  const connection = createStore<string | null>(null);
  const columns = createStore<Loadable<readonly ClassifiedColumnView[]>>(loading);
  const proposals = createStore(noProposals);
  const accepting = createStore(false);
  let reading = new AbortController();
  let looking = new AbortController();
  const change = (part: Partial<Proposals>): void => {
    proposals.update((before) => ({ ...before, ...part }));
  };

  const read = async (name: string): Promise<void> => {
    reading.abort();
    const { signal } = (reading = new AbortController());
    try {
      const value = await client['classification.columns']({ connection: name }, signal);
      if (!signal.aborted) columns.set({ state: 'ready', value });
    } catch (error) {
      if (!signal.aborted) columns.set({ state: 'failed', trouble: troubleOf(error) });
    }
  };

  return {
    connection,
    columns,
    proposals,
    accepting,
    choose: (name) => {
      if (connection.get() === name) return;
      looking.abort();
      connection.set(name);
      proposals.set(noProposals);
      columns.set(loading);
      void read(name);
    },
    again: () => {
      const name = connection.get();
      if (name === null) return;
      columns.set(loading);
      void read(name);
    },
    suggest: async () => {
      const name = connection.get();
      if (name === null) return;
      looking.abort();
      const { signal } = (looking = new AbortController());
      proposals.set({ ...noProposals, state: 'looking' });
      try {
        for await (const one of client['classification.suggest']({ connection: name }, signal)) {
          if (signal.aborted) return;
          change({ found: [...proposals.get().found, one] });
        }
        if (!signal.aborted) change({ state: 'done' });
      } catch (error) {
        if (!signal.aborted) change({ state: 'failed', trouble: troubleOf(error) });
      }
    },
    stop: () => {
      looking.abort();
      if (proposals.get().state === 'looking') change({ state: 'stopped' });
    },
    tick: (names, on) => {
      const ticked = new Set(proposals.get().ticked);
      for (const name of names) {
        if (on) ticked.add(name);
        else ticked.delete(name);
      }
      change({ ticked });
    },
    toggle: (column) => {
      change({ ticked: toggled(proposals.get().ticked, column) });
    },
    accept: async () => {
      const name = connection.get();
      const confirmed = confirmedOf(proposals.get());
      if (name === null || confirmed.length === 0 || accepting.get()) return;
      accepting.set(true);
      try {
        await client['classification.accept']({ connection: name, columns: confirmed });
        if (connection.get() !== name) return;
        const written = new Set(confirmed.map(({ column }) => column));
        const { found, ticked } = proposals.get();
        change({
          found: found.filter(({ column }) => !written.has(column)),
          ticked: new Set([...ticked].filter((column) => !written.has(column))),
          trouble: null,
        });
        await read(name);
      } catch (error) {
        if (connection.get() === name) change({ trouble: troubleOf(error) });
      } finally {
        accepting.set(false);
      }
    },
    clear: () => {
      reading.abort();
      looking.abort();
      connection.set(null);
      columns.set(loading);
      proposals.set(noProposals);
    },
  };
}
