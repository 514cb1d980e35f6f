import { type ActivityPageView, type ActivityRowView } from '../../shared/views.ts';
import { createStore, type Store } from '../state/store.ts';
import { isAbort, type Trouble, troubleOf } from '../state/trouble.ts';

/** An event's name among the events of all logs. */
export const keyOf = ({ log, index }: { readonly log: string; readonly index: number }): string =>
  `${log}/${String(index)}`;

export interface FeedState {
  /** Newest first, without gaps. */
  readonly rows: readonly ActivityRowView[];
  /** Newest first: they came after `rows` were read and are held back, so that nothing moves. */
  readonly fresh: readonly ActivityRowView[];
  /** There are more new ones than were read; then showing them begins anew. */
  readonly freshCut: boolean;
  /** Reading the first page. What is in `rows` meanwhile is what was asked for before. */
  readonly loading: boolean;
  /** Why there is nothing, where the first page could not be read. */
  readonly trouble: Trouble | null;
  /** Older events. */
  readonly older: 'there' | 'loading' | 'failed' | 'none' | 'too-many';
  readonly olderTrouble: Trouble | null;
  /** Has anything been read at all. */
  readonly begun: boolean;
}

export const emptyFeed: FeedState = {
  rows: [],
  fresh: [],
  freshCut: false,
  loading: false,
  trouble: null,
  older: 'none',
  olderTrouble: null,
  begun: false,
};

export interface FeedOptions {
  /** One page of the events that are looked for; `before` is the place the page before ended at. */
  readonly ask: (before: string | null, limit: number, signal: AbortSignal) => Promise<ActivityPageView>;
  readonly page: number;
  /** Events held at most; older ones are had by narrowing the time. */
  readonly most: number;
}

export interface Feed {
  readonly state: Store<FeedState>;
  /** Forgets everything and reads the first page. */
  start(): Promise<void>;
  /** The next older page, unless it is on its way. */
  more(): Promise<void>;
  /** Reads what is new. `show`: at once, else it is held back until `showFresh`. */
  refresh(show: boolean): Promise<void>;
  showFresh(): Promise<void>;
  stop(): void;
}

/** Events as they are paged through by their place in the order, with the new ones merged in at the top. */
export function createFeed({ ask, page, most }: FeedOptions): Feed {
  const state = createStore<FeedState>(emptyFeed);
  let next: string | null = null;
  /** Ends whatever is under way when something else is looked for. */
  let current = new AbortController();
  let refreshing: Promise<void> | null = null;
  let again: { show: boolean } | null = null;

  const change = (part: Partial<FeedState>): void => {
    state.update((value) => ({ ...value, ...part }));
  };
  const olderOf = (rows: readonly ActivityRowView[]): FeedState['older'] =>
    next === null ? 'none' : rows.length >= most ? 'too-many' : 'there';

  /** A list that is followed for days lets its oldest events go. */
  const held = (rows: readonly ActivityRowView[]): Partial<FeedState> =>
    rows.length <= most ? { rows } : { rows: rows.slice(0, most), older: 'too-many' };

  const begin = (): AbortSignal => {
    current.abort();
    current = new AbortController();
    refreshing = null;
    again = null;
    return current.signal;
  };

  const start = async (): Promise<void> => {
    const signal = begin();
    change({ loading: true });
    try {
      const first = await ask(null, page, signal);
      if (signal.aborted) return;
      next = first.next;
      state.set({ ...emptyFeed, rows: first.events, older: olderOf(first.events), begun: true });
    } catch (error) {
      if (signal.aborted || isAbort(error)) return;
      next = null;
      state.set({ ...emptyFeed, trouble: troubleOf(error), begun: true });
    }
  };

  const more = async (): Promise<void> => {
    const { older, loading } = state.get();
    const { signal } = current;
    if (loading || (older !== 'there' && older !== 'failed')) return;
    change({ older: 'loading', olderTrouble: null });
    try {
      const answer = await ask(next, page, signal);
      if (signal.aborted) return;
      next = answer.next;
      // A log that was taken in late may have put events before the place: none is shown twice.
      const known = new Set(state.get().rows.map(keyOf));
      const rows = [...state.get().rows, ...answer.events.filter((row) => !known.has(keyOf(row)))];
      change({ rows, older: olderOf(rows) });
    } catch (error) {
      if (!signal.aborted && !isAbort(error)) change({ older: 'failed', olderTrouble: troubleOf(error) });
    }
  };

  const readNew = async (show: boolean, signal: AbortSignal): Promise<void> => {
    let head: ActivityPageView;
    try {
      head = await ask(null, page, signal);
    } catch {
      // What is on the screen stays; the next sign of life of the index asks again.
      return;
    }
    if (signal.aborted || state.get().loading) return;
    const { rows, trouble } = state.get();
    if (trouble !== null) return;
    const merged = mergeNewest(rows, head);
    if (rows.length === 0) {
      next = head.next;
      change({ rows: head.events, older: olderOf(head.events) });
    } else if (!show) {
      // Rows that are there already are brought up to date in their place: a statement that ran has ended.
      change({ rows: merged.updated, fresh: merged.fresh, freshCut: merged.cut });
    } else if (merged.cut) {
      next = head.next;
      change({ rows: head.events, fresh: [], freshCut: false, older: olderOf(head.events) });
    } else {
      change({ ...held([...merged.fresh, ...merged.updated]), fresh: [], freshCut: false });
    }
  };

  const refresh = (show: boolean): Promise<void> => {
    const { begun, loading } = state.get();
    if (!begun || loading) return Promise.resolve();
    if (refreshing !== null) {
      again = { show };
      return refreshing;
    }
    const { signal } = current;
    const run = async (): Promise<void> => {
      for (let wanted: { show: boolean } | null = { show }; wanted !== null && !signal.aborted;) {
        again = null;
        await readNew(wanted.show, signal);
        wanted = again;
      }
    };
    const running = run().finally(() => {
      if (refreshing === running) refreshing = null;
    });
    refreshing = running;
    return running;
  };

  return {
    state,
    start,
    more,
    refresh,
    showFresh: async () => {
      const { rows, fresh, freshCut } = state.get();
      if (freshCut) await start();
      else change({ ...held([...fresh, ...rows]), fresh: [] });
    },
    stop: () => {
      begin();
      next = null;
      state.set(emptyFeed);
    },
  };
}

export interface Merged {
  /** Newer than everything known, newest first. */
  readonly fresh: readonly ActivityRowView[];
  /** What is known, as it is now. */
  readonly updated: readonly ActivityRowView[];
  /** Nothing of the page is known: what lies between was not read. */
  readonly cut: boolean;
}

/**
 * The newest page beside what is known. An event that arrived late, with a time in the middle of what is known, counts as new too:
 * it is shown at the top once, and in its place when the list is read anew.
 */
export function mergeNewest(known: readonly ActivityRowView[], head: ActivityPageView): Merged {
  const places = new Map(known.map((row, at) => [keyOf(row), at]));
  const fresh: ActivityRowView[] = [];
  let updated: ActivityRowView[] | null = null;
  let met = 0;
  for (const row of head.events) {
    const at = places.get(keyOf(row));
    if (at === undefined) {
      fresh.push(row);
      continue;
    }
    met++;
    const before = known[at];
    if (before?.status === row.status && before.verdict === row.verdict && before.rows === row.rows) continue;
    updated ??= [...known];
    updated[at] = row;
  }
  return { fresh, updated: updated ?? known, cut: met === 0 && known.length > 0 && head.next !== null };
}
